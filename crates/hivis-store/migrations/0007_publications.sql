-- What was published of which release, and what NATIX's server was told of it.
CREATE TABLE publications (
    seq          INTEGER PRIMARY KEY,
    "release"    TEXT NOT NULL,
    sha256       TEXT NOT NULL,           -- of the release's release.toml, which names the hash of every file
    repo         TEXT NOT NULL,           -- OWNER/NAME
    hotkey       TEXT NOT NULL,           -- ss58, in the model card
    begun_us     BIGINT NOT NULL,         -- Unix microseconds; the model card's submission_time
    revision     TEXT,                    -- the commit; NULL until its file list was read back
    published_us BIGINT,
    UNIQUE ("release", sha256, repo, hotkey)
);

CREATE TABLE registrations (
    seq           INTEGER PRIMARY KEY,
    publication   INTEGER NOT NULL REFERENCES publications (seq),
    server        TEXT NOT NULL,          -- the address that it is sent to
    uid           INTEGER NOT NULL,
    tried_us      BIGINT NOT NULL,        -- before it was last sent
    accepted_us   BIGINT,                 -- the server took it to work on it
    registered_us BIGINT,                 -- the server says that it succeeded
    said          TEXT,                   -- the server's last word
    UNIQUE (publication, server, uid)
);
