-- Pictures that a person should look at, and what people decided. Decisions are never changed, only undone.
CREATE TABLE reviews (
    id             INTEGER PRIMARY KEY,
    sha256         BLOB NOT NULL UNIQUE REFERENCES objects (sha256),
    record         BIGINT REFERENCES records (seq), -- the record that shows it, for recorded pictures
    why            TEXT NOT NULL,         -- generated, hard or disagreement
    priority       REAL NOT NULL,         -- the higher the sooner
    queued_us      BIGINT NOT NULL,       -- Unix microseconds
    wanted         INTEGER NOT NULL,      -- reviewers that it needs: 1, or 2 for a double review
    state          TEXT NOT NULL,         -- what the standing decisions come to: open, second, conflict, accepted, rejected, skipped
    settled_us     BIGINT,                -- when it came to accepted or rejected
    holder         TEXT,                  -- to whom it is shown now
    held_us        BIGINT,                -- since when
    held_until_us  BIGINT,
    written        INTEGER,               -- the person's label that these decisions have put into labels or picture_labels
    written_us     BIGINT,
    before_label   INTEGER,               -- the person's label that stood there before, to come back with an undo
    before_sure    REAL,
    before_us      BIGINT
);
CREATE INDEX reviews_state ON reviews (state, priority);
CREATE INDEX reviews_queued ON reviews (queued_us);
CREATE TABLE decisions (
    seq            INTEGER PRIMARY KEY,
    review         INTEGER NOT NULL REFERENCES reviews (id),
    reviewer       TEXT NOT NULL,
    verdict        TEXT NOT NULL,         -- accept, reject or skip
    label          INTEGER,               -- what it shows: 0 clear, 1 roadwork; NULL unless accepted
    reason         TEXT,                  -- equipment, light, context, artefact or label; NULL unless rejected
    note           TEXT,
    slot           INTEGER,               -- which look it fills: 0, 1 or 2; NULL for a skip
    contradicts    TEXT,                  -- the trusted source that says otherwise than the label
    at_us          BIGINT NOT NULL,       -- Unix microseconds
    undone_us      BIGINT,
    undone_by      TEXT
);
-- One standing word a person, and one a look: of two who decide at once the later fails.
CREATE UNIQUE INDEX decisions_one ON decisions (review, reviewer) WHERE undone_us IS NULL;
CREATE UNIQUE INDEX decisions_slot ON decisions (review, slot) WHERE undone_us IS NULL;
CREATE INDEX decisions_reviewer ON decisions (reviewer, seq);
