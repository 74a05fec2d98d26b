-- Version 3: alerts, and whom nobody wants to hear of.

CREATE TABLE alerts (
  run      TEXT    NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  -- Counts up within the run, from 1.
  number   INTEGER NOT NULL,
  -- Where it began.
  service  TEXT    NOT NULL,
  status   TEXT    NOT NULL,
  cause    TEXT    NOT NULL,
  next     TEXT,
  -- A JSON array of services.
  affected TEXT    NOT NULL,
  since    INTEGER NOT NULL,
  -- The two below are NULL together: the trouble lasts.
  closed   INTEGER,
  ending   TEXT,
  times    INTEGER NOT NULL,
  PRIMARY KEY (run, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE silences (
  environment TEXT NOT NULL,
  service     TEXT NOT NULL,
  -- When it ends by itself.
  until       INTEGER,
  -- The only run it holds for.
  run         TEXT,
  PRIMARY KEY (environment, service)
) STRICT, WITHOUT ROWID;
