//! All that can wake the task of an environment.

use super::ears::Said;
use super::snapshot::Usage;
use crate::container::look::Condition;
use crate::container::monitor::RuntimeNews;
use crate::container::pull::PullProgress;
use crate::process::protocol::Request;
use benchtop_model::plan::Plan;
use benchtop_model::supervisor::{BuildOutcome, Report};
use benchtop_model::time::{Millis, Timestamp};
use std::collections::{BTreeMap, HashMap};
use tokio::sync::{mpsc, oneshot};

/// One message.
#[derive(Debug)]
pub(super) enum Message {
    /// From [`super::EnvironmentHandle::up`].
    Up { services: Vec<String> },
    /// From [`super::EnvironmentHandle::down`].
    Down { remove: bool },
    /// From [`super::EnvironmentHandle::start`].
    Start {
        service: String,
        with_dependencies: bool,
    },
    /// From [`super::EnvironmentHandle::stop`].
    Stop { service: String },
    /// From [`super::EnvironmentHandle::restart`].
    Restart { service: String },
    /// From [`super::EnvironmentHandle::cancel`].
    Cancel { service: String },
    /// From [`super::EnvironmentHandle::rebuild`], or from the watch on its files.
    Rebuild { service: String, cause: String },
    /// What a build of an image does now.
    Building {
        service: String,
        build: u64,
        text: String,
    },
    /// A build has ended.
    Built {
        service: String,
        build: u64,
        outcome: BuildOutcome,
        /// Its last lines, or what became of it.
        text: Option<String>,
    },
    /// From [`super::EnvironmentHandle::probe`].
    ProbeNow { service: String },
    /// An instance has written the line that a probe waits for.
    Said(Said),
    /// An instance that may not be ready yet has written something.
    Spoke { service: String, generation: u64 },
    /// From [`super::EnvironmentHandle::choose_runtime`].
    ChooseRuntime { address: Option<String> },
    /// From [`super::EnvironmentHandle::replan`] and [`super::EnvironmentHandle::apply`].
    Replan {
        plan: Box<Plan>,
        base_environment: BTreeMap<String, String>,
        apply: bool,
    },
    /// Files that are watched have changed.
    Files(Vec<std::path::PathBuf>),
    /// From [`super::EnvironmentHandle::leave`].
    Leave { done: oneshot::Sender<()> },
    /// From [`super::EnvironmentHandle::sync`].
    Sync { done: oneshot::Sender<()> },
    /// A launch has succeeded.
    Launched {
        service: String,
        generation: u64,
        live: Live,
    },
    /// A driver has news of an instance.
    Report {
        service: String,
        generation: u64,
        report: Report,
    },
    /// A launch goes on.
    Progress {
        service: String,
        generation: u64,
        text: String,
    },
    /// A launch pulls its image.
    Pulling {
        service: String,
        generation: u64,
        pull: PullProgress,
    },
    /// Ports were assigned for a launch: `service/endpoint` → port.
    PortsAssigned { ports: BTreeMap<String, u16> },
    /// From the monitor of the container runtime.
    Runtime(RuntimeNews),
    /// The answer to a look at a container.
    Looked {
        service: String,
        generation: u64,
        condition: Condition,
    },
    /// Somebody else has started a container of ours.
    StartedOutside {
        service: String,
        /// Its id.
        id: String,
        /// Hash of the definition it was created from.
        definition: Option<String>,
    },
    /// The machine has slept for so long.
    Slept(Millis),
    /// Fresh statistics by service.
    Usage(HashMap<String, Usage>),
    /// Containers and network were removed, or could not be.
    Removed(Result<(), String>),
}

/// A live instance, as far as the task must know it.
#[derive(Clone, Debug)]
pub(super) enum Live {
    /// A process under a shim.
    Process {
        /// Process id of the program.
        pid: u32,
        /// When it was started.
        started: Timestamp,
        /// To its follower.
        stops: mpsc::Sender<Request>,
    },
    /// A container.
    Container {
        /// Its id.
        id: String,
        /// When it was started.
        started: Timestamp,
    },
    /// Nothing of ours.
    External,
}

impl Live {
    /// Container id or process id.
    pub(super) fn identity(&self) -> String {
        match self {
            Self::Process { pid, .. } => pid.to_string(),
            Self::Container { id, .. } => id.clone(),
            Self::External => String::new(),
        }
    }

    pub(super) fn started(&self) -> Option<Timestamp> {
        match self {
            Self::Process { started, .. } | Self::Container { started, .. } => Some(*started),
            Self::External => None,
        }
    }
}
