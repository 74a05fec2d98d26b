//! Docker Compose's own reading of real files beside ours. `BENCHTOP_COMPOSE_ORACLE`
//! names a program that answers `-f FILE config --format json`, such as the plugin
//! `docker-compose`; `BENCHTOP_CORPUS` the folder of the files. Without the first
//! the test is skipped and says so.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

use benchtop_model::file::{self, Sources};
use benchtop_model::plan::{Condition, HostPort, Plan, Run, Service};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

#[test]
fn real_files_mean_what_compose_says() {
    let Some(oracle) = std::env::var_os("BENCHTOP_COMPOSE_ORACLE") else {
        println!("SKIPPED: BENCHTOP_COMPOSE_ORACLE names no program");
        return;
    };
    let corpus = std::env::var_os("BENCHTOP_CORPUS").map(PathBuf::from);
    let Some(corpus) = corpus else {
        println!("SKIPPED: BENCHTOP_CORPUS names no folder");
        return;
    };
    let (mut same, mut all) = (0, 0);
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for path in compose_files(&corpus.join("compose")) {
        let (Some(theirs), Some(ours)) = (ask(&oracle, &path), plan(&path)) else {
            continue;
        };
        all += 1;
        let differences = compare(&theirs, &ours);
        same += usize::from(differences.is_empty());
        for (kind, difference) in differences {
            *kinds.entry(kind).or_default() += 1;
            println!("{}: {difference}", path.display());
        }
    }
    println!("{same} of {all} files mean the same; differences: {kinds:?}");
    assert!(same * 10 >= all * 9, "only {same} of {all}");
}

fn ask(oracle: &std::ffi::OsStr, path: &Path) -> Option<Value> {
    let answer = Command::new(oracle)
        .arg("-f")
        .arg(path)
        .args(["config", "--format", "json"])
        .env_clear()
        .env("HOME", "/home/me")
        .output()
        .unwrap();
    serde_json::from_slice(&answer.stdout).ok()
}

fn plan(path: &Path) -> Option<Plan> {
    let variables = BTreeMap::from([("HOME".to_owned(), "/home/me".to_owned())]);
    let read = |path: &Path| std::fs::read(path);
    let sources = Sources {
        variables: &variables,
        profiles: &BTreeSet::new(),
        read: &read,
    };
    file::load(path, &sources).plan
}

/// Kind and text of each difference.
fn compare(theirs: &Value, ours: &Plan) -> Vec<(&'static str, String)> {
    let empty = serde_json::Map::new();
    let services = theirs["services"].as_object().unwrap_or(&empty);
    let mut differences = Vec::new();
    let names = |names: Vec<&String>| names.into_iter().cloned().collect::<BTreeSet<_>>();
    let (a, b) = (
        names(services.keys().collect()),
        names(ours.services.keys().collect()),
    );
    if a != b {
        differences.push(("services", format!("services {a:?}, ours {b:?}")));
    }
    for (name, theirs) in services {
        let Some(service) = ours.services.get(name) else {
            continue;
        };
        for (kind, theirs, ours) in facts(theirs, service) {
            if theirs != ours {
                differences.push((kind, format!("{name}: {kind}: {theirs}, ours {ours}")));
            }
        }
    }
    differences
}

/// What is compared of a service: theirs and ours, in one form.
fn facts(theirs: &Value, ours: &Service) -> Vec<(&'static str, String, String)> {
    let Run::Container(container) = &ours.run else {
        return Vec::new();
    };
    let mut facts = Vec::new();
    if let Some(image) = theirs["image"].as_str() {
        facts.push(("image", image.to_owned(), container.image.clone()));
    }
    for (kind, own) in [
        ("command", &container.command),
        ("entrypoint", &container.entrypoint),
    ] {
        facts.push((kind, words(&theirs[kind]), words(&serde_json::json!(own))));
    }
    let own = serde_json::json!(ours.environment);
    facts.push(("environment", pairs(&theirs["environment"]), pairs(&own)));
    let theirs_list = |key: &str, field: &str| -> BTreeSet<String> {
        let all = theirs[key].as_array().into_iter().flatten();
        all.filter_map(|item| item[field].as_str())
            .map(|t| tidy(t).to_owned())
            .collect()
    };
    // Secrets and configs are mounts for us.
    let own: BTreeSet<String> = container.mounts.iter().map(|m| m.target.clone()).collect();
    let missing: Vec<_> = theirs_list("volumes", "target")
        .difference(&own)
        .cloned()
        .collect();
    facts.push(("volumes", format!("{missing:?}"), "[]".to_owned()));
    facts.push(("ports", their_ports(theirs), our_ports(ours)));
    facts.push((
        "depends_on",
        conditions(&theirs["depends_on"]),
        our_conditions(ours),
    ));
    let check = words(&theirs["healthcheck"]["test"]);
    let own = container.healthcheck.as_ref().map(|check| &check.test);
    if !check.is_empty() {
        facts.push(("healthcheck", check, words(&serde_json::json!(own))));
    }
    facts
}

fn tidy(target: &str) -> &str {
    if target.len() > 1 {
        target.trim_end_matches('/')
    } else {
        target
    }
}

fn words(value: &Value) -> String {
    match value.as_array() {
        Some(words) if !words.is_empty() => value.to_string(),
        _ => String::new(),
    }
}

/// What is only passed through, and not set, is nothing.
fn pairs(value: &Value) -> String {
    let all = value.as_object().into_iter().flatten();
    let set = all.filter_map(|(key, value)| Some(format!("{key}={}", value.as_str()?)));
    set.collect::<Vec<_>>().join(" ")
}

fn their_ports(service: &Value) -> String {
    let all = service["ports"].as_array().into_iter().flatten();
    let port = |port: &Value| {
        let published = port["published"]
            .as_str()
            .filter(|text| !text.contains('-'));
        format!("{}>{}", published.unwrap_or("auto"), port["target"])
    };
    all.map(port)
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect::<Vec<_>>()
        .join(" ")
}

fn our_ports(service: &Service) -> String {
    let all = service.endpoints.iter().map(|endpoint| {
        let port = match endpoint.port {
            HostPort::Fixed(port) => port.to_string(),
            HostPort::Auto => "auto".to_owned(),
        };
        format!("{port}>{}", endpoint.target.unwrap_or_default())
    });
    all.collect::<BTreeSet<_>>()
        .into_iter()
        .collect::<Vec<_>>()
        .join(" ")
}

fn conditions(value: &Value) -> String {
    let all = value.as_object().into_iter().flatten();
    let each = all.map(|(name, d)| format!("{name}:{}", d["condition"].as_str().unwrap_or("")));
    each.collect::<BTreeSet<_>>()
        .into_iter()
        .collect::<Vec<_>>()
        .join(" ")
}

fn our_conditions(service: &Service) -> String {
    let each = service.depends_on.iter().map(|(name, dependency)| {
        let condition = match dependency.condition {
            Condition::Started => "service_started",
            Condition::Healthy => "service_healthy",
            Condition::CompletedSuccessfully => "service_completed_successfully",
        };
        format!("{name}:{condition}")
    });
    each.collect::<Vec<_>>().join(" ")
}

/// Files that are named like Compose files, in a fixed order.
fn compose_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let is_yaml = name.ends_with(".yaml") || name.ends_with(".yml");
            if path.is_dir() {
                folders.push(path);
            } else if name.contains("compose") && is_yaml {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}
