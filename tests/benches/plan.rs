//! How long an environment file takes to become a plan: 500 services within
//! 20 ms, beside what only reading its YAML takes, and the largest files that are
//! still taken or refused.

use benchtop_api::model::file::{self, Loaded, Sources};
use benchtop_tests::bench::{Budget, Table, timed};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

const RUNS: usize = 15;

fn main() {
    let mut table = Table::new("plan: from an environment file to what is started");
    let (small, large) = (services(500), services(5_000));
    let floor = median(|| drop(load(&format!("x-rest:\n{small}"))));
    let plan = median(|| drop(load(&format!("services:\n{small}"))));
    assert!(load(&format!("services:\n{small}")).plan.is_some());
    table.figure("500 services, only read as YAML", floor, "ms");
    table.budgeted("500 services, planned", plan, "ms", Budget::AtMost(20.0));
    table.figure("  ratio to reading alone", plan / floor, "x");
    let plan = median(|| drop(load(&format!("services:\n{large}"))));
    table.figure("5000 services, planned", plan, "ms");

    let many = format!("services:\n{}", services(10_000));
    outcome(&mut table, "10000 services", &many);
    outcome(&mut table, "an alias bomb", &bomb());
    let huge = format!("services: {{}}\n# {}", "x".repeat(10 << 20));
    outcome(&mut table, "a file of more than 10 MB", &huge);
}

/// How long it takes, within a second, and what becomes of it.
fn outcome(table: &mut Table, name: &str, text: &str) {
    let loaded = load(text);
    let said = match (&loaded.plan, loaded.problems.first()) {
        (Some(plan), _) => format!("{name}: {} services planned", plan.services.len()),
        (None, first) => {
            let first = first.map(|p| p.message.clone()).unwrap_or_default();
            format!("{name}: {}", first.chars().take(40).collect::<String>())
        }
    };
    let took = median(|| drop(load(text)));
    table.budgeted(&said, took, "ms", Budget::AtMost(1000.0));
}

fn median(work: impl FnMut()) -> f64 {
    let runs = timed(RUNS, work);
    runs[runs.len() / 2].as_secs_f64() * 1000.0
}

/// Services as people write them, each with some of the keys.
fn services(count: usize) -> String {
    let mut text = String::new();
    for n in 0..count {
        let before = n.saturating_sub(1);
        // A string takes whatever is written to it.
        _ = write!(
            text,
            "  s{n}:
    image: registry.example/team/service-{n}:${{TAG:-1.0}}
    command: [serve, --port, '8080', --name, s{n}]
    environment:
      LOG_LEVEL: ${{LEVEL:-info}}
      PEER: '{{{{s{before}.http.url}}}}'
    endpoints: {{ http: {{ port: auto, target: 8080 }} }}
    volumes: ['./data/{n}:/data:ro']
    restart: on-failure
    probes: {{ ready: {{ http: /health }} }}
"
        );
        if n > 0 {
            _ = writeln!(
                text,
                "    depends_on: {{ s{before}: {{ condition: service_healthy }} }}"
            );
        }
    }
    text
}

/// Ten levels of ten aliases each.
fn bomb() -> String {
    let mut text = String::from("x-0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for n in 1..10 {
        let before = format!("*a{}", n - 1);
        let row = vec![before; 10].join(", ");
        _ = writeln!(text, "x-{n}: &a{n} [{row}]");
    }
    text + "services: { a: { image: x, labels: *a9 } }\n"
}

fn load(text: &str) -> Loaded {
    let read = |path: &Path| match path.ends_with("benchtop.yaml") {
        true => Ok(text.as_bytes().to_vec()),
        false => Err(std::io::ErrorKind::NotFound.into()),
    };
    let sources = Sources {
        variables: &BTreeMap::new(),
        profiles: &BTreeSet::new(),
        read: &read,
    };
    file::load(Path::new("/p/benchtop.yaml"), &sources)
}
