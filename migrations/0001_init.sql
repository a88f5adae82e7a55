-- The layout of storage. Instants are BIGINT milliseconds UTC named *_at; ids and JSON are TEXT; sealed bytes are BYTEA
-- (SQLite keeps blobs in a column of any declared type). No database time, no database randomness, no booleans: an instant
-- that is NULL until it happened says more.

-- What is true of this database as a whole: installation id, clock (demo), held since, directory version, key check.
CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

-- Deployed versions by content hash. Never changed, never checked again.
CREATE TABLE machine (
    hash        TEXT PRIMARY KEY,
    workflow    TEXT NOT NULL,
    level       BIGINT NOT NULL,
    source      TEXT NOT NULL,
    compiled    TEXT NOT NULL,
    deployed_at BIGINT NOT NULL
);
-- Which version new dossiers start on.
CREATE TABLE workflow (
    name    TEXT PRIMARY KEY,
    machine TEXT NOT NULL REFERENCES machine (hash),
    since_at BIGINT NOT NULL
);
CREATE TABLE calendar (
    name    TEXT PRIMARY KEY,
    content TEXT NOT NULL,
    since_at BIGINT NOT NULL
);

-- The cached fold of a dossier's events.
CREATE TABLE dossier (
    id          TEXT PRIMARY KEY,
    workflow    TEXT NOT NULL,
    machine     TEXT NOT NULL,
    seq         BIGINT NOT NULL,
    state       TEXT NOT NULL,
    caption     TEXT NOT NULL,
    search      TEXT NOT NULL,
    subject     TEXT,
    gather_key  TEXT,
    import_key  TEXT,
    opened_at   BIGINT NOT NULL,
    last_at     BIGINT NOT NULL,
    next_due_at BIGINT,
    closed_at   BIGINT,
    outcome     TEXT,
    stuck_at    BIGINT,
    snapshot    TEXT NOT NULL
);
CREATE INDEX dossier_stuck ON dossier (stuck_at) WHERE stuck_at IS NOT NULL;
CREATE INDEX dossier_due ON dossier (next_due_at) WHERE next_due_at IS NOT NULL;
CREATE UNIQUE INDEX dossier_gather ON dossier (workflow, gather_key) WHERE gather_key IS NOT NULL;
CREATE UNIQUE INDEX dossier_import ON dossier (workflow, import_key) WHERE import_key IS NOT NULL;

-- What happened: append-only (see 0003). Header plain, payload sealed, hash over the exact stored bytes.
CREATE TABLE event (
    dossier_id   TEXT NOT NULL,
    seq          BIGINT NOT NULL,
    at           BIGINT NOT NULL,
    kind         TEXT NOT NULL,
    kind_version BIGINT NOT NULL,
    actor        TEXT NOT NULL,
    subjects     TEXT NOT NULL,
    machine      TEXT NOT NULL,
    operation    TEXT,
    asked        TEXT,
    sealed       BYTEA NOT NULL,
    hash         BYTEA NOT NULL,
    PRIMARY KEY (dossier_id, seq)
);
CREATE UNIQUE INDEX event_operation ON event (operation) WHERE operation IS NOT NULL;

-- One random key per (dossier, person concerned), wrapped by a master key outside the database. Deleting a row erases the
-- person from the dossier's events; '-' is the dossier's own key.
CREATE TABLE seal_key (
    dossier_id TEXT NOT NULL,
    person_id  TEXT NOT NULL,
    wrapped    BYTEA NOT NULL,
    PRIMARY KEY (dossier_id, person_id)
);

-- The box of one vote on one row: opened, added to, shuffled and sealed again whole.
CREATE TABLE ballot_box (
    dossier_id TEXT NOT NULL,
    activation BIGINT NOT NULL,
    row_id     TEXT NOT NULL,
    sealed     BYTEA NOT NULL,
    PRIMARY KEY (dossier_id, activation, row_id)
);

