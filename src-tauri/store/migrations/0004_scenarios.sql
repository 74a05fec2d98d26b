-- Executions of scenarios. Not below `runs`: one can be executed while nothing runs, and
-- its trend outlives the run. The report is kept as JSON, because nobody asks for parts
-- of it; what lists and the retention go by stands beside it.

CREATE TABLE scenario_results (
  id          TEXT    PRIMARY KEY NOT NULL,
  environment TEXT    NOT NULL,
  scenario    TEXT    NOT NULL,
  run         TEXT,
  started     INTEGER NOT NULL,
  status      TEXT    NOT NULL,
  report      TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX scenario_results_by_name ON scenario_results (environment, scenario, started);
