//! What a container engine is told about a container beside image, command and
//! mounts. Nothing here is looked at by anything but the engine's driver; what is
//! not written stays out, so that a definition without it keeps its hash.

use super::network::{Attachment, Replica};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The settings of one container. Texts are in the engine's own form.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// How it is connected.
    #[serde(skip_serializing_if = "is_usual")]
    pub network: Network,
    /// The networks that it is connected to, by their key in the plan; where there
    /// are none, to that which all services of the environment share.
    #[serde(skip_serializing_if = "is_usual")]
    pub networks: BTreeMap<String, Attachment>,
    /// Further names on each of them.
    #[serde(skip_serializing_if = "is_usual")]
    pub aliases: Vec<String>,
    /// Which one it is, where there are several of the same.
    #[serde(skip_serializing_if = "is_usual")]
    pub replica: Option<Replica>,
    /// Ports that it listens on without publishing them: `80/tcp`.
    #[serde(skip_serializing_if = "is_usual")]
    pub expose: Vec<String>,
    /// Addresses of name servers.
    #[serde(skip_serializing_if = "is_usual")]
    pub dns: Vec<String>,
    /// Domains in which short names are looked for.
    #[serde(skip_serializing_if = "is_usual")]
    pub dns_search: Vec<String>,
    /// Options of the resolver.
    #[serde(skip_serializing_if = "is_usual")]
    pub dns_options: Vec<String>,
    /// `NAME:ADDRESS`, beside the one that stands for this host.
    #[serde(skip_serializing_if = "is_usual")]
    pub extra_hosts: Vec<String>,
    /// Domain of the name inside.
    #[serde(skip_serializing_if = "is_usual")]
    pub domainname: Option<String>,
    /// Whose processes it sees.
    #[serde(skip_serializing_if = "is_usual")]
    pub pid: Option<Namespace>,
    /// Whose shared memory it sees.
    #[serde(skip_serializing_if = "is_usual")]
    pub ipc: Option<Namespace>,
    /// Mode of the UTS, user and cgroup namespaces, each where written.
    #[serde(skip_serializing_if = "is_usual")]
    pub namespaces: BTreeMap<String, String>,
    /// `os/architecture`, where not that of the engine.
    #[serde(skip_serializing_if = "is_usual")]
    pub platform: Option<String>,
    /// When the image is fetched.
    #[serde(skip_serializing_if = "is_usual")]
    pub pull: PullPolicy,
    /// Program that runs containers, where not the engine's usual one.
    #[serde(skip_serializing_if = "is_usual")]
    pub runtime: Option<String>,
    /// Capabilities that are added.
    #[serde(skip_serializing_if = "is_usual")]
    pub cap_add: Vec<String>,
    /// Capabilities that are taken away.
    #[serde(skip_serializing_if = "is_usual")]
    pub cap_drop: Vec<String>,
    /// It may do all that the host may.
    #[serde(skip_serializing_if = "is_usual")]
    pub privileged: bool,
    /// Labels and profiles of security modules.
    #[serde(skip_serializing_if = "is_usual")]
    pub security_opt: Vec<String>,
    /// Further groups of the user inside.
    #[serde(skip_serializing_if = "is_usual")]
    pub group_add: Vec<String>,
    /// It cannot write to its own file system.
    #[serde(skip_serializing_if = "is_usual")]
    pub read_only: bool,
    /// A small first process that reaps others; the engine decides where absent.
    #[serde(skip_serializing_if = "is_usual")]
    pub init: Option<bool>,
    /// It gets a terminal.
    #[serde(skip_serializing_if = "is_usual")]
    pub tty: bool,
    /// Its input stays open.
    #[serde(skip_serializing_if = "is_usual")]
    pub stdin_open: bool,
    /// Size of `/dev/shm` in bytes.
    #[serde(skip_serializing_if = "is_usual")]
    pub shm_size: Option<u64>,
    /// Kernel parameters.
    #[serde(skip_serializing_if = "is_usual")]
    pub sysctls: BTreeMap<String, String>,
    /// Limits by name, such as `nofile`.
    #[serde(skip_serializing_if = "is_usual")]
    pub ulimits: BTreeMap<String, Ulimit>,
    /// Memory, processors and processes.
    #[serde(skip_serializing_if = "is_usual")]
    pub limits: Limits,
    /// Devices of the host.
    #[serde(skip_serializing_if = "is_usual")]
    pub devices: Vec<Device>,
    /// Devices that a driver chooses, such as GPUs.
    #[serde(skip_serializing_if = "is_usual")]
    pub device_requests: Vec<DeviceRequest>,
    /// Where the engine writes what the container prints.
    #[serde(skip_serializing_if = "is_usual")]
    pub logging: Option<Logging>,
    /// Notes for the runtime below the engine.
    #[serde(skip_serializing_if = "is_usual")]
    pub annotations: BTreeMap<String, String>,
    /// Group of the kernel under which its own is made.
    #[serde(skip_serializing_if = "is_usual")]
    pub cgroup_parent: Option<String>,
    /// Rules of the kernel for devices: `c 1:3 mr`.
    #[serde(skip_serializing_if = "is_usual")]
    pub device_cgroup_rules: Vec<String>,
    /// What the engine's store is told, such as `size`.
    #[serde(skip_serializing_if = "is_usual")]
    pub storage_opt: BTreeMap<String, String>,
    /// How strictly it is kept apart, of an engine on Windows.
    #[serde(skip_serializing_if = "is_usual")]
    pub isolation: Option<String>,
    /// Containers that are not ours, and their names here: `NAME:ALIAS`.
    #[serde(skip_serializing_if = "is_usual")]
    pub links: Vec<String>,
    /// Containers whose mounts it gets, too.
    #[serde(skip_serializing_if = "is_usual")]
    pub volumes_from: Vec<VolumesFrom>,
    /// Small files that are put into it before its start.
    #[serde(skip_serializing_if = "is_usual")]
    pub files: Vec<InlineFile>,
}

