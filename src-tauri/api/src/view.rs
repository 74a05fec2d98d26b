//! What faces show: plain data, complete in itself, made for one glance.

use benchtop_model::diagnosis::Diagnosis;
use benchtop_model::doctor::DoctorCheck;
use benchtop_model::plan::diff::ServiceChange;
use benchtop_model::plan::{Condition, ServiceKind};
use benchtop_model::probe::{ProbeRole, Verdict};
use benchtop_model::problem::Problem;
use benchtop_model::status::{Health, Lifecycle, Status};
use benchtop_model::systems::System;
use benchtop_model::time::{Millis, Timestamp};
use benchtop_store::row::{Instance, Run, Transition};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use ts_rs::TS;

/// Who answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct EngineInfo {
    /// Version of the binary.
    pub version: String,
    /// See [`crate::schema::PROTOCOL`].
    pub protocol: u32,
    /// Process id of the engine.
    pub pid: u32,
    /// When it was started.
    pub started: Timestamp,
    /// Where it keeps its data.
    pub data_dir: String,
}

/// An environment in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Environment {
    /// Its identity.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its folder.
    pub project_dir: String,
    /// Its file.
    pub file: String,
    /// Open in the engine; otherwise only remembered.
    pub open: bool,
    /// The built-in sample.
    pub sample: bool,
    /// The worst of its services; Stopped where it is only remembered.
    pub status: Status,
    /// When it was last opened.
    pub last_opened: Timestamp,
}

/// The result of reading a definition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct CheckReport {
    /// The file that was read.
    pub file: String,
    /// Every finding, in the order of the file.
    pub problems: Vec<Problem>,
    /// The resolved plan with secrets masked, absent where there are errors.
    #[ts(type = "unknown")]
    pub plan: Option<serde_json::Value>,
    /// Service names in an order in which each comes after what it waits for.
    pub start_order: Vec<String>,
    /// The plan for people, in the same order; empty where there are errors.
    #[serde(default)]
    pub summary: Vec<PlannedService>,
}

/// One service of a plan that nobody has started yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct PlannedService {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: ServiceKind,
    /// Image or command line.
    pub source: String,
    /// What must hold before it is started.
    pub waits_for: Vec<PlannedWait>,
    /// Its addresses as seen from this host, in the order of the file.
    pub endpoints: Vec<PlannedEndpoint>,
    /// The variables that it will get; `auto` stands for a port that is chosen
    /// at the start.
    pub variables: Vec<Variable>,
    /// `ready: http /health`, one per probe.
    pub probes: Vec<String>,
}

/// What a service waits for in another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct PlannedWait {
    /// The other service.
    pub service: String,
    /// What must hold there.
    pub condition: Condition,
}

/// An address that a service will have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct PlannedEndpoint {
    /// Its name.
    pub name: String,
    /// `http://localhost:5001`; `auto` in place of a port that is chosen at the
    /// start.
    pub url: String,
}

/// What was found in a folder that somebody may want to open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct FolderReport {
    /// The folder, absolute.
    pub path: String,
    /// The file first that opens when the folder is opened.
    pub files: Vec<FoundFile>,
}

/// A file that can be opened or imported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct FoundFile {
    /// Absolute path.
    pub path: String,
    /// What it is.
    pub kind: FoundKind,
    /// How many services it has, where that can be told.
    pub services: Option<u32>,
    /// How many errors were found in it.
    pub problems: u32,
}

/// What a found file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum FoundKind {
    /// `benchtop.yaml`: it opens as it is.
    Benchtop,
    /// A Compose file: it opens as it is.
    Compose,
    /// An `aspire-manifest.json`: it can be imported.
    Aspire,
}

/// What an import made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ImportReport {
    /// The file that was written, absolute; absent where none was asked for.
    pub file: Option<String>,
    /// The text of the environment file.
    pub text: String,
    /// What has no meaning here or needs a look, each with its place in the source.
    pub notes: Vec<Problem>,
}

/// All of an environment at one moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct EnvironmentView {
    /// The worst of all services.
    pub status: Status,
    /// Counts and sums over the services.
    pub metrics: EnvironmentMetrics,
    /// In the order of the file's names.
    pub services: Vec<ServiceView>,
    /// Its identity.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its folder.
    pub project_dir: String,
    /// Its file.
    pub file: String,
    /// The run that is going on.
    pub run: Option<String>,
    /// When that run started.
    pub run_started: Option<Timestamp>,
    /// The container runtime, where the environment needs one.
    pub runtime: Option<RuntimeView>,
    /// Open alerts of which somebody wants to hear.
    pub alerts: u32,
    /// Nothing is on its way any more: every wanted service is Healthy,
    /// Completed, or in trouble with a named cause.
    pub settled: bool,
    /// Nothing runs and nothing is wanted.
    pub idle: bool,
    /// Findings in the file as it lies on disk now.
    pub problems: Vec<Problem>,
    /// Services whose definition on disk differs from what runs.
    pub changed: Vec<String>,
    /// Changes of the environment file are applied at once.
    pub watching: bool,
}

