-- Pictures. The identity is the SHA-256; the MD5 is only the address of the file.
CREATE TABLE objects (
    sha256     BLOB PRIMARY KEY NOT NULL,
    md5        BLOB NOT NULL UNIQUE,
    bytes      BIGINT NOT NULL,
    last_us    BIGINT NOT NULL,           -- arrival of the newest record that shows it, Unix microseconds
    sureness   REAL NOT NULL,             -- least |probability - 0.5| of its records; 0.5 when never judged
    removed_us BIGINT                     -- when retention removed the file
) WITHOUT ROWID;
CREATE INDEX objects_kept ON objects (last_us, bytes) WHERE removed_us IS NULL;

-- One row for each question of a verified caller. Rows are never removed.
CREATE TABLE records (
    seq           INTEGER PRIMARY KEY,    -- order of commits
    id            TEXT NOT NULL UNIQUE,   -- uuid, version 7, hyphenated
    arrived_us    BIGINT NOT NULL,        -- Unix microseconds
    protocol      TEXT NOT NULL,
    hotkey        TEXT NOT NULL,
    peer          TEXT NOT NULL,
    uuid          TEXT,
    nonce         BIGINT NOT NULL,        -- the caller's nanoseconds, 64 bits, as SQLite's signed integer
    version       BIGINT,
    stake         REAL,                   -- NULL stands for NaN, here and below
    timeout_s     REAL,
    status        INTEGER NOT NULL,
    prediction    REAL,
    silence       TEXT,
    notes         TEXT,                   -- JSON array; NULL when empty
    "release"     TEXT,                   -- this and the next five: NULL when nothing was judged
    engine        TEXT,
    "precision"   TEXT,
    probability   REAL,
    batch         INTEGER,
    batch_left    TEXT,
    media         TEXT,                   -- this and the next four: NULL when the body gave no bytes
    width         INTEGER,
    height        INTEGER,
    dhash         BIGINT,                 -- 64 bits, as SQLite's signed integer
    picture_bytes BIGINT,
    sha256        BLOB REFERENCES objects (sha256), -- NULL when the picture was not stored
    picture_lost  TEXT,                   -- why it was not
    verify_us     BIGINT NOT NULL,
    body_us       BIGINT NOT NULL,
    decode_us     BIGINT NOT NULL,
    queue_us      BIGINT NOT NULL,
    engine_us     BIGINT NOT NULL,
    total_us      BIGINT NOT NULL,
    features      BLOB                    -- f32, little-endian; last, so that scans need not read it
);
CREATE INDEX records_arrived ON records (arrived_us);
CREATE INDEX records_hotkey ON records (hotkey, arrived_us);
CREATE INDEX records_object ON records (sha256) WHERE sha256 IS NOT NULL;
