//! Opening SQLite connections with the settings this file needs.

use crate::error::StoreError;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use std::path::Path;
use std::time::Duration;

/// How long one statement waits for a lock of another process. There is normally no
/// other process: it is a second engine in the moment of being refused, or a person
/// with `sqlite3`.
const LOCK_WAIT: Duration = Duration::from_secs(5);

/// The log is cut back to this after a checkpoint, in bytes. Without a limit it
/// keeps the size of the largest burst for ever.
const LOG_LIMIT: i64 = 16 * 1024 * 1024;

/// Closing a file normally merges its log into it and deletes the log, even where the
/// file is damaged and the log holds all that is left.
const LEAVE_LOG_ON_CLOSE: DbConfig = DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE;

/// A connection that may write, and makes the file where there is none. Nothing has
/// been read or written yet: even a file that is no database opens.
pub(crate) fn to_write(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(LOCK_WAIT)?;
    connection.set_db_config(LEAVE_LOG_ON_CLOSE, true)?;
    distrust(&connection)?;
    Ok(connection)
}

/// A connection that cannot write.
pub(crate) fn to_read(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(LOCK_WAIT)?;
    distrust(&connection)?;
    Ok(connection)
}

/// Switches to write-ahead logging with a sync at every commit. Only for a file that
/// is known to be ours and sound: from here on, closing tidies up.
pub(crate) fn make_durable(connection: &Connection) -> Result<(), StoreError> {
    connection.set_db_config(LEAVE_LOG_ON_CLOSE, false)?;
    // A file system without shared memory keeps the rollback journal, which is as
    // durable and only slower; so the answer is not checked.
    connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.query_row(
        &format!("PRAGMA journal_size_limit = {LOG_LIMIT}"),
        [],
        |_| Ok(()),
    )?;
    Ok(())
}

/// The file may have been damaged or changed by others: look at each page before
/// using it, and let nothing in its schema call functions.
fn distrust(connection: &Connection) -> Result<(), StoreError> {
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    Ok(())
}
