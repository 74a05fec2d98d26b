//! `scale` and `deploy.replicas`: several instances of what is written once.
//!
//! The first keeps the name, the others are services of their own, called
//! `NAME-2`, `NAME-3` and so on: each is started, watched and restarted by
//! itself. All of them answer to the name on the network, and who waits for the
//! one waits for all.

use super::amounts;
use super::service::Draft;
use crate::file::findings::Findings;
use crate::file::written::At;
use crate::file::written::service::Service as Written;
use crate::plan::{HostPort, Replica, Run, Service};
use crate::problem::Problem;
use std::collections::BTreeMap;

/// Most instances of one service.
const MOST: i64 = 100;

/// The services with all their instances. Services of which there are to be none
/// are left out, and nobody waits for them.
pub(super) fn expand(
    drafts: Vec<Draft<'_>>,
    project: &str,
    findings: &mut Findings,
) -> BTreeMap<String, Service> {
    let mut services = BTreeMap::new();
    let mut instances: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for draft in drafts {
        let count = count(draft.written, findings).unwrap_or(1);
        let all = of(draft, count, project, findings);
        let Some((name, _)) = all.first().map(|s| (s.name.clone(), ())) else {
            continue;
        };
        instances.insert(name, all.iter().map(|s| s.name.clone()).collect());
        services.extend(
            all.into_iter()
                .map(|service| (service.name.clone(), service)),
        );
    }
    for service in services.values_mut() {
        let written = std::mem::take(&mut service.depends_on);
        for (name, dependency) in written {
            let all = instances.get(&name).into_iter().flatten();
            let all = all.map(|instance| (instance.clone(), dependency));
            service.depends_on.extend(all);
        }
    }
    services
}

/// How many there are to be, where it is written.
fn count(written: &Written, findings: &mut Findings) -> Option<u32> {
    let own = &written.settings;
    let (scale, replicas) = (own.text("scale"), own.deploy.replicas.as_ref());
    let number = |key, text: Option<&At<String>>, findings: &mut Findings| {
        amounts::number(key, 0, text, findings)
    };
    let (a, b) = (
        number("scale", scale, findings),
        number("replicas", replicas, findings),
    );
    let text = scale.or(replicas)?;
    if a.zip(b).is_some_and(|(a, b)| a != b) {
        let problem = Problem::error(&text.place, "`scale` and `deploy.replicas` differ");
        findings.push(problem.hint("keep one of the two"));
    }
    let count = a.or(b)?;
    if count > MOST {
        let message = format!("a service may have {MOST} instances at the most");
        findings.error(&text.place, message);
        return None;
    }
    u32::try_from(count).ok()
}

fn of(draft: Draft<'_>, count: u32, project: &str, findings: &mut Findings) -> Vec<Service> {
    let place = place(draft.written).clone();
    let first = draft.service;
    if count == 1 {
        return vec![first];
    }
    let Run::Container(container) = &first.run else {
        let message = "only a container can have several instances; this counts as 1";
        findings.push(
            Problem::warning(&place, message).hint("write a process as often as it is to run"),
        );
        return vec![first];
    };
    if count == 0 {
        let message = format!("`{}` is not started: it is to have no instance", first.name);
        findings.warn(&place, message);
        return Vec::new();
    }
    if let Some(name) = &container.container_name {
        let message = format!("only one container can be called `{name}`");
        let problem = Problem::error(&place, message);
        findings.push(problem.hint("leave `container_name` out, and names are made"));
    }
    let fixed = first
        .endpoints
        .iter()
        .position(|e| matches!(e.port, HostPort::Fixed(_)));
    if let Some(at) = fixed {
        let place = draft.port_places.get(at).unwrap_or(&place);
        let message = format!(
            "`{}` has {count} instances, but only one can have this port",
            first.name
        );
        let problem = Problem::error(place, message);
        findings.push(problem.hint("leave the port of this host open, as in `ports: [80]`"));
    }
    (1..=count)
        .map(|number| instance(&first, number, project))
        .collect()
}

fn place(written: &Written) -> &crate::problem::Place {
    let own = &written.settings;
    let text = own.text("scale").or(own.deploy.replicas.as_ref());
    text.map_or(&written.name.place, |text| &text.place)
}

fn instance(first: &Service, number: u32, project: &str) -> Service {
    let mut service = first.clone();
    if let Run::Container(container) = &mut service.run {
        container.settings.replica = Some(Replica {
            of: first.name.clone(),
            number,
        });
        if number > 1 {
            service.name = format!("{}-{number}", first.name);
            container.container_name = Some(format!("{project}-{}-{number}", first.name));
            container.settings.aliases.push(first.name.clone());
        }
    }
    service
}
