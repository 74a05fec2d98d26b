//! Table `runs`: what a run was, and how it ended.

use super::{Applied, MOST, alerts, annotations, one_row};
use crate::record::NewRun;
use crate::row::{Run, RunResult};
use crate::word::{integer, natural};
use benchtop_model::host::HostFacts;
use benchtop_model::time::{Millis, Timestamp};
use rusqlite::{Connection, OptionalExtension, Result, Row, params};

const COLUMNS: &str = "id, environment, name, project_dir, started, ended, interrupted, troubled, \
                       services, restarts, time_to_ready, git_commit, git_dirty, host, imported";

/// A repetition brings the description up to date and takes back an interruption:
/// somebody goes on with the run. What the run has been through stays.
pub(crate) fn started(connection: &Connection, run: &NewRun) -> Result<Applied> {
    let sql = "INSERT INTO runs (id, environment, name, project_dir, started, services, \
                 git_commit, git_dirty, definition, host) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) \
               ON CONFLICT (id) DO UPDATE SET name = excluded.name, \
                 project_dir = excluded.project_dir, services = excluded.services, \
                 git_commit = excluded.git_commit, git_dirty = excluded.git_dirty, \
                 definition = excluded.definition, interrupted = 0, \
                 host = coalesce(excluded.host, host)";
    connection.prepare_cached(sql)?.execute(params![
        run.id,
        run.environment,
        run.name,
        run.project_dir,
        run.started.0,
        run.services,
        run.git_commit,
        run.git_dirty,
        run.definition_json,
        run.host.as_ref().map(json),
    ])?;
    Ok(Applied::Yes)
}

fn json(host: &HostFacts) -> String {
    // Texts and numbers have no value that JSON cannot express.
    serde_json::to_string(host).unwrap_or_default()
}

/// A run that came from elsewhere, as it was there. Nowhere, where its number is taken.
pub(crate) fn import(connection: &Connection, run: &Run, definition: &str) -> Result<Applied> {
    let sql = "INSERT INTO runs (id, environment, name, project_dir, started, ended, \
                 interrupted, troubled, services, restarts, time_to_ready, git_commit, \
                 git_dirty, definition, host, imported) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16) \
               ON CONFLICT (id) DO NOTHING";
    // Nobody here will ever see the end of one that went on when it was written.
    let interrupted = matches!(run.result, RunResult::Interrupted | RunResult::Running);
    Ok(one_row(connection.prepare_cached(sql)?.execute(
        params![
            run.id,
            run.environment,
            run.name,
            run.project_dir,
            run.started.0,
            run.ended.map(|at| at.0),
            interrupted,
            run.result == RunResult::Troubled,
            run.services,
            run.restarts,
            run.time_to_ready.map(|span| integer(span.0)),
            run.git_commit,
            run.git_dirty,
            definition,
            run.host.as_ref().map(json),
            run.imported.map(|at| at.0),
        ],
    )?))
}

pub(crate) fn ready(connection: &Connection, run: &str, at: Timestamp) -> Result<Applied> {
    // The clock may have been set back meanwhile.
    let sql = "UPDATE runs SET time_to_ready = coalesce(time_to_ready, max(0, ?2 - started)) \
               WHERE id = ?1";
    Ok(one_row(
        connection
            .prepare_cached(sql)?
            .execute(params![run, at.0])?,
    ))
}

pub(crate) fn ended(connection: &Connection, run: &str, at: Timestamp) -> Result<Applied> {
    let sql = "UPDATE runs SET ended = coalesce(ended, ?2), interrupted = 0 WHERE id = ?1";
    Ok(one_row(
        connection
            .prepare_cached(sql)?
            .execute(params![run, at.0])?,
    ))
}

pub(crate) fn interrupt(connection: &Connection, except: &[String]) -> Result<Applied> {
    let sql = "UPDATE runs SET interrupted = 1 \
               WHERE ended IS NULL AND id NOT IN (SELECT value FROM json_each(?1))";
    connection.execute(sql, [serde_json::Value::from(except).to_string()])?;
    alerts::interrupt(connection)?;
    Ok(Applied::Yes)
}

