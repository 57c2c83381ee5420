-- What was erased, so that no late sending brings it back: hashes, of which nobody learns what they are of.
CREATE TABLE erased (
    workspace INTEGER NOT NULL REFERENCES workspaces,
    kind      INTEGER NOT NULL,             -- 1 a response's id; 2 a respondent, for answers dated until then
    hash      BLOB    NOT NULL,
    at_ms     INTEGER NOT NULL,
    PRIMARY KEY (workspace, kind, hash)
) STRICT, WITHOUT ROWID;

-- Up to when the responses of a survey have lost what says whose they are.
CREATE TABLE retained (
    workspace INTEGER NOT NULL,
    survey    INTEGER NOT NULL,
    until_ms  INTEGER NOT NULL,
    PRIMARY KEY (workspace, survey)
) STRICT, WITHOUT ROWID;
