-- Version 2: what people say of a run. A table of its own: most runs have none, and a
-- row of `runs` ends with a definition that may fill pages.

CREATE TABLE annotations (
  run    TEXT    PRIMARY KEY NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  label  TEXT,
  note   TEXT,
  -- A JSON array of words.
  tags   TEXT    NOT NULL,
  -- Retention leaves the run alone.
  pinned INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
