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
    let mut many = String::from("services:\n");
    for n in 0..20_000 {
        many.push_str(&format!(
            "  s{n}: {{image: x, depends_on: [s{}]}}\n",
            (n + 1) % 20_000
        ));
    }
    let same_port = "  x: {image: x, ports: ['80:80']}\n";
    let ports: String = (0..20_000)
        .map(|n| same_port.replacen('x', &format!("x{n}"), 1))
        .collect();
    let files = [
        ("ten megabytes of comment", "# comment\n".repeat(1 << 20)),
        (
            "ten megabytes of one value",
            format!("name: {}", "a".repeat(10 << 20)),
        ),
        (
            "ten megabytes of keys",
            (0..700_000).map(|n| format!("key{n}: 1\n")).collect(),
        ),
        (
            "ten megabytes of dollars",
            format!("name: {}", "$".repeat(9 << 20)),
        ),
        ("a ring of services", many),
        ("one port for all", format!("services:\n{ports}")),
        ("more than ten megabytes", "#".repeat((10 << 20) + 1)),
    ];
    for (what, text) in files {
        let start = Instant::now();
        let loaded = load(text.as_bytes());
        let took = start.elapsed();
        // A second when optimised; the debug build of this test is slower by far.
        assert!(took < Duration::from_secs(10), "{what} took {took:?}");
        assert!(loaded.problems.len() < 500, "{what}");
        assert!(loaded.plan.is_none(), "{what}");
    }
}
