-- The subnet around us: one reading a payout, to tell a change of ours from a change of everybody's.
CREATE TABLE subnet_readings (
    netuid           INTEGER NOT NULL,
    block            BIGINT NOT NULL,
    at_us            BIGINT NOT NULL,     -- Unix microseconds
    miners           INTEGER NOT NULL,
    earning          INTEGER NOT NULL,    -- miners with an incentive
    median_incentive REAL NOT NULL,       -- of those
    registered       INTEGER NOT NULL,    -- neurons registered in the day before
    PRIMARY KEY (netuid, block)
) WITHOUT ROWID;
-- Who may act as a validator, a row whenever that changed.
CREATE TABLE validator_sets (
    netuid  INTEGER NOT NULL,
    block   BIGINT NOT NULL,              -- the first at which it was seen
    at_us   BIGINT NOT NULL,
    hotkeys TEXT NOT NULL,                -- JSON array, sorted
    PRIMARY KEY (netuid, block)
) WITHOUT ROWID;
-- Our neuron as others see it: the last word of each UTC day.
CREATE TABLE seen_ranks (
    netuid       INTEGER NOT NULL,
    hotkey       TEXT NOT NULL,
    source       TEXT NOT NULL,           -- taostats
    day          TEXT NOT NULL,           -- 2026-11-26
    at_us        BIGINT NOT NULL,         -- of the block, Unix microseconds
    block        BIGINT NOT NULL,
    incentive    REAL NOT NULL,
    emission_rao BIGINT NOT NULL,
    miner_rank   INTEGER,                 -- among the miners, 1 is the best; NULL when only our own row was asked for
    miners       INTEGER,
    PRIMARY KEY (netuid, hotkey, source, day)
) WITHOUT ROWID;
-- Judged records in the order of commits, cut into windows of one release each.
CREATE TABLE drift_windows (
    id          INTEGER PRIMARY KEY,
    "release"   TEXT NOT NULL,
    "precision" TEXT NOT NULL,
    first_seq   BIGINT NOT NULL UNIQUE,
    last_seq    BIGINT NOT NULL,
    from_us     BIGINT NOT NULL,          -- earliest and latest arrival
    until_us    BIGINT NOT NULL,
    records     INTEGER NOT NULL
);
CREATE INDEX drift_windows_release ON drift_windows ("release", id);
-- Which pictures stand for the training data while a release serves.
CREATE TABLE drift_references (
    era         TEXT PRIMARY KEY NOT NULL, -- the release
    space       TEXT NOT NULL,            -- what its features are comparable in
    at_us       BIGINT NOT NULL,
    pictures    BLOB NOT NULL             -- SHA-256, one after another
) WITHOUT ROWID;
-- How far a window lies from its reference.
CREATE TABLE drift_values (
    kind    TEXT NOT NULL,
    era     TEXT NOT NULL,                -- the release whose reference it is
    window  INTEGER NOT NULL REFERENCES drift_windows (id),
    value   REAL NOT NULL,
    "limit" REAL,                         -- NULL while it is learned
    facts   TEXT,                         -- JSON, where there is more to say
    PRIMARY KEY (kind, era, window)
) WITHOUT ROWID;
