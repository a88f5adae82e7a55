-- When the pages could not be reached: deadlines that say so are put off.
CREATE TABLE outage (
    from_at  BIGINT NOT NULL PRIMARY KEY,
    until_at BIGINT NOT NULL
);
