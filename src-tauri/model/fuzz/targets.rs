//! What the fuzz targets feed, and what must hold whatever it is. The bytes are
//! put where a person would write them, so that the whole way is tried: reading,
//! filling in, resolving, and saying what is wrong.

use benchtop_model::file::{self, Loaded, Sources};
use benchtop_model::import;
use benchtop_model::problem::{Problem, Severity};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;

/// A target: its name, and what it does with some bytes.
pub type Target = (&'static str, fn(&[u8]));

/// All of them.
pub const TARGETS: [Target; 7] = [
    ("yaml", yaml),
    ("interpolation", interpolation),
    ("ports", ports),
    ("volumes", volumes),
    ("durations", durations),
    ("dotenv", dotenv),
    ("manifest", manifest),
];

/// The bytes are a whole file.
pub fn yaml(bytes: &[u8]) {
    let loaded = load(bytes, b"");
    // What can be read can be written, and means the same then.
    let Some(plan) = loaded.plan else { return };
    let imported = with_files(bytes, b"", |sources| {
        import::flatten(Path::new(FILE), sources, Path::new("/shop"))
    });
    let text = imported.text.expect("a file that resolves can be written");
    let again = load(text.as_bytes(), b"").plan;
    assert_eq!(again.as_ref(), Some(&plan), "{text}");
}

/// The bytes are a value with variables.
pub fn interpolation(bytes: &[u8]) {
    in_service("environment: { SOME: ", bytes, " }");
}

/// The bytes are an item of `ports`, and one of `expose`.
pub fn ports(bytes: &[u8]) {
    in_service("ports: [", bytes, "]");
    in_service("expose: [", bytes, "]");
}

/// The bytes are an item of `volumes`, and one of `tmpfs`.
pub fn volumes(bytes: &[u8]) {
    in_service("volumes: [", bytes, "]");
    in_service("tmpfs: [", bytes, "]");
}

/// The bytes are a duration.
pub fn durations(bytes: &[u8]) {
    in_service("stop_grace_period: ", bytes, "");
    in_service("healthcheck: { test: x, interval: ", bytes, " }");
}

/// The bytes are a file of variables, read on its own and for a service.
pub fn dotenv(bytes: &[u8]) {
    let file = b"services: { a: { image: 'x:${TAG:-1}', env_file: .env } }";
    load(file, bytes);
}

/// The bytes are the manifest of an Aspire application.
pub fn manifest(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let imported = import::manifest("aspire-manifest.json", &text, "");
    assert!(imported.text.is_some() || !imported.notes.is_empty());
    if let Some(text) = imported.text {
        let loaded = load(text.as_bytes(), b"");
        // What it names may be no name here, but it is never bad YAML.
        let bad = loaded
            .problems
            .iter()
            .find(|p| p.message.starts_with("not valid YAML"));
        assert!(bad.is_none(), "{bad:?}\n{text}");
    }
}

const FILE: &str = "/shop/benchtop.yaml";

/// The bytes as a text in quotes, somewhere in a service.
fn in_service(before: &str, bytes: &[u8], after: &str) {
    let text = quoted(&String::from_utf8_lossy(bytes));
    let file = format!("services:\n  a:\n    image: x\n    {before}{text}{after}\n");
    let loaded = load(file.as_bytes(), b"");
    let bad = loaded
        .problems
        .iter()
        .find(|p| p.message.starts_with("not valid YAML"));
    assert!(bad.is_none(), "{bad:?}\n{file}");
}

/// In double quotes, with all that is special there written as a number.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            ' ' | '!' | '#'..='[' | ']'..='~' => quoted.push(c),
            c => quoted.push_str(&format!("\\U{:08x}", u32::from(c))),
        }
    }
    quoted + "\""
}

fn with_files<T>(file: &[u8], dotenv: &[u8], then: impl FnOnce(&Sources<'_>) -> T) -> T {
    let variables = BTreeMap::from([("SET".to_owned(), "value".to_owned())]);
    let read = |path: &Path| match path.file_name().and_then(|name| name.to_str()) {
        Some("benchtop.yaml") => Ok(file.to_vec()),
        Some(".env") if !dotenv.is_empty() => Ok(dotenv.to_vec()),
        _ => Err(io::ErrorKind::NotFound.into()),
    };
    then(&Sources {
        variables: &variables,
        profiles: &BTreeSet::new(),
        read: &read,
    })
}

/// Reads a file, and checks what holds for every one.
fn load(file: &[u8], dotenv: &[u8]) -> Loaded {
    let loaded = with_files(file, dotenv, |sources| file::load(Path::new(FILE), sources));
    let is_wrong = |p: &Problem| p.severity == Severity::Error;
    assert_eq!(loaded.plan.is_none(), loaded.problems.iter().any(is_wrong));
    for problem in &loaded.problems {
        assert!(!problem.message.is_empty());
        let Some(excerpt) = &problem.excerpt else {
            continue;
        };
        let length = excerpt.line_text.chars().count();
        assert!(
            (1..=length + 1).contains(&(excerpt.column as usize)),
            "{problem:?}"
        );
        assert!(excerpt.length >= 1, "{problem:?}");
        assert!(!excerpt.line_text.contains(['\n', '\u{1b}']), "{problem:?}");
    }
    loaded
}
