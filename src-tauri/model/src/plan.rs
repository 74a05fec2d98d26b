//! The environment as resolved: everything interpolated, defaulted and checked,
//! ready to be performed. Made from the file by [`crate::file`].

mod build;
pub mod diff;
mod hook;
mod moved;
mod network;
mod settings;

pub use build::{BuildCommand, BuildStrategy};
pub use hook::Hook;
pub use moved::Moved;
pub use network::{Attachment, NamedNetwork, Pool, Replica};
pub use settings::{
    Blkio, Build, Device, DeviceRequest, Disk, InlineFile, Limits, Logging, Namespace, Network,
    Owner, PullPolicy, Settings, Ulimit, VolumesFrom,
};

use crate::probe::Probes;
use crate::scenario::Scenario;
use crate::time::Millis;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::PathBuf;
use ts_rs::TS;

/// A whole environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Short name; also the Compose project name. Lower case letters, digits,
    /// `-` and `_`.
    pub name: String,
    /// Absolute folder of the environment file; identifies the environment.
    pub project_dir: PathBuf,
    /// The file it was read from, absolute.
    pub file: PathBuf,
    /// By name.
    pub services: BTreeMap<String, Service>,
    /// Named volumes used by the services: name in the file → name in the engine.
    pub volumes: BTreeMap<String, Volume>,
    /// Networks that the file names and services use, by their key in the file.
    /// One that is not in it is made with the usual settings.
    #[serde(default, skip_serializing_if = "settings::is_usual")]
    pub networks: BTreeMap<String, NamedNetwork>,
    /// Endpoints that use another port than the file says, for this run.
    #[serde(default, skip_serializing_if = "settings::is_usual")]
    pub moved: Vec<Moved>,
    /// Lists of steps to run against it, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub scenarios: BTreeMap<String, Scenario>,
}

impl Plan {
    /// A short, stable identity of the environment: a hash of its folder.
    #[must_use]
    pub fn id(&self) -> String {
        environment_id(&self.project_dir)
    }

    /// The services that depend directly on `name`.
    pub fn dependants<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Service> {
        self.services
            .values()
            .filter(move |s| s.depends_on.contains_key(name))
    }
}

/// The identity of the environment in this folder: 12 hexadecimal digits of the
/// SHA-256 of its absolute path. Two checkouts of one project never meet.
#[must_use]
pub fn environment_id(project_dir: &std::path::Path) -> String {
    hex(
        &Sha256::digest(project_dir.as_os_str().as_encoded_bytes()),
        12,
    )
}

/// The first `digits` hexadecimal digits of a hash.
fn hex(bytes: &[u8], digits: usize) -> String {
    bytes
        .iter()
        .flat_map(|b| [b >> 4, b & 15])
        .take(digits)
        .map(|n| char::from(b"0123456789abcdef"[usize::from(n)]))
        .collect()
}

/// One service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// Its key in the file.
    pub name: String,
    /// How it is run.
    pub run: Run,
    /// Heading under which faces list it.
    pub group: Option<String>,
    /// Variables of the user, interpolated; what Benchtop adds is made by
    /// [`crate::inject`] at each start, when the ports are known.
    pub environment: BTreeMap<String, String>,
    /// In the order of the file: the first is "the" endpoint.
    pub endpoints: Vec<Endpoint>,
    /// What must hold before it is started.
    pub depends_on: BTreeMap<String, Dependency>,
    /// Services whose endpoints it gets as variables.
    pub references: Vec<String>,
    /// How its health is proven.
    pub probes: Probes,
    /// What happens after an unexpected end.
    pub restart: RestartPolicy,
    /// Number of the signal that asks it to end; where the file names none, a
    /// container's image decides, and a process gets SIGTERM.
    pub stop_signal: Option<i32>,
    /// Time between asking and killing.
    pub stop_grace: Millis,
    /// Commands that are run once an instance has started. The start has failed
    /// where one of them fails.
    #[serde(default, skip_serializing_if = "settings::is_usual")]
    pub post_start: Vec<Hook>,
    /// Commands that are run before an instance is asked to end.
    #[serde(default, skip_serializing_if = "settings::is_usual")]
    pub pre_stop: Vec<Hook>,
    /// The command that makes what a process runs; how an image is built stands
    /// in [`Container::build`].
    #[serde(default, skip_serializing_if = "settings::is_usual")]
    pub build: Option<BuildCommand>,
    /// What a rebuild does with the instance that runs.
    #[serde(default, skip_serializing_if = "settings::is_usual")]
    pub build_strategy: BuildStrategy,
    /// Absolute patterns of files whose change asks for a rebuild, or for a
    /// restart where nothing is built.
    #[serde(default, skip_serializing_if = "settings::is_usual")]
    pub watch: Vec<String>,
    /// Where it offers metrics to Prometheus.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metrics: Option<Scrape>,
}