/// Whether a value is what it is when nothing is written.
pub(super) fn is_usual<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// How a container is connected.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Network {
    /// To the network that all services of the environment share.
    #[default]
    Shared,
    /// It uses the network of the host itself.
    Host,
    /// Not at all.
    None,
    /// To the engine's own bridge, where services do not know each other's names.
    Bridge,
    /// It uses the network of another container.
    Join(Owner),
}

/// Whose namespace a container uses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Namespace {
    /// A word that the engine knows, such as `host` or `private`.
    Mode(String),
    /// That of another container.
    Of(Owner),
}

/// Another container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Owner {
    /// That of a service of the environment.
    Service(String),
    /// One that is not ours, by its name or id.
    Container(String),
}

/// A container whose mounts another one gets, too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VolumesFrom {
    /// Whose they are.
    pub owner: Owner,
    /// They may not be written to from here.
    pub read_only: bool,
}

/// When an image is fetched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PullPolicy {
    /// When it is not there.
    #[default]
    Missing,
    /// At every start.
    Always,
    /// Never: it must be there.
    Never,
    /// It is built at every start.
    Build,
}

/// A limit with the value that counts and the one up to which it may be raised.
/// -1 is "without limit".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ulimit {
    /// What counts.
    pub soft: i64,
    /// Up to where it may be raised.
    pub hard: i64,
}

/// How much a container may use.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Limits {
    /// Bytes of memory.
    #[serde(skip_serializing_if = "is_usual")]
    pub memory: Option<u64>,
    /// Bytes of memory that are kept for it.
    #[serde(skip_serializing_if = "is_usual")]
    pub memory_reservation: Option<u64>,
    /// Bytes of memory and swap together; -1 is "without limit".
    #[serde(skip_serializing_if = "is_usual")]
    pub memory_and_swap: Option<i64>,
    /// Billionths of a processor.
    #[serde(skip_serializing_if = "is_usual")]
    pub nano_cpus: Option<u64>,
    /// Weight against others.
    #[serde(skip_serializing_if = "is_usual")]
    pub cpu_shares: Option<u64>,
    /// Which processors: `0-2,4`.
    #[serde(skip_serializing_if = "is_usual")]
    pub cpuset: Option<String>,
    /// Processes and threads; -1 is "without limit".
    #[serde(skip_serializing_if = "is_usual")]
    pub pids: Option<i64>,
    /// Microseconds of processor time in each period.
    #[serde(skip_serializing_if = "is_usual")]
    pub cpu_quota: Option<i64>,
    /// Length of a period in microseconds.
    #[serde(skip_serializing_if = "is_usual")]
    pub cpu_period: Option<i64>,
    /// How readily its memory is swapped, 0 to 100.
    #[serde(skip_serializing_if = "is_usual")]
    pub swappiness: Option<i64>,
    /// Microseconds of real-time scheduling in each such period.
    #[serde(skip_serializing_if = "is_usual")]
    pub realtime_runtime: Option<i64>,
    /// Length of a period of real-time scheduling in microseconds.
    #[serde(skip_serializing_if = "is_usual")]
    pub realtime_period: Option<i64>,
    /// Number of processors, of an engine on Windows.
    #[serde(skip_serializing_if = "is_usual")]
    pub cpu_count: Option<i64>,
    /// Percentage of the processors, of an engine on Windows.
    #[serde(skip_serializing_if = "is_usual")]
    pub cpu_percent: Option<i64>,
    /// Its share of the disks.
    #[serde(skip_serializing_if = "is_usual")]
    pub blkio: Blkio,
    /// It is not killed when memory runs out.
    #[serde(skip_serializing_if = "is_usual")]
    pub oom_kill_disable: Option<bool>,
    /// From -1000, the last to be killed when memory runs out, to 1000.
    #[serde(skip_serializing_if = "is_usual")]
    pub oom_score_adj: Option<i64>,
}

