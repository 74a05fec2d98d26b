//! What was found out about a machine, before anything is judged.

use super::leftovers::Labelled;
use crate::plan::{HostPort, Plan, Protocol, Run, ServiceKind};
use std::net::IpAddr;

/// Something that was looked at, or the reason why it could not be: a sentence without a
/// full stop.
pub type Fact<T> = Result<T, String>;

/// All that was found out.
#[derive(Clone, Debug)]
pub struct Facts {
    /// Container runtimes, in the order in which they are tried.
    pub runtimes: Fact<Vec<RuntimeFact>>,
    /// Disk, memory, processors and limits.
    pub machine: MachineFacts,
    /// Loopback, names, proxies.
    pub network: NetworkFacts,
    /// The environment that the examination is about.
    pub environment: Fact<EnvironmentFacts>,
    /// What carries our label, owned or not.
    pub leftovers: Fact<Vec<Labelled>>,
    /// Benchtop itself.
    pub benchtop: BenchtopFacts,
}

/// One container runtime, or a place where one may be.
#[derive(Clone, Debug)]
pub struct RuntimeFact {
    /// `unix:///var/run/docker.sock`.
    pub address: String,
    /// How it was found: `DOCKER_HOST`, `default socket`.
    pub source: String,
    /// The one that is used.
    pub used: bool,
    /// A person or a variable said that this one is to be used.
    pub decided: bool,
    /// What it said, or why it said nothing.
    pub answer: Result<RuntimeAnswer, RuntimeTrouble>,
    /// Of a Unix socket: who may open it.
    pub socket: Option<SocketFact>,
}

/// What a runtime said about itself. What it did not say is absent.
#[derive(Clone, Debug, Default)]
pub struct RuntimeAnswer {
    /// `Docker 20.10.24`.
    pub name: String,
    /// Version of its API.
    pub api: String,
    /// It runs without root.
    pub rootless: bool,
    /// Version of its control groups.
    pub cgroup: Option<u8>,
    /// Its clock minus this host's, in milliseconds.
    pub skew_ms: Option<i64>,
    /// Processors that it gives to containers.
    pub cpus: Option<u32>,
    /// Bytes of memory that it has for containers.
    pub memory: Option<u64>,
}

/// Why a runtime cannot be used.
#[derive(Clone, Debug)]
pub struct RuntimeTrouble {
    /// Nothing is installed there: no trouble in itself.
    pub absent: bool,
    /// The socket is there, and this user may not open it.
    pub forbidden: bool,
    /// One sentence.
    pub text: String,
    /// What to do.
    pub hint: String,
}

/// Who may open a socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SocketFact {
    /// Permission bits, such as `0o660`.
    pub mode: u32,
    /// `root:docker`.
    pub owner: String,
}

/// Disk, memory, processors and limits.
#[derive(Clone, Debug)]
pub struct MachineFacts {
    /// Each file system once.
    pub disks: Vec<DiskFact>,
    /// Memory.
    pub memory: Fact<MemoryFact>,
    /// Processors that programs here can use.
    pub cpus: Fact<u32>,
    /// Files that one program may have open.
    pub files: Fact<FileLimit>,
    /// Notices of the kernel about files.
    pub inotify: Fact<InotifyFact>,
    /// Version of the host's control groups; absent where it has none.
    pub cgroup: Fact<u8>,
}

/// One file system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiskFact {
    /// What lies on it: `data folder`, `images and volumes`.
    pub what: String,
    /// A folder on it.
    pub path: String,
    /// Bytes that this user can still write.
    pub free: u64,
    /// Bytes in all.
    pub total: u64,
    /// Files that can still be made, where the file system counts them.
    pub free_files: Option<u64>,
}

/// Memory in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryFact {
    /// All of it.
    pub total: u64,
    /// What programs can still get.
    pub available: u64,
}

/// How many files a program may have open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileLimit {
    /// As it is.
    pub soft: u64,
    /// As high as a program may set it.
    pub hard: u64,
}

/// Limits of inotify for this user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InotifyFact {
    /// Files and folders that can be watched.
    pub watches: u64,
    /// Watchers that can be made.
    pub instances: u64,
    /// Watchers that this user has now, as far as they can be counted.
    pub used: u64,
}

/// Loopback, names, proxies.
#[derive(Clone, Debug)]
pub struct NetworkFacts {
    /// A connection of 127.0.0.1 to itself, with a byte each way.
    pub ipv4: Result<(), String>,
    /// The same of ::1.
    pub ipv6: Result<(), String>,
    /// The addresses of `localhost`, or why there are none.
    pub localhost: Result<Vec<IpAddr>, String>,
    /// This host's own name and its addresses.
    pub host: Fact<(String, Result<Vec<IpAddr>, String>)>,
    /// The name servers.
    pub servers: Fact<Vec<String>>,
    /// Names that the environment needs from outside, and whether they have an address.
    pub lookups: Vec<(String, Result<(), String>)>,
    /// Proxy variables with passwords masked.
    pub proxies: Vec<(String, String)>,
    /// `NO_PROXY`, in whichever case it was set.
    pub no_proxy: Option<String>,
}

