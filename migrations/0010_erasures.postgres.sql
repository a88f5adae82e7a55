-- Who was erased: when, how much, on whose behalf and why. Never changed; the person is a random id that says nothing any more.
CREATE TABLE erasure (
    id         TEXT PRIMARY KEY,
    at         BIGINT NOT NULL,
    person_id  TEXT NOT NULL,
    dossiers   BIGINT NOT NULL,
    by_id      TEXT NOT NULL,
    operator   TEXT NOT NULL,
    reason     TEXT NOT NULL
);
CREATE INDEX erasure_at ON erasure (at);
CREATE INDEX seal_key_person ON seal_key (person_id);
CREATE TRIGGER erasure_append_only BEFORE UPDATE OR DELETE ON erasure FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER erasure_no_truncate BEFORE TRUNCATE ON erasure FOR EACH STATEMENT EXECUTE FUNCTION append_only();
