-- Who asks for a link on a public page: counted by keyed hashes of mailbox and network, and forgotten after two days.
CREATE TABLE knock (
    id       TEXT PRIMARY KEY,
    mailbox  TEXT NOT NULL,
    network  TEXT,
    asked_at BIGINT NOT NULL
);
CREATE INDEX knock_mailbox ON knock (mailbox, asked_at);
CREATE INDEX knock_network ON knock (network, asked_at);
CREATE INDEX knock_asked ON knock (asked_at);
