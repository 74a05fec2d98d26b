//! Table `environments`: what was opened, for the list of the start page.

use super::{Applied, MOST};
use crate::record::NewEnvironment;
use crate::row::KnownEnvironment;
use benchtop_model::time::Timestamp;
use rusqlite::{Connection, Result, Row, params};

pub(crate) fn remember(
    connection: &Connection,
    environment: &NewEnvironment,
    at: Timestamp,
) -> Result<Applied> {
    let sql = "INSERT INTO environments (id, name, project_dir, file, sample, last_opened) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6) \
               ON CONFLICT (id) DO UPDATE SET name = excluded.name, \
                 project_dir = excluded.project_dir, file = excluded.file, \
                 sample = excluded.sample, last_opened = excluded.last_opened";
    connection.prepare_cached(sql)?.execute(params![
        environment.id,
        environment.name,
        environment.project_dir,
        environment.file,
        environment.sample,
        at.0,
    ])?;
    Ok(Applied::Yes)
}

/// It is gone afterwards, known before or not.
pub(crate) fn forget(connection: &Connection, id: &str) -> Result<Applied> {
    connection.execute("DELETE FROM environments WHERE id = ?1", [id])?;
    Ok(Applied::Yes)
}

pub(crate) fn list(connection: &Connection) -> Result<Vec<KnownEnvironment>> {
    let sql = "SELECT id, name, project_dir, file, sample, last_opened FROM environments \
               ORDER BY last_opened DESC, id LIMIT ?1";
    connection
        .prepare_cached(sql)?
        .query_map([MOST], from_row)?
        .collect()
}

fn from_row(row: &Row<'_>) -> Result<KnownEnvironment> {
    Ok(KnownEnvironment {
        id: row.get("id")?,
        name: row.get("name")?,
        project_dir: row.get("project_dir")?,
        file: row.get("file")?,
        sample: row.get("sample")?,
        last_opened: Timestamp(row.get("last_opened")?),
    })
}
