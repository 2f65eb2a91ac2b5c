-- The wheel's own calendar: what was due, who does it, what came of it.
CREATE TABLE scheduler (
    one        INTEGER PRIMARY KEY CHECK (one = 1),
    since_us   BIGINT NOT NULL            -- Unix microseconds; what was due before is not made up
);
CREATE TABLE jobs (
    id         INTEGER PRIMARY KEY,
    kind       TEXT NOT NULL,             -- nightly, weekly, monthly or retrain
    due_us     BIGINT NOT NULL,           -- Unix microseconds; the beginning, for what a person asked for
    by_hand    INTEGER NOT NULL,          -- 1 when a person asked for it
    state      TEXT NOT NULL,             -- waiting, running, done or failed
    holder     TEXT,                      -- who holds the lease: host, process, and a random word
    lease_us   BIGINT,                    -- until when, by the holder's clock
    beat       BIGINT NOT NULL,           -- rises with every heartbeat: who watches needs no clock to see life
    attempts   INTEGER NOT NULL,          -- how often it was taken
    begun_us   BIGINT,
    ended_us   BIGINT,
    error      TEXT,
    UNIQUE (kind, due_us)
);
CREATE INDEX jobs_open ON jobs (due_us) WHERE state IN ('waiting', 'running');
CREATE TABLE job_steps (
    job        INTEGER NOT NULL REFERENCES jobs (id),
    place      INTEGER NOT NULL,
    name       TEXT NOT NULL,             -- mine, synthesise, gate, version, train, exam, promote, report, ...
    state      TEXT NOT NULL,             -- running, done, skipped, waits, blocked or failed
    attempts   INTEGER NOT NULL,          -- how often it was begun and not given back
    begun_us   BIGINT NOT NULL,
    ended_us   BIGINT,
    said       TEXT,                      -- one line for a person
    facts      TEXT,                      -- JSON: what later steps and the report need
    PRIMARY KEY (job, place)
) WITHOUT ROWID;
CREATE INDEX job_steps_name ON job_steps (name, job);
