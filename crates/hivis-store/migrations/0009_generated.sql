-- Orders to a generator, and the pictures that came of them. The files are in `objects`.
CREATE TABLE batches (
    id         INTEGER PRIMARY KEY,
    kind       TEXT NOT NULL,             -- night, long (the 60-day run), adversarial or hand
    generator  TEXT NOT NULL,
    prompts    TEXT NOT NULL,             -- name and version of each prompt file: `night 1, weather 2`
    asked      BIGINT NOT NULL,
    begun_us   BIGINT NOT NULL,           -- Unix microseconds
    ended_us   BIGINT,
    refused    TEXT NOT NULL,             -- JSON: reason to count
    stopped    TEXT,                      -- why it ended early
    run        INTEGER REFERENCES mining_runs (id), -- whose picks it varies
    slices     TEXT                       -- JSON array of tags that it was made for
);
CREATE INDEX batches_run ON batches (run) WHERE run IS NOT NULL;
CREATE TABLE generated (
    sha256     BLOB PRIMARY KEY NOT NULL REFERENCES objects (sha256),
    batch      INTEGER NOT NULL REFERENCES batches (id),
    at_us      BIGINT NOT NULL,
    wanted     INTEGER NOT NULL,          -- 0 clear, 1 roadwork
    model      TEXT NOT NULL,
    mode       TEXT NOT NULL,             -- text-to-image, image-to-image, video-to-world, procedural
    prompt     TEXT NOT NULL,
    negative   TEXT NOT NULL,
    prompt_id  TEXT NOT NULL,             -- which prompt of which file: `night/cones`
    settings   TEXT NOT NULL,             -- JSON: steps, guidance, strength, size
    seed       BIGINT NOT NULL,           -- 64 bits, as SQLite's signed integer
    parent     BLOB REFERENCES objects (sha256), -- the picture that it varies
    scene      TEXT NOT NULL,             -- the parent's, so that a split keeps twins together
    slices     TEXT NOT NULL,             -- JSON array of tags that were asked for
    cost_micro BIGINT NOT NULL            -- micro-dollars
) WITHOUT ROWID;
CREATE INDEX generated_batch ON generated (batch);
CREATE INDEX generated_parent ON generated (parent) WHERE parent IS NOT NULL;
-- Money: booked before a call, settled after it.
CREATE TABLE spend (
    id         INTEGER PRIMARY KEY,
    what       TEXT NOT NULL,             -- such as synth:cosmos
    booked_us  BIGINT NOT NULL,           -- Unix microseconds
    booked     BIGINT NOT NULL,           -- micro-dollars, at most
    pictures   BIGINT NOT NULL,           -- that were paid for
    settled_us BIGINT,                    -- NULL while the call is under way, or when nobody knows: it counts as booked
    settled    BIGINT,                    -- micro-dollars
    batch      INTEGER REFERENCES batches (id),
    note       TEXT                       -- what is known of a call that did not end well
);
CREATE INDEX spend_booked ON spend (what, booked_us);
