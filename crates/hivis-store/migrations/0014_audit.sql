-- Every change that somebody made through the page or its API, or tried to make.
CREATE TABLE audit (
    seq      INTEGER PRIMARY KEY,
    at_us    BIGINT NOT NULL,             -- Unix microseconds
    who      TEXT NOT NULL,               -- the account's name, or 'local'
    role     TEXT NOT NULL,               -- viewer, reviewer, operator
    source   TEXT NOT NULL,               -- the address it came from
    action   TEXT NOT NULL,               -- 'release.promote', 'review.decide', 'login', ...
    target   TEXT NOT NULL,               -- what it was done to; '' where there is nothing to name
    outcome  TEXT NOT NULL                -- 'done', or why not
);
CREATE INDEX audit_at ON audit (at_us);
