//! Compose's own reading of real files beside ours: every file of the corpus
//! either means the same to both, or both refuse it; what is meant to differ is
//! listed with its reason.
//!
//! The oracle is Compose's library, asked by the small Go program in the folder
//! `oracle`. The corpus is not part of the repository: `BENCHTOP_CORPUS` names its
//! folder, which is otherwise looked for beside the checkout. Where Go, its
//! modules or the corpus are not there the test is skipped, and says so.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

#[path = "oracle/facts.rs"]
mod facts;
#[path = "oracle/go.rs"]
mod go;

use benchtop_model::file::{self, Loaded, Sources};
use benchtop_model::problem::Severity;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Files that we read in another way than Compose, on purpose.
const MEANT: &[(&str, &str)] = &[
    ("compose-e2e/TestConfigFromEnv/compose.yaml", MISSING),
    (
        "compose-e2e/TestSecretFromInclude/child/compose.yaml",
        MISSING,
    ),
    ("compose-e2e/TestSecretFromInclude/compose.yaml", MISSING),
    (
        "compose-e2e/build-test/ssh/compose.yaml",
        "Compose reads it, but its library cannot print keys of SSH as JSON",
    ),
];

const MISSING: &str = "a secret or config comes from a variable that is not set: \
    we say so when the file is read, Compose when it is started";

/// What came of one file.
enum Outcome {
    Same,
    BothRefuse,
    Other(Vec<String>),
}

#[test]
fn real_files_mean_what_compose_says() {
    let ready = corpus().and_then(|corpus| Ok((corpus, go::build()?)));
    let (corpus, oracle) = match ready {
        Ok(ready) => ready,
        Err(reason) => {
            println!("SKIPPED real_files_mean_what_compose_says: {reason}");
            return;
        }
    };
    let files = yaml_files(&corpus);
    let (mut same, mut refused, mut meant) = (0, 0, BTreeSet::new());
    let mut faults = Vec::new();
    for (path, theirs) in go::ask(&oracle, &files) {
        let name = path.strip_prefix(&corpus).unwrap().display().to_string();
        match outcome(&theirs, &load(&path)) {
            Outcome::Same => same += 1,
            Outcome::BothRefuse => refused += 1,
            Outcome::Other(differences) => match MEANT.iter().find(|(file, _)| *file == name) {
                Some((file, reason)) => {
                    println!("{name} differs: {reason}");
                    meant.insert(*file);
                }
                None => faults.push(format!("{name}:\n  {}", differences.join("\n  "))),
            },
        }
    }
    println!(
        "{} of {} files as Compose reads them: {same} mean the same, {refused} are refused by both; \
         {} differ on purpose",
        same + refused,
        files.len(),
        meant.len()
    );
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    for (file, reason) in MEANT {
        assert!(
            meant.contains(file),
            "{file} is as Compose reads it now; it need not be listed: {reason}"
        );
    }
}

fn outcome(theirs: &Result<Value, String>, ours: &Loaded) -> Outcome {
    let mut errors = ours
        .problems
        .iter()
        .filter(|p| p.severity == Severity::Error);
    match (theirs, &ours.plan) {
        (Err(_), None) => Outcome::BothRefuse,
        (Ok(_), None) => Outcome::Other(errors.by_ref().map(|e| format!("ours: {e}")).collect()),
        (Err(error), Some(_)) => Outcome::Other(vec![format!("only Compose refuses it: {error}")]),
        (Ok(theirs), Some(ours)) => match facts::differences(theirs, ours) {
            differences if differences.is_empty() => Outcome::Same,
            differences => Outcome::Other(differences),
        },
    }
}

fn load(path: &Path) -> Loaded {
    let variables = BTreeMap::from([("HOME".to_owned(), "/home/me".to_owned())]);
    let read = |path: &Path| std::fs::read(path);
    let sources = Sources {
        variables: &variables,
        profiles: &BTreeSet::new(),
        read: &read,
    };
    file::load(path, &sources)
}

/// The folder of the Compose files.
fn corpus() -> Result<PathBuf, String> {
    let usual = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    let folder = std::env::var_os("BENCHTOP_CORPUS").map_or(usual, PathBuf::from);
    let found = folder.join("compose").canonicalize();
    found.map_err(|_| "there is no corpus; BENCHTOP_CORPUS names its folder".to_owned())
}

/// Every YAML file, in a fixed order.
fn yaml_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "yaml" || e == "yml") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}
