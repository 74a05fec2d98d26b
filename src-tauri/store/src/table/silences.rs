//! Table `silences`: services of which nobody wants to hear.

use super::Applied;
use benchtop_model::alert::Silence;
use benchtop_model::time::Timestamp;
use rusqlite::{Connection, Result, Row, params};

pub(crate) fn set(connection: &Connection, environment: &str, of: &Silence) -> Result<Applied> {
    let sql = "INSERT INTO silences (environment, service, until, run) VALUES (?1, ?2, ?3, ?4) \
               ON CONFLICT (environment, service) \
                 DO UPDATE SET until = excluded.until, run = excluded.run";
    let until = of.until.map(|at| at.0);
    connection
        .prepare_cached(sql)?
        .execute(params![environment, of.service, until, of.run])?;
    Ok(Applied::Yes)
}

pub(crate) fn end(connection: &Connection, environment: &str, service: &str) -> Result<Applied> {
    let sql = "DELETE FROM silences WHERE environment = ?1 AND service = ?2";
    connection
        .prepare_cached(sql)?
        .execute([environment, service])?;
    Ok(Applied::Yes)
}

/// By service, ended ones too.
pub(crate) fn of_environment(connection: &Connection, environment: &str) -> Result<Vec<Silence>> {
    let sql = "SELECT * FROM silences WHERE environment = ?1 ORDER BY service";
    connection
        .prepare_cached(sql)?
        .query_map([environment], from_row)?
        .collect()
}

fn from_row(row: &Row<'_>) -> Result<Silence> {
    Ok(Silence {
        service: row.get("service")?,
        until: row.get::<_, Option<i64>>("until")?.map(Timestamp),
        run: row.get("run")?,
    })
}
