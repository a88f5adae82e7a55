-- Tasks and notices: nearly every command writes some. SQLite keeps such a table in the tree of its key itself
-- (WITHOUT ROWID), so that a row is one entry in one tree and not two in two; PostgreSQL has no such thing.

-- What a person is asked, and the link that lets them answer.
CREATE TABLE task (
    dossier_id TEXT NOT NULL,
    id         TEXT NOT NULL,
    activation BIGINT NOT NULL,
    purpose    TEXT NOT NULL,
    person_id  TEXT NOT NULL,
    policy     TEXT NOT NULL,
    key_id     BIGINT NOT NULL,
    generation BIGINT NOT NULL,
    opened_at  BIGINT NOT NULL,
    due_at     BIGINT,
    closed_at  BIGINT,
    closed_seq BIGINT,
    PRIMARY KEY (dossier_id, id)
) WITHOUT ROWID;
CREATE INDEX task_person ON task (person_id) WHERE closed_at IS NULL;

-- What has to be said to whom. The courier gathers what is due for one person into one mail.
CREATE TABLE outbox (
    dossier_id    TEXT NOT NULL,
    seq           BIGINT NOT NULL,
    place         BIGINT NOT NULL,
    activation    BIGINT NOT NULL,
    person_id     TEXT NOT NULL,
    kind          TEXT NOT NULL,
    task_id       TEXT,
    urgent_at     BIGINT,
    not_before_at BIGINT NOT NULL,
    mail_id       TEXT,
    dropped_at    BIGINT,
    PRIMARY KEY (dossier_id, seq, place)
) WITHOUT ROWID;
CREATE INDEX outbox_waiting ON outbox (person_id, not_before_at) WHERE mail_id IS NULL AND dropped_at IS NULL;
CREATE INDEX outbox_mail ON outbox (mail_id) WHERE mail_id IS NOT NULL;
