//! Table `instances`: every start of every service.

use super::{Applied, MOST, one_row};
use crate::message::InstanceKey;
use crate::row::Instance;
use crate::word::{integer, natural};
use benchtop_model::exit::Exit;
use benchtop_model::time::{Millis, Timestamp};
use rusqlite::{Connection, Result, Row, params};

const COLUMNS: &str = "i.run, i.service, i.generation, i.identity, i.definition, i.started, \
                       i.time_to_ready, i.ended, i.exit_code, i.exit_signal, i.exit_oom, \
                       i.exit_killed";

/// A repetition may know the identity that the first report, made before the act,
/// could not know; when it started was known at once.
pub(crate) fn started(connection: &Connection, instance: &Instance) -> Result<Applied> {
    let sql = "INSERT INTO instances (run, service, generation, identity, definition, started, \
                 time_to_ready, ended, exit_code, exit_signal, exit_oom, exit_killed) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) \
               ON CONFLICT (run, service, generation) DO UPDATE SET \
                 identity = iif(excluded.identity = '', identity, excluded.identity), \
                 definition = iif(excluded.definition = '', definition, excluded.definition)";
    let exit = instance.exit.as_ref();
    connection.prepare_cached(sql)?.execute(params![
        instance.run,
        instance.service,
        integer(instance.generation),
        instance.identity,
        instance.definition,
        instance.started.0,
        instance.time_to_ready.map(|span| integer(span.0)),
        instance.ended.map(|at| at.0),
        exit.and_then(|exit| exit.code),
        exit.and_then(|exit| exit.signal),
        exit.map(|exit| exit.oom),
        exit.map(|exit| exit.killed_after_grace),
    ])?;
    Ok(Applied::Yes)
}

pub(crate) fn ready(connection: &Connection, key: &InstanceKey, at: Timestamp) -> Result<Applied> {
    let sql = "UPDATE instances \
               SET time_to_ready = coalesce(time_to_ready, max(0, ?4 - started)) \
               WHERE run = ?1 AND service = ?2 AND generation = ?3";
    let key = params![key.run, key.service, integer(key.generation), at.0];
    Ok(one_row(connection.prepare_cached(sql)?.execute(key)?))
}

/// An end that nobody saw may be replaced by one that somebody did see, such as the
/// shim; never the other way round.
pub(crate) fn ended(
    connection: &Connection,
    key: &InstanceKey,
    at: Timestamp,
    exit: &Exit,
) -> Result<Applied> {
    let sql = "UPDATE instances SET ended = ?4, exit_code = ?5, exit_signal = ?6, \
                 exit_oom = ?7, exit_killed = ?8 \
               WHERE run = ?1 AND service = ?2 AND generation = ?3 \
                 AND (ended IS NULL OR exit_code IS NULL AND ?5 IS NOT NULL)";
    let changed = connection.prepare_cached(sql)?.execute(params![
        key.run,
        key.service,
        integer(key.generation),
        at.0,
        exit.code,
        exit.signal,
        exit.oom,
        exit.killed_after_grace,
    ])?;
    if changed > 0 {
        Ok(Applied::Yes)
    } else {
        exists(connection, key)
    }
}

fn exists(connection: &Connection, key: &InstanceKey) -> Result<Applied> {
    let sql = "SELECT 1 FROM instances WHERE run = ?1 AND service = ?2 AND generation = ?3";
    let key = params![key.run, key.service, integer(key.generation)];
    Ok(one_row(connection.prepare_cached(sql)?.exists(key)?.into()))
}

pub(crate) fn of_run(connection: &Connection, run: &str) -> Result<Vec<Instance>> {
    let sql = format!(
        "SELECT * FROM (SELECT {COLUMNS} FROM instances i WHERE i.run = ?1 \
         ORDER BY i.started DESC, i.service DESC, i.generation DESC LIMIT ?2) \
         ORDER BY started, service, generation"
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
) -> Result<Vec<Instance>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM runs r CROSS JOIN instances i ON i.run = r.id \
         WHERE r.environment = ?1 AND i.service = ?2 \
         ORDER BY i.started DESC, r.started DESC, i.generation DESC LIMIT ?3"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    statement
        .query_map(params![environment, service, limit.min(MOST)], from_row)?
        .collect()
}

fn from_row(row: &Row<'_>) -> Result<Instance> {
    Ok(Instance {
        run: row.get("run")?,
        service: row.get("service")?,
        generation: natural(row.get("generation")?),
        identity: row.get("identity")?,
        definition: row.get("definition")?,
        started: Timestamp(row.get("started")?),
        time_to_ready: row
            .get::<_, Option<i64>>("time_to_ready")?
            .map(natural)
            .map(Millis),
        ended: row.get::<_, Option<i64>>("ended")?.map(Timestamp),
        exit: exit(row)?,
    })
}

fn exit(row: &Row<'_>) -> Result<Option<Exit>> {
    let Some(oom) = row.get("exit_oom")? else {
        return Ok(None);
    };
    Ok(Some(Exit {
        code: row.get("exit_code")?,
        signal: row.get("exit_signal")?,
        oom,
        killed_after_grace: row.get("exit_killed")?,
    }))
}
