//! Whatever lies at the path, the history opens, and tells what it did.

mod kit;

use benchtop_store::History;
use kit::*;
use rusqlite::Connection;
use std::fs;
use std::path::{Path, PathBuf};

/// A history that was closed, in a folder of its own; then damaged.
struct Scene {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

fn damaged(damage: impl FnOnce(&Path)) -> Scene {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("history.db");
    file_with_a_run(&path);
    damage(&path);
    Scene {
        _folder: folder,
        path,
    }
}

impl Scene {
    /// Opens it, expects that the old file was set aside and that the new one works.
    fn opens_anew(&self, cause: &str) {
        let before = fs::read(&self.path).expect("old file");
        let opened = History::open(&self.path);
        assert_eq!(opened.notices.len(), 1, "{:?}", opened.notices);
        assert!(opened.notices[0].contains(cause), "{}", opened.notices[0]);
        assert_eq!(ids(&opened.history), [""; 0]);
        let aside = self.set_aside();
        assert_eq!(aside.len(), 1, "{aside:?}");
        assert!(opened.notices[0].contains(aside[0].to_str().expect("UTF-8")));
        assert_eq!(fs::read(&aside[0]).expect("kept"), before, "kept as it was");

        opened.history.run_started(new_run("r2", 2000));
        drop(opened);
        assert_eq!(ids(&open(&self.path)), ["r2"]);
    }

    /// The databases that were set aside, without their logs.
    fn set_aside(&self) -> Vec<PathBuf> {
        let folder = self.path.parent().expect("in a folder");
        let files = fs::read_dir(folder).expect("folder");
        let digits = |name: &str| name.bytes().all(|byte| byte.is_ascii_digit());
        files
            .map(|file| file.expect("file").path())
            .filter(|file| {
                let name = file.to_string_lossy();
                name.rsplit_once("history.db.corrupt-")
                    .is_some_and(|(_, rest)| digits(rest))
            })
            .collect()
    }

    /// Opens it, expects that the file was left alone and nothing of it is shown.
    fn stays_in_memory(&self, cause: &str) {
        let before = fs::read(&self.path).ok();
        works_in_memory(&self.path, cause);
        assert_eq!(fs::read(&self.path).ok(), before, "left as it was");
        assert!(self.set_aside().is_empty());
    }
}

fn works_in_memory(path: &Path, cause: &str) {
    let opened = History::open(path);
    assert_eq!(opened.notices.len(), 1, "{:?}", opened.notices);
    assert!(opened.notices[0].contains(cause), "{}", opened.notices[0]);
    assert!(
        opened.notices[0].contains("in memory only"),
        "{}",
        opened.notices[0]
    );
    opened.history.run_started(new_run("r2", 2000));
    assert!(opened.history.flush());
    assert_eq!(ids(&opened.history), ["r2"]);
}

#[test]
fn a_file_that_is_no_database_is_set_aside() {
    damaged(|path| {
        let mut bytes = fs::read(path).unwrap();
        bytes[..16].fill(b'x');
        fs::write(path, bytes).unwrap();
    })
    .opens_anew("not a database");
}

#[test]
fn a_truncated_file_is_set_aside() {
    damaged(|path| {
        let half = fs::metadata(path).unwrap().len() / 2;
        fs::File::options()
            .write(true)
            .open(path)
            .unwrap()
            .set_len(half)
            .unwrap();
    })
    .opens_anew("malformed");
}

#[test]
fn a_file_that_lost_all_its_bytes_is_no_new_database() {
    damaged(|path| fs::write(path, "").unwrap()).opens_anew("is empty");
}

#[test]
fn a_damaged_page_is_found_before_it_is_used() {
    damaged(|path| {
        let mut bytes = fs::read(path).unwrap();
        // The header of the second page, the root of a table.
        bytes[4096..4104].fill(0xAA);
        fs::write(path, bytes).unwrap();
    })
    .opens_anew("is damaged");
}

#[test]
fn a_missing_table_is_damage() {
    damaged(|path| {
        Connection::open(path)
            .unwrap()
            .execute_batch("DROP TABLE settings")
            .unwrap();
    })
    .opens_anew("table settings is missing");
}

#[test]
fn a_database_of_another_program_is_set_aside_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.db");
    Connection::open(&path)
        .unwrap()
        .execute_batch("CREATE TABLE theirs (a)")
        .unwrap();
    Scene {
        _folder: folder,
        path,
    }
    .opens_anew("belongs to another program");
}

#[test]
fn a_newer_file_is_left_alone() {
    damaged(|path| {
        Connection::open(path)
            .unwrap()
            .pragma_update(None, "user_version", 999)
            .unwrap();
    })
    .stays_in_memory("format 999, this one knows up to ");
}

#[test]
fn a_log_of_the_damaged_file_goes_with_it() {
    let scene = damaged(|path| fs::write(path, "not a database, and long enough").unwrap());
    fs::write(scene.path.with_file_name("history.db-wal"), "old log").unwrap();
    let opened = History::open(&scene.path);
    assert_eq!(opened.notices.len(), 1);
    let log = format!("{}-wal", scene.set_aside()[0].display());
    assert_eq!(fs::read_to_string(log).unwrap(), "old log");
}

#[test]
fn a_folder_that_cannot_be_made_leaves_the_history_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file"), "").unwrap();
    works_in_memory(
        &folder.path().join("file/history.db"),
        "folder cannot be used",
    );
}

#[test]
fn a_folder_in_the_place_of_the_file_leaves_the_history_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.db");
    fs::create_dir(&path).unwrap();
    works_in_memory(&path, "unable to open");
}

#[test]
fn a_lost_index_of_the_log_loses_nothing() {
    let scene = damaged(|_| {});
    // A copy taken while open has the log and no index of it.
    let history = open(&scene.path);
    history.run_started(new_run("r2", 2000));
    assert!(history.flush());
    let copy = scene.path.with_file_name("copy.db");
    for suffix in ["", "-wal"] {
        let name = |path: &Path| format!("{}{suffix}", path.display());
        fs::copy(name(&scene.path), name(&copy)).unwrap();
    }
    drop(history);
    assert_eq!(ids(&open(&copy)), ["r2", "r1"]);
}

#[test]
fn engines_that_open_a_new_file_at_once_all_get_it() {
    for _ in 0..20 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/history.db");
        let barrier = std::sync::Barrier::new(6);
        std::thread::scope(|scope| {
            for n in 0..6 {
                let (path, barrier) = (&path, &barrier);
                scope.spawn(move || {
                    barrier.wait();
                    let history = open(path);
                    history.run_started(new_run(&format!("r{n}"), n));
                    assert!(history.flush());
                });
            }
        });
        assert_eq!(ids(&open(&path)).len(), 6);
    }
}

#[test]
fn a_writer_elsewhere_delays_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.db");
    let history = open(&path);
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    history.run_started(new_run("r1", 1000));
    std::thread::sleep(std::time::Duration::from_millis(300));
    assert_eq!(ids(&history), [""; 0], "readers do not wait for it");
    other.execute_batch("COMMIT").unwrap();
    assert!(history.flush());
    assert_eq!(ids(&history), ["r1"]);
}

#[cfg(unix)]
#[test]
fn only_the_owner_can_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data/history.db");
    let history = open(&path);
    history.run_started(new_run("r1", 1000));
    assert!(history.flush());
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    for name in [
        "history.db",
        "history.db-wal",
        "history.db-shm",
        "history.db.lock",
    ] {
        assert_eq!(mode(&path.with_file_name(name)), 0o600, "{name}");
    }
}
