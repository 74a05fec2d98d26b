//! A look at the file of the history from outside: whether it is sound, and what a person
//! chose. Nothing is made, mended or moved, and a running engine is not disturbed.

use crate::connection;
use crate::table::settings;
use benchtop_model::doctor::facts::Integrity;
use std::path::Path;

/// Whether the file is sound. Takes about 5 ms for each MiB.
#[must_use]
pub fn integrity(path: &Path) -> Integrity {
    match std::fs::metadata(path) {
        Err(_) => return Integrity::Absent,
        // To SQLite that is a new database; SQLite itself never leaves one so.
        Ok(found) if found.len() == 0 => return Integrity::Damaged("it is empty".to_owned()),
        Ok(_) => {}
    }
    match check(path) {
        Ok(answer) if answer == "ok" => Integrity::Sound,
        Ok(answer) => Integrity::Damaged(answer),
        Err(error) => Integrity::Damaged(error.to_string()),
    }
}

fn check(path: &Path) -> Result<String, crate::StoreError> {
    let connection = connection::to_read(path)?;
    Ok(connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?)
}

/// What a person chose under this key; `None` where nothing was, or nothing can be read.
#[must_use]
pub fn setting(path: &Path, key: &str) -> Option<String> {
    if !path.is_file() {
        return None;
    }
    let connection = connection::to_read(path).ok()?;
    settings::get(&connection, key).ok().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::History;

    #[test]
    fn a_sound_file_is_told_from_a_damaged_one_and_from_none() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("history.db");
        assert_eq!(integrity(&path), Integrity::Absent);
        assert!(!path.exists(), "a look makes nothing");
        let history = History::open(&path).history;
        history.set_setting("runtime", "unix:///x.sock");
        history.flush();
        assert_eq!(integrity(&path), Integrity::Sound);
        assert_eq!(setting(&path, "runtime").as_deref(), Some("unix:///x.sock"));
        assert_eq!(setting(&path, "other"), None);
        drop(history);
        let mut bytes = std::fs::read(&path).expect("the file");
        let middle = bytes.len() / 2;
        bytes[4096..middle.max(8192)].fill(0xA5);
        std::fs::write(&path, bytes).expect("damage");
        assert!(matches!(integrity(&path), Integrity::Damaged(_)));
        std::fs::write(&path, "").expect("emptied");
        assert_eq!(
            integrity(&path),
            Integrity::Damaged("it is empty".to_owned())
        );
    }
}
