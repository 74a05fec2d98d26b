//! Tables: a machine that is in order, one thing changed, and what a person is told.

mod cases;

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
    for cases::Case(what, change, id, state, words) in cases::CASES {
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
    let there = Some(("/home/me/shop".to_owned(), true));
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
