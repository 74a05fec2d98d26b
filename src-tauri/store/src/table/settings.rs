//! Table `settings`: what a person chose, by key.

use super::Applied;
use rusqlite::{Connection, OptionalExtension, Result};

pub(crate) fn set(connection: &Connection, key: &str, value: &str) -> Result<Applied> {
    let sql = "INSERT INTO settings (key, value) VALUES (?1, ?2) \
               ON CONFLICT (key) DO UPDATE SET value = excluded.value";
    connection.prepare_cached(sql)?.execute([key, value])?;
    Ok(Applied::Yes)
}

pub(crate) fn get(connection: &Connection, key: &str) -> Result<Option<String>> {
    let sql = "SELECT value FROM settings WHERE key = ?1";
    connection
        .prepare_cached(sql)?
        .query_row([key], |row| row.get(0))
        .optional()
}
