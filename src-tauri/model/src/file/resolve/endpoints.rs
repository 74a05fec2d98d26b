//! The endpoints of a service: those of `endpoints` first, then those that
//! Compose's `ports` publish.

use super::ports::{self, Published};
use crate::file::findings::Findings;
use crate::file::written::At;
use crate::file::written::reach;
use crate::file::written::service::Service;
use crate::plan::{Endpoint, HostPort, Protocol, ServiceKind};
use crate::problem::{Place, Problem};
use std::cell::Cell;
use std::collections::BTreeSet;

/// Names that are schemes at the same time.
const SCHEMES: [&str; 19] = [
    "http",
    "https",
    "ws",
    "wss",
    "grpc",
    "amqp",
    "amqps",
    "redis",
    "rediss",
    "postgres",
    "postgresql",
    "mysql",
    "mongodb",
    "kafka",
    "nats",
    "mqtt",
    "smtp",
    "ftp",
    "ldap",
];

/// Container ports behind which a browser finds something.
const HTTP_PORTS: [u16; 8] = [80, 8080, 8000, 3000, 5000, 8081, 9090, 15672];

/// An endpoint with the place where its port is written.
#[derive(Debug)]
pub(super) struct Bound {
    pub(super) endpoint: Endpoint,
    pub(super) place: Place,
}

/// All endpoints in the order of the file. `left` is how many more the whole
/// environment may have.
pub(super) fn resolve(
    service: &Service,
    kind: ServiceKind,
    left: &Cell<usize>,
    findings: &mut Findings,
) -> Vec<Bound> {
    let written = service.endpoints.iter();
    let bound = written
        .filter_map(|endpoint| from_endpoint(endpoint, kind, findings))
        .collect();
    let mut all = Endpoints::new(bound);
    let published = if kind == ServiceKind::Container {
        service.ports.as_slice()
    } else {
        &[]
    };
    for port in published.iter().take_while(|_| left.get() > 0) {
        let ports = ports::resolve(port, findings);
        left.set(left.get().saturating_sub(ports.len()));
        if left.get() == 0 {
            let message = "the services publish more ports than an environment may have";
            findings.error(&service.name.place, message);
        }
        ports
            .into_iter()
            .for_each(|port| all.publish(port, findings));
    }
    all.bound
}

/// The endpoints of one service in the making.
struct Endpoints {
    bound: Vec<Bound>,
    names: BTreeSet<String>,
}

impl Endpoints {
    fn new(bound: Vec<Bound>) -> Self {
        let names = bound
            .iter()
            .map(|bound| bound.endpoint.name.clone())
            .collect();
        Self { bound, names }
    }

    /// Adds a published port, unless an endpoint already stands for it.
    fn publish(&mut self, port: Published, findings: &mut Findings) {
        if self
            .bound
            .iter()
            .any(|bound| stands_for(&bound.endpoint, &port))
        {
            return;
        }
        let guess = guess_scheme(port.target, port.protocol);
        let name = port.name.as_ref().map_or(guess, |name| &name.value);
        if let Some(name) = &port.name {
            check_name(name, findings);
        }
        let endpoint = Endpoint {
            name: self.free_name(name, port.target),
            scheme: match &port.scheme {
                Some(explicit) => scheme(name, Some(explicit), findings),
                None if is_scheme(name) => name.to_owned(),
                None => guess.to_owned(),
            },
            port: port.port,
            target: Some(port.target),
            host: port.ip,
            protocol: port.protocol,
        };
        self.names.insert(endpoint.name.clone());
        self.bound.push(Bound {
            endpoint,
            place: port.place,
        });
    }

    /// The name itself, or `NAME-PORT`, or that with a number.
    fn free_name(&self, name: &str, port: u16) -> String {
        let numbered = (2..).map(|n| format!("{name}-{port}-{n}"));
        let mut candidates = [name.to_owned(), format!("{name}-{port}")]
            .into_iter()
            .chain(numbered);
        let free = candidates.find(|candidate| !self.names.contains(candidate));
        free.unwrap_or_default()
    }
}

fn from_endpoint(
    written: &reach::Endpoint,
    kind: ServiceKind,
    findings: &mut Findings,
) -> Option<Bound> {
    check_name(&written.name, findings);
    let port = match &written.port {
        Some(text) => host_port(text, findings)?,
        None => HostPort::Auto,
    };
    let target = match &written.target {
        Some(text) => Some(target_port(text, findings)?),
        None => None,
    };
    let target = check_for_kind(written, kind, port, target, findings)?;
    let endpoint = Endpoint {
        name: written.name.value.clone(),
        scheme: scheme(&written.name.value, written.scheme.as_ref(), findings),
        port,
        target,
        host: written
            .host
            .as_ref()
            .and_then(|host| check_host(host, findings)),
        protocol: Protocol::Tcp,
    };
    let place = written
        .port
        .as_ref()
        .map_or(&written.place, |port| &port.place)
        .clone();
    Some(Bound { endpoint, place })
}

