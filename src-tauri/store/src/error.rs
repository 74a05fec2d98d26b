//! What can go wrong with the history.

use rusqlite::ErrorCode;

/// Why the history could not be opened, read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file is not a history, or is damaged. Never worth a second try; the next
    /// start sets the file aside.
    #[error("the history file is damaged ({0})")]
    Damaged(String),
    /// A newer Benchtop wrote the file. Only an update helps.
    #[error(
        "a newer Benchtop wrote the history file (format {found}, this one knows up to {known})"
    )]
    Newer {
        /// The format of the file.
        found: i32,
        /// The newest format this program knows.
        known: i32,
    },
    /// Another engine was opening the file for longer than we waited.
    #[error("another Benchtop engine has been opening the history for {0} seconds")]
    Occupied(u64),
    /// The folder or the file could not be made, renamed or locked.
    #[error("the history's folder cannot be used ({0})")]
    Folder(#[from] std::io::Error),
    /// SQLite refused: disk full, no permission, input/output error, locked.
    #[error("the history cannot be used ({0})")]
    Sqlite(#[source] rusqlite::Error),
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                Self::Damaged(error.to_string())
            }
            _ => Self::Sqlite(error),
        }
    }
}

/// Whether the same write may succeed a little later: the disk may get room, a lock
/// may be released. Everything else would fail the same way for ever.
pub(crate) fn may_pass(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(
            ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::DiskFull
                | ErrorCode::SystemIoFailure
                | ErrorCode::CannotOpen
                | ErrorCode::ReadOnly
                | ErrorCode::OutOfMemory
                | ErrorCode::FileLockingProtocolFailed
        )
    )
}
