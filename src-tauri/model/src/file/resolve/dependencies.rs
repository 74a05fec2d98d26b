//! What a service waits for: `depends_on` and `references` together.

use super::service::Draft;
use super::{place_of, profile_hint, settings};
use crate::file::findings::Findings;
use crate::file::written::service::Service;
use crate::file::written::{self, At, depends};
use crate::graph;
use crate::plan::{self, Condition, Dependency, Owner, Run};
use crate::problem::Problem;
use std::collections::{BTreeMap, BTreeSet};

/// Both as the plan has them. Whether the names exist is checked by [`check`].
pub(super) fn resolve(service: &Service) -> (BTreeMap<String, Dependency>, Vec<String>) {
    let dependency = |written: &depends::Dependency| {
        let dependency = Dependency {
            condition: written.condition.unwrap_or(Condition::Started),
            required: written.required,
            restart: written.restart,
        };
        (written.name.value.clone(), dependency)
    };
    let mut dependencies: BTreeMap<_, _> = service.depends_on.iter().map(dependency).collect();
    let chosen: BTreeSet<&str> = service
        .depends_on
        .iter()
        .filter(|written| written.condition.is_some())
        .map(|written| written.name.value.as_str())
        .collect();
    for (name, dependency) in implied(service) {
        dependencies.entry(name.value).or_insert(dependency);
    }
    let mut references = Vec::new();
    let mut seen = BTreeSet::new();
    for reference in &service.references {
        let name = &reference.name.value;
        let dependency = dependencies.entry(name.clone()).or_insert(REFERENCE);
        // A condition that `depends_on` names outright counts, unless this does, too.
        if reference.condition.is_some() || !chosen.contains(name.as_str()) {
            dependency.condition = reference.condition.unwrap_or(REFERENCE.condition);
        }
        if seen.insert(name) {
            references.push(name.clone());
        }
    }
    (dependencies, references)
}

/// What is needed without a word about it: the other end of a link, the service
/// whose network, processes or memory is shared, and the one whose volumes are.
fn implied(service: &Service) -> Vec<(At<String>, Dependency)> {
    let own = &service.settings;
    let at = |text: &At<String>, name: &str| At {
        value: name.to_owned(),
        place: text.place.clone(),
    };
    let links = own.list("links").iter();
    let links = links.map(|text| at(text, link_parts(&text.value).0));
    let shared = ["network_mode", "ipc", "pid"].into_iter();
    let shared = shared.filter_map(|key| {
        let text = own.text(key)?;
        match settings::owner(&text.value)? {
            Owner::Service(name) => Some(at(text, &name)),
            Owner::Container(_) => None,
        }
    });
    let volumes = own.list("volumes_from").iter();
    let volumes = volumes.filter_map(|text| {
        let (owner, _) = settings::volumes_from(&text.value);
        match owner {
            Owner::Service(name) => Some(at(text, &name)),
            Owner::Container(_) => None,
        }
    });
    let followed = links.chain(shared).map(|name| (name, FOLLOWED));
    followed
        .chain(volumes.map(|name| (name, IMPLIED)))
        .collect()
}

/// `SERVICE` or `SERVICE:ALIAS`.
fn link_parts(text: &str) -> (&str, &str) {
    text.split_once(':').unwrap_or((text, text))
}

const IMPLIED: Dependency = Dependency {
    condition: Condition::Started,
    required: true,
    restart: false,
};

/// What lives in a part of another has to follow where that one goes.
const FOLLOWED: Dependency = Dependency {
    restart: true,
    ..IMPLIED
};

