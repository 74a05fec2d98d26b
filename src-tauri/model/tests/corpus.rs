//! Every Compose file of a corpus of real ones is read: none may panic, and none
//! is bad YAML. How many resolve fully is printed; more than half must.
//!
//! The corpus is not part of the repository. `BENCHTOP_CORPUS` names its folder;
//! without it, and without the usual place, the test is skipped and says so.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

use benchtop_model::file::{self, Loaded, Sources};
use benchtop_model::problem::Severity;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

#[test]
fn every_real_compose_file_is_understood_or_told_why_not() {
    let Some(corpus) = corpus() else {
        println!(
            "SKIPPED every_real_compose_file_is_understood_or_told_why_not: there is no corpus; \
             BENCHTOP_CORPUS names its folder"
        );
        return;
    };
    let files = compose_files(&corpus);
    assert!(
        !files.is_empty(),
        "no Compose files in {}",
        corpus.display()
    );
    let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
    let mut resolved = 0;
    for path in &files {
        let loaded = load(path);
        assert_eq!(
            loaded.plan.is_some(),
            errors(&loaded).next().is_none(),
            "{}",
            path.display()
        );
        resolved += usize::from(loaded.plan.is_some());
        for error in errors(&loaded) {
            assert!(
                !error.starts_with("not valid YAML"),
                "{}: {error}",
                path.display()
            );
            *reasons.entry(without_names(error)).or_default() += 1;
        }
    }
    println!("{resolved} of {} Compose files resolve fully", files.len());
    reasons
        .iter()
        .for_each(|(reason, count)| println!("{count:5}  {reason}"));
    assert!(
        resolved * 2 > files.len(),
        "only {resolved} of {} resolve",
        files.len()
    );
}

fn corpus() -> Option<PathBuf> {
    let usual = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    let folder = std::env::var_os("BENCHTOP_CORPUS").map_or(usual, PathBuf::from);
    folder.join("compose").canonicalize().ok()
}

/// Files that are named like Compose files, in a fixed order.
fn compose_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                folders.push(path);
            } else if name.contains("compose")
                && (name.ends_with(".yaml") || name.ends_with(".yml"))
            {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

fn load(path: &Path) -> Loaded {
    let variables = BTreeMap::from([("HOME".to_owned(), "/home/me".to_owned())]);
    let read = |path: &Path| std::fs::read(path);
    file::load(
        path,
        &Sources {
            variables: &variables,
            profiles: &BTreeSet::new(),
            read: &read,
        },
    )
}

fn errors(loaded: &Loaded) -> impl Iterator<Item = &str> {
    loaded
        .problems
        .iter()
        .filter(|p| p.severity == Severity::Error)
        .map(|p| p.message.as_str())
}

/// A message with each quoted name replaced, so that equal reasons are counted together.
fn without_names(message: &str) -> String {
    let parts = message.split('`').enumerate();
    parts
        .map(|(at, part)| if at % 2 == 1 { "…" } else { part })
        .collect()
}
