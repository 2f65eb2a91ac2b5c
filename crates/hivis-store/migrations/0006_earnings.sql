-- Our neuron as the chain showed it: one reading a payout.
CREATE TABLE neuron_readings (
    netuid        INTEGER NOT NULL,
    hotkey        TEXT NOT NULL,
    block         BIGINT NOT NULL,
    at_us         BIGINT NOT NULL,        -- Unix microseconds
    uid           INTEGER NOT NULL,
    tempo         BIGINT NOT NULL,
    registered_at BIGINT NOT NULL,        -- block
    incentive     REAL NOT NULL,
    miner_rank    INTEGER,                -- 1 is the best; NULL when it is no miner
    miners        INTEGER NOT NULL,
    emission_rao  BIGINT NOT NULL,        -- alpha of the last payout, 10^-9
    stake_rao     BIGINT NOT NULL,        -- alpha, 10^-9
    price_rao     BIGINT,                 -- TAO for one alpha, 10^-9; NULL when it was not known
    PRIMARY KEY (netuid, hotkey, block)
) WITHOUT ROWID;
-- Runs of the validators' log, and how far each was read for one of our registrations.
CREATE TABLE log_runs (
    id         INTEGER PRIMARY KEY,
    project    TEXT NOT NULL,             -- entity/project
    run        TEXT NOT NULL,
    uid        INTEGER NOT NULL,
    hotkey     TEXT NOT NULL,             -- ours
    validator  TEXT,                      -- the hotkey that the run names
    next_step  BIGINT NOT NULL,
    heartbeat  TEXT,                      -- the run's last sign of life when it was read to its end
    UNIQUE (project, run, uid, hotkey)
);
-- What the validators logged of us, a row a challenge.
CREATE TABLE log_rows (
    run        INTEGER NOT NULL REFERENCES log_runs (id),
    step       BIGINT NOT NULL,
    at_us      BIGINT NOT NULL,           -- the validator's clock, Unix microseconds
    prediction REAL,
    reward     REAL,
    score      REAL,
    accuracy   REAL,
    mcc        REAL,
    label      INTEGER,                   -- 0 clear, 1 roadwork
    level      INTEGER,                   -- the augmentation's
    outcome    TEXT NOT NULL,             -- matched, ambiguous, unmatched or unanswered
    record     BIGINT REFERENCES records (seq), -- the challenge that the row claims
    PRIMARY KEY (run, step)
) WITHOUT ROWID;
CREATE INDEX log_rows_at ON log_rows (at_us);
CREATE INDEX log_rows_record ON log_rows (record) WHERE record IS NOT NULL;
