-- What people say of themselves: that they are away and who stands in, which language they read. The directory's own words stay.
-- A row is never taken away; one that ended early says when and by whom.
CREATE TABLE absence (
    id        TEXT PRIMARY KEY,
    person_id TEXT NOT NULL,
    by_id     TEXT NOT NULL,
    from_on   TEXT NOT NULL,
    until_on  TEXT NOT NULL,
    set_at    BIGINT NOT NULL,
    set_by    TEXT NOT NULL,
    ended_at  BIGINT,
    ended_by  TEXT
);
CREATE INDEX absence_person ON absence (person_id);
CREATE TABLE chosen_language (
    person_id TEXT PRIMARY KEY,
    language  TEXT NOT NULL,
    set_at    BIGINT NOT NULL
);