/// Where a service offers metrics to Prometheus.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scrape {
    /// Name of the endpoint.
    pub endpoint: String,
    /// Path of the page.
    pub path: String,
    /// Time between two fetches.
    pub interval: Millis,
}

impl Service {
    /// Whether a command must run before each start by hand.
    #[must_use]
    pub fn has_build_command(&self) -> bool {
        self.build.is_some()
    }

    /// Whether there is something to build: a command, or an image.
    #[must_use]
    pub fn can_rebuild(&self) -> bool {
        let image = matches!(&self.run, Run::Container(container) if container.build.is_some());
        self.build.is_some() || image
    }

    /// `container`, `process` or `external`.
    #[must_use]
    pub fn kind(&self) -> ServiceKind {
        match self.run {
            Run::Container(_) => ServiceKind::Container,
            Run::Process(_) => ServiceKind::Process,
            Run::External => ServiceKind::External,
        }
    }

    /// The endpoint of this name, or the first where none is named.
    #[must_use]
    pub fn endpoint(&self, name: Option<&str>) -> Option<&Endpoint> {
        match name {
            Some(name) => self.endpoints.iter().find(|e| e.name == name),
            None => self.endpoints.first(),
        }
    }

    /// A hash of all that makes a running instance what it is. Two definitions
    /// with the same hash can share an instance: probes, groups and restart
    /// policy may change without touching it.
    #[must_use]
    pub fn definition_hash(&self) -> String {
        let essence = (
            &self.run,
            &self.environment,
            &self.endpoints,
            &self.references,
            self.stop_signal,
        );
        // Serializing plain data with string keys cannot fail.
        let json = serde_json::to_vec(&essence).unwrap_or_default();
        hex(&Sha256::digest(json), 16)
    }
}

/// What a service is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum ServiceKind {
    /// Run by a container engine.
    Container,
    /// A program on this host.
    Process,
    /// Run by somebody else, only watched.
    External,
}

/// How a service is run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(
    clippy::large_enum_variant,
    reason = "there is one per service; a box would only be in the way"
)]
#[serde(rename_all = "lowercase")]
pub enum Run {
    /// By a container engine.
    Container(Container),
    /// As a program of the host.
    Process(Process),
    /// Not by us.
    External,
}

/// A program of the host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    /// Program and arguments, never passed through a shell.
    pub command: Vec<String>,
    /// Absolute folder to run in.
    pub cwd: PathBuf,
}

/// A container, in the engine's terms.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Container {
    /// Image reference as written.
    pub image: String,
    /// Replaces the image's `CMD`.
    pub command: Option<Vec<String>>,
    /// Replaces the image's `ENTRYPOINT`.
    pub entrypoint: Option<Vec<String>>,
    /// Folders and volumes inside it.
    pub mounts: Vec<Mount>,
    /// Overrides the image's health check; `Some(disabled)` switches it off.
    pub healthcheck: Option<Healthcheck>,
    /// Name in the engine, where the file fixes one.
    pub container_name: Option<String>,
    /// Name inside.
    pub hostname: Option<String>,
    /// User inside.
    pub user: Option<String>,
    /// Folder inside.
    pub working_dir: Option<String>,
    /// Labels of the user.
    pub labels: BTreeMap<String, String>,
    /// How the image is built, where it is not only fetched.
    #[serde(default, skip_serializing_if = "settings::is_usual")]
    pub build: Option<Box<Build>>,
    /// Everything else that the engine is told.
    #[serde(default, skip_serializing_if = "settings::is_usual")]
    pub settings: Box<Settings>,
}

/// A mount of a container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mount {
    /// What is mounted.
    pub source: MountSource,
    /// Absolute path inside the container.
    pub target: String,
    /// The container may not write to it.
    pub read_only: bool,
    /// Options of memory, as of `mount`: `size=64m,mode=1777`. Of a volume and of
    /// an image `subpath=PATH`, where only a part is mounted.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub options: String,
    /// A folder of the host that is made where it is not there.
    #[serde(default, skip_serializing_if = "settings::is_usual")]
    pub make_source: bool,
    /// How mounts below it are shared with the host: `rslave`, `rshared` ….
    #[serde(default, skip_serializing_if = "settings::is_usual")]
    pub propagation: Option<String>,
    /// A new volume does not begin with what the image has there.
    #[serde(default, skip_serializing_if = "settings::is_usual")]
    pub no_copy: bool,
    /// Labels of a volume that is made for it.
    #[serde(default, skip_serializing_if = "settings::is_usual")]
    pub labels: BTreeMap<String, String>,
}

