-- What was looked for among the records, and what was picked.
CREATE TABLE mining_runs (
    id         INTEGER PRIMARY KEY,
    kind       TEXT NOT NULL,             -- night, week or hand
    at_us      BIGINT NOT NULL,           -- Unix microseconds
    since_us   BIGINT NOT NULL,           -- records from then on were looked at
    "release"  TEXT,                      -- whose features the spread was made on
    looked     BIGINT NOT NULL,           -- records that were judged
    hard       BIGINT NOT NULL,           -- of those, hard ones
    settings   TEXT NOT NULL,             -- JSON
    coverage   TEXT NOT NULL,             -- JSON: what the picks cover of the slices
    facts      TEXT NOT NULL              -- JSON: counts by reason, clusters, scenes, twins, notes
);
CREATE INDEX mining_runs_at ON mining_runs (at_us);
CREATE TABLE picks (
    run        INTEGER NOT NULL REFERENCES mining_runs (id),
    place      INTEGER NOT NULL,          -- 0 is the first
    record     BIGINT NOT NULL REFERENCES records (seq),
    sha256     BLOB NOT NULL REFERENCES objects (sha256),
    probability REAL NOT NULL,            -- what it was weighed by: the run's release, or the one that answered
    reasons    TEXT NOT NULL,             -- JSON array: uncertain, band:LOW-HIGH, entropy, disagreement, drift, error
    score      REAL NOT NULL,             -- how hard, in [0, 1]
    cluster    INTEGER,                   -- within the run; NULL when it had no features
    slices     TEXT NOT NULL,             -- JSON array of tags, guessed
    PRIMARY KEY (run, place),
    UNIQUE (run, record)
) WITHOUT ROWID;
CREATE INDEX picks_object ON picks (sha256);
