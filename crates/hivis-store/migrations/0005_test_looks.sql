-- Every time that somebody looked at the test part of a split, which should be once, for a final report.
CREATE TABLE test_looks (
    seq        INTEGER PRIMARY KEY,
    at_us      BIGINT NOT NULL,           -- Unix microseconds
    "release"  TEXT,                      -- what was judged; NULL when the pictures were only read
    split_seed BIGINT NOT NULL,           -- 64 bits, as SQLite's signed integer
    data       TEXT NOT NULL,             -- version of the data that was split
    pictures   BIGINT NOT NULL,           -- how many were looked at
    why        TEXT NOT NULL
);
CREATE INDEX test_looks_split ON test_looks (split_seed, data);
