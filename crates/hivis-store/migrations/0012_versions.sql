-- Versions of the data. A row of content counts in the versions from `since` on, before `until`.
CREATE TABLE data_versions (
    id         INTEGER PRIMARY KEY,
    name       TEXT NOT NULL UNIQUE,      -- v1.2.3-20261126
    parent     INTEGER REFERENCES data_versions (id),
    at_us      BIGINT NOT NULL,           -- Unix microseconds
    state      TEXT NOT NULL,             -- cutting, cut, or removed: then its content is gone
    message    TEXT NOT NULL,             -- what the user said of it
    pictures   BIGINT NOT NULL,
    bytes      BIGINT NOT NULL,           -- of the pictures
    dir_md5    BLOB,                      -- DVC's name of the folder
    table_md5  BLOB,                      -- of its metadata.jsonl
    "commit"   TEXT,                      -- of the repository, when git was there
    facts      TEXT NOT NULL,             -- JSON: what changed, counts, sources, figures
    notes      TEXT NOT NULL              -- its part of CHANGELOG.md
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
-- Pictures that a person took out of the repository: no version holds them until they are put back.
CREATE TABLE left_out (
    sha256     BLOB PRIMARY KEY NOT NULL REFERENCES objects (sha256),
    at_us      BIGINT NOT NULL,           -- Unix microseconds
    why        TEXT NOT NULL
) WITHOUT ROWID;