/// The alias of a link becomes a name of its other end: all services share one
/// network, and on it names are for everybody.
pub(super) fn link(drafts: &mut [Draft<'_>]) {
    let mut aliases: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for text in drafts
        .iter()
        .flat_map(|draft| draft.written.settings.list("links"))
    {
        let (name, alias) = link_parts(&text.value);
        aliases
            .entry(name.to_owned())
            .or_default()
            .insert(alias.to_owned());
    }
    let names: BTreeSet<String> = drafts
        .iter()
        .map(|draft| draft.service.name.clone())
        .collect();
    for draft in drafts {
        let new = aliases.remove(&draft.service.name).unwrap_or_default();
        let Run::Container(container) = &mut draft.service.run else {
            continue;
        };
        let own = &mut container.settings.aliases;
        let new = new
            .into_iter()
            .filter(|alias| !names.contains(alias) && !own.contains(alias));
        let new: Vec<_> = new.collect();
        own.extend(new);
    }
}

/// What a reference waits for, where nothing else is said.
const REFERENCE: Dependency = Dependency {
    condition: Condition::Healthy,
    required: true,
    restart: false,
};

/// Says which names do not exist or are off, and which services wait for
/// themselves. What is not required and not there is taken out.
pub(super) fn check(file: &written::File, drafts: &mut [Draft<'_>], findings: &mut Findings) {
    let by_name = |service| (Service::name(service), service);
    let known = Known {
        all: file.services.iter().map(by_name).collect(),
        active: drafts
            .iter()
            .map(|draft| Service::name(draft.written))
            .collect(),
    };
    for draft in drafts.iter_mut() {
        for name in names(draft.written) {
            known.check(&draft.service, &name, findings);
        }
        let service = &mut draft.service;
        service
            .depends_on
            .retain(|name, _| known.active.contains(name.as_str()));
        service
            .references
            .retain(|name| known.active.contains(name.as_str()));
    }
    check_cycles(drafts, findings);
}

/// Each name where it is first written.
fn names(service: &Service) -> Vec<At<String>> {
    let mut seen = BTreeSet::new();
    let names = service
        .depends_on
        .iter()
        .map(|d| &d.name)
        .chain(service.references.iter().map(|r| &r.name));
    names
        .cloned()
        .chain(implied(service).into_iter().map(|(name, _)| name))
        .filter(|name| seen.insert(name.value.clone()))
        .collect()
}

/// The services that there are.
struct Known<'f> {
    all: BTreeMap<&'f str, &'f Service>,
    active: BTreeSet<&'f str>,
}

impl Known<'_> {
    fn check(&self, service: &plan::Service, name: &At<String>, findings: &mut Findings) {
        let (own, other) = (&service.name, name.value.as_str());
        // What is referenced is needed, whatever `depends_on` says.
        let required = service.depends_on.get(other).is_none_or(|d| d.required)
            || service.references.contains(&name.value);
        if other == own {
            let problem = Problem::error(&name.place, format!("service `{own}` depends on itself"));
            findings.push(problem.hint("remove this line"));
            return;
        }
        match self.all.get(other) {
            Some(_) if self.active.contains(other) || !required => {}
            Some(off) => findings.push(is_off(service, name, off)),
            None => {
                let near = findings.nearest(other, self.all.keys().copied().filter(|k| k != own));
                findings.push(unknown(own, name, required, near));
            }
        }
    }
}

fn is_off(service: &plan::Service, name: &At<String>, off: &Service) -> Problem {
    let (own, other) = (&service.name, &name.value);
    let message =
        format!("service `{own}` depends on `{other}`, which belongs to a profile that is off");
    let mut hint = profile_hint(off);
    if !service.references.contains(other) {
        hint.push_str(", or write `required: false`");
    }
    Problem::error(&name.place, message).hint(hint)
}

fn unknown(own: &str, name: &At<String>, required: bool, near: Option<&str>) -> Problem {
    let message = format!(
        "service `{own}` depends on `{}`, which does not exist",
        name.value
    );
    let problem = if required {
        Problem::error(&name.place, message)
    } else {
        Problem::warning(&name.place, message)
    };
    match near {
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
        let place = next.map_or_else(
            || place_of(draft.written, "depends_on").clone(),
            |name| name.place,
        );
        let problem = Problem::error(
            &place,
            format!(
                "services wait for each other in a circle: {}",
                cycle.join(" → ")
            ),
        );
        findings.push(problem.hint("take one of these dependencies out"));
    }
}