/// What was found before a start. What makes all of it impossible is an error instead.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct StartReport {
    /// Checks that do not pass: some services will fail at them, in the same words.
    pub obstacles: Vec<DoctorCheck>,
}

/// What lies between the definition that runs and the one on disk.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DefinitionChanges {
    /// One entry for each service that differs, in the order of the names.
    pub changes: Vec<ServiceChange>,
    /// Findings in the file on disk; with an error among them there are no
    /// changes, and what runs stays as it is.
    pub problems: Vec<Problem>,
}

/// Counts and sums over the services of an environment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
pub struct EnvironmentMetrics {
    /// All services.
    pub services: u32,
    /// How many are Healthy.
    pub healthy: u32,
    /// How many are Degraded.
    pub degraded: u32,
    /// How many are Unhealthy.
    pub unhealthy: u32,
    /// How many are Starting.
    pub starting: u32,
    /// How many are Stopped.
    pub stopped: u32,
    /// Starts after unexpected ends, in this run.
    pub restarts: u32,
    /// Sum over the services, in percent of one core.
    pub cpu: f64,
    /// Sum over the services, in bytes.
    #[ts(type = "number")]
    pub memory: u64,
}

/// The container runtime of an environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RuntimeView {
    /// It answers.
    pub available: bool,
    /// `Docker 20.10.24`, where it has answered once.
    pub name: Option<String>,
    /// What is wrong, where it does not answer.
    pub problem: Option<String>,
    /// What to do about it.
    pub hint: Option<String>,
    /// Since when this is so.
    pub since: Timestamp,
}

/// A container runtime of this machine, or a place where one may be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RuntimeChoice {
    /// `unix:///var/run/docker.sock`.
    pub address: String,
    /// Which make.
    pub kind: RuntimeKind,
    /// `Docker 28.2`, where it answers.
    pub name: Option<String>,
    /// The version of the API that both sides speak, where it answers.
    pub api: Option<String>,
    /// It runs without root, as far as is known.
    pub rootless: bool,
    /// How it was found: `DOCKER_HOST`, `context desktop-linux`, `default socket`.
    pub source: String,
    /// Whether it can be used.
    pub state: RuntimeState,
    /// What is wrong, where it cannot be used.
    pub problem: Option<String>,
    /// What to do about it.
    pub hint: Option<String>,
    /// The one that is used: by choice, or because it comes first.
    pub chosen: bool,
}

/// Makes of container runtimes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum RuntimeKind {
    /// Docker Engine, or one that says so.
    Docker,
    /// Podman.
    Podman,
    /// It has not answered.
    Unknown,
}

/// Whether a container runtime can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum RuntimeState {
    /// It answers.
    Ready,
    /// It is installed, and nobody listens.
    NotRunning,
    /// This user may not open its socket.
    NoPermission,
    /// It is not installed.
    NotInstalled,
    /// It accepts connections and does not answer.
    Silent,
    /// It answers with something that cannot be used.
    Failed,
}

/// How far the pull of an image has got.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct PullView {
    /// The image.
    pub image: String,
    /// Bytes of all layers that have arrived.
    #[ts(type = "number")]
    pub done_bytes: u64,
    /// Bytes of all layers, as far as they are known; grows while the pull
    /// finds out.
    #[ts(type = "number | null")]
    pub total_bytes: Option<u64>,
    /// In the order in which the runtime named them.
    pub layers: Vec<LayerView>,
    /// No byte has come for 30 s.
    pub stalled: bool,
}

/// One layer of an image that is being pulled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LayerView {
    /// The beginning of its digest.
    pub id: String,
    /// The runtime's own word: `Downloading`, `Extracting`, `Pull complete`.
    pub state: String,
    /// Bytes that have arrived.
    #[ts(type = "number")]
    pub done: u64,
    /// Its size in bytes, once it is known.
    #[ts(type = "number | null")]
    pub total: Option<u64>,
}

