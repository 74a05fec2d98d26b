//! What engine and shim say to each other: files in the instance's folder, and
//! lines of JSON on its socket.

use super::identity::ProcessIdentity;
use benchtop_model::exit::Exit;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// What to run; `spec.json`, readable by the user alone because the environment
/// may hold secrets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spec {
    /// Program and arguments.
    pub command: Vec<String>,
    /// Folder to run in.
    pub cwd: PathBuf,
    /// The whole environment; nothing is inherited.
    pub environment: BTreeMap<String, String>,
    /// Held for as long as the instance lives, so that there is never a second.
    pub lock: PathBuf,
    /// Where the shim listens.
    pub socket: PathBuf,
    /// Size at which the log file is put aside and a new one begun, in bytes.
    pub log_limit: u64,
}

/// Who runs; `state.json`, written once both live.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// The shim.
    pub shim: ProcessIdentity,
    /// The program.
    pub child: ProcessIdentity,
    /// When it was started, in microseconds since 1970-01-01 UTC.
    pub started_us: i64,
    /// The kernel's group that all it starts is born in, where one could be made.
    #[serde(default)]
    pub cgroup: Option<PathBuf>,
}

/// How it ended; `exit.json`, written when nothing of it is left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// How.
    pub exit: Exit,
    /// When, in microseconds since 1970-01-01 UTC.
    pub at_us: i64,
}

/// Engine to shim, one JSON object a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "do")]
pub enum Request {
    /// Ask the program to end; kill its whole tree when `grace_ms` have passed.
    Stop {
        /// Number of the signal.
        signal: i32,
        /// Milliseconds.
        grace_ms: u64,
    },
}

/// Shim to engine, one JSON object a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum Notice {
    /// Said first on each connection, and on the shim's standard output.
    Running(State),
    /// Said on the shim's standard output when nothing could be started.
    Failed {
        /// Why, one sentence.
        cause: String,
    },
    /// The log file has grown. Left out where the engine does not keep up.
    Wrote,
    /// Nothing of the instance is left. The last notice.
    Ended(Ended),
}

/// The files of one instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstanceDir(pub PathBuf);

impl InstanceDir {
    /// See [`Spec`].
    #[must_use]
    pub fn spec(&self) -> PathBuf {
        self.0.join("spec.json")
    }
    /// A [`Spec`] that does not count any more.
    #[must_use]
    pub fn void(&self) -> PathBuf {
        self.0.join("spec.void")
    }
    /// See [`State`].
    #[must_use]
    pub fn state(&self) -> PathBuf {
        self.0.join("state.json")
    }
    /// See [`Ended`].
    #[must_use]
    pub fn exit(&self) -> PathBuf {
        self.0.join("exit.json")
    }
    /// The present log file; see [`super::log_file`].
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.0.join("output.log")
    }
    /// The log file before it.
    #[must_use]
    pub fn old_log(&self) -> PathBuf {
        self.0.join("output.log.1")
    }
}
