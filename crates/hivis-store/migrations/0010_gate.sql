-- What the gate said of each generated picture. The newest verdict of a level counts.
CREATE TABLE verdicts (
    sha256     BLOB NOT NULL REFERENCES objects (sha256),
    level      INTEGER NOT NULL,          -- 1 every picture, 2 the best fifth
    at_us      BIGINT NOT NULL,           -- Unix microseconds
    passed     INTEGER NOT NULL,          -- 0 or 1
    reasons    TEXT NOT NULL,             -- JSON array of "kind: words"
    figures    TEXT NOT NULL,             -- JSON object: name to number
    "release"  TEXT,                      -- whose judgement of the label it was; several with commas between
    PRIMARY KEY (sha256, level)
) WITHOUT ROWID;
CREATE TABLE batch_verdicts (
    id         INTEGER PRIMARY KEY,
    batch      INTEGER NOT NULL REFERENCES batches (id),
    at_us      BIGINT NOT NULL,
    pictures   BIGINT NOT NULL,
    passed     INTEGER,                   -- NULL: too few to say
    reasons    TEXT NOT NULL,             -- JSON array of "kind: words"
    figures    TEXT NOT NULL              -- JSON object: name to number; the trend of each is read from here
);
CREATE INDEX batch_verdicts_batch ON batch_verdicts (batch, at_us);
