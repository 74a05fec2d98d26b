//! The loader answers whatever it is given: it never panics, never takes long,
//! and has a plan exactly where it has no errors.

#![allow(clippy::unwrap_used)]

use benchtop_model::file::{self, Loaded, Sources};
use benchtop_model::graph;
use benchtop_model::problem::Severity;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

fn load(bytes: &[u8]) -> Loaded {
    let variables = BTreeMap::from([("SET".to_owned(), "value".to_owned())]);
    let read = |path: &Path| match path.file_name().and_then(|name| name.to_str()) {
        Some("benchtop.yaml" | "own.env") => Ok(bytes.to_vec()),
        _ => Err(io::ErrorKind::NotFound.into()),
    };
    let sources = Sources {
        variables: &variables,
        profiles: &BTreeSet::new(),
        read: &read,
    };
    file::load(Path::new("/shop/benchtop.yaml"), &sources)
}

fn check(loaded: &Loaded) -> Result<(), TestCaseError> {
    let wrong = loaded
        .problems
        .iter()
        .any(|problem| problem.severity == Severity::Error);
    prop_assert_eq!(loaded.plan.is_some(), !wrong);
    let places: Vec<_> = loaded
        .problems
        .iter()
        .map(|problem| &problem.place)
        .collect();
    prop_assert!(places.is_sorted(), "{:?}", places);
    let Some(plan) = &loaded.plan else {
        return Ok(());
    };
    let order = graph::start_order(plan);
    prop_assert_eq!(order.len(), plan.services.len());
    let at = |name: &String| order.iter().position(|n| n == name);
    for service in plan.services.values() {
        for name in service.depends_on.keys() {
            prop_assert!(at(name) < at(&service.name));
        }
    }
    Ok(())
}

/// Pieces from which garbage is made that looks like an environment file.
const PIECES: [&str; 72] = [
    "services:",
    "volumes:",
    "name: ",
    "image: ",
    "process: ",
    "external: true",
    "ports: ",
    "endpoints: ",
    "depends_on: ",
    "references: ",
    "probes: ",
    "ready: ",
    "http: ",
    "tcp: ",
    "exec: ",
    "container: true",
    "healthcheck: ",
    "test: ",
    "environment: ",
    "env_file: own.env",
    "restart: ",
    "profiles: ",
    "command: ",
    "a",
    "b",
    "c:",
    "a:",
    "b:",
    "\n",
    "\n",
    "\n",
    "\n  ",
    "\n  ",
    "\n    ",
    "\n    ",
    "\n      ",
    "- ",
    "[",
    "]",
    "{",
    "}",
    ", ",
    ": ",
    "&x ",
    "*x",
    "<<: ",
    "!reset ",
    "!x ",
    "\"",
    "'",
    "| ",
    "> ",
    "# ",
    "${SET}",
    "${NO:-",
    "$NO",
    "$$",
    "{{a.http.url}}",
    "80",
    "8080:80",
    "1-3:5-7",
    "auto",
    "on-failure:3",
    "5s",
    "true",
    "null",
    "~",
    "\t",
    "\u{feff}",
    "ü",
    "---",
    "? ",
];

fn garbage() -> impl Strategy<Value = String> {
    let piece = proptest::sample::select(PIECES.as_slice());
    proptest::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

/// A file of the right shape with anything at all in the places of its values.
fn shaped() -> impl Strategy<Value = String> {
    let keys = proptest::sample::select(
        [
            "image",
            "process",
            "ports",
            "endpoints",
            "depends_on",
            "references",
            "probes",
            "healthcheck",
            "environment",
            "env_file",
            "volumes",
            "restart",
            "command",
            "stop_signal",
            "profiles",
            "labels",
            "tmpfs",
            "external",
            "cwd",
        ]
        .as_slice(),
    );
    let value = proptest::sample::select(
        [
            "a",
            "b",
            "[a, b]",
            "{a: b}",
            "{http: 80}",
            "{http: {port: auto, target: 80}}",
            "['80', '80:80', '1:2/udp']",
            "{b: {condition: service_healthy}}",
            "{a: started}",
            "{ready: {http: /x}}",
            "{live: {tcp: http}}",
            "{startup: {exec: 'true', timeout: 5s}}",
            "{test: [CMD, x]}",
            "[./a:/b, c:/d]",
            "no",
            "always",
            "'{{a.http.url}}'",
            "true",
            "~",
            "[]",
            "{}",
            "[{target: 80, published: 1-2}]",
            "[{type: bind, source: ., target: /x}]",
            "[[a]]",
        ]
        .as_slice(),
    );
    let service = proptest::collection::btree_map(keys, value, 0..6);
    proptest::collection::btree_map("[a-d]", service, 0..4).prop_map(|services| {
        let mut text = String::from("services:\n");
        for (name, keys) in services {
            text.push_str(&format!("  {name}:\n"));
            keys.iter()
                .for_each(|(key, value)| text.push_str(&format!("    {key}: {value}\n")));
        }
        text
    })
}

proptest! {
    #[test]
    fn any_bytes_get_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        check(&load(&bytes))?;
    }

    #[test]
    fn any_text_gets_an_answer(text in "\\PC{0,200}") {
        check(&load(text.as_bytes()))?;
    }

    #[test]
    fn garbage_that_looks_like_a_file_gets_an_answer(text in garbage()) {
        check(&load(text.as_bytes()))?;
    }

    #[test]
    fn a_file_of_the_right_shape_gets_an_answer(text in shaped()) {
        check(&load(text.as_bytes()))?;
    }
}

#[test]
fn a_large_or_malicious_file_is_answered_soon() {
    // Unoptimised code is slower by an order of magnitude, and so gets less to do.
    let (megabytes, limit) = match cfg!(debug_assertions) {
        true => (1, Duration::from_secs(20)),
        false => (9, Duration::from_secs(3)),
    };
    let fill = |text: &str| text.repeat((megabytes << 20) / text.len());
    let services = |one: &dyn Fn(usize) -> String| {
        let all: String = (0..20_000).map(one).collect();
        format!("services:\n{all}")
    };
    let ring = |n| {
        format!(
            "  s{n}: {{image: x, depends_on: [s{}]}}\n",
            (n + 1) % 20_000
        )
    };
    let files = [
        ("only comments", fill("# comment\n")),
        ("one value", format!("name: {}", fill("a"))),
        ("many keys", fill("key: 1\n")),
        ("dollars", format!("name: {}", fill("$"))),
        ("a ring of services", services(&ring)),
        (
            "one port for all",
            services(&|n| format!("  x{n}: {{image: x, ports: ['80:80']}}\n")),
        ),
        ("more than ten megabytes", "#".repeat((10 << 20) + 1)),
    ];
    for (what, text) in files {
        let start = Instant::now();
        let loaded = load(text.as_bytes());
        let took = start.elapsed();
        assert!(took < limit, "{what} took {took:?}");
        assert!(loaded.problems.len() < 500, "{what}");
        assert!(loaded.plan.is_none(), "{what}");
    }
}
