-- Calendars that were in force before the present one: what was counted by them is counted again when the present one says otherwise.
CREATE TABLE calendar_before (
    name     TEXT NOT NULL,
    until_at BIGINT NOT NULL,
    content  TEXT NOT NULL,
    PRIMARY KEY (name, until_at)
);
