//! What a service waits for: `depends_on` and `references` together.

use super::service::Draft;
use super::{place_of, profile_hint};
use crate::file::findings::Findings;
use crate::file::written::service::Service;
use crate::file::written::{self, At};
use crate::graph;
use crate::plan::{Condition, Dependency};
use crate::problem::{Problem, nearest};
use std::collections::{BTreeMap, BTreeSet};

/// Both as the plan has them. Whether the names exist is checked by [`check`].
pub(super) fn resolve(service: &Service) -> (BTreeMap<String, Dependency>, Vec<String>) {
    let mut dependencies = BTreeMap::new();
    for written in &service.depends_on {
        let condition = written.condition.unwrap_or(Condition::Started);
        let dependency = Dependency {
            condition,
            required: written.required,
            restart: written.restart,
        };
        dependencies.insert(written.name.value.clone(), dependency);
    }
    let mut references: Vec<String> = Vec::new();
    for reference in &service.references {
        let name = &reference.name.value;
        let chosen = service
            .depends_on
            .iter()
            .any(|d| d.name.value == *name && d.condition.is_some());
        let condition = reference.condition.unwrap_or(Condition::Healthy);
        let dependency = dependencies.entry(name.clone()).or_insert(Dependency {
            condition,
            required: true,
            restart: false,
        });
        // A condition that `depends_on` names outright counts, unless this does, too.
        if !chosen || reference.condition.is_some() {
            dependency.condition = condition;
        }
        if !references.contains(name) {
            references.push(name.clone());
        }
    }
    (dependencies, references)
}

/// Says which names do not exist or are off, and which services wait for
/// themselves. What is not required and not there is taken out.
pub(super) fn check(file: &written::File, drafts: &mut [Draft<'_>], findings: &mut Findings) {
    let all: BTreeMap<&str, &Service> = file
        .services
        .iter()
        .map(|s| (s.name.value.as_str(), s))
        .collect();
    let active: BTreeSet<String> = drafts
        .iter()
        .map(|draft| draft.service.name.clone())
        .collect();
    for draft in drafts.iter_mut() {
        let written = draft.written;
        for name in names(written) {
            check_name(written, name, &all, &active, findings);
        }
        draft
            .service
            .depends_on
            .retain(|name, _| active.contains(name));
        draft
            .service
            .references
            .retain(|name| active.contains(name));
    }
    check_cycles(drafts, findings);
}

/// Each name where it is first written.
fn names(service: &Service) -> Vec<&At<String>> {
    let mut seen = BTreeSet::new();
    let names = service
        .depends_on
        .iter()
        .map(|d| &d.name)
        .chain(service.references.iter().map(|r| &r.name));
    names
        .filter(|name| seen.insert(name.value.as_str()))
        .collect()
}

fn check_name(
    service: &Service,
    name: &At<String>,
    all: &BTreeMap<&str, &Service>,
    active: &BTreeSet<String>,
    findings: &mut Findings,
) {
    let own = &service.name.value;
    let optional = service
        .depends_on
        .iter()
        .any(|d| d.name.value == name.value && !d.required)
        && !service
            .references
            .iter()
            .any(|r| r.name.value == name.value);
    if name.value == *own {
        let problem = Problem::error(&name.place, format!("service `{own}` depends on itself"));
        findings.push(problem.hint("remove this line"));
    } else if let (Some(other), false) =
        (all.get(name.value.as_str()), active.contains(&name.value))
    {
        if !optional {
            let message = format!(
                "service `{own}` depends on `{}`, which belongs to a profile that is off",
                name.value
            );
            let hint = format!("{}, or write `required: false`", profile_hint(other));
            findings.push(Problem::error(&name.place, message).hint(hint));
        }
    } else if !active.contains(&name.value) {
        findings.push(unknown(own, name, optional, all));
    }
}

fn unknown(
    own: &str,
    name: &At<String>,
    optional: bool,
    all: &BTreeMap<&str, &Service>,
) -> Problem {
    let message = format!(
        "service `{own}` depends on `{}`, which does not exist",
        name.value
    );
    let problem = if optional {
        Problem::warning(&name.place, message)
    } else {
        Problem::error(&name.place, message)
    };
    match nearest(
        &name.value,
        all.keys().copied().filter(|known| *known != own),
    ) {
        Some(near) => problem.hint(format!("did you mean `{near}`?")),
        None => problem.hint("add it to `services`, or remove it here"),
    }
}

fn check_cycles(drafts: &[Draft<'_>], findings: &mut Findings) {
    let edges = |draft: &Draft<'_>| {
        let name = draft.service.name.clone();
        // A service that waits for itself has its own message.
        let others = draft
            .service
            .depends_on
            .keys()
            .filter(|other| **other != name)
            .cloned()
            .collect();
        (name, others)
    };
    let edges: graph::Edges = drafts.iter().map(edges).collect();
    for cycle in graph::cycles(&edges) {
        let Some(draft) = drafts.iter().find(|draft| draft.service.name == cycle[0]) else {
            continue;
        };
        let next = names(draft.written)
            .into_iter()
            .find(|name| name.value == cycle[1]);
        let place = next.map_or_else(|| place_of(draft.written, "depends_on"), |name| &name.place);
        let problem = Problem::error(
            place,
            format!(
                "services wait for each other in a circle: {}",
                cycle.join(" → ")
            ),
        );
        findings.push(problem.hint("take one of these dependencies out"));
    }
}
