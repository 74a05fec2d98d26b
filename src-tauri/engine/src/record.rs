//! What an engine must know to take over from one that died: the environment's
//! record, a small file written before each act.

use crate::json_file::{Survives, read_json, write_json};
use benchtop_model::inject::{Ports, Telemetry};
use benchtop_model::plan::{Plan, ServiceKind};
use benchtop_model::probe::ProbeRole;
use benchtop_model::supervisor::{Former, Memory};
use benchtop_model::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

/// Everything about one environment that outlives the engine.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EnvironmentRecord {
    /// The definition that runs.
    pub plan: Plan,
    /// The run that is going on.
    pub run: Option<RunRecord>,
    /// Profiles that it was opened with.
    #[serde(default)]
    pub profiles: BTreeSet<String>,
    /// Variables that processes start with, before the file's own.
    pub base_environment: BTreeMap<String, String>,
    /// Assigned host ports: `service/endpoint` → port. Kept between runs, so that
    /// an address stays what it was.
    pub ports: BTreeMap<String, u16>,
    /// By name.
    pub services: BTreeMap<String, ServiceRecord>,
    /// Of services that are no longer defined.
    #[serde(default)]
    pub former: Former,
    /// Address of the container runtime that was used last: where the containers
    /// are, if there are any.
    #[serde(default)]
    pub runtime: Option<String>,
    /// Containers and network are to be removed once everything has ended: somebody took
    /// the environment down.
    #[serde(default)]
    pub remove: bool,
    /// Where services send their telemetry to; absent where nothing listens.
    #[serde(default)]
    pub telemetry: Option<Telemetry>,
}

/// A run that is going on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunRecord {
    /// Its id.
    pub id: String,
    /// When it began.
    pub started: Timestamp,
    /// Everything was Healthy or Completed once.
    pub ready: bool,
}

/// What is known of one service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceRecord {
    /// What the machine remembers.
    #[serde(flatten)]
    pub memory: Memory,
    /// What it was when it was last started; its definition may have changed.
    #[serde(default)]
    pub kind: Option<ServiceKind>,
    /// Container id of the last start, where it is a container.
    pub container_id: Option<String>,
    /// When the instance was started.
    pub started: Option<Timestamp>,
    /// When this start was decided, before anything was done for it.
    #[serde(default)]
    pub asked: Option<Timestamp>,
    /// Lines that probes of this start waited for and that have come.
    #[serde(default)]
    pub said: BTreeMap<ProbeRole, String>,
}

impl EnvironmentRecord {
    /// A record of an environment in which nothing was ever started.
    #[must_use]
    pub fn new(plan: Plan, base_environment: BTreeMap<String, String>) -> Self {
        Self {
            plan,
            run: None,
            profiles: BTreeSet::new(),
            base_environment,
            ports: BTreeMap::new(),
            services: BTreeMap::new(),
            former: Former::default(),
            runtime: None,
            remove: false,
            telemetry: None,
        }
    }

    /// The file below an environment's data folder.
    #[must_use]
    pub fn path(dir: &Path) -> PathBuf {
        dir.join("environment.json")
    }

    /// Reads the record of an environment; `None` where there is none that can
    /// be used.
    #[must_use]
    pub fn read(dir: &Path) -> Option<Self> {
        read_json(&Self::path(dir))
    }

    /// Writes the record so that a reader sees the old one or the new one. Not
    /// synced: it must survive our own death, and a power cut ends the processes
    /// that it speaks of anyway.
    ///
    /// # Errors
    /// Whatever the file system says.
    pub fn write(&self, dir: &Path) -> std::io::Result<()> {
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(dir)?;
        write_json(&Self::path(dir), self, Survives::Death)
    }

    /// The assigned ports in the form that [`benchtop_model::inject`] wants.
    #[must_use]
    pub fn assigned(&self) -> Ports {
        let split = |(key, port): (&String, &u16)| {
            let (service, endpoint) = key.split_once('/')?;
            Some(((service.to_owned(), endpoint.to_owned()), *port))
        };
        self.ports.iter().filter_map(split).collect()
    }
}
