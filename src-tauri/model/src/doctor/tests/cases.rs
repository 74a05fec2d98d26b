//! One thing changed on a machine that is in order, and what a person is told.

use super::*;

/// What is changed, which check must notice, how, and with which words.
pub(super) struct Case(
    pub(super) &'static str,
    pub(super) fn(&mut Facts),
    pub(super) &'static str,
    pub(super) DoctorState,
    pub(super) &'static str,
);

pub(super) const CASES: &[Case] = &[
    Case(
        "no runtime, and one is needed",
        |f| {
            f.runtimes = Ok(vec![RuntimeFact {
                answer: Err(trouble(
                    "the container runtime is not running (x does not answer)",
                )),
                ..runtime(false)
            }])
        },
        "container-runtime",
        DoctorState::Fail,
        "is not running (x does not answer), and a service needs one",
    ),
    Case(
        "no runtime, and none is needed",
        |f| {
            f.runtimes = Ok(Vec::new());
            wants(f).containers.clear();
        },
        "container-runtime",
        DoctorState::Pass,
        "this environment has no containers",
    ),
    Case(
        "no runtime, and nobody knows",
        |f| {
            f.runtimes = Ok(Vec::new());
            f.environment = Err("no environment was named".into());
        },
        "container-runtime",
        DoctorState::Warn,
        "no container runtime is installed",
    ),
    Case(
        "two runtimes, nobody chose",
        |f| {
            f.runtimes = Ok(vec![
                runtime(true),
                RuntimeFact {
                    address: "unix:///run/podman.sock".into(),
                    ..runtime(false)
                },
            ])
        },
        "runtime-choice",
        DoctorState::Warn,
        "nobody chose between them",
    ),
    Case(
        "two runtimes, one was chosen",
        |f| {
            f.runtimes = Ok(vec![
                RuntimeFact {
                    decided: true,
                    ..runtime(true)
                },
                runtime(false),
            ])
        },
        "runtime-choice",
        DoctorState::Pass,
        "was chosen",
    ),
    Case(
        "no permission",
        |f| {
            f.runtimes = Ok(vec![RuntimeFact {
                answer: Err(trouble("no permission to use x")),
                ..runtime(true)
            }])
        },
        "runtime-socket",
        DoctorState::Fail,
        "no permission",
    ),
    Case(
        "a socket for everybody",
        |f| {
            f.runtimes = Ok(vec![RuntimeFact {
                socket: Some(SocketFact {
                    mode: 0o666,
                    owner: "root:root".into(),
                }),
                ..runtime(true)
            }])
        },
        "runtime-socket",
        DoctorState::Warn,
        "as good as root",
    ),
    Case(
        "clocks apart",
        |f| answer(f).skew_ms = Some(-5_000),
        "runtime-clock",
        DoctorState::Warn,
        "5 s behind",
    ),
    Case(
        "clocks far apart",
        |f| answer(f).skew_ms = Some(3_600_000),
        "runtime-clock",
        DoctorState::Fail,
        "ahead of",
    ),
    Case(
        "disk nearly full",
        |f| f.machine.disks[0].free = 2 << 30,
        "disk",
        DoctorState::Warn,
        "2.0 GiB free",
    ),
    Case(
        "disk full",
        |f| f.machine.disks[0].free = 1 << 20,
        "disk",
        DoctorState::Fail,
        "databases and builds will fail",
    ),
    Case(
        "no file can be made",
        |f| f.machine.disks[0].free_files = Some(0),
        "disk",
        DoctorState::Fail,
        "free on",
    ),
    Case(
        "little memory",
        |f| {
            f.machine.memory = Ok(MemoryFact {
                total: 8 << 30,
                available: 100 << 20,
            })
        },
        "memory",
        DoctorState::Warn,
        "100 MiB",
    ),
    Case(
        "limits beyond memory",
        |f| wants(f).memory_limits = vec![("a".into(), 10 << 30), ("b".into(), 10 << 30)],
        "memory",
        DoctorState::Warn,
        "add up to 20 GiB",
    ),
    Case(
        "reserved beyond memory",
        |f| wants(f).memory_reserved = vec![("a".into(), 20 << 30)],
        "memory",
        DoctorState::Fail,
        "reserves 20 GiB",
    ),
    Case(
        "limits beyond the virtual machine",
        |f| {
            answer(f).memory = Some(2 << 30);
            wants(f).memory_limits = vec![("a".into(), 4 << 30)];
        },
        "memory",
        DoctorState::Warn,
        "2.0 GiB for containers",
    ),
    Case(
        "too many processors",
        |f| wants(f).cpus = vec![("flink".into(), 16_500_000_000)],
        "cpus",
        DoctorState::Fail,
        "flink asks for 16.5 processors",
    ),
    Case(
        "few files",
        |f| {
            f.machine.files = Ok(FileLimit {
                soft: 256,
                hard: 4096,
            })
        },
        "open-files",
        DoctorState::Warn,
        "256 files",
    ),
    Case(
        "too few files",
        |f| {
            f.machine.files = Ok(FileLimit {
                soft: 100,
                hard: 4096,
            })
        },
        "open-files",
        DoctorState::Fail,
        "Benchtop needs 160",
    ),
    Case(
        "watchers used up",
        |f| {
            f.machine.inotify = Ok(InotifyFact {
                watches: 524_288,
                instances: 128,
                used: 120,
            })
        },
        "inotify",
        DoctorState::Warn,
        "8 of 128 watchers",
    ),
    Case(
        "few watches",
        |f| {
            f.machine.inotify = Ok(InotifyFact {
                watches: 8_192,
                instances: 1_024,
                used: 0,
            })
        },
        "inotify",
        DoctorState::Warn,
        "8192 files and folders",
    ),
    Case(
        "old control groups, rootless",
        |f| {
            answer(f).cgroup = Some(1);
            answer(f).rootless = true;
        },
        "cgroup",
        DoctorState::Warn,
        "cannot limit memory",
    ),
    Case(
        "old control groups",
        |f| answer(f).cgroup = Some(1),
        "cgroup",
        DoctorState::Pass,
        "version 1",
    ),
    Case(
        "no IPv4 loopback",
        |f| f.network.ipv4 = Err("network is down".into()),
        "loopback-ipv4",
        DoctorState::Fail,
        "network is down",
    ),
    Case(
        "no IPv6 loopback",
        |f| f.network.ipv6 = Err("cannot assign requested address".into()),
        "loopback-ipv6",
        DoctorState::Warn,
        "listens on [::1]",
    ),
    Case(
        "no IPv6 loopback, and nothing else",
        |f| {
            f.network.ipv6 = Err("no".into());
            f.network.localhost = Ok(vec![ip("::1")]);
        },
        "loopback-ipv6",
        DoctorState::Fail,
        "localhost leads nowhere else",
    ),
    Case(
        "localhost is ::1 only",
        |f| f.network.localhost = Ok(vec![ip("::1")]),
        "localhost",
        DoctorState::Warn,
        "::1 only",
    ),
    Case(
        "localhost is 127.0.0.1 only",
        |f| f.network.localhost = Ok(vec![ip("127.0.0.1")]),
        "localhost",
        DoctorState::Warn,
        "127.0.0.1 only",
    ),
    Case(
        "localhost is 127.0.0.1, as is the machine",
        |f| {
            f.network.localhost = Ok(vec![ip("127.0.0.1")]);
            f.network.ipv6 = Err("no".into());
        },
        "localhost",
        DoctorState::Pass,
        "no ::1",
    ),
    Case(
        "localhost is unknown",
        |f| f.network.localhost = Err("not found".into()),
        "localhost",
        DoctorState::Fail,
        "has no address",
    ),
    Case(
        "localhost is elsewhere",
        |f| f.network.localhost = Ok(vec![ip("10.0.0.1")]),
        "localhost",
        DoctorState::Fail,
        "not this machine's loopback",
    ),
    Case(
        "own name unknown",
        |f| f.network.host = Ok(("box".into(), Err("not found".into()))),
        "host-name",
        DoctorState::Warn,
        "own name box",
    ),
    Case(
        "registry unknown",
        |f| f.network.lookups = vec![("registry.example".into(), Err("no answer".into()))],
        "dns",
        DoctorState::Warn,
        "registry.example has no address",
    ),
    Case(
        "no name server",
        |f| {
            f.network.lookups.clear();
            f.network.servers = Ok(Vec::new());
        },
        "dns",
        DoctorState::Warn,
        "no name server",
    ),
    Case(
        "a proxy for everything",
        |f| f.network.proxies = vec![("HTTP_PROXY".into(), "http://proxy:3128".into())],
        "proxy",
        DoctorState::Warn,
        "does not cover localhost, 127.0.0.1, ::1",
    ),
    Case(
        "a proxy, and half of loopback",
        |f| {
            f.network.proxies = vec![("http_proxy".into(), "http://proxy:3128".into())];
            f.network.no_proxy = Some("localhost,127.0.0.0/8".into());
        },
        "proxy",
        DoctorState::Warn,
        "does not cover ::1",
    ),
    Case(
        "a proxy that stays away",
        |f| {
            f.network.proxies = vec![("HTTP_PROXY".into(), "http://proxy:3128".into())];
            f.network.no_proxy = Some("localhost,127.0.0.1,::1".into());
        },
        "proxy",
        DoctorState::Pass,
        "covers loopback",
    ),
    Case(
        "an error in the file",
        |f| {
            f.environment
                .as_mut()
                .expect("e")
                .errors
                .push("benchtop.yaml:3:1: no".into())
        },
        "definition",
        DoctorState::Fail,
        "benchtop.yaml:3:1",
    ),
    Case(
        "a warning in the file",
        |f| {
            f.environment
                .as_mut()
                .expect("e")
                .warnings
                .push("benchtop.yaml:3:1: hm".into())
        },
        "definition",
        DoctorState::Warn,
        "hm",
    ),
    Case(
        "a port is held",
        |f| ports(f).push(held_port()),
        "ports",
        DoctorState::Fail,
        "port 5432 is held by pid 812 (postgres), and postgres needs it",
    ),
    Case(
        "a port is held by a container",
        |f| {
            ports(f).push(PortFact {
                container: Some("old-db".into()),
                ..held_port()
            })
        },
        "ports",
        DoctorState::Fail,
        "held by the container old-db",
    ),
    Case(
        "a port is held by nobody that can be named",
        |f| {
            ports(f).push(PortFact {
                holder: None,
                ..held_port()
            })
        },
        "ports",
        DoctorState::Fail,
        "by another program",
    ),
    Case(
        "a port is held by its own service",
        |f| {
            ports(f).push(PortFact {
                own: true,
                ..held_port()
            })
        },
        "ports",
        DoctorState::Pass,
        "held by their own service",
    ),
    Case(
        "a program is not there",
        |f| {
            f.environment
                .as_mut()
                .expect("e")
                .missing
                .push(("api".into(), "dotnet".into()))
        },
        "programs",
        DoctorState::Fail,
        "program not found: dotnet",
    ),
    Case(
        "no environment",
        |f| f.environment = Err("no environment was named".into()),
        "ports",
        DoctorState::Skipped,
        "no environment was named",
    ),
    Case(
        "another engine",
        |f| engine(f).version = "1.1.0".into(),
        "versions",
        DoctorState::Warn,
        "the running engine is version 1.1.0, this is 1.2.0",
    ),
    Case(
        "an engine of another language",
        |f| engine(f).protocol = 9,
        "versions",
        DoctorState::Fail,
        "do not understand each other",
    ),
    Case(
        "no engine",
        |f| f.benchtop.engine = Ok(None),
        "versions",
        DoctorState::Pass,
        "no engine runs",
    ),
    Case(
        "a damaged history",
        |f| f.benchtop.data.history = Ok(Integrity::Damaged("malformed".into())),
        "history",
        DoctorState::Fail,
        "malformed",
    ),
    Case(
        "no history yet",
        |f| f.benchtop.data.history = Ok(Integrity::Absent),
        "history",
        DoctorState::Pass,
        "nothing was recorded",
    ),
    Case(
        "a large data folder",
        |f| f.benchtop.data.size = Ok((40 << 30, true)),
        "data-folder",
        DoctorState::Warn,
        "40 GiB",
    ),
    Case(
        "a foreign data folder",
        |f| f.benchtop.data.usable = Err("it belongs to another user".into()),
        "data-folder",
        DoctorState::Fail,
        "another user",
    ),
];
