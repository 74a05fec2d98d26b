//! How the programs of a service are built, as against how its image is: see
//! [`super::Build`] for that.

use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// A command that makes what a process service runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuildCommand {
    /// Program and arguments, never passed through a shell.
    pub command: Vec<String>,
    /// Absolute folder to run in.
    pub cwd: PathBuf,
}

/// What happens to the instance that runs while a new one is being built.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BuildStrategy {
    /// It is stopped before the build, so that no file of it is in use. The
    /// usual one of processes.
    #[default]
    StopFirst,
    /// It goes on until the build has succeeded. The usual one of images, which
    /// no running container locks.
    BuildFirst,
}