/// One environment.
#[derive(Clone, Debug)]
pub struct EnvironmentFacts {
    /// Its name.
    pub name: String,
    /// Its file.
    pub file: String,
    /// Errors in it, `benchtop.yaml:3:5: …`.
    pub errors: Vec<String>,
    /// Warnings in it.
    pub warnings: Vec<String>,
    /// What it asks of the machine.
    pub wants: Wants,
    /// Its fixed ports.
    pub ports: Vec<PortFact>,
    /// Programs of its processes that are not there: service and program.
    pub missing: Vec<(String, String)>,
}

/// What an environment asks of the machine.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wants {
    /// Services that are containers.
    pub containers: Vec<String>,
    /// Services that are processes of this host.
    pub processes: Vec<String>,
    /// Services whose files are watched.
    pub watching: u32,
    /// Bytes that containers may use at most, where limited.
    pub memory_limits: Vec<(String, u64)>,
    /// Bytes that containers are promised.
    pub memory_reserved: Vec<(String, u64)>,
    /// Processors that containers may use at most, in billionths.
    pub cpus: Vec<(String, u64)>,
}

impl Wants {
    /// What a plan asks for.
    #[must_use]
    pub fn of(plan: &Plan) -> Self {
        let mut wants = Self::default();
        for service in plan.services.values() {
            let name = &service.name;
            wants.watching += u32::from(!service.watch.is_empty());
            match service.kind() {
                ServiceKind::Container => wants.containers.push(name.clone()),
                ServiceKind::Process => wants.processes.push(name.clone()),
                ServiceKind::External => {}
            }
            if let Run::Container(container) = &service.run {
                let limits = &container.settings.limits;
                let entry = |amount: Option<u64>| amount.map(|amount| (name.clone(), amount));
                wants.memory_limits.extend(entry(limits.memory));
                wants
                    .memory_reserved
                    .extend(entry(limits.memory_reservation));
                wants.cpus.extend(entry(limits.nano_cpus));
            }
        }
        wants
    }

    /// The fixed TCP ports of a plan's own services: service, endpoint, port.
    #[must_use]
    pub fn ports(plan: &Plan) -> Vec<(String, String, u16)> {
        let mut ports = Vec::new();
        let own = plan.services.values();
        for service in own.filter(|s| s.kind() != ServiceKind::External) {
            for endpoint in &service.endpoints {
                if let (HostPort::Fixed(port), Protocol::Tcp) = (endpoint.port, endpoint.protocol) {
                    ports.push((service.name.clone(), endpoint.name.clone(), port));
                }
            }
        }
        ports
    }
}

/// One fixed port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortFact {
    /// The service that wants it.
    pub service: String,
    /// The endpoint.
    pub endpoint: String,
    /// The port.
    pub port: u16,
    /// An instance of the service runs: that it is taken is as it should be.
    pub own: bool,
    /// Addresses at which somebody listens: `127.0.0.1`, `::1`, `0.0.0.0`.
    pub taken: Vec<IpAddr>,
    /// Who, where the system tells: process id and program.
    pub holder: Option<(u32, String)>,
    /// The container that publishes it, where the runtime tells.
    pub container: Option<String>,
}

/// Benchtop itself.
#[derive(Clone, Debug)]
pub struct BenchtopFacts {
    /// Version of the face that asks.
    pub version: String,
    /// Version of the list of requests that it knows.
    pub protocol: u32,
    /// Who answers on the socket; absent where no engine runs.
    pub engine: Fact<Option<EngineFact>>,
    /// The folder of history, records and logs.
    pub data: DataFact,
}

/// The engine that runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineFact {
    /// Its version.
    pub version: String,
    /// Version of its list of requests.
    pub protocol: u32,
    /// Its process id.
    pub pid: u32,
}

/// The data folder.
#[derive(Clone, Debug)]
pub struct DataFact {
    /// Where it is.
    pub path: String,
    /// Whether files can be made in it, and nobody else may open it.
    pub usable: Result<(), String>,
    /// Bytes in it, and whether all of it was counted.
    pub size: Fact<(u64, bool)>,
    /// Whether the history is sound.
    pub history: Fact<Integrity>,
}

/// Whether a database is sound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Integrity {
    /// There is none yet.
    Absent,
    /// It is.
    Sound,
    /// It is not; what SQLite says.
    Damaged(String),
}
