-- What is erased is wiped from where it stood before as well, page by page (`src/sqlite/scrub.rs`): there is a row as long as that is
-- not done.
CREATE TABLE scrub (
    id  INTEGER PRIMARY KEY CHECK (id = 1),
    due INTEGER NOT NULL                    -- how often something was erased; 0: the whole file is to be written anew
) STRICT;

-- How far retention may go.
CREATE TABLE clock (
    id    INTEGER PRIMARY KEY CHECK (id = 1),
    at_ms INTEGER NOT NULL
) STRICT;

-- Responses could be kept that are dated before these.
DELETE FROM retained;

-- The last place in the order of arrival when something was erased: it is given to no other response.
ALTER TABLE workspaces ADD COLUMN seq INTEGER NOT NULL DEFAULT 0;
