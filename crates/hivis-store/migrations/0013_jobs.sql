-- The wheel's own calendar: what was due, who does it, what came of it.
CREATE TABLE jobs (
    id         INTEGER PRIMARY KEY,
    kind       TEXT NOT NULL,             -- night, week, month or retrain
    due_us     BIGINT NOT NULL,           -- Unix microseconds
    state      TEXT NOT NULL,             -- waiting, running, done, failed or skipped
    holder     TEXT,                      -- who holds the lease: host and process
    lease_us   BIGINT,                    -- until when
    attempts   INTEGER NOT NULL,
    begun_us   BIGINT,
    ended_us   BIGINT,
    error      TEXT,
    UNIQUE (kind, due_us)
);
CREATE TABLE job_steps (
    job        INTEGER NOT NULL REFERENCES jobs (id),
    place      INTEGER NOT NULL,
    name       TEXT NOT NULL,             -- mine, synthesise, gate, version, train, exam, promote, report, ...
    state      TEXT NOT NULL,             -- running, done, skipped or failed
    begun_us   BIGINT NOT NULL,
    ended_us   BIGINT,
    said       TEXT,                      -- one line for a person
    facts      TEXT,                      -- JSON: what later steps and the report need
    PRIMARY KEY (job, place)
) WITHOUT ROWID;
