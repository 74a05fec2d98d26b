//! Table `transitions`: every change of a service's state.

use super::{Applied, MOST, runs};
use crate::row::Transition;
use crate::word::{Word, integer, natural};
use benchtop_model::status::{Lifecycle, Status};
use benchtop_model::time::Timestamp;
use rusqlite::{Connection, OptionalExtension, Result, Row, params};

/// Changes that are kept of one service in one run. A service that is restarted once
/// a minute for a month makes more; the older ones say nothing new.
const KEPT: i64 = 5000;

const COLUMNS: &str = "t.id, t.run, t.service, t.generation, t.at, t.lifecycle, t.health, \
                       t.status, t.cause";

/// Adds it, unless it is known, and tells the run what it means.
pub(crate) fn add(connection: &Connection, transition: &Transition) -> Result<Applied> {
    let before = newest(connection, transition)?;
    let n = before.as_ref().map_or(1, |(n, _)| n + 1);
    if !insert(connection, transition, n)? {
        return Ok(Applied::Yes);
    }
    // A second report from within Backoff, with another cause, is no second restart.
    let was = before.map(|(_, lifecycle)| lifecycle);
    let restart = transition.lifecycle == Lifecycle::Backoff && was != Some(Lifecycle::Backoff);
    let troubled = transition.status == Status::Unhealthy;
    if restart || troubled {
        runs::count(connection, &transition.run, restart, troubled)?;
    }
    let sql = "DELETE FROM transitions WHERE run = ?1 AND service = ?2 AND n <= ?3";
    let key = params![transition.run, transition.service, n - KEPT];
    connection.prepare_cached(sql)?.execute(key)?;
    Ok(Applied::Yes)
}

/// Adds one that came from elsewhere: what it means for its run is known.
pub(crate) fn import(connection: &Connection, transition: &Transition) -> Result<()> {
    let n = newest(connection, transition)?.map_or(1, |(n, _)| n + 1);
    insert(connection, transition, n)?;
    Ok(())
}

/// Number and lifecycle of the last change of the same service in the same run.
fn newest(connection: &Connection, of: &Transition) -> Result<Option<(i64, Lifecycle)>> {
    let sql = "SELECT n, lifecycle FROM transitions WHERE run = ?1 AND service = ?2 \
               ORDER BY n DESC LIMIT 1";
    let parse = |row: &Row<'_>| Ok((row.get(0)?, row.get::<_, Word<_>>(1)?.0));
    connection
        .prepare_cached(sql)?
        .query_row([&of.run, &of.service], parse)
        .optional()
}

/// Whether it was not known yet.
fn insert(connection: &Connection, transition: &Transition, n: i64) -> Result<bool> {
    let sql = "INSERT INTO transitions \
                 (run, service, n, generation, at, lifecycle, health, status, cause) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) \
               ON CONFLICT (run, service, at, generation, lifecycle, health) DO NOTHING";
    let added = connection.prepare_cached(sql)?.execute(params![
        transition.run,
        transition.service,
        n,
        integer(transition.generation),
        transition.at.0,
        Word(transition.lifecycle),
        Word(transition.health),
        Word(transition.status),
        transition.cause,
    ])?;
    Ok(added > 0)
}

pub(crate) fn of_run(connection: &Connection, run: &str) -> Result<Vec<Transition>> {
    let sql = format!(
        "SELECT * FROM (SELECT {COLUMNS} FROM transitions t WHERE t.run = ?1 \
         ORDER BY t.id DESC LIMIT ?2) ORDER BY id"
    );
    connection
        .prepare_cached(&sql)?
        .query_map(params![run, MOST], from_row)?
        .collect()
}

pub(crate) fn of_service(
    connection: &Connection,
    environment: &str,
    service: &str,
    limit: u32,
) -> Result<Vec<Transition>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM runs r CROSS JOIN transitions t ON t.run = r.id \
         WHERE r.environment = ?1 AND t.service = ?2 \
         ORDER BY t.id DESC LIMIT ?3"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    statement
        .query_map(params![environment, service, limit.min(MOST)], from_row)?
        .collect()
}

fn from_row(row: &Row<'_>) -> Result<Transition> {
    Ok(Transition {
        run: row.get("run")?,
        service: row.get("service")?,
        generation: natural(row.get("generation")?),
        at: Timestamp(row.get("at")?),
        lifecycle: row.get::<_, Word<_>>("lifecycle")?.0,
        health: row.get::<_, Word<_>>("health")?.0,
        status: row.get::<_, Word<_>>("status")?.0,
        cause: row.get("cause")?,
    })
}
