-- Sites and surveys as their owners wrote them.
CREATE TABLE sites (
    id      TEXT PRIMARY KEY,
    origins TEXT NOT NULL                   -- JSON array
) STRICT;

-- One row for each version, never changed once it has answers.
CREATE TABLE surveys (
    id         TEXT    NOT NULL,
    version    INTEGER NOT NULL,
    site       TEXT    NOT NULL REFERENCES sites (id),
    definition TEXT    NOT NULL,            -- JSON of AuthoredSurvey
    rank       INTEGER,                     -- its place among the site's running surveys, from 0; NULL: not running
    PRIMARY KEY (id, version)
) STRICT;

-- One row for each response: its highest revision.
CREATE TABLE responses (
    id       BLOB    PRIMARY KEY,           -- the UUID's 16 bytes
    site     TEXT    NOT NULL,
    survey   TEXT    NOT NULL,
    version  INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    state    TEXT    NOT NULL,
    dated_ms INTEGER NOT NULL,              -- milliseconds since 1970 UTC, fixed at the first arrival
    skipped  TEXT    NOT NULL,              -- JSON array of question ids
    content  TEXT    NOT NULL               -- JSON of NewResponse with age_ms 0
) STRICT;

CREATE INDEX responses_newest ON responses (survey, dated_ms, id);

-- How often each thing happened in each quarter hour; always recomputable from responses.
CREATE TABLE rollup (
    survey    TEXT    NOT NULL,
    dimension TEXT    NOT NULL,             -- '' counts all; else site, locale, touchpoint or display
    value     TEXT    NOT NULL,             -- of that dimension
    slot      INTEGER NOT NULL,             -- quarter hours since 1970 UTC
    measure   TEXT    NOT NULL,             -- shown, dismissed, rating or skipped
    question  TEXT    NOT NULL,             -- '' for shown and dismissed
    version   INTEGER NOT NULL,
    point     INTEGER NOT NULL,             -- of the scale; 0 where there is none
    n         INTEGER NOT NULL,
    UNIQUE (survey, dimension, value, slot, measure, question, version, point)
) STRICT;

-- Written by the readiness probe, because only a write shows that writing works.
CREATE TABLE probe (
    id    INTEGER PRIMARY KEY CHECK (id = 1),
    at_ms INTEGER NOT NULL
) STRICT;
