-- Data sets whose pictures were imported.
CREATE TABLE datasets (
    id         INTEGER PRIMARY KEY,
    name       TEXT NOT NULL UNIQUE,
    source     TEXT NOT NULL,             -- a repository of the Hub, or a folder
    revision   TEXT,                      -- the repository's commit
    begun_us   BIGINT NOT NULL,           -- when the newest import began, Unix microseconds
    ended_us   BIGINT                     -- NULL while it runs, or when it was cut short
);
-- What a data set says of a picture. Several may say different things of one; the files are in `objects`.
CREATE TABLE pictures (
    sha256     BLOB NOT NULL REFERENCES objects (sha256),
    dataset    INTEGER NOT NULL REFERENCES datasets (id),
    name       TEXT NOT NULL,             -- its file or row in the data set
    label      INTEGER NOT NULL,          -- 0 clear, 1 roadwork
    origin     TEXT NOT NULL,             -- real or synthetic
    scene      TEXT NOT NULL,             -- within the data set
    slices     TEXT NOT NULL,             -- JSON array of tags
    seen_us    BIGINT NOT NULL,           -- `begun_us` of the newest import that found it
    PRIMARY KEY (sha256, dataset)
) WITHOUT ROWID;
CREATE INDEX pictures_dataset ON pictures (dataset);
-- What other sources say of an imported picture, as `labels` has it for records.
CREATE TABLE picture_labels (
    sha256     BLOB NOT NULL REFERENCES objects (sha256),
    "rank"     INTEGER NOT NULL,          -- place of the source in the order of trust, 0 is a person
    source     TEXT NOT NULL,
    label      INTEGER NOT NULL,
    confidence REAL NOT NULL,
    at_us      BIGINT NOT NULL,
    PRIMARY KEY (sha256, "rank")
) WITHOUT ROWID;
