-- Whoever is away is told at once who stands in for them, and so is whoever stands in: each by a mail of its own.
CREATE TABLE absence_mail (
    mail_id    TEXT PRIMARY KEY,
    absence_id TEXT NOT NULL
);
