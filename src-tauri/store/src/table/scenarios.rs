//! Table `scenario_results`: executions of scenarios.

use super::{Applied, MOST};
use crate::record::ScenarioRow;
use benchtop_model::scenario::report::{ScenarioReport, ScenarioStatus};
use rusqlite::{Connection, Result, Row, params};

/// So many executions are kept of each scenario of an environment.
const KEPT: u32 = 200;

/// Adds an execution, or replaces what was said of it before.
pub(crate) fn set(connection: &Connection, row: &ScenarioRow) -> Result<Applied> {
    let report = &row.report;
    // Plain data with string keys; a number that is none was left out when it was measured.
    let json = serde_json::to_string(report).unwrap_or_default();
    let sql = "INSERT INTO scenario_results \
                 (id, environment, scenario, run, started, status, report) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) \
               ON CONFLICT (id) DO UPDATE SET status = excluded.status, report = excluded.report";
    connection.prepare_cached(sql)?.execute(params![
        report.id,
        row.environment,
        report.scenario,
        report.run,
        report.started.0,
        report.status.word(),
        json
    ])?;
    if report.ended.is_some() {
        prune(connection, &row.environment, &report.scenario)?;
    }
    Ok(Applied::Yes)
}

/// Adds one that came from elsewhere; one of the same number that is here stays.
pub(crate) fn import(
    connection: &Connection,
    environment: &str,
    report: &ScenarioReport,
) -> Result<()> {
    let sql = "INSERT INTO scenario_results \
                 (id, environment, scenario, run, started, status, report) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (id) DO NOTHING";
    connection.prepare_cached(sql)?.execute(params![
        report.id,
        environment,
        report.scenario,
        report.run,
        report.started.0,
        report.status.word(),
        serde_json::to_string(report).unwrap_or_default(),
    ])?;
    Ok(())
}

fn prune(connection: &Connection, environment: &str, scenario: &str) -> Result<()> {
    let sql = "DELETE FROM scenario_results WHERE id IN ( \
                 SELECT id FROM scenario_results WHERE environment = ?1 AND scenario = ?2 \
                 ORDER BY started DESC, id DESC LIMIT -1 OFFSET ?3)";
    connection
        .prepare_cached(sql)?
        .execute(params![environment, scenario, KEPT])?;
    Ok(())
}

/// Those that went on when the engine ended did not end.
pub(crate) fn interrupt(connection: &Connection) -> Result<Applied> {
    let sql = "UPDATE scenario_results SET status = 'interrupted' WHERE status = 'running'";
    connection.execute(sql, [])?;
    Ok(Applied::Yes)
}

/// Newest first; of one scenario or of all.
pub(crate) fn list(
    connection: &Connection,
    environment: &str,
    scenario: Option<&str>,
    limit: u32,
) -> Result<Vec<ScenarioReport>> {
    let sql = "SELECT status, report FROM scenario_results \
               WHERE environment = ?1 AND (?2 IS NULL OR scenario = ?2) \
               ORDER BY started DESC, id DESC LIMIT ?3";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map(params![environment, scenario, limit.min(MOST)], from_row)?;
    let rows: Result<Vec<_>> = rows.collect();
    Ok(rows?.into_iter().flatten().collect())
}

/// Those of one run, oldest first.
pub(crate) fn of_run(connection: &Connection, run: &str) -> Result<Vec<ScenarioReport>> {
    let sql = "SELECT status, report FROM scenario_results WHERE run = ?1 \
               ORDER BY started, id LIMIT ?2";
    let mut statement = connection.prepare_cached(sql)?;
    let rows: Result<Vec<_>> = statement.query_map(params![run, MOST], from_row)?.collect();
    Ok(rows?.into_iter().flatten().collect())
}

/// Nothing where the report is of a version that cannot be read any more.
fn from_row(row: &Row<'_>) -> Result<Option<ScenarioReport>> {
    let (status, json): (String, String) = (row.get("status")?, row.get("report")?);
    let report: Option<ScenarioReport> = serde_json::from_str(&json).ok();
    Ok(report.map(|report| match ScenarioStatus::of_word(&status) {
        Some(ScenarioStatus::Interrupted) => report.interrupted(),
        _ => report,
    }))
}