/// One service at one moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct ServiceView {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: ServiceKind,
    /// Heading under which it is listed.
    pub group: Option<String>,
    /// What a person sees.
    pub status: Status,
    /// Where it is in its life.
    pub lifecycle: Lifecycle,
    /// What its probes say.
    pub health: Health,
    /// Why it is so, one sentence; absent where nothing needs saying.
    pub reason: Option<String>,
    /// What is going on right now: `pulling postgres:16, 43 %`.
    pub progress: Option<String>,
    /// Since when its status is what it is.
    pub since: Timestamp,
    /// Number of the current or last start; 0 where it was never started.
    #[ts(type = "number")]
    pub generation: u64,
    /// Starts after unexpected ends, in this run.
    pub restarts: u32,
    /// When the next start is due, in Backoff.
    pub next_start: Option<Timestamp>,
    /// When the instance was started.
    pub started: Option<Timestamp>,
    /// Its addresses as seen from this host.
    pub endpoints: Vec<EndpointView>,
    /// Process id, for processes.
    pub pid: Option<u32>,
    /// Container id, for containers.
    pub container_id: Option<String>,
    /// Exit code of the last instance that ended.
    pub exit_code: Option<i32>,
    /// In percent of one core, over the last sample.
    pub cpu: Option<f64>,
    /// Resident memory of the whole tree, in bytes.
    #[ts(type = "number | null")]
    pub memory: Option<u64>,
    /// One entry per probe.
    pub probes: Vec<ProbeView>,
    /// Names of the services it waits for.
    pub depends_on: Vec<String>,
    /// Image or command line.
    pub source: String,
    /// The evidence for all this is old: the container runtime is silent.
    pub stale: bool,
    /// The definition on disk differs from what runs.
    pub changed: bool,
    /// It turns from well to ill and back, again and again.
    #[serde(default)]
    pub flapping: bool,
    /// The pull of its image, while there is one.
    #[serde(default)]
    #[ts(optional = nullable)]
    pub pull: Option<PullView>,
    /// There is something to build: a command, or an image.
    pub can_rebuild: bool,
    /// Its files are watched: a change of them builds it anew.
    pub watching: bool,
    /// Its last build since the engine started, or the one that runs.
    pub build: Option<BuildView>,
}

/// One build of a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct BuildView {
    /// When it began.
    pub started: Timestamp,
    /// When it ended; absent while it runs.
    pub ended: Option<Timestamp>,
    /// Whether it succeeded; absent while it runs, and where it was called off.
    pub ok: Option<bool>,
    /// What became of it; its last lines where it failed.
    pub text: Option<String>,
}

/// One address of a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct EndpointView {
    /// Its name.
    pub name: String,
    /// `http://localhost:5001`; a browser can open those with http(s).
    pub url: String,
    /// Host part.
    pub host: String,
    /// Port part.
    pub port: u16,
}

/// The state of one probe.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ProbeView {
    /// Which question it answers.
    pub role: ProbeRole,
    /// `http`, `tcp`, `exec` or `container`.
    pub kind: String,
    /// What it asks: `GET http://localhost:5001/health/ready`.
    pub target: String,
    /// Time between two attempts.
    pub interval: Millis,
    /// The last answer; absent before the first.
    pub verdict: Option<Verdict>,
    /// One line about the last answer.
    pub text: Option<String>,
    /// Latency of the last answer in microseconds.
    #[ts(type = "number | null")]
    pub latency_us: Option<u64>,
    /// When the last answer came.
    pub at: Option<Timestamp>,
    /// Failures in a row, up to now.
    pub failures: u32,
    /// Named findings of the last answer.
    pub details: BTreeMap<String, String>,
}

/// All of one service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct ServiceDetails {
    /// Its state.
    pub service: ServiceView,
    /// The variables of its instance, or of the next one.
    pub environment: Vec<Variable>,
    /// Its last instances, newest first.
    pub instances: Vec<Instance>,
    /// Its last changes of state, newest first.
    pub transitions: Vec<Transition>,
    /// What it is, where its inside can be shown.
    pub system: Option<System>,
}

/// One variable of a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Variable {
    /// Its name.
    pub key: String,
    /// Its value, or the mask.
    pub value: String,
    /// The value is masked.
    pub secret: bool,
    /// Added by Benchtop, not written in the file.
    pub injected: bool,
}

/// Why services are not as they should be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DiagnosisReport {
    /// One for each service that is Unhealthy, Degraded or kept waiting; those where
    /// the trouble began come first.
    pub diagnoses: Vec<Diagnosis>,
    /// Findings in the project's own list of rules.
    pub problems: Vec<Problem>,
}

/// All of one run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RunDetails {
    /// The run.
    pub run: Run,
    /// Its instances, oldest first.
    pub instances: Vec<Instance>,
    /// Its changes of state, oldest first.
    pub transitions: Vec<Transition>,
}