impl Mount {
    /// One as it is when nothing more is written about it.
    #[must_use]
    pub fn new(source: MountSource, target: String) -> Self {
        Self {
            source,
            target,
            read_only: false,
            options: String::new(),
            make_source: false,
            propagation: None,
            no_copy: false,
            labels: BTreeMap::new(),
        }
    }
}

/// What is mounted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MountSource {
    /// A file or folder of the host, absolute.
    Bind(PathBuf),
    /// A named volume, by its key in [`Plan::volumes`].
    Volume(String),
    /// A volume without a name, which goes with the container.
    Anonymous,
    /// Memory.
    Tmpfs,
    /// What is in an image; it can only be read.
    Image(String),
}

/// A named volume.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Volume {
    /// Name in the engine: `PROJECT_KEY`, or the file's own `name`.
    pub name: String,
    /// Must exist already; never created by us.
    pub external: bool,
    /// Driver of the engine, its usual one where absent.
    #[serde(default, skip_serializing_if = "settings::is_usual")]
    pub driver: Option<String>,
    /// What the driver is told.
    #[serde(default, skip_serializing_if = "settings::is_usual")]
    pub options: BTreeMap<String, String>,
    /// Labels of the user.
    #[serde(default, skip_serializing_if = "settings::is_usual")]
    pub labels: BTreeMap<String, String>,
}

/// A health check that the engine performs inside the container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Healthcheck {
    /// In Docker's form: `["CMD", …]`, `["CMD-SHELL", "…"]`, or `["NONE"]`.
    pub test: Vec<String>,
    /// Time between two checks.
    pub interval: Option<Millis>,
    /// Deadline of one.
    pub timeout: Option<Millis>,
    /// Failures in a row that make it unhealthy.
    pub retries: Option<u32>,
    /// Failures in this time do not count.
    pub start_period: Option<Millis>,
    /// Time between two checks in that time; engines know it from API 1.44 on.
    #[serde(default, skip_serializing_if = "settings::is_usual")]
    pub start_interval: Option<Millis>,
}

impl Healthcheck {
    /// Whether it switches the image's own check off.
    #[must_use]
    pub fn is_disabled(&self) -> bool {
        self.test.first().is_some_and(|first| first == "NONE")
    }
}

/// A named address of a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    /// Its key, such as `http` or `amqp`.
    pub name: String,
    /// `http`, `https`, `tcp`, `amqp` …: the scheme of its URL.
    pub scheme: String,
    /// The port on this host.
    pub port: HostPort,
    /// The port inside the container; the host port itself for processes.
    pub target: Option<u16>,
    /// The host it is reached at: an address to bind for containers, the
    /// address of an external service. `localhost` where it is absent.
    pub host: Option<String>,
    /// `tcp` or `udp`.
    pub protocol: Protocol,
}

impl Endpoint {
    /// Whether a browser can open it.
    #[must_use]
    pub fn is_http(&self) -> bool {
        matches!(self.scheme.as_str(), "http" | "https")
    }
}

/// The port of an endpoint on this host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HostPort {
    /// This one, or none.
    Fixed(u16),
    /// Any free one, the same as last time where it is still free.
    Auto,
}

/// Transport of an endpoint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// The usual one.
    #[default]
    Tcp,
    /// Not probed, not injected as a URL.
    Udp,
}

/// What one service waits for in another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dependency {
    /// What must hold.
    pub condition: Condition,
    /// `false`: start without it where it is missing or has failed.
    pub required: bool,
    /// Restart this service after an explicit restart of the dependency.
    pub restart: bool,
}

/// What a dependant waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// Its instance runs.
    Started,
    /// It is Healthy.
    Healthy,
    /// It ended with exit code 0.
    CompletedSuccessfully,
}

impl Condition {
    /// As said to people: "waits for postgres to be healthy".
    #[must_use]
    pub fn phrase(self) -> &'static str {
        match self {
            Self::Started => "to be started",
            Self::Healthy => "to be healthy",
            Self::CompletedSuccessfully => "to complete",
        }
    }
}

/// What happens after an unexpected end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RestartPolicy {
    /// Nothing.
    #[default]
    No,
    /// A new start, whatever the exit code.
    Always,
    /// As `Always`; the difference matters only to an engine that restarts.
    UnlessStopped,
    /// A new start after a failure, at most so many times where limited.
    OnFailure {
        /// Most restarts in a row, where limited.
        max: Option<u32>,
    },
}
