//! From a path to a connection that can be written, whatever lies there.
//!
//! Nothing here opens the database file but SQLite: closing any other descriptor of
//! it would drop the locks that SQLite holds for the whole process.

use crate::error::StoreError;
use crate::{connection, migrate};
use rusqlite::{Connection, MAIN_DB};
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// How long another engine may take to open the file.
const TURN: Duration = Duration::from_secs(10);

/// Opens the file, sets it aside where it is damaged, and says so in `notices`.
pub(crate) fn open(path: &Path, notices: &mut Vec<String>) -> Result<Connection, StoreError> {
    make_folder(path)?;
    let _turn = take_turn(path)?;
    if is_empty(path) {
        // To SQLite an empty file is a new database. It is not: when SQLite makes a
        // file it writes to it at once, so this one has lost what was in it.
        let aside = set_aside(path)?;
        notices.push(lost("is empty", &aside));
    }
    match prepare(path) {
        Err(StoreError::Damaged(why)) => {
            let aside = set_aside(path)?;
            notices.push(lost(&format!("is damaged ({why})"), &aside));
            prepare(path)
        }
        other => other,
    }
}

/// A database in memory with everything in place.
pub(crate) fn open_in_memory() -> Result<Connection, StoreError> {
    let mut connection = Connection::open_in_memory()?;
    connection::make_durable(&connection)?;
    migrate::migrate(&mut connection)?;
    Ok(connection)
}

/// What a person is told where the history cannot be kept.
pub(crate) fn in_memory_notice(path: &Path, error: &StoreError) -> String {
    let next = match error {
        StoreError::Newer { .. } => "update Benchtop to see it again",
        StoreError::Occupied(_) => "stop the other engine and start this one again",
        _ => "check the permissions and the free space of its folder, then restart the engine",
    };
    format!(
        "{error}: the runs of {} are not shown, and new ones are kept in memory only until the \
         engine ends; {next}.",
        path.display()
    )
}

fn lost(how: &str, aside: &Path) -> String {
    format!(
        "The run history {how}. It was set aside as {} and a new one was begun; earlier runs are \
         missing from lists. Delete that file when you do not need it.",
        aside.display()
    )
}

fn prepare(path: &Path) -> Result<Connection, StoreError> {
    let mut connection = connection::to_write(path)?;
    owner_only(path);
    // Before anything is written: a newer or foreign file stays as it is.
    if !migrate::is_fresh(&connection)? {
        check_pages(&connection)?;
    }
    if connection.is_readonly(MAIN_DB)? {
        return Err(io::Error::from(io::ErrorKind::PermissionDenied).into());
    }
    connection::make_durable(&connection)?;
    migrate::migrate(&mut connection)?;
    migrate::check_tables(&connection)?;
    Ok(connection)
}

/// Finds damage that would otherwise appear only when a page of it is touched. Takes
/// about 5 ms for each MiB.
fn check_pages(connection: &Connection) -> Result<(), StoreError> {
    let found: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if found == "ok" {
        Ok(())
    } else {
        Err(StoreError::Damaged(found))
    }
}

/// Renames the database and what belongs to it, so that SQLite and its tools can
/// still read the three together.
fn set_aside(path: &Path) -> Result<PathBuf, StoreError> {
    let mut now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_millis());
    let aside = loop {
        let name = with_suffix(path, &format!(".corrupt-{now}"));
        if !name.exists() {
            break name;
        }
        now += 1;
    };
    // The database comes last: a new one beside a log of the old would be a wrong pair.
    for suffix in ["-wal", "-shm", ""] {
        match fs::rename(with_suffix(path, suffix), with_suffix(&aside, suffix)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
    }
    Ok(aside)
}

/// Engines that open the same file at once do so one after the other: the second must
/// not take the first's file, still empty, for a lost one.
fn take_turn(path: &Path) -> Result<File, StoreError> {
    let mut options = File::options();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(with_suffix(path, ".lock"))?;
    let deadline = Instant::now() + TURN;
    loop {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) if Instant::now() < deadline => {
                std::thread::sleep(Duration::from_millis(10));
            }
            Err(TryLockError::WouldBlock) => return Err(StoreError::Occupied(TURN.as_secs())),
            // Some network file systems have no locks; one engine alone needs none.
            Ok(()) | Err(TryLockError::Error(_)) => return Ok(file),
        }
    }
}

fn make_folder(path: &Path) -> io::Result<()> {
    let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    else {
        return Ok(());
    };
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

fn is_empty(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|file| file.is_file() && file.len() == 0)
}

/// SQLite gives the log the permissions of the database.
fn owner_only(path: &Path) {
    #[cfg(unix)]
    if let Err(error) =
        fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600))
    {
        tracing::debug!(%error, "permissions of the history not changed");
    }
    #[cfg(not(unix))]
    let _ = path;
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
