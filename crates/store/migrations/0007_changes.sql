-- What analysts have taken out of the counts: the answers to a survey that are dated in a range, also those that come later.
CREATE TABLE exclusions (
    workspace INTEGER NOT NULL,
    survey    INTEGER NOT NULL,
    from_ms   INTEGER NOT NULL,
    to_ms     INTEGER NOT NULL,             -- the first moment after it
    all_sites INTEGER NOT NULL,             -- 1: of every site's survey of this id, also of those that come later
    state     INTEGER NOT NULL,             -- 1 being taken out, 2 out, 3 being put back
    change    INTEGER NOT NULL,             -- the last that was made of it
    next_ms   INTEGER NOT NULL,             -- how far that is: the last response that was seen to
    next_id   BLOB    NOT NULL,
    PRIMARY KEY (workspace, survey, from_ms, to_ms)
) STRICT, WITHOUT ROWID;

-- What was changed by hand. Rows are added; when a response is erased or made anonymous, they lose what they have of it.
CREATE TABLE changes (
    workspace INTEGER NOT NULL,
    change    INTEGER NOT NULL,
    at_ms     INTEGER NOT NULL,
    kind      INTEGER NOT NULL,             -- of a range: 1 taken out, 2 put back; of a response: 3, 4, and 5 corrected
    author    TEXT    NOT NULL,
    reason    TEXT    NOT NULL,
    survey    INTEGER NOT NULL,
    from_ms   INTEGER,
    to_ms     INTEGER,
    id        BLOB,
    before    TEXT,                         -- JSON of the answers without words, of what was corrected
    after     TEXT,
    responses INTEGER NOT NULL,             -- how many
    PRIMARY KEY (workspace, change)
) STRICT, WITHOUT ROWID;
CREATE INDEX changes_of_response ON changes (workspace, id) WHERE id IS NOT NULL;
