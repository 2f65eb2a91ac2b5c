-- Versions of the data. A row of content counts in the versions from `since` on, before `until`.
CREATE TABLE data_versions (
    id         INTEGER PRIMARY KEY,
    name       TEXT NOT NULL UNIQUE,      -- v1.2.3-20261126
    parent     INTEGER REFERENCES data_versions (id),
    at_us      BIGINT NOT NULL,           -- Unix microseconds
    state      TEXT NOT NULL,             -- cutting or cut
    pictures   BIGINT NOT NULL,
    bytes      BIGINT NOT NULL,
    dir_md5    BLOB,                      -- DVC's name of the folder
    "commit"   TEXT,                      -- of the repository, when git was there
    facts      TEXT NOT NULL              -- JSON: what changed, counts, sources, figures
);
CREATE TABLE version_pictures (
    sha256     BLOB NOT NULL REFERENCES objects (sha256),
    since      INTEGER NOT NULL REFERENCES data_versions (id),
    until      INTEGER REFERENCES data_versions (id), -- NULL: it still counts
    name       TEXT NOT NULL,             -- its file in the version's folder
    line       TEXT NOT NULL,             -- its line of metadata.jsonl
    PRIMARY KEY (sha256, since)
) WITHOUT ROWID;
CREATE INDEX version_pictures_open ON version_pictures (until, since);
