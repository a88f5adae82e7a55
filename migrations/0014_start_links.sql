-- Who asked on a public page for a link by which to open a dossier: gone when it is opened, or after a day. Their mailbox is sealed
-- under a key that is not here, and so is what the link follows from.
CREATE TABLE start_link (
    id       TEXT PRIMARY KEY,
    workflow TEXT NOT NULL,
    mailbox  TEXT NOT NULL,
    language TEXT NOT NULL,
    key_id   BIGINT NOT NULL,
    mail_id  TEXT NOT NULL,
    asked_at BIGINT NOT NULL,
    ends_at  BIGINT NOT NULL
);
CREATE INDEX start_link_mail ON start_link (mail_id);
CREATE INDEX start_link_asked ON start_link (asked_at);
CREATE INDEX start_link_ends ON start_link (ends_at);
