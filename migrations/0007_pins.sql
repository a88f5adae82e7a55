-- Numbers that reach people another way than mails. What stands here is a slow hash of each, over a salt and a key outside the database.
-- A new number is a new row: who gave which when stays.
CREATE TABLE pin (
    dossier_id TEXT NOT NULL,
    person_id  TEXT NOT NULL,
    generation BIGINT NOT NULL,
    key_id     BIGINT NOT NULL,
    rounds     BIGINT NOT NULL,
    salt       TEXT NOT NULL,
    hash       TEXT NOT NULL,
    tries      BIGINT NOT NULL,
    made_at    BIGINT NOT NULL,
    made_by    TEXT NOT NULL,
    PRIMARY KEY (dossier_id, person_id, generation)
);
CREATE INDEX task_pin ON task (dossier_id) WHERE closed_at IS NULL AND policy = 'link+pin';
