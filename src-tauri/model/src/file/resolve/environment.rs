//! The variables of a service: its files first, what is written itself over them.

use super::{Project, paths};
use crate::file::dotenv;
use crate::file::files::Unreadable;
use crate::file::findings::Findings;
use crate::file::written::At;
use crate::file::written::service::Service;
use crate::file::written::values::{EnvFile, Pair};
use crate::problem::{Place, Problem};
use std::collections::BTreeMap;

/// The variables, each with the place where its value is written.
pub(super) fn resolve(
    service: &Service,
    project: &Project<'_>,
    findings: &mut Findings,
) -> BTreeMap<String, At<String>> {
    let mut variables = BTreeMap::new();
    for file in &service.env_files {
        let values = read_file(file, &variables, project, findings);
        variables.extend(values);
    }
    for pair in &service.environment {
        check_key(&pair.key, findings);
        match value_of(pair, project) {
            Some(value) => variables.insert(pair.key.value.clone(), value),
            // Passed through from outside, where it is not set.
            None => variables.remove(&pair.key.value),
        };
    }
    variables
}

/// Variables that stand by themselves, such as those of a hook.
pub(super) fn of_pairs(
    pairs: &[Pair],
    project: &Project<'_>,
    findings: &mut Findings,
) -> BTreeMap<String, String> {
    let pairs = pairs.iter().filter_map(|pair| {
        check_key(&pair.key, findings);
        Some((pair.key.value.clone(), value_of(pair, project)?.value))
    });
    pairs.collect()
}

/// What stands in files of `KEY=value`, the later of two counting.
pub(super) fn of_files(
    paths: &[At<String>],
    project: &Project<'_>,
    findings: &mut Findings,
) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for path in paths {
        let file = EnvFile {
            path: Some(path.clone()),
            required: true,
            format: dotenv::Format::Usual,
        };
        all.extend(read_file(&file, &all, project, findings));
    }
    let value = |(key, text): (String, At<String>)| (key, text.value);
    all.into_iter().map(value).collect()
}

fn value_of(pair: &Pair, project: &Project<'_>) -> Option<At<String>> {
    let outside = || {
        let value = project.scope.get(&pair.key.value)?.to_owned();
        Some(At {
            value,
            place: pair.key.place.clone(),
        })
    };
    pair.value.clone().or_else(outside)
}

/// A later file may use the variables of those before it. Their place is where
/// the file is named.
fn read_file(
    file: &EnvFile,
    before: &BTreeMap<String, At<String>>,
    project: &Project<'_>,
    findings: &mut Findings,
) -> BTreeMap<String, At<String>> {
    let Some(At { value, place }) = &file.path else {
        return BTreeMap::new();
    };
    let path = paths::absolute(value, project);
    let name = project.files.name(&path);
    let text = match project.files.text(&path) {
        Ok(text) => text,
        Err(fault) => {
            if file.required || !matches!(fault, Unreadable::Missing) {
                findings.push(missing_hint(&fault, fault.problem(&name, place)));
            }
            return BTreeMap::new();
        }
    };
    let known = |key: &str| before.get(key).map(|value| value.value.clone());
    let values = dotenv::read(&name, &text, file.format, &known, project.scope, findings);
    let at = |value| At {
        value,
        place: place.clone(),
    };
    values
        .into_iter()
        .map(|(key, value)| (key, at(value)))
        .collect()
}

fn missing_hint(fault: &Unreadable, problem: Problem) -> Problem {
    match fault {
        Unreadable::Missing => problem.hint("create it, or write `{ path: …, required: false }`"),
        _ => problem,
    }
}

fn check_key(key: &At<String>, findings: &mut Findings) {
    let problem = |place: &Place, what: &str| Problem::error(place, format!("a variable {what}"));
    if key.value.is_empty() {
        findings.push(problem(&key.place, "has no name").hint("expected `KEY=value`"));
    } else if key.value.contains(['=', '\0']) {
        findings.push(problem(
            &key.place,
            &format!("cannot be named `{}`", key.value.escape_debug()),
        ));
    }
}
