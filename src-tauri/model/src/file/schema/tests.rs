//! What the schema says of files.

#![allow(clippy::print_stdout)]

use super::*;
use crate::file::{Sources, load, yaml};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

const SAMPLE: &str = include_str!("../../../../../examples/sample/benchtop.yaml");
const B2X: &str = include_str!("../../../../../examples/b2x/benchtop.yaml");

static VALIDATOR: LazyLock<jsonschema::Validator> =
    LazyLock::new(|| jsonschema::validator_for(&schema()).expect("a schema"));

/// As an editor hands it to a validator, but with every scalar as text.
fn json(node: &Node) -> Value {
    match &node.value {
        Yaml::Null | Yaml::Faulty => Value::Null,
        Yaml::Scalar(text) => json!(text),
        Yaml::Seq(nodes) => nodes.iter().map(json).collect(),
        Yaml::Map(entries) => {
            let entries = entries.iter();
            Value::Object(entries.map(|(k, n)| (k.text.clone(), json(n))).collect())
        }
    }
}

/// What the schema says against a file, by the place in it.
fn wrong(text: &str) -> Vec<String> {
    let mut findings = Findings::default();
    let root = yaml::parse_marked(&"f".into(), text, &mut findings).expect("YAML");
    let file = json(&root);
    let errors = VALIDATOR.iter_errors(&file);
    errors.map(|e| e.instance_path.to_string()).collect()
}

/// All paths of keys, and whether each has a text.
fn described(schema: &Value, path: &[String], all: &mut Vec<(String, bool)>) {
    let mut inner = |name: Option<&str>, inner: &Value| {
        let own: Vec<_> = path
            .iter()
            .cloned()
            .chain(name.map(str::to_owned))
            .collect();
        if name.is_some_and(|name| name != "*") {
            let has_text = inner["description"].is_string();
            all.push((own.join("."), has_text));
        }
        described(inner, &own, all);
    };
    for (name, value) in schema["properties"].as_object().into_iter().flatten() {
        inner(Some(name), value);
    }
    if schema["additionalProperties"].is_object() {
        inner(Some("*"), &schema["additionalProperties"]);
    }
    if schema["items"].is_object() {
        inner(None, &schema["items"]);
    }
}

#[test]
fn every_key_has_a_text_and_every_text_a_key() {
    let mut all = Vec::new();
    described(&schema(), &[], &mut all);
    let bare: Vec<_> = all.iter().filter(|(_, has)| !has).map(|(p, _)| p).collect();
    assert!(bare.is_empty(), "without a text: {bare:?}");
    let ends = |key: &str| {
        let end = format!(".{key}");
        all.iter()
            .any(|(path, _)| path == key || path.ends_with(&end))
    };
    let idle: Vec<_> = descriptions::all()
        .map(|(key, _)| key)
        .filter(|key| !ends(key))
        .collect();
    assert!(idle.is_empty(), "no such key: {idle:?}");
    let mut names: Vec<_> = descriptions::all().map(|(key, _)| key).collect();
    names.sort_unstable();
    let twice: Vec<_> = names.windows(2).filter(|two| two[0] == two[1]).collect();
    assert!(twice.is_empty(), "{twice:?}");
}

/// Every file of a corpus of real ones that opens is valid for an editor, too.
/// `BENCHTOP_CORPUS` names its folder.
#[test]
fn files_that_open_are_valid() {
    const NAME: &str = "files_that_open_are_valid";
    let usual = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    let folder = std::env::var_os("BENCHTOP_CORPUS").map_or(usual, PathBuf::from);
    let Ok(folder) = folder.join("compose").canonicalize() else {
        println!("SKIPPED {NAME}: there is no corpus; BENCHTOP_CORPUS names its folder");
        return;
    };
    let (mut files, mut faults, mut opened) = (Vec::new(), Vec::new(), 0);
    collect(&folder, &mut files);
    for file in &files {
        let sources = Sources {
            variables: &BTreeMap::new(),
            profiles: &BTreeSet::from(["*".to_owned()]),
            read: &|path: &Path| std::fs::read(path),
        };
        if load(file, &sources).plan.is_none() {
            continue;
        }
        opened += 1;
        let text = std::fs::read_to_string(file).expect("a text");
        let wrong = wrong(&text);
        if !wrong.is_empty() {
            faults.push(format!("{}: {wrong:?}", file.display()));
        }
    }
    println!(
        "{} of {opened} files that open are valid by the schema; {} are refused by the reader",
        opened - faults.len(),
        files.len() - opened
    );
    assert!(opened > 0 && faults.is_empty(), "{}", faults.join("\n"));
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|e| e == "yaml" || e == "yml") {
            files.push(path);
        }
    }
}

#[test]
fn examples_are_valid_and_mistakes_are_not() {
    for text in [SAMPLE, B2X] {
        assert_eq!(wrong(text), Vec::<String>::new());
    }
    for (text, place) in [
        ("services: {a: {imge: x}}", "/services/a"),
        ("services: [a]", "/services"),
        ("services: {a: {image: [x]}}", "/services/a/image"),
        (
            "services: {a: {image: x, ports: {80: 80}}}",
            "/services/a/ports",
        ),
        (
            "services: {a: {image: x, probes: {ready: {http: {pth: /}}}}}",
            "/services/a/probes/ready/http",
        ),
        ("servces: {}", ""),
    ] {
        assert_eq!(wrong(text), [place], "{text}");
    }
}

#[test]
fn what_the_reader_takes_of_compose_the_schema_takes_too() {
    let text = "
services:
  a:
    image: x
    environment: [A=1]
    env_file: [{path: .env, required: false}]
    depends_on: {b: {condition: service_started}}
    deploy: {replicas: 2, resources: {limits: {cpus: '1'}}}
    networks: {n: {aliases: [z]}}
    ports: ['80:80', {target: 81, published: 81}]
    volumes: ['v:/v', {type: bind, source: ., target: /s}]
    healthcheck: {test: [CMD, x], interval: 5s}
    ulimits: {nofile: 9, nproc: {soft: 1, hard: 2}}
    x-own: {any: [thing]}
  b: {build: {context: ., args: {A: b}}, command: [a, b], labels: {a: b}}
volumes: {v: }
networks: {n: {ipam: {config: [{subnet: 10.0.0.0/8}]}}}
secrets: {s: {file: f}}
";
    assert_eq!(wrong(text), Vec::<String>::new());
}
