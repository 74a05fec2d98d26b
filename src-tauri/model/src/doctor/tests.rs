//! Tables: a machine that is in order, one thing changed, and what a person is told.

use super::facts::*;
use super::leftovers::{Labelled, LeftoverKind, Owner};
use super::preflight::{Quick, obstacles};
use super::*;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::path::Path;

fn runtime(used: bool) -> RuntimeFact {
    RuntimeFact {
        address: "unix:///var/run/docker.sock".into(),
        source: "default socket".into(),
        used,
        decided: false,
        answer: Ok(RuntimeAnswer {
            name: "Docker 27.1.0".into(),
            api: "1.46".into(),
            rootless: false,
            cgroup: Some(2),
            skew_ms: Some(12),
            cpus: Some(8),
            memory: Some(16 << 30),
        }),
        socket: Some(SocketFact {
            mode: 0o660,
            owner: "root:docker".into(),
        }),
    }
}

fn trouble(text: &str) -> RuntimeTrouble {
    RuntimeTrouble {
        absent: false,
        forbidden: text.contains("permission"),
        text: text.into(),
        hint: "do something".into(),
    }
}

fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

/// A machine on which everything passes.
fn sound() -> Facts {
    Facts {
        runtimes: Ok(vec![runtime(true)]),
        machine: MachineFacts {
            disks: vec![DiskFact {
                what: "data folder".into(),
                path: "/home/me".into(),
                free: 100 << 30,
                total: 500 << 30,
                free_files: Some(1_000_000),
            }],
            memory: Ok(MemoryFact {
                total: 16 << 30,
                available: 8 << 30,
            }),
            cpus: Ok(8),
            files: Ok(FileLimit {
                soft: 65_536,
                hard: 65_536,
            }),
            inotify: Ok(InotifyFact {
                watches: 524_288,
                instances: 1_024,
                used: 20,
            }),
            cgroup: Ok(2),
        },
        network: NetworkFacts {
            ipv4: Ok(()),
            ipv6: Ok(()),
            localhost: Ok(vec![ip("127.0.0.1"), ip("::1")]),
            host: Ok(("box".into(), Ok(vec![ip("127.0.1.1")]))),
            servers: Ok(vec!["192.0.2.1".into()]),
            lookups: vec![("registry-1.docker.io".into(), Ok(()))],
            proxies: Vec::new(),
            no_proxy: None,
        },
        environment: Ok(EnvironmentFacts {
            name: "shop".into(),
            file: "benchtop.yaml".into(),
            errors: Vec::new(),
            warnings: Vec::new(),
            wants: Wants {
                containers: vec!["postgres".into()],
                processes: vec!["api".into()],
                ..Wants::default()
            },
            ports: Vec::new(),
            missing: Vec::new(),
        }),
        leftovers: Ok(Vec::new()),
        benchtop: BenchtopFacts {
            version: "1.2.0".into(),
            protocol: 1,
            engine: Ok(Some(EngineFact {
                version: "1.2.0".into(),
                protocol: 1,
                pid: 7,
            })),
            data: DataFact {
                path: "/home/me/.local/share/benchtop".into(),
                usable: Ok(()),
                size: Ok((1 << 20, true)),
                history: Ok(Integrity::Sound),
            },
        },
    }
}

fn wants(facts: &mut Facts) -> &mut Wants {
    &mut facts.environment.as_mut().expect("an environment").wants
}

fn ports(facts: &mut Facts) -> &mut Vec<PortFact> {
    &mut facts.environment.as_mut().expect("an environment").ports
}

fn held_port() -> PortFact {
    PortFact {
        service: "postgres".into(),
        endpoint: "tcp".into(),
        port: 5432,
        own: false,
        taken: vec![ip("::1")],
        holder: Some((812, "postgres".into())),
        container: None,
    }
}

fn report(facts: &Facts) -> DoctorReport {
    examine(facts, Millis(5), Timestamp(0))
}

/// What is changed, which check must notice, how, and with which words.
struct Case(
    &'static str,
    fn(&mut Facts),
    &'static str,
    DoctorState,
    &'static str,
);

