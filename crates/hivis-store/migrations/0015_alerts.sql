-- Alerts over time, what was acknowledged, and messages that wait or went.
CREATE TABLE alerts (
    id           INTEGER PRIMARY KEY,
    key          TEXT NOT NULL,           -- the rule and its labels
    rule         TEXT NOT NULL,
    labels       TEXT NOT NULL,           -- JSON object, without the rule's name and the severity
    severity     TEXT NOT NULL,           -- info, warning or critical
    summary      TEXT NOT NULL,
    value        REAL,                    -- NULL for what is no number
    runbook      TEXT NOT NULL,
    since_us     BIGINT NOT NULL,         -- Unix microseconds; since when it holds, as the rule has it
    opened_us    BIGINT NOT NULL,         -- when it was first seen
    seen_us      BIGINT NOT NULL,         -- when it was last seen
    resolved_us  BIGINT,                  -- NULL while it holds
    flaps        INTEGER NOT NULL,        -- how often it came back after it had resolved
    ack_by       TEXT,                    -- who acknowledged it; NULL while nobody has
    ack_us       BIGINT,
    ack_note     TEXT,
    ack_until_us BIGINT                   -- NULL: until it resolves
);
CREATE UNIQUE INDEX alerts_open ON alerts (key) WHERE resolved_us IS NULL;
CREATE INDEX alerts_resolved ON alerts (resolved_us) WHERE resolved_us IS NOT NULL;
CREATE INDEX alerts_key ON alerts (key, id);

-- What each channel was last told of an alert.
CREATE TABLE alerts_told (
    channel      TEXT NOT NULL,
    alert        INTEGER NOT NULL REFERENCES alerts (id) ON DELETE CASCADE,
    at_us        BIGINT NOT NULL,
    firing       INTEGER NOT NULL,        -- 1: that it holds, 0: that it is over
    severity     TEXT NOT NULL,
    PRIMARY KEY (channel, alert)
) WITHOUT ROWID;
CREATE INDEX alerts_told_alert ON alerts_told (alert);

CREATE TABLE outbox (
    id           INTEGER PRIMARY KEY,
    channel      TEXT NOT NULL,
    group_key    TEXT NOT NULL,
    body         TEXT NOT NULL,           -- JSON, the same for every kind of channel
    made_us      BIGINT NOT NULL,
    state        TEXT NOT NULL,           -- waiting, sending, sent, joined or dropped
    unsure       INTEGER NOT NULL,        -- 1 when an attempt may have arrived
    attempts     INTEGER NOT NULL,
    next_us      BIGINT NOT NULL,
    ended_us     BIGINT,
    error        TEXT,                    -- what the last attempt said
    provider_id  TEXT,                    -- the receiver's own id of the message
    joined       INTEGER                  -- the message that it went into
);
CREATE INDEX outbox_open ON outbox (channel, id) WHERE state IN ('waiting', 'sending');
CREATE INDEX outbox_group ON outbox (channel, group_key, made_us);
CREATE INDEX outbox_sent ON outbox (channel, ended_us) WHERE state = 'sent';

-- How each channel is.
CREATE TABLE channels (
    name         TEXT PRIMARY KEY,
    fingerprint  TEXT NOT NULL,           -- a hash of its configuration: another one begins anew
    state        TEXT NOT NULL,           -- up, down or gone
    since_us     BIGINT NOT NULL,
    failures     INTEGER NOT NULL,        -- in a row
    next_us      BIGINT NOT NULL,         -- nothing is tried before
    error        TEXT
) WITHOUT ROWID;
