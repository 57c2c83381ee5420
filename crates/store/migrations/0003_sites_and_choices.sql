-- A survey is its site's: two sites may have one of the same id.
CREATE TABLE surveys_of_sites (
    site       TEXT    NOT NULL REFERENCES sites (id),
    id         TEXT    NOT NULL,
    version    INTEGER NOT NULL,
    definition TEXT    NOT NULL,            -- JSON of AuthoredSurvey
    rank       INTEGER,                     -- its place among the site's running surveys, from 0; NULL: not running
    PRIMARY KEY (site, id, version)
) STRICT;

INSERT INTO surveys_of_sites (site, id, version, definition, rank)
    SELECT site, id, version, definition, rank FROM surveys;
DROP TABLE surveys;
ALTER TABLE surveys_of_sites RENAME TO surveys;

-- The counts of presets held those of several sites in one, so that all is counted again after this.
DROP TABLE rollup;

-- How often each thing happened in each quarter hour; always recomputable from responses.
CREATE TABLE rollup (
    survey    TEXT    NOT NULL,
    site      TEXT    NOT NULL,
    dimension TEXT    NOT NULL,             -- '' counts all; else locale, touchpoint or display
    value     TEXT    NOT NULL,             -- of that dimension
    slot      INTEGER NOT NULL,             -- quarter hours since 1970 UTC
    measure   TEXT    NOT NULL,             -- shown, dismissed, rating, chosen, answered (other than by a rating) or skipped
    question  TEXT    NOT NULL,             -- '' for shown and dismissed
    version   INTEGER NOT NULL,
    point     INTEGER NOT NULL,             -- of the scale; 0 where there is none
    choice    TEXT    NOT NULL DEFAULT '',  -- the option's id; '' where there is none
    n         INTEGER NOT NULL,
    PRIMARY KEY (survey, site, dimension, value, slot, measure, question, version, point, choice)
) STRICT, WITHOUT ROWID;
