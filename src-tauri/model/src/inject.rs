//! The variables that a service gets beside those of its user: addresses of the
//! services that it references, connection strings, and its own ports. Made at
//! each start, when the ports are known.

mod connection;
mod telemetry;
mod template;

pub use telemetry::{Telemetry, telemetry, telemetry_of_step};
pub(crate) use template::faults as template_faults;

use crate::plan::{Container, Endpoint, HostPort, Network, Owner, Plan, Protocol, Run, Service};
use std::collections::BTreeMap;
use std::fmt;

/// The name under which a container reaches this host.
const HOST_FROM_CONTAINER: &str = "host.docker.internal";

/// Where the user of an address runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Viewpoint {
    /// On this host.
    Host,
    /// In a container on the network of the environment.
    Container,
}

impl Viewpoint {
    /// Where this service runs.
    #[must_use]
    pub fn of(service: &Service) -> Self {
        match &service.run {
            Run::Container(container) if container.settings.network == Network::Host => Self::Host,
            Run::Container(_) => Self::Container,
            Run::Process(_) | Run::External => Self::Host,
        }
    }
}

/// The name by which other containers reach a container, where they can do so
/// without a port of this host.
fn name_on_network<'a>(service: &'a Service, container: &'a Container) -> Option<&'a str> {
    match &container.settings.network {
        Network::Shared => Some(&service.name),
        Network::Join(Owner::Service(owner)) => Some(owner),
        Network::Host | Network::None | Network::Bridge | Network::Join(Owner::Container(_)) => {
            None
        }
    }
}

/// Host ports as assigned at the start: (service, endpoint) → port. A fixed port
/// need not be in it.
pub type Ports = BTreeMap<(String, String), u16>;

/// Where an endpoint is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// A name or an IP address, without brackets.
    pub host: String,
    /// The port at that host.
    pub port: u16,
}

impl fmt::Display for Address {
    /// `host:port`, with brackets around an IPv6 address.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

/// Where the endpoint of a service is reached from a viewpoint; nothing where
/// there is no such endpoint, or its port is not assigned yet.
#[must_use]
pub fn address(
    plan: &Plan,
    service: &str,
    endpoint: &str,
    ports: &Ports,
    viewpoint: Viewpoint,
) -> Option<Address> {
    let service = plan.services.get(service)?;
    let endpoint = service.endpoint(Some(endpoint))?;
    address_of(service, endpoint, ports, viewpoint)
}

/// The address as a URL: `http://localhost:5001`.
#[must_use]
pub fn url(
    plan: &Plan,
    service: &str,
    endpoint: &str,
    ports: &Ports,
    viewpoint: Viewpoint,
) -> Option<String> {
    let service = plan.services.get(service)?;
    url_of(service, service.endpoint(Some(endpoint))?, ports, viewpoint)
}

/// The whole environment of a service: its own variables, which win, and those
/// that are injected. Templates in its own are expanded.
#[must_use]
pub fn variables(plan: &Plan, service: &str, ports: &Ports) -> BTreeMap<String, String> {
    let mut variables = BTreeMap::new();
    let Some(user) = plan.services.get(service) else {
        return variables;
    };
    let viewpoint = Viewpoint::of(user);
    for used in user
        .references
        .iter()
        .filter_map(|name| plan.services.get(name))
    {
        add_reference(used, ports, viewpoint, &mut variables);
    }
    if let Run::Process(_) = user.run {
        add_own_ports(user, ports, &mut variables);
    }
    for (key, value) in &user.environment {
        let value = expand(value, plan, ports, viewpoint).unwrap_or_else(|_| value.clone());
        variables.insert(key.clone(), value);
    }
    variables
}

/// What a program of this host is told of all services, as if it referenced each.
#[must_use]
pub fn addresses(plan: &Plan, ports: &Ports) -> BTreeMap<String, String> {
    let mut variables = BTreeMap::new();
    for service in plan.services.values() {
        add_reference(service, ports, Viewpoint::Host, &mut variables);
    }
    variables
}

/// `text` with each `{{service.endpoint.url}}`, `.host` and `.port` replaced by
/// what is reached from the viewpoint. Other braces are left as they are.
///
/// # Errors
/// One sentence, where a template names what does not exist or has no port yet.
pub fn expand(
    text: &str,
    plan: &Plan,
    ports: &Ports,
    viewpoint: Viewpoint,
) -> Result<String, String> {
    template::expand(text, plan, ports, viewpoint)
}

fn address_of(
    service: &Service,
    endpoint: &Endpoint,
    ports: &Ports,
    viewpoint: Viewpoint,
) -> Option<Address> {
    let at = |host: &str, port| {
        Some(Address {
            host: host.to_owned(),
            port,
        })
    };
    let local = local_host(endpoint.host.as_deref());
    if let (Run::Container(container), Viewpoint::Container) = (&service.run, viewpoint)
        && let Some(name) = name_on_network(service, container)
    {
        return at(name, endpoint.target?);
    }
    match (&service.run, viewpoint) {
        (_, Viewpoint::Host) => at(local, host_port(service, endpoint, ports)?),
        // A host of its own is the same from everywhere.
        (Run::External, Viewpoint::Container) if !is_loopback(local) => {
            at(local, host_port(service, endpoint, ports)?)
        }
        (_, Viewpoint::Container) => at(HOST_FROM_CONTAINER, host_port(service, endpoint, ports)?),
    }
}

fn url_of(
    service: &Service,
    endpoint: &Endpoint,
    ports: &Ports,
    viewpoint: Viewpoint,
) -> Option<String> {
    let address = address_of(service, endpoint, ports, viewpoint)?;
    Some(format!("{}://{address}", endpoint.scheme))
}

/// The host at which something bound to `host` is reached from this host.
fn local_host(host: Option<&str>) -> &str {
    match host {
        None | Some("" | "0.0.0.0" | "::") => "localhost",
        Some(host) => host,
    }
}

fn is_loopback(host: &str) -> bool {
    host == "localhost"
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|ip| ip.is_loopback())
}

