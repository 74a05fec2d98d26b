//! Where Benchtop keeps things. The only reader of the variables that decide it.

use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

/// The folders of this user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paths {
    /// History, records, instances and their logs. Survives a reboot.
    pub data: PathBuf,
    /// Sockets and locks; a short path. Need not survive a reboot.
    pub runtime: PathBuf,
}

impl Paths {
    /// From `BENCHTOP_DATA_DIR` and `BENCHTOP_RUNTIME_DIR`, or the system's
    /// conventions.
    #[must_use]
    pub fn of_user() -> Self {
        Self {
            data: variable("BENCHTOP_DATA_DIR").unwrap_or_else(default_data),
            runtime: variable("BENCHTOP_RUNTIME_DIR").unwrap_or_else(default_runtime),
        }
    }

    /// The engine's socket.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.runtime.join("engine.sock")
    }

    /// Held by the engine for as long as it lives, so that there is only one.
    #[must_use]
    pub fn lock(&self) -> PathBuf {
        self.data.join("engine.lock")
    }

    /// What the engine has to say about itself.
    #[must_use]
    pub fn engine_log(&self) -> PathBuf {
        self.data.join("engine.log")
    }

    /// The history.
    #[must_use]
    pub fn history(&self) -> PathBuf {
        self.data.join("history.db")
    }

    /// The record, instances and logs of one environment.
    #[must_use]
    pub fn environment(&self, id: &str) -> PathBuf {
        self.data.join("environments").join(id)
    }

    /// The sockets of one environment's instances.
    #[must_use]
    pub fn sockets(&self, id: &str) -> PathBuf {
        self.runtime.join(&id[..id.len().min(6)])
    }

    /// Makes both folders, open to this user alone.
    ///
    /// # Errors
    /// Where one cannot be made, or lies in somebody else's hand.
    pub fn prepare(&self) -> io::Result<()> {
        private_dir(&self.data)?;
        private_dir(&self.runtime)
    }
}

/// Makes a folder that only the user can open, or makes sure that it is one.
///
/// # Errors
/// Where it cannot be made, or belongs to another user.
pub fn private_dir(path: &Path) -> io::Result<()> {
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)?;
    let found = std::fs::metadata(path)?;
    if found.uid() != nix::unistd::geteuid().as_raw() {
        return Err(io::Error::other(format!(
            "{} belongs to another user",
            path.display()
        )));
    }
    if found.permissions().mode() & 0o077 != 0 {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o700))?;
    }
    Ok(())
}

fn variable(name: &str) -> Option<PathBuf> {
    std::env::var_os(name)
        .filter(|value| !value.is_empty())
        .map(PathBuf::from)
}

fn default_data() -> PathBuf {
    let home = variable("HOME").unwrap_or_else(std::env::temp_dir);
    match () {
        () if cfg!(target_os = "macos") => home.join("Library/Application Support/Benchtop"),
        () => variable("XDG_DATA_HOME")
            .unwrap_or_else(|| home.join(".local/share"))
            .join("benchtop"),
    }
}

fn default_runtime() -> PathBuf {
    match variable("XDG_RUNTIME_DIR") {
        Some(dir) => dir.join("benchtop"),
        None => std::env::temp_dir().join(format!("benchtop-{}", nix::unistd::geteuid())),
    }
}
