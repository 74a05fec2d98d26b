//! A plan for people: what each service waits for, where it is reached, what it
//! is told and how it is watched, before anything is started.

use crate::view::{PlannedEndpoint, PlannedService, PlannedWait, Variable};
use benchtop_model::inject::{self, Ports};
use benchtop_model::plan::{Endpoint, HostPort, Plan, Run, Service};
use benchtop_model::probe::{Probe, ProbeKind};
use benchtop_model::{graph, secret};
use std::collections::BTreeMap;

/// What is shown in place of a port that is chosen at the start.
const AUTO: &str = "auto";

/// Every service, each after what it waits for.
#[must_use]
pub fn of(plan: &Plan) -> Vec<PlannedService> {
    let order = graph::start_order(plan);
    let services = order.iter().filter_map(|name| plan.services.get(name));
    let ports = (unassigned(plan, 0), unassigned(plan, 1));
    services.map(|s| planned(plan, s, &ports)).collect()
}

/// Image or command line.
#[must_use]
pub fn source(service: &Service) -> String {
    match &service.run {
        Run::Container(container) => container.image.clone(),
        Run::Process(process) => process.command.join(" "),
        Run::External => "external".to_owned(),
    }
}

/// Variables of a service as they may be shown.
#[must_use]
pub fn masked(plan: &Plan, service: &str, variables: BTreeMap<String, String>) -> Vec<Variable> {
    let written = plan.services.get(service).map(|s| &s.environment);
    let variable = |(key, value): (String, String)| Variable {
        injected: !written.is_some_and(|written| written.contains_key(&key)),
        secret: secret::mask(&key, &value) != value,
        value: secret::mask(&key, &value),
        key,
    };
    variables.into_iter().map(variable).collect()
}

fn planned(plan: &Plan, service: &Service, ports: &(Ports, Ports)) -> PlannedService {
    let waits_for = service.depends_on.iter().map(|(name, on)| PlannedWait {
        service: name.clone(),
        condition: on.condition,
    });
    PlannedService {
        name: service.name.clone(),
        kind: service.kind(),
        source: source(service),
        waits_for: waits_for.collect(),
        endpoints: service.endpoints.iter().map(endpoint).collect(),
        variables: masked(plan, &service.name, variables(plan, service, ports)),
        probes: service
            .probes
            .iter()
            .map(|(role, p)| format!("{}: {}", role.word(), asks(p)))
            .collect(),
    }
}

fn endpoint(endpoint: &Endpoint) -> PlannedEndpoint {
    let port = match endpoint.port {
        HostPort::Fixed(port) => port.to_string(),
        HostPort::Auto => AUTO.to_owned(),
    };
    let host = match endpoint.host.as_deref() {
        None | Some("" | "0.0.0.0" | "::") => "localhost".to_owned(),
        Some(v6) if v6.contains(':') => format!("[{v6}]"),
        Some(host) => host.to_owned(),
    };
    PlannedEndpoint {
        name: endpoint.name.clone(),
        url: format!("{}://{host}:{port}", endpoint.scheme),
    }
}

/// Every automatic port as if it were this one.
fn unassigned(plan: &Plan, port: u16) -> Ports {
    let endpoints = plan.services.values().flat_map(|service| {
        let auto = service.endpoints.iter();
        auto.filter(|e| e.port == HostPort::Auto)
            .map(|e| (service.name.clone(), e.name.clone()))
    });
    endpoints.map(|key| (key, port)).collect()
}

/// What the service will get. A value that depends on a port that is not chosen
/// yet is known by being another one with another port.
fn variables(plan: &Plan, service: &Service, ports: &(Ports, Ports)) -> BTreeMap<String, String> {
    let mut variables = inject::variables(plan, &service.name, &ports.0);
    let other = inject::variables(plan, &service.name, &ports.1);
    for (key, value) in &mut variables {
        if other.get(key) != Some(value) {
            *value = without_port(value);
        }
    }
    variables
}

/// The text with `auto` where the port 0 stands, which nobody can mean.
fn without_port(value: &str) -> String {
    let begins = |c: Option<char>| c.is_none_or(|c| ":=,; ".contains(c));
    let ends = |c: Option<&char>| c.is_none_or(|c| !c.is_alphanumeric() && *c != '.');
    let mut text = String::new();
    let mut before = None;
    let mut rest = value.chars().peekable();
    while let Some(c) = rest.next() {
        if c == '0' && begins(before) && ends(rest.peek()) {
            text.push_str(AUTO);
        } else {
            text.push(c);
        }
        before = Some(c);
    }
    text
}

/// `http /health`, `exec pg_isready`, `tcp`.
fn asks(probe: &Probe) -> String {
    let detail = match &probe.kind {
        ProbeKind::Http { path, .. } => path.clone(),
        ProbeKind::Exec { command } => command.join(" "),
        _ => String::new(),
    };
    let at = probe.kind.endpoint().map(|name| format!("at {name}"));
    [
        probe.kind.word().to_owned(),
        detail,
        at.unwrap_or_default(),
        if probe.default {
            "(known of the image)"
        } else {
            ""
        }
        .to_owned(),
    ]
    .into_iter()
    .filter(|part| !part.is_empty())
    .collect::<Vec<_>>()
    .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use benchtop_model::file::load_alone;
    use benchtop_model::plan::Condition;

    fn summary(text: &str) -> Vec<PlannedService> {
        let loaded = load_alone(text);
        of(&loaded
            .plan
            .unwrap_or_else(|| panic!("{:?}", loaded.problems)))
    }

    #[test]
    fn the_plan_says_order_addresses_and_variables() {
        let services = summary(
            "services:
  api:
    process: ./api
    endpoints: { http: auto, admin: { port: 9000, host: '::1', scheme: http } }
    references: [db]
    environment: { DB_PASSWORD: hunter2, DISPLAY: ':0', BACK: '{{api.http.url}}/x' }
    probes: { ready: { http: /health } }
  db: { image: 'postgres:16', ports: ['5432:5432'] }
",
        );
        let names: Vec<_> = services.iter().map(|s| s.name.as_str()).collect();
        assert_eq!(names, ["db", "api"]);
        let api = &services[1];
        assert_eq!((api.source.as_str(), api.waits_for.len()), ("./api", 1));
        assert_eq!(api.waits_for[0].condition, Condition::Healthy);
        let urls: Vec<_> = api.endpoints.iter().map(|e| e.url.as_str()).collect();
        assert_eq!(urls, ["http://localhost:auto", "http://[::1]:9000"]);
        let value = |key: &str| {
            let found = api.variables.iter().find(|v| v.key == key);
            found.map(|v| (v.value.as_str(), v.injected, v.secret))
        };
        assert_eq!(value("PORT"), Some(("auto", true, false)));
        assert_eq!(
            value("BACK"),
            Some(("http://localhost:auto/x", false, false))
        );
        assert_eq!(value("DISPLAY"), Some((":0", false, false)));
        assert_eq!(value("DB_PASSWORD"), Some((secret::MASK, false, true)));
        assert_eq!(value("DB_PORT"), Some(("5432", true, false)));
        assert!(
            api.probes[0].starts_with("ready: http /health"),
            "{:?}",
            api.probes
        );
    }

    #[test]
    fn only_a_port_becomes_auto() {
        assert_eq!(
            without_port("http://10.0.0.1:0/a0b"),
            "http://10.0.0.1:auto/a0b"
        );
        assert_eq!(without_port("0"), "auto");
    }
}
