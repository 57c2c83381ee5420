-- Every key begins with the workspace, whose rows no other may see; inside it, what has a name is a number.
--
-- What was kept before is renamed here and carried over afterwards, a few thousand at a time (`src/sqlite/carry.rs`).
DROP INDEX responses_newest;
DROP INDEX responses_of_site;
ALTER TABLE responses RENAME TO responses_before;
ALTER TABLE surveys RENAME TO surveys_before;
ALTER TABLE sites RENAME TO sites_before;
DROP TABLE rollup;

CREATE TABLE workspaces (
    workspace INTEGER PRIMARY KEY,
    name      TEXT    NOT NULL UNIQUE
) STRICT;
INSERT INTO workspaces VALUES (1, 'default');

-- What content and names are hashed with.
CREATE TABLE secrets (
    name  TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO secrets VALUES ('hash', randomblob(16));

-- A site is one workspace's, and unique among all.
CREATE TABLE sites (
    workspace INTEGER NOT NULL REFERENCES workspaces,
    site      TEXT    NOT NULL UNIQUE,
    origins   TEXT    NOT NULL,             -- JSON array
    PRIMARY KEY (workspace, site)
) STRICT, WITHOUT ROWID;
INSERT INTO sites SELECT 1, id, origins FROM sites_before;

-- The surveys of sites, presets too once they were imported or answered there.
CREATE TABLE surveys (
    workspace INTEGER NOT NULL REFERENCES workspaces,
    survey    INTEGER NOT NULL,
    id        TEXT    NOT NULL,
    site      TEXT    NOT NULL,
    PRIMARY KEY (workspace, survey),
    UNIQUE (workspace, id, site)
) STRICT, WITHOUT ROWID;
INSERT INTO surveys
    SELECT 1, ROW_NUMBER() OVER (ORDER BY id, site), id, site FROM
    (SELECT id, site FROM surveys_before UNION SELECT survey, site FROM responses_before);

-- As their owners wrote them; never changed once they have answers.
CREATE TABLE versions (
    workspace  INTEGER NOT NULL,
    survey     INTEGER NOT NULL,
    version    INTEGER NOT NULL,
    definition TEXT    NOT NULL,            -- JSON of AuthoredSurvey
    rank       INTEGER,                     -- its place among the site's running surveys, from 0; NULL: not running
    PRIMARY KEY (workspace, survey, version),
    FOREIGN KEY (workspace, survey) REFERENCES surveys
) STRICT, WITHOUT ROWID;
INSERT INTO versions
    SELECT 1, surveys.survey, version, definition, rank FROM surveys_before
    JOIN surveys ON surveys.workspace = 1 AND surveys.id = surveys_before.id AND surveys.site = surveys_before.site;

-- By what answers to a survey are told apart, in the order in which they came. Everyone is 0, and has no row.
CREATE TABLE segments (
    workspace INTEGER NOT NULL,
    survey    INTEGER NOT NULL,
    segment   INTEGER NOT NULL,             -- from 1
    dimension TEXT    NOT NULL,             -- locale, touchpoint or display
    value     TEXT    NOT NULL,
    PRIMARY KEY (workspace, survey, segment),
    UNIQUE (workspace, survey, dimension, value)
) STRICT, WITHOUT ROWID;

-- What many responses share: how and where they were asked.
CREATE TABLE frames (
    workspace INTEGER NOT NULL REFERENCES workspaces,
    frame     INTEGER NOT NULL,
    content   TEXT    NOT NULL,             -- JSON
    PRIMARY KEY (workspace, frame),
    UNIQUE (workspace, content)
) STRICT, WITHOUT ROWID;

-- One row for each response, its highest revision, with nothing that says whose it is.
CREATE TABLE responses (
    workspace INTEGER NOT NULL,
    id        BLOB    NOT NULL,             -- the UUID's 16 bytes
    survey    INTEGER NOT NULL,
    version   INTEGER NOT NULL,
    revision  INTEGER NOT NULL,
    state     INTEGER NOT NULL,             -- 0 shown, 1 dismissed, 2 partial, 3 complete
    flags     INTEGER NOT NULL,             -- the sum of 1: tried out, not counted; 2: has a row in personal
    dated_ms  INTEGER NOT NULL,             -- milliseconds since 1970 UTC, fixed at the first arrival
    seq       INTEGER NOT NULL,             -- the order in which revisions came
    hash      BLOB    NOT NULL,             -- of the content, with a key
    frame     INTEGER NOT NULL,
    segments  BLOB    NOT NULL,             -- in which it is counted, packed
    content   TEXT    NOT NULL,             -- JSON of the answers without words
    PRIMARY KEY (workspace, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX responses_newest ON responses (workspace, survey, state >= 2, dated_ms, id);
CREATE UNIQUE INDEX responses_in_order ON responses (workspace, seq);

-- Who answered, from where, in which words: what goes when a person or the time says so.
CREATE TABLE personal (
    workspace  INTEGER NOT NULL,
    id         BLOB    NOT NULL,
    respondent TEXT,
    page       TEXT,
    said       TEXT    NOT NULL,            -- JSON of words, attributes and context
    PRIMARY KEY (workspace, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX personal_of_respondent ON personal (workspace, respondent) WHERE respondent IS NOT NULL;

-- How often each thing happened on one UTC day; always recomputable from responses.
CREATE TABLE rollup (
    workspace INTEGER NOT NULL,
    survey    INTEGER NOT NULL,
    segment   INTEGER NOT NULL,             -- 0 is everyone
    day       INTEGER NOT NULL,             -- since 1970
    version   INTEGER NOT NULL,
    totals    BLOB    NOT NULL,             -- what was counted, packed, with its sums
    PRIMARY KEY (workspace, survey, segment, day, version)
) STRICT, WITHOUT ROWID;

-- The same by quarter hours. By itself, because it is fifty times as much, and most who read want whole days.
CREATE TABLE rollup_quarters (
    workspace INTEGER NOT NULL,
    survey    INTEGER NOT NULL,
    segment   INTEGER NOT NULL,
    day       INTEGER NOT NULL,
    version   INTEGER NOT NULL,
    quarters  BLOB    NOT NULL,             -- of what the totals have, in their order
    PRIMARY KEY (workspace, survey, segment, day, version)
) STRICT, WITHOUT ROWID;

DROP TABLE surveys_before;
DROP TABLE sites_before;
