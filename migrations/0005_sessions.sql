-- Signing in. A code is asked for on a page and mailed; it follows from a key outside the database, so that nothing here gives it.
-- Mailboxes and networks that ask are counted by keyed hashes.
CREATE TABLE sign_in (
    id        TEXT PRIMARY KEY,
    person_id TEXT,
    mailbox   TEXT NOT NULL,
    network   TEXT,
    key_id    BIGINT NOT NULL,
    mail_id   TEXT,
    tries     BIGINT NOT NULL,
    asked_at  BIGINT NOT NULL,
    ends_at   BIGINT NOT NULL,
    used_at   BIGINT
);
CREATE INDEX sign_in_mailbox ON sign_in (mailbox, asked_at);
CREATE INDEX sign_in_network ON sign_in (network, asked_at);
CREATE INDEX sign_in_asked ON sign_in (asked_at);
CREATE INDEX sign_in_mail ON sign_in (mail_id) WHERE mail_id IS NOT NULL;

-- Who is signed in, by the hash of what their browser keeps.
CREATE TABLE session (
    hash      TEXT PRIMARY KEY,
    person_id TEXT NOT NULL,
    opened_at BIGINT NOT NULL,
    ends_at   BIGINT NOT NULL
);
CREATE INDEX session_person ON session (person_id);
CREATE INDEX session_ends ON session (ends_at);
