//! From whatever format the file has to the newest one.
//!
//! The format is `PRAGMA user_version`: the number of migrations that were applied. All
//! missing ones run in one transaction that begins with the write lock, so that two
//! engines at once do not both see the old number, and a failure leaves the old format
//! whole.

use crate::error::StoreError;
use rusqlite::{Connection, TransactionBehavior};

/// In order; a migration that was ever released is never changed.
const MIGRATIONS: [&str; 5] = [
    include_str!("../migrations/0001_history.sql"),
    include_str!("../migrations/0002_annotations.sql"),
    include_str!("../migrations/0003_alerts.sql"),
    include_str!("../migrations/0004_scenarios.sql"),
    include_str!("../migrations/0005_origin.sql"),
];

/// The newest format this program knows.
pub(crate) const LATEST: i32 = MIGRATIONS.len() as i32;

/// What every file of the newest format has.
const TABLES: [&str; 10] = [
    "alerts",
    "annotations",
    "environments",
    "instances",
    "probe_results",
    "runs",
    "scenario_results",
    "settings",
    "silences",
    "transitions",
];

/// Set by the first migration.
const APPLICATION: i32 = 0x424E_4348;

/// Whether the file is still empty; an error where it is not ours, or not readable.
pub(crate) fn is_fresh(connection: &Connection) -> Result<bool, StoreError> {
    let found = version(connection)?;
    let tables: u32 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if found == 0 && tables == 0 {
        return Ok(true);
    }
    let application: i32 =
        connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    if application != APPLICATION {
        return Err(StoreError::Damaged(
            "it belongs to another program".to_owned(),
        ));
    }
    refuse_newer(found)?;
    Ok(false)
}

/// Applies what is missing.
pub(crate) fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Again, now that nobody else can change it.
    let found = version(&transaction)?;
    refuse_newer(found)?;
    for (number, sql) in (1..).zip(MIGRATIONS).filter(|(number, _)| *number > found) {
        transaction.execute_batch(sql)?;
        transaction.pragma_update(None, "user_version", number)?;
    }
    transaction.commit()?;
    Ok(())
}

/// Says where a table is missing that the format promises.
pub(crate) fn check_tables(connection: &Connection) -> Result<(), StoreError> {
    let mut known = connection.prepare("SELECT 1 FROM sqlite_schema WHERE name = ?1")?;
    for table in TABLES {
        if !known.exists([table])? {
            return Err(StoreError::Damaged(format!("its table {table} is missing")));
        }
    }
    Ok(())
}

fn version(connection: &Connection) -> Result<i32, StoreError> {
    Ok(connection.pragma_query_value(None, "user_version", |row| row.get(0))?)
}

fn refuse_newer(found: i32) -> Result<(), StoreError> {
    if found > LATEST {
        return Err(StoreError::Newer {
            found,
            known: LATEST,
        });
    }
    Ok(())
}