-- One mail to one person: the delivery ledger. status: claimed, sending, accepted, deferred, failed,
-- unknown, dropped.
CREATE TABLE mail (
    id          TEXT PRIMARY KEY,
    person_id   TEXT NOT NULL,
    message_id  TEXT NOT NULL UNIQUE,
    key_id      BIGINT NOT NULL,
    generation  BIGINT NOT NULL,
    status      TEXT NOT NULL,
    attempts    BIGINT NOT NULL,
    unknowns    BIGINT NOT NULL,
    made_at     BIGINT NOT NULL,
    next_at     BIGINT,
    lease       TEXT,
    lease_until_at BIGINT,
    settled_at  BIGINT,
    answer      TEXT
);
CREATE INDEX mail_next ON mail (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX mail_person ON mail (person_id);

-- Between dossiers: committed with the event that sent it, consumed as a command.
CREATE TABLE message (
    from_id     TEXT NOT NULL,
    from_seq    BIGINT NOT NULL,
    place       BIGINT NOT NULL,
    content     TEXT NOT NULL,
    sent_at     BIGINT NOT NULL,
    consumed_at BIGINT,
    refused     TEXT,
    PRIMARY KEY (from_id, from_seq, place)
);
CREATE INDEX message_waiting ON message (sent_at) WHERE consumed_at IS NULL;

-- Facts that outlive dossiers.
CREATE TABLE register (
    register   TEXT NOT NULL,
    holder     TEXT NOT NULL,
    key        TEXT NOT NULL,
    year       BIGINT NOT NULL,
    source     TEXT NOT NULL,
    dossier_id TEXT,
    written_at BIGINT NOT NULL,
    paper      TEXT,
    number     TEXT,
    day        TEXT,
    PRIMARY KEY (register, holder, key, year, source)
);
CREATE INDEX register_holder ON register (holder);

-- Papers, not shared between dossiers.
CREATE TABLE paper (
    id         TEXT PRIMARY KEY,
    dossier_id TEXT NOT NULL,
    kind       TEXT NOT NULL,
    name       TEXT NOT NULL,
    media      TEXT NOT NULL,
    size       BIGINT NOT NULL,
    hash       TEXT NOT NULL,
    content    BYTEA NOT NULL,
    added_at   BIGINT NOT NULL
);
CREATE INDEX paper_dossier ON paper (dossier_id);

-- The directory: people in rows of their own (they can be forgotten), the rest in dated versions.
CREATE TABLE person (
    id         TEXT PRIMARY KEY,
    code       TEXT NOT NULL UNIQUE,
    name       TEXT NOT NULL,
    address    TEXT,
    email      TEXT,
    language   TEXT NOT NULL,
    changed_at BIGINT NOT NULL
);
CREATE TABLE directory (
    version  BIGINT PRIMARY KEY,
    content  TEXT NOT NULL,
    since_at BIGINT NOT NULL
);

-- Starts by the clock: a slot is taken by whoever inserts it first.
CREATE TABLE slot (
    workflow TEXT NOT NULL,
    entry    BIGINT NOT NULL,
    slot_at  BIGINT NOT NULL,
    taken_at BIGINT NOT NULL,
    PRIMARY KEY (workflow, entry, slot_at)
);

-- Daily heads over every dossier that changed since its last one.
CREATE TABLE head (
    day      TEXT PRIMARY KEY,
    at       BIGINT NOT NULL,
    content  TEXT NOT NULL,
    hash     BYTEA NOT NULL
);

-- Keys that are given once in the whole office: numbers of documents by kind and year. A space is where a key is given once;
-- what a counter gives also has its place in the order.
CREATE TABLE taken (
    space      TEXT NOT NULL,
    key        TEXT NOT NULL,
    seq        BIGINT,
    dossier_id TEXT,
    source     TEXT NOT NULL,
    taken_at   BIGINT NOT NULL,
    PRIMARY KEY (space, key)
);
CREATE UNIQUE INDEX taken_seq ON taken (space, seq) WHERE seq IS NOT NULL;