/// The share of the disks that a container may use.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Blkio {
    /// Weight against others, 10 to 1000.
    #[serde(skip_serializing_if = "is_usual")]
    pub weight: Option<u16>,
    /// The same for single devices.
    #[serde(skip_serializing_if = "is_usual")]
    pub weights: Vec<Disk>,
    /// Bytes that may be read in a second.
    #[serde(skip_serializing_if = "is_usual")]
    pub read_bytes: Vec<Disk>,
    /// Reads in a second.
    #[serde(skip_serializing_if = "is_usual")]
    pub read_operations: Vec<Disk>,
    /// Bytes that may be written in a second.
    #[serde(skip_serializing_if = "is_usual")]
    pub write_bytes: Vec<Disk>,
    /// Writes in a second.
    #[serde(skip_serializing_if = "is_usual")]
    pub write_operations: Vec<Disk>,
}

/// A device with its weight or limit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disk {
    /// Path on the host, such as `/dev/sda`.
    pub path: String,
    /// How much.
    pub amount: u64,
}

/// A device of the host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// Path on the host.
    pub source: String,
    /// Path inside.
    pub target: String,
    /// Some of `rwm`: read, write, make.
    pub permissions: String,
}

/// Devices that a driver chooses.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceRequest {
    /// Such as `nvidia`.
    pub driver: Option<String>,
    /// How many; -1 is "all".
    pub count: Option<i64>,
    /// Which ones.
    pub ids: Vec<String>,
    /// What they must be able to do, such as `gpu`.
    pub capabilities: Vec<String>,
    /// What the driver is told.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub options: BTreeMap<String, String>,
}

/// Where the engine writes what a container prints.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Logging {
    /// Name of the engine's driver.
    pub driver: Option<String>,
    /// What the driver is told.
    pub options: BTreeMap<String, String>,
}

/// A small file that is put into a container before its start.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InlineFile {
    /// Absolute path inside.
    pub target: String,
    /// What is in it.
    pub content: String,
    /// Permissions, as of `chmod`.
    pub mode: u32,
}

impl std::fmt::Debug for InlineFile {
    /// Without the content, which may be a secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("InlineFile")
            .field("target", &self.target)
            .field("bytes", &self.content.len())
            .field("mode", &self.mode)
            .finish()
    }
}

/// How the image of a container is built.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Build {
    /// Absolute folder, or an address that the engine fetches itself.
    pub context: String,
    /// Path of the build file relative to the context, `Dockerfile` where absent.
    #[serde(skip_serializing_if = "is_usual")]
    pub dockerfile: Option<String>,
    /// The text of the build file itself, where it is written in place.
    #[serde(skip_serializing_if = "is_usual")]
    pub dockerfile_inline: Option<String>,
    /// Variables of the build; without a value the build file's own default counts.
    #[serde(skip_serializing_if = "is_usual")]
    pub args: BTreeMap<String, String>,
    /// Stage at which it ends.
    #[serde(skip_serializing_if = "is_usual")]
    pub target: Option<String>,
    /// Labels of the image.
    #[serde(skip_serializing_if = "is_usual")]
    pub labels: BTreeMap<String, String>,
    /// Network of the commands of the build.
    #[serde(skip_serializing_if = "is_usual")]
    pub network: Option<String>,
    /// `NAME:ADDRESS` for the commands of the build.
    #[serde(skip_serializing_if = "is_usual")]
    pub extra_hosts: Vec<String>,
    /// Images whose layers may be used again.
    #[serde(skip_serializing_if = "is_usual")]
    pub cache_from: Vec<String>,
    /// Size of `/dev/shm` during the build, in bytes.
    #[serde(skip_serializing_if = "is_usual")]
    pub shm_size: Option<u64>,
    /// Layers of earlier builds are not used.
    #[serde(skip_serializing_if = "is_usual")]
    pub no_cache: bool,
    /// Newer base images are looked for.
    #[serde(skip_serializing_if = "is_usual")]
    pub pull: bool,
    /// Further names of the image.
    #[serde(skip_serializing_if = "is_usual")]
    pub tags: Vec<String>,
}
