-- What records show: one row for each source, so that a less trusted one never overwrites a more trusted one and
-- disagreements stay visible. The row of the least rank counts.
CREATE TABLE labels (
    record     BIGINT NOT NULL REFERENCES records (seq),
    "rank"     INTEGER NOT NULL,          -- place of the source in the order of trust, 0 is a person
    source     TEXT NOT NULL,
    label      INTEGER NOT NULL,          -- 0 clear, 1 roadwork
    confidence REAL NOT NULL,
    at_us      BIGINT NOT NULL,           -- Unix microseconds
    PRIMARY KEY (record, "rank")
) WITHOUT ROWID;
