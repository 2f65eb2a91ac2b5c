-- Pictures that a person should look at, and what people decided. Decisions are never changed, only undone.
CREATE TABLE reviews (
    id         INTEGER PRIMARY KEY,
    sha256     BLOB NOT NULL UNIQUE REFERENCES objects (sha256),
    record     BIGINT REFERENCES records (seq), -- the record that shows it, for recorded pictures
    why        TEXT NOT NULL,             -- generated, uncertain, disagreement, conflict
    priority   REAL NOT NULL,             -- the higher the sooner
    queued_us  BIGINT NOT NULL,           -- Unix microseconds
    wanted     INTEGER NOT NULL           -- reviewers that it needs: 1, or 2 for a double review
);
CREATE TABLE decisions (
    seq        INTEGER PRIMARY KEY,
    review     INTEGER NOT NULL REFERENCES reviews (id),
    reviewer   TEXT NOT NULL,
    verdict    TEXT NOT NULL,             -- accept, reject or skip
    label      INTEGER,                   -- what it shows: 0 clear, 1 roadwork
    reason     TEXT,                      -- equipment, light, context, artefact or label
    note       TEXT,
    at_us      BIGINT NOT NULL,
    undone_us  BIGINT
);
CREATE UNIQUE INDEX decisions_one ON decisions (review, reviewer) WHERE undone_us IS NULL;
