//! Small files of JSON that are replaced whole, and that only the user may read.

use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// What the content of a file survives once it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Survives {
    /// The end of the program that writes it.
    Death,
    /// The end of the machine, too; waits for the disk.
    PowerCut,
}

/// Reads one; `None` where it is absent or not whole.
#[must_use]
pub fn read_json<T: DeserializeOwned>(path: &Path) -> Option<T> {
    serde_json::from_slice(&std::fs::read(path).ok()?).ok()
}

/// Writes one so that a reader sees the old content or the new.
///
/// # Errors
/// Whatever the file system says.
pub fn write_json<T: Serialize>(path: &Path, value: &T, survives: Survives) -> io::Result<()> {
    let beside = path.with_extension("tmp");
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&beside)?;
    file.write_all(&serde_json::to_vec(value)?)?;
    if survives == Survives::PowerCut {
        file.sync_data()?;
    }
    std::fs::rename(&beside, path)
}