fn host_port(service: &Service, endpoint: &Endpoint, ports: &Ports) -> Option<u16> {
    match endpoint.port {
        HostPort::Fixed(port) => Some(port),
        HostPort::Auto => ports
            .get(&(service.name.clone(), endpoint.name.clone()))
            .copied(),
    }
}

/// Everything that a user of `used` is told about it.
fn add_reference(
    used: &Service,
    ports: &Ports,
    viewpoint: Viewpoint,
    variables: &mut BTreeMap<String, String>,
) {
    let reach = |endpoint: &Endpoint| address_of(used, endpoint, ports, viewpoint);
    let usable = || {
        used.endpoints
            .iter()
            .filter(|e| e.protocol == Protocol::Tcp)
    };
    let name = variable_name(&used.name);
    for endpoint in usable() {
        let Some(url) = url_of(used, endpoint, ports, viewpoint) else {
            continue;
        };
        let discovery = format!("services__{}__{}__0", used.name, endpoint.name);
        variables.insert(discovery, url.clone());
        variables.insert(format!("{name}_{}", variable_name(&endpoint.name)), url);
    }
    // After the others, so that an endpoint called `port` does not hide the port.
    let first = usable().next();
    if let Some((first, address)) = first.and_then(|first| Some((first, reach(first)?))) {
        let url = format!("{}://{address}", first.scheme);
        variables.insert(format!("ASPNETCORE_{name}_URL"), url.clone());
        variables.insert(format!("{name}_URL"), url);
        variables.insert(format!("{name}_HOST"), address.host);
        variables.insert(format!("{name}_PORT"), address.port.to_string());
    }
    if let Some(text) = connection::string(used, reach) {
        variables.insert(format!("ConnectionStrings__{}", used.name), text);
    }
}

/// What a process needs to know in order to listen where it is expected.
fn add_own_ports(user: &Service, ports: &Ports, variables: &mut BTreeMap<String, String>) {
    for endpoint in &user.endpoints {
        if let Some(port) = host_port(user, endpoint, ports) {
            variables.insert(
                format!("{}_PORT", variable_name(&endpoint.name)),
                port.to_string(),
            );
        }
    }
    if let Some(port) = user
        .endpoints
        .first()
        .and_then(|first| host_port(user, first, ports))
    {
        variables.insert("PORT".to_owned(), port.to_string());
    }
    let http = user
        .endpoints
        .iter()
        .find(|endpoint| endpoint.scheme == "http");
    if let Some((http, port)) = http.and_then(|http| Some((http, host_port(user, http, ports)?))) {
        let host = http.host.clone().unwrap_or_else(|| "localhost".to_owned());
        variables.insert(
            "ASPNETCORE_URLS".to_owned(),
            format!("http://{}", Address { host, port }),
        );
    }
}

/// A name as part of a variable: upper case, `_` for all that is no letter or
/// digit, and never a digit in front.
fn variable_name(name: &str) -> String {
    let upper: String = name
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_uppercase()
            } else {
                '_'
            }
        })
        .collect();
    if upper.starts_with(|c: char| c.is_ascii_digit()) {
        format!("_{upper}")
    } else {
        upper
    }
}

#[cfg(test)]
mod tests;
