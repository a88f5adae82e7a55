-- The rows that a batch writes travel to PostgreSQL as one array a table. These are their columns, in their order.
CREATE TYPE event_row AS (
    dossier_id TEXT, seq BIGINT, at BIGINT, kind TEXT, kind_version BIGINT, actor TEXT, subjects TEXT, machine TEXT,
    operation TEXT, asked TEXT, sealed BYTEA, hash BYTEA
);
CREATE TYPE dossier_opened AS (
    id TEXT, workflow TEXT, machine TEXT, seq BIGINT, state TEXT, caption TEXT, search TEXT, subject TEXT, gather_key TEXT,
    opened_at BIGINT, last_at BIGINT, next_due_at BIGINT, closed_at BIGINT, outcome TEXT, snapshot TEXT
);
CREATE TYPE dossier_moved AS (
    id TEXT, before BIGINT, seq BIGINT, state TEXT, caption TEXT, search TEXT, subject TEXT, gather_key TEXT,
    last_at BIGINT, next_due_at BIGINT, closed_at BIGINT, outcome TEXT, snapshot TEXT, machine TEXT
);
CREATE TYPE seal_key_row AS (dossier_id TEXT, person_id TEXT, wrapped BYTEA);
CREATE TYPE task_offered AS (
    dossier_id TEXT, id TEXT, activation BIGINT, purpose TEXT, person_id TEXT, policy TEXT, key_id BIGINT,
    generation BIGINT, opened_at BIGINT, due_at BIGINT, closed_at BIGINT, closed_seq BIGINT
);
CREATE TYPE task_closed AS (dossier_id TEXT, id TEXT, closed_at BIGINT, closed_seq BIGINT);
CREATE TYPE notice_row AS (
    dossier_id TEXT, seq BIGINT, place BIGINT, activation BIGINT, person_id TEXT, kind TEXT, task_id TEXT,
    urgent_at BIGINT, not_before_at BIGINT
);