/// What a transition means for its run.
pub(crate) fn count(
    connection: &Connection,
    run: &str,
    restart: bool,
    troubled: bool,
) -> Result<()> {
    let sql = "UPDATE runs SET restarts = restarts + ?2, troubled = max(troubled, ?3) \
               WHERE id = ?1";
    connection
        .prepare_cached(sql)?
        .execute(params![run, restart, troubled])?;
    Ok(())
}

/// Deletes a few of the runs that are older than the newest `kept` of their
/// environment, with all that belongs to them. A run that goes on or is pinned is never
/// deleted.
pub(crate) fn delete_old(connection: &Connection, kept: u32, at_once: u32) -> Result<usize> {
    let sql = "DELETE FROM runs WHERE id IN ( \
                 SELECT id FROM ( \
                   SELECT id, ended IS NOT NULL OR interrupted AS finished, row_number() OVER \
                     (PARTITION BY environment ORDER BY started DESC, id DESC) AS age \
                   FROM runs) \
                 WHERE age > ?1 AND finished \
                   AND id NOT IN (SELECT run FROM annotations WHERE pinned) LIMIT ?2)";
    connection.execute(sql, [kept, at_once])
}

pub(crate) fn list(
    connection: &Connection,
    environment: Option<&str>,
    limit: u32,
) -> Result<Vec<Run>> {
    let filter = if environment.is_some() {
        "environment = ?1"
    } else {
        "?1 IS NULL"
    };
    let sql = format!(
        "{} WHERE {filter} ORDER BY started DESC, id DESC LIMIT ?2",
        select()
    );
    let mut statement = connection.prepare_cached(&sql)?;
    statement
        .query_map(params![environment, limit.min(MOST)], from_row)?
        .collect()
}

pub(crate) fn one(connection: &Connection, id: &str) -> Result<Option<Run>> {
    connection
        .prepare_cached(&format!("{} WHERE id = ?1", select()))?
        .query_row([id], from_row)
        .optional()
}

pub(crate) fn definition(connection: &Connection, id: &str) -> Result<Option<String>> {
    let sql = "SELECT definition FROM runs WHERE id = ?1";
    connection
        .prepare_cached(sql)?
        .query_row([id], |row| row.get(0))
        .optional()
}

fn select() -> String {
    format!(
        "SELECT {COLUMNS}, {} FROM runs LEFT JOIN annotations ON run = id",
        annotations::COLUMNS
    )
}

/// The runs that retention leaves alone.
pub(crate) fn pinned(connection: &Connection) -> Result<Vec<String>> {
    connection
        .prepare_cached("SELECT run FROM annotations WHERE pinned")?
        .query_map([], |row| row.get(0))?
        .collect()
}

fn from_row(row: &Row<'_>) -> Result<Run> {
    Ok(Run {
        id: row.get("id")?,
        environment: row.get("environment")?,
        name: row.get("name")?,
        project_dir: row.get("project_dir")?,
        started: Timestamp(row.get("started")?),
        ended: row.get::<_, Option<i64>>("ended")?.map(Timestamp),
        result: result(row)?,
        services: row.get("services")?,
        restarts: row.get("restarts")?,
        time_to_ready: row
            .get::<_, Option<i64>>("time_to_ready")?
            .map(natural)
            .map(Millis),
        git_commit: row.get("git_commit")?,
        git_dirty: row.get("git_dirty")?,
        // Only we write it; what cannot be read is not known.
        host: row
            .get::<_, Option<String>>("host")?
            .and_then(|text| serde_json::from_str(&text).ok()),
        imported: row.get::<_, Option<i64>>("imported")?.map(Timestamp),
        annotation: annotations::from_row(row)?,
    })
}

/// Never stored: a transition that comes in late may still change it.
fn result(row: &Row<'_>) -> Result<RunResult> {
    let ended: Option<i64> = row.get("ended")?;
    Ok(if row.get("interrupted")? {
        RunResult::Interrupted
    } else if ended.is_none() {
        RunResult::Running
    } else if row.get("troubled")? {
        RunResult::Troubled
    } else {
        RunResult::Clean
    })
}