const CASES: &[Case] = &[
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

fn answer(facts: &mut Facts) -> &mut RuntimeAnswer {
    let all = facts.runtimes.as_mut().expect("runtimes");
    all[0].answer.as_mut().expect("an answer")
}

fn engine(facts: &mut Facts) -> &mut EngineFact {
    let engine = facts.benchtop.engine.as_mut().expect("asked");
    engine.as_mut().expect("an engine")
}

#[test]
fn a_sound_machine_passes_everything() {
    let report = report(&sound());
    for check in &report.checks {
        assert_eq!(check.state, DoctorState::Pass, "{check:?}");
        assert!(check.fix.is_none(), "{check:?}");
    }
    assert_eq!(report.status, DoctorState::Pass);
    assert_eq!(report.metrics.passed as usize, report.checks.len());
    let names: BTreeSet<_> = report.checks.iter().map(|check| &check.id).collect();
    assert_eq!(names.len(), report.checks.len(), "names are unique");
    assert!(report.checks.is_sorted_by_key(|check| check.group));
}

#[test]
fn each_trouble_is_noticed_by_its_own_check() {
    for Case(what, change, id, state, words) in CASES {
        let mut facts = sound();
        change(&mut facts);
        let report = report(&facts);
        let check = report.check(id).unwrap_or_else(|| panic!("{what}: {id}"));
        assert_eq!(check.state, *state, "{what}: {check:?}");
        assert!(check.reason.contains(words), "{what}: {}", check.reason);
        assert_eq!(
            check.fix.is_some(),
            *state > DoctorState::Pass,
            "{what}: {check:?}"
        );
        assert!(!check.reason.ends_with('.'), "{what}: {}", check.reason);
        if *state == DoctorState::Fail {
            assert_eq!(report.status, DoctorState::Fail, "{what}");
        }
    }
}

#[test]
fn what_could_not_be_looked_at_is_skipped_by_name() {
    let mut facts = sound();
    let why = || "it took too long".to_owned();
    facts.runtimes = Err(why());
    facts.machine.disks.clear();
    facts.machine.memory = Err(why());
    facts.machine.cpus = Err(why());
    facts.machine.files = Err(why());
    facts.machine.inotify = Err(why());
    facts.machine.cgroup = Err(why());
    facts.network.host = Err(why());
    facts.network.servers = Err(why());
    facts.network.lookups.clear();
    facts.environment = Err(why());
    facts.leftovers = Err(why());
    facts.benchtop.data.history = Err(why());
    let report = report(&facts);
    assert_eq!(report.metrics.skipped, 17, "{report:#?}");
    assert_eq!(report.status, DoctorState::Pass);
    assert!(as_text(&report).contains("Skipped  Ports: it took too long"));
}

#[test]
fn the_program_that_holds_a_port_can_be_asked_to_end() {
    let mut facts = sound();
    ports(&mut facts).push(held_port());
    let report = report(&facts);
    let action = report.check("ports").and_then(|check| check.action.clone());
    let expected = DoctorAction::FreePort {
        port: 5432,
        pid: 812,
        program: "postgres".into(),
    };
    assert_eq!(action, Some(expected));
    assert!(as_text(&report).contains("postgres tcp (5432): held at ::1 by pid 812 (postgres)"));
}

fn labelled(kind: LeftoverKind, owner: Owner) -> Labelled {
    Labelled {
        id: "container:abc".into(),
        kind,
        name: "shop-db-1".into(),
        service: Some("db".into()),
        project: Some(("/gone".into(), false)),
        running: false,
        owner,
    }
}

#[test]
fn only_what_certainly_has_no_owner_is_offered() {
    use LeftoverKind::{Container, Network, Shim};
    let there = Some(("/work/shop".to_owned(), true));
    let table = [
        (labelled(Container, Owner::Known), false),
        (labelled(Container, Owner::Nobody), true),
        // A running one of a project that is gone is what nobody will ever stop.
        (
            Labelled {
                running: true,
                ..labelled(Container, Owner::Nobody)
            },
            true,
        ),
        (
            Labelled {
                project: there.clone(),
                ..labelled(Container, Owner::Nobody)
            },
            false,
        ),
        (
            Labelled {
                project: None,
                ..labelled(Network, Owner::Nobody)
            },
            false,
        ),
        (
            Labelled {
                project: there.clone(),
                ..labelled(Container, Owner::Disowned)
            },
            true,
        ),
        (
            Labelled {
                running: true,
                ..labelled(Container, Owner::Disowned)
            },
            false,
        ),
        (
            Labelled {
                running: true,
                ..labelled(Shim, Owner::Disowned)
            },
            true,
        ),
    ];
    for (found, offered) in table {
        let mut facts = sound();
        facts.leftovers = Ok(vec![found.clone()]);
        let report = report(&facts);
        let check = report.check("leftovers").expect("the check");
        assert_eq!(check.action.is_some(), offered, "{found:?}: {check:?}");
        assert_eq!(check.state == DoctorState::Warn, offered, "{found:?}");
    }
}

#[test]
fn several_leftovers_are_counted_by_kind() {
    let mut facts = sound();
    let shim = || Labelled {
        id: "shim:1:2".into(),
        ..labelled(LeftoverKind::Shim, Owner::Disowned)
    };
    facts.leftovers = Ok(vec![
        labelled(LeftoverKind::Container, Owner::Nobody),
        shim(),
        shim(),
    ]);
    let report = report(&facts);
    let reason = &report.check("leftovers").expect("the check").reason;
    assert_eq!(reason, "3 things have no owner: 1 container, 2 processes");
}

#[test]
fn no_proxy_is_understood_as_programs_do() {
    let table = [
        ("localhost", "localhost", true),
        ("LOCALHOST", "localhost", true),
        ("*", "::1", true),
        (".example.com", "api.example.com", true),
        ("*.example.com", "api.example.com", true),
        ("example.com", "notexample.com", false),
        ("127.0.0.0/8", "127.0.0.1", true),
        ("127.0.0.0/8", "::1", false),
        ("10.0.0.0/8", "127.0.0.1", false),
        ("[::1]", "::1", true),
        ("a, localhost ;b", "localhost", true),
        ("", "localhost", false),
        ("127.0.0.0/99", "127.0.0.1", false),
        ("0.0.0.0/0", "127.0.0.1", true),
        (".", "localhost", false),
    ];
    for (list, host, covered) in table {
        assert_eq!(covers(list, host), covered, "{list} {host}");
    }
}

fn plan(text: &str) -> crate::plan::Plan {
    let read = |path: &Path| match path.ends_with("benchtop.yaml") {
        true => Ok(text.as_bytes().to_vec()),
        false => Err(std::io::ErrorKind::NotFound.into()),
    };
    let sources = crate::file::Sources {
        variables: &BTreeMap::new(),
        profiles: &BTreeSet::new(),
        read: &read,
    };
    let loaded = crate::file::load(Path::new("/p/benchtop.yaml"), &sources);
    loaded
        .plan
        .unwrap_or_else(|| panic!("{:?}", loaded.problems))
}

const SHOP: &str = "services:
  db: { image: postgres, mem_limit: 1g, mem_reservation: 512m, cpus: 1.5, ports: ['5432:5432'] }
  api: { process: ./api, depends_on: [db], watch: ['src/**'], endpoints: { http: auto, admin: 9000 } }
  alone: { process: ./alone }
";

#[test]
fn what_an_environment_asks_for_is_read_from_its_plan() {
    let plan = plan(SHOP);
    let wants = Wants::of(&plan);
    assert_eq!(wants.containers, ["db"]);
    assert_eq!(wants.processes, ["alone", "api"]);
    assert_eq!(wants.watching, 1);
    assert_eq!(wants.memory_limits, [("db".to_owned(), 1 << 30)]);
    assert_eq!(wants.memory_reserved, [("db".to_owned(), 512 << 20)]);
    assert_eq!(wants.cpus, [("db".to_owned(), 1_500_000_000)]);
    let ports: Vec<u16> = Wants::ports(&plan).iter().map(|port| port.2).collect();
    assert_eq!(ports, [9000, 5432]);
}

#[test]
fn a_start_is_refused_only_where_nothing_of_it_can_work() {
    let plan = plan(SHOP);
    let quick = Quick {
        runtimes: Some(Vec::new()),
        ..Quick::default()
    };
    let found = obstacles(&plan, &quick);
    assert_eq!(found.blocked.keys().collect::<Vec<_>>(), ["db"]);
    let refused = |wanted: &[&str]| {
        let wanted: Vec<String> = wanted.iter().map(|name| (*name).to_owned()).collect();
        found.refusal(&plan, &wanted).map(|check| check.id.clone())
    };
    assert_eq!(refused(&[]), None, "`alone` can run");
    assert_eq!(refused(&["db"]).as_deref(), Some("container-runtime"));
    assert_eq!(
        refused(&["api"]).as_deref(),
        Some("container-runtime"),
        "it cannot do without db"
    );
    assert_eq!(refused(&["alone"]), None);
}

#[test]
fn a_start_is_warned_of_a_port_and_refused_without_loopback() {
    let plan = plan(SHOP);
    let mut network = sound().network;
    let held = Quick {
        ports: vec![PortFact {
            service: "db".into(),
            ..held_port()
        }],
        network: Some(network.clone()),
        ..Quick::default()
    };
    let found = obstacles(&plan, &held);
    assert_eq!(found.checks.len(), 1, "{found:?}");
    assert!(
        found.checks[0]
            .reason
            .starts_with("port 5432 is held by pid 812 (postgres)")
    );
    assert_eq!(
        found.refusal(&plan, &["db".to_owned()]),
        None,
        "its service says so itself"
    );
    network.ipv4 = Err("network is down".into());
    let quick = Quick {
        network: Some(network),
        ..Quick::default()
    };
    let found = obstacles(&plan, &quick);
    let refusal = found.refusal(&plan, &[]).expect("refused");
    assert_eq!(refusal.id, "loopback-ipv4");
    assert_eq!(
        obstacles(&plan, &Quick::default()),
        Default::default(),
        "what is not known blocks nothing"
    );
}
