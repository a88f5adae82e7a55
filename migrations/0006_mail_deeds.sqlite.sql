-- What people did about mails: had one sent again, had somebody's mails go to another address. Never changed.
CREATE TABLE mail_deed (
    id        TEXT PRIMARY KEY,
    at        BIGINT NOT NULL,
    what      TEXT NOT NULL,
    person_id TEXT NOT NULL,
    mail_id   TEXT,
    by_id     TEXT NOT NULL,
    reason    TEXT NOT NULL
);
CREATE INDEX mail_deed_at ON mail_deed (at);
-- Mails that did not arrive are few among all.
CREATE INDEX mail_trouble ON mail (settled_at) WHERE status IN ('failed', 'unknown');
CREATE TRIGGER mail_deed_no_update BEFORE UPDATE ON mail_deed BEGIN SELECT RAISE(ABORT, 'deeds are append-only'); END;
CREATE TRIGGER mail_deed_no_delete BEFORE DELETE ON mail_deed BEGIN SELECT RAISE(ABORT, 'deeds are append-only'); END;
