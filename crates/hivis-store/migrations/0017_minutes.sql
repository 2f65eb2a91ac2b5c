-- Counts of records by minute, so that figures over hours cost the same with ten thousand records and with a million.
-- They are written with the records, in the same transaction.
CREATE TABLE minutes (
    minute     BIGINT NOT NULL,           -- Unix minutes, of the arrival
    status     INTEGER NOT NULL,
    silence    TEXT NOT NULL,             -- the reason; '' when it was answered
    records    BIGINT NOT NULL,
    pictures   BIGINT NOT NULL,           -- of those, with their picture stored
    slowest_us BIGINT NOT NULL,           -- the largest total_us
    PRIMARY KEY (minute, status, silence)
) WITHOUT ROWID;
-- total_us of the answered ones: from `from_us` on, five binary digits kept, so each step is at most 1/16 wide.
CREATE TABLE minute_latency (
    minute     BIGINT NOT NULL,
    from_us    BIGINT NOT NULL,
    records    BIGINT NOT NULL,
    PRIMARY KEY (minute, from_us)
) WITHOUT ROWID;
-- The least sure answer of each minute whose picture was stored.
CREATE TABLE minute_unsure (
    minute     BIGINT PRIMARY KEY NOT NULL,
    record     BIGINT NOT NULL REFERENCES records (seq),
    sureness   REAL NOT NULL              -- |probability - 0.5|
) WITHOUT ROWID;
-- Whoever asked: few rows, whatever they asked.
CREATE TABLE callers (
    hotkey     TEXT PRIMARY KEY NOT NULL,
    first_us   BIGINT NOT NULL,
    last_us    BIGINT NOT NULL,
    records    BIGINT NOT NULL
) WITHOUT ROWID;

INSERT INTO minutes (minute, status, silence, records, pictures, slowest_us)
    SELECT arrived_us / 60000000, status, coalesce(silence, ''), count(*),
        count(CASE WHEN sha256 IS NOT NULL AND picture_lost IS NULL THEN 1 END), max(total_us)
    FROM records GROUP BY 1, 2, 3;
INSERT INTO minute_latency (minute, from_us, records)
    SELECT arrived_us / 60000000, CASE
    WHEN total_us < 32 THEN total_us WHEN total_us < 64 THEN total_us >> 1 << 1
    WHEN total_us < 128 THEN total_us >> 2 << 2 WHEN total_us < 256 THEN total_us >> 3 << 3
    WHEN total_us < 512 THEN total_us >> 4 << 4 WHEN total_us < 1024 THEN total_us >> 5 << 5
    WHEN total_us < 2048 THEN total_us >> 6 << 6 WHEN total_us < 4096 THEN total_us >> 7 << 7
    WHEN total_us < 8192 THEN total_us >> 8 << 8 WHEN total_us < 16384 THEN total_us >> 9 << 9
    WHEN total_us < 32768 THEN total_us >> 10 << 10 WHEN total_us < 65536 THEN total_us >> 11 << 11
    WHEN total_us < 131072 THEN total_us >> 12 << 12 WHEN total_us < 262144 THEN total_us >> 13 << 13
    WHEN total_us < 524288 THEN total_us >> 14 << 14 WHEN total_us < 1048576 THEN total_us >> 15 << 15
    WHEN total_us < 2097152 THEN total_us >> 16 << 16 WHEN total_us < 4194304 THEN total_us >> 17 << 17
    WHEN total_us < 8388608 THEN total_us >> 18 << 18 WHEN total_us < 16777216 THEN total_us >> 19 << 19
    WHEN total_us < 33554432 THEN total_us >> 20 << 20 WHEN total_us < 67108864 THEN total_us >> 21 << 21
    WHEN total_us < 134217728 THEN total_us >> 22 << 22 WHEN total_us < 268435456 THEN total_us >> 23 << 23
    WHEN total_us < 536870912 THEN total_us >> 24 << 24 WHEN total_us < 1073741824 THEN total_us >> 25 << 25
    WHEN total_us < 2147483648 THEN total_us >> 26 << 26
    ELSE 2080374784 END,
        count(*) FROM records WHERE silence IS NULL GROUP BY 1, 2;
-- SQLite takes `seq` from the row of the least sureness.
INSERT INTO minute_unsure (minute, record, sureness)
    SELECT arrived_us / 60000000, seq, min(abs(probability - 0.5)) FROM records
    WHERE probability IS NOT NULL AND sha256 IS NOT NULL AND picture_lost IS NULL GROUP BY 1;
INSERT INTO callers (hotkey, first_us, last_us, records)
    SELECT hotkey, min(arrived_us), max(arrived_us), count(*) FROM records GROUP BY 1;

-- What the pages look for.
CREATE INDEX records_silent ON records (arrived_us) WHERE silence IS NOT NULL;
CREATE INDEX records_silence ON records (silence, arrived_us) WHERE silence IS NOT NULL;
CREATE INDEX labels_at ON labels (at_us);
CREATE INDEX generated_at ON generated (at_us);
CREATE INDEX verdicts_at ON verdicts (at_us) WHERE level = 1;
CREATE INDEX decisions_at ON decisions (at_us) WHERE undone_us IS NULL;