/// The target, after a look at what the kind of service needs.
fn check_for_kind(
    written: &reach::Endpoint,
    kind: ServiceKind,
    port: HostPort,
    target: Option<u16>,
    findings: &mut Findings,
) -> Option<Option<u16>> {
    let name = &written.name.value;
    match (kind, port, target) {
        (ServiceKind::Container, _, Some(_)) => Some(target),
        (ServiceKind::Container, HostPort::Fixed(port), None) => Some(Some(port)),
        (ServiceKind::Container, HostPort::Auto, None) => {
            let message =
                format!("the endpoint `{name}` does not say which port the container listens on");
            findings.push(
                Problem::error(&written.place, message).hint("write `{ port: auto, target: 80 }`"),
            );
            None
        }
        (ServiceKind::External, HostPort::Auto, _) => {
            let message = format!("the endpoint `{name}` of an external service needs its port");
            findings.push(
                Problem::error(&written.place, message)
                    .hint("write `{ host: db.example, port: 5432 }`"),
            );
            None
        }
        _ => {
            if let Some(target) = &written.target {
                findings.warn(&target.place, "`target` has an effect only for containers");
            }
            Some(None)
        }
    }
}

/// Whether both are the same port; an endpoint may say more about its host.
fn stands_for(endpoint: &Endpoint, port: &Published) -> bool {
    let same = (endpoint.port, endpoint.target, endpoint.protocol)
        == (port.port, Some(port.target), port.protocol);
    same && (port.ip.is_none() || endpoint.host == port.ip)
}

fn guess_scheme(target: u16, protocol: Protocol) -> &'static str {
    match target {
        _ if protocol == Protocol::Udp => "udp",
        _ if HTTP_PORTS.contains(&target) => "http",
        443 | 8443 => "https",
        5672 => "amqp",
        _ => "tcp",
    }
}

/// The scheme as written, or by the name of the endpoint: `http`, `http-admin`.
fn scheme(name: &str, explicit: Option<&At<String>>, findings: &mut Findings) -> String {
    if let Some(explicit) = explicit {
        let scheme = explicit.value.to_ascii_lowercase();
        let mut chars = scheme.chars();
        let begins = chars.next().is_some_and(|c| c.is_ascii_alphabetic());
        if !begins || !chars.all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c)) {
            findings.error(
                &explicit.place,
                format!("`{}` is not the scheme of a URL", explicit.value),
            );
        }
        return scheme;
    }
    let first = name.split(['-', '_']).next().unwrap_or_default();
    [name, first]
        .into_iter()
        .find(|word| is_scheme(word))
        .unwrap_or("tcp")
        .to_owned()
}

fn is_scheme(word: &str) -> bool {
    SCHEMES.contains(&word)
}

fn check_name(name: &At<String>, findings: &mut Findings) {
    let good = name
        .value
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || "_-".contains(c));
    if !good {
        let problem = Problem::error(
            &name.place,
            format!("`{}` cannot be the name of an endpoint", name.value),
        );
        findings.push(problem.hint("use letters, digits, `-` and `_`"));
    }
}

fn host_port(text: &At<String>, findings: &mut Findings) -> Option<HostPort> {
    if text.value == "auto" {
        return Some(HostPort::Auto);
    }
    let port = ports::port(&text.value).map(HostPort::Fixed);
    if port.is_none() {
        let problem = Problem::error(&text.place, format!("`{}` is not a port", text.value));
        findings.push(problem.hint("expected a number from 1 to 65535, or `auto`"));
    }
    port
}

fn target_port(text: &At<String>, findings: &mut Findings) -> Option<u16> {
    let port = ports::port(&text.value);
    if port.is_none() {
        let problem = Problem::error(&text.place, format!("`{}` is not a port", text.value));
        findings.push(problem.hint("expected a number from 1 to 65535"));
    }
    port
}

/// A name or an address, without scheme, path or port.
fn check_host(host: &At<String>, findings: &mut Findings) -> Option<String> {
    let bare = host.value.trim_start_matches('[').trim_end_matches(']');
    let is_ipv6 = bare.parse::<std::net::Ipv6Addr>().is_ok();
    let is_name = bare
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || ".-_".contains(c));
    if !is_ipv6 && !is_name {
        let problem = Problem::error(&host.place, format!("`{}` is not a host", host.value));
        findings
            .push(problem.hint("expected a name or an address alone; the port belongs to `port`"));
        return None;
    }
    Some(bare.to_owned())
}
