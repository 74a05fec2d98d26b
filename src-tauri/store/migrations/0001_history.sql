-- Version 1: runs and what happened in them, known environments, settings.
--
-- Times are milliseconds since 1970-01-01 UTC, spans are milliseconds, latencies
-- microseconds. Words (lifecycle, health, status, verdict, role) are spelled as the
-- API spells them.

-- "BNCH": tells our file from any other SQLite file that happens to have this name.
PRAGMA application_id = 1112425288;

CREATE TABLE runs (
  id            TEXT    PRIMARY KEY NOT NULL,
  environment   TEXT    NOT NULL,
  name          TEXT    NOT NULL,
  project_dir   TEXT    NOT NULL,
  started       INTEGER NOT NULL,
  ended         INTEGER,
  -- Its end was never recorded. Cleared when somebody goes on with the run.
  interrupted   INTEGER NOT NULL DEFAULT 0,
  -- Some service was Unhealthy. Kept here because old transitions of a long run go.
  troubled      INTEGER NOT NULL DEFAULT 0,
  services      INTEGER NOT NULL,
  restarts      INTEGER NOT NULL DEFAULT 0,
  time_to_ready INTEGER,
  git_commit    TEXT,
  git_dirty     INTEGER NOT NULL,
  -- Last, so that its overflow pages are read only by who asks for it.
  definition    TEXT    NOT NULL
) STRICT;
CREATE INDEX runs_by_environment ON runs (environment, started);
CREATE INDEX runs_by_start ON runs (started);

CREATE TABLE instances (
  run           TEXT    NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  service       TEXT    NOT NULL,
  generation    INTEGER NOT NULL,
  identity      TEXT    NOT NULL,
  definition    TEXT    NOT NULL,
  started       INTEGER NOT NULL,
  time_to_ready INTEGER,
  ended         INTEGER,
  exit_code     INTEGER,
  exit_signal   INTEGER,
  -- The two below are NULL together: no exit has been recorded.
  exit_oom      INTEGER,
  exit_killed   INTEGER,
  PRIMARY KEY (run, service, generation)
) STRICT, WITHOUT ROWID;

CREATE TABLE transitions (
  -- In order of arrival.
  id         INTEGER PRIMARY KEY,
  run        TEXT    NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  service    TEXT    NOT NULL,
  -- Counts up within run and service, so that the oldest are found at once.
  n          INTEGER NOT NULL,
  generation INTEGER NOT NULL,
  at         INTEGER NOT NULL,
  lifecycle  TEXT    NOT NULL,
  health     TEXT    NOT NULL,
  status     TEXT    NOT NULL,
  cause      TEXT    NOT NULL,
  UNIQUE (run, service, n),
  -- An engine that goes on after a crash may report the same change again.
  UNIQUE (run, service, at, generation, lifecycle, health)
) STRICT;

CREATE TABLE probe_results (
  run         TEXT    NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  service     TEXT    NOT NULL,
  role        TEXT    NOT NULL,
  -- Counts up within run, service and role.
  n           INTEGER NOT NULL,
  generation  INTEGER NOT NULL,
  verdict     TEXT    NOT NULL,
  text        TEXT    NOT NULL,
  -- JSON object of the last answer.
  details     TEXT    NOT NULL,
  first_at    INTEGER NOT NULL,
  last_at     INTEGER NOT NULL,
  count       INTEGER NOT NULL,
  latency_min INTEGER NOT NULL,
  latency_max INTEGER NOT NULL,
  latency_sum INTEGER NOT NULL,
  PRIMARY KEY (run, service, role, n)
) STRICT, WITHOUT ROWID;

CREATE TABLE environments (
  id          TEXT    PRIMARY KEY NOT NULL,
  name        TEXT    NOT NULL,
  project_dir TEXT    NOT NULL,
  file        TEXT    NOT NULL,
  sample      INTEGER NOT NULL,
  last_opened INTEGER NOT NULL
) STRICT;

CREATE TABLE settings (
  key   TEXT PRIMARY KEY NOT NULL,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
