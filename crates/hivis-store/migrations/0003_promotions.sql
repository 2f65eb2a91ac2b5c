-- Every move of the pointer `releases/current`, and what the server said to it.
CREATE TABLE promotions (
    seq        INTEGER PRIMARY KEY,
    "release"  TEXT NOT NULL,
    previous   TEXT,                      -- what the pointer named before; NULL for the first
    kind       TEXT NOT NULL,             -- promote, rollback or import
    exam       TEXT,                      -- the exam's file under exams/, when one decided
    at_us      BIGINT NOT NULL,           -- Unix microseconds
    serving    INTEGER,                   -- 1 it serves, 0 it was refused; NULL until a server has looked
    outcome_us BIGINT,
    reason     TEXT                       -- why it was refused
);
CREATE INDEX promotions_release ON promotions ("release", seq);
