//! From a service's definition to what the engine's API wants. Pure.

use super::{labels, settings};
use benchtop_model::inject::{self, Ports, Viewpoint};
use benchtop_model::plan::{Attachment, Container, MountSource, Network, Plan, Protocol, Service};
use benchtop_model::signal;
use bollard::models::{
    ContainerCreateBody, EndpointIpamConfig, EndpointSettings, HealthConfig, HostConfig, Mount,
    MountBindOptions, MountBindOptionsPropagationEnum as Propagation, MountImageOptions, MountType,
    MountVolumeOptions, NetworkingConfig, PortBinding,
};
use std::collections::HashMap;

/// Name of the container in the engine; the same as Compose would give.
pub(crate) fn container_name(plan: &Plan, service: &Service, container: &Container) -> String {
    container
        .container_name
        .clone()
        .unwrap_or_else(|| format!("{}-{}-1", plan.name, service.name))
}

/// Name of the environment's network; the identity keeps two checkouts apart.
pub(crate) fn network_name(plan: &Plan) -> String {
    format!("{}-{}", plan.name, &plan.id()[..6])
}

/// Name of a network in the engine: as the file fixes it, or one of its own for
/// this checkout.
pub(super) fn engine_name(plan: &Plan, key: &str) -> String {
    let fixed = plan.networks.get(key).and_then(|n| n.name.clone());
    fixed.unwrap_or_else(|| match key {
        "default" => network_name(plan),
        key => format!("{}-{key}", network_name(plan)),
    })
}

/// The body of the create request.
pub(crate) fn body(
    plan: &Plan,
    service: &Service,
    container: &Container,
    ports: &Ports,
    generation: u64,
) -> ContainerCreateBody {
    let expand =
        |words: &Option<Vec<String>>| words.as_ref().map(|words| expand_all(plan, words, ports));
    let environment = inject::variables(plan, &service.name, ports);
    let own = &container.settings;
    let is_guest = matches!(own.network, Network::Join(_));
    ContainerCreateBody {
        image: Some(container.image.clone()),
        cmd: expand(&container.command),
        entrypoint: expand(&container.entrypoint),
        env: Some(
            environment
                .into_iter()
                .map(|(k, v)| format!("{k}={v}"))
                .collect(),
        ),
        // Who shares a network takes over its names and ports, too.
        hostname: container.hostname.clone().filter(|_| !is_guest),
        domainname: own.domainname.clone().filter(|_| !is_guest),
        tty: own.tty.then_some(true),
        open_stdin: own.stdin_open.then_some(true),
        user: container.user.clone(),
        working_dir: container.working_dir.clone(),
        labels: Some(labels::of_service(
            plan,
            service,
            &container.labels,
            generation,
        )),
        stop_signal: service
            .stop_signal
            .map(|number| signal::name(number).map_or(number.to_string(), str::to_owned)),
        exposed_ports: (!is_guest).then(|| exposed_ports(service, container)),
        healthcheck: container.healthcheck.as_ref().map(health_config),
        host_config: Some(host_config(plan, service, container, ports)),
        networking_config: (own.network == Network::Shared)
            .then(|| networking(plan, service, container)),
        ..ContainerCreateBody::default()
    }
}

/// Templates such as `{{auth.http.url}}` in the words of a command. What cannot
/// be expanded was reported when the file was read, and stays as it is.
fn expand_all(plan: &Plan, words: &[String], ports: &Ports) -> Vec<String> {
    words
        .iter()
        .map(|word| {
            inject::expand(word, plan, ports, Viewpoint::Container).unwrap_or_else(|_| word.clone())
        })
        .collect()
}

fn port_key(endpoint: &benchtop_model::plan::Endpoint) -> Option<String> {
    let protocol = match endpoint.protocol {
        Protocol::Tcp => "tcp",
        Protocol::Udp => "udp",
    };
    Some(format!("{}/{protocol}", endpoint.target?))
}

fn exposed_ports(service: &Service, container: &Container) -> Vec<String> {
    let mut all: Vec<String> = service.endpoints.iter().filter_map(port_key).collect();
    for port in &container.settings.expose {
        if !all.contains(port) {
            all.push(port.clone());
        }
    }
    all
}

fn host_config(plan: &Plan, service: &Service, container: &Container, ports: &Ports) -> HostConfig {
    let own = &container.settings;
    let bindings = if settings::has_own_network(own) {
        port_bindings(service, ports)
    } else {
        HashMap::new()
    };
    let (memory, mounts): (Vec<_>, Vec<_>) = container
        .mounts
        .iter()
        .partition(|mount| has_options(mount));
    let memory = memory
        .into_iter()
        .map(|m| (m.target.clone(), m.options.clone()));
    let memory: HashMap<_, _> = memory.collect();
    let base = HostConfig {
        port_bindings: Some(bindings),
        mounts: Some(
            mounts
                .into_iter()
                .map(|mount| mount_of(plan, mount))
                .collect(),
        ),
        tmpfs: Some(memory).filter(|all| !all.is_empty()),
        extra_hosts: extra_hosts(container),
        ..HostConfig::default()
    };
    settings::apply(plan, own, base)
}

/// Only the older way of asking for memory takes all options.
fn has_options(mount: &benchtop_model::plan::Mount) -> bool {
    mount.source == MountSource::Tmpfs && !mount.options.is_empty()
}

/// How a container reaches a process of this host, and what the file adds.
fn extra_hosts(container: &Container) -> Option<Vec<String>> {
    let own = &container.settings;
    if matches!(own.network, Network::Join(_) | Network::None) {
        return None;
    }
    let gateway = "host.docker.internal:host-gateway".to_owned();
    let replaced = own
        .extra_hosts
        .iter()
        .any(|host| host.starts_with("host.docker.internal:"));
    let all = (!replaced).then_some(gateway).into_iter();
    Some(all.chain(own.extra_hosts.iter().cloned()).collect())
}

fn port_bindings(service: &Service, ports: &Ports) -> HashMap<String, Option<Vec<PortBinding>>> {
    let mut bindings: HashMap<String, Option<Vec<PortBinding>>> = HashMap::new();
    for endpoint in &service.endpoints {
        let port = ports.get(&(service.name.clone(), endpoint.name.clone()));
        let (Some(key), Some(port)) = (port_key(endpoint), port) else {
            continue;
        };
        // Loopback unless the file asks for more: a test database is nobody
        // else's business. Both families, because `localhost` may be either.
        let hosts = match &endpoint.host {
            Some(host) => vec![host.clone()],
            None => vec!["127.0.0.1".to_owned(), "::1".to_owned()],
        };
        let list = bindings.entry(key).or_default().get_or_insert_default();
        list.extend(
            hosts
                .into_iter()
                .filter(|host| host != "::1" || crate::ports::has_ipv6_loopback())
                .map(|host| PortBinding {
                    host_ip: Some(host),
                    host_port: Some(port.to_string()),
                }),
        );
    }
    bindings
}

fn mount_of(plan: &Plan, mount: &benchtop_model::plan::Mount) -> Mount {
    // Mounts, not Binds: a missing folder is an error, and never made as root.
    let (typ, source) = match &mount.source {
        MountSource::Bind(path) => (MountType::BIND, Some(path.display().to_string())),
        MountSource::Volume(key) => (
            MountType::VOLUME,
            plan.volumes.get(key).map(|v| v.name.clone()),
        ),
        MountSource::Anonymous => (MountType::VOLUME, None),
        MountSource::Tmpfs => (MountType::TMPFS, None),
        MountSource::Image(name) => (MountType::IMAGE, Some(name.clone())),
    };
    let propagation = mount.propagation.as_deref().and_then(propagation);
    let labels: HashMap<String, String> = mount.labels.clone().into_iter().collect();
    let part = mount.options.strip_prefix("subpath=").map(str::to_owned);
    let is_image = matches!(mount.source, MountSource::Image(_));
    Mount {
        typ: Some(typ),
        source,
        target: Some(mount.target.clone()),
        read_only: Some(mount.read_only),
        image_options: part
            .clone()
            .filter(|_| is_image)
            .map(|subpath| MountImageOptions {
                subpath: Some(subpath),
            }),
        volume_options: Some(MountVolumeOptions {
            subpath: part.filter(|_| !is_image),
            no_copy: mount.no_copy.then_some(true),
            labels: Some(labels).filter(|all| !all.is_empty()),
            ..MountVolumeOptions::default()
        })
        .filter(|options| *options != MountVolumeOptions::default()),
        bind_options: propagation.map(|mode| MountBindOptions {
            propagation: Some(mode),
            ..MountBindOptions::default()
        }),
        ..Mount::default()
    }
}

fn propagation(mode: &str) -> Option<Propagation> {
    Some(match mode {
        "private" => Propagation::PRIVATE,
        "rprivate" => Propagation::RPRIVATE,
        "shared" => Propagation::SHARED,
        "rshared" => Propagation::RSHARED,
        "slave" => Propagation::SLAVE,
        "rslave" => Propagation::RSLAVE,
        _ => return None,
    })
}

/// The first network of a container; it is connected to the others afterwards.
fn networking(plan: &Plan, service: &Service, container: &Container) -> NetworkingConfig {
    let first = attachments(service, container).into_iter().take(1);
    let first = first.map(|(key, endpoint)| (engine_name(plan, &key), endpoint));
    NetworkingConfig {
        endpoints_config: Some(first.collect()),
    }
}

/// The networks of a container by their key in the plan, that of the highest
/// priority first; none where it uses a network of somebody else.
pub(super) fn attachments(
    service: &Service,
    container: &Container,
) -> Vec<(String, EndpointSettings)> {
    let own = &container.settings;
    if own.network != Network::Shared {
        return Vec::new();
    }
    if own.networks.is_empty() {
        let usual = endpoint(service, container, &Attachment::default());
        return vec![("default".to_owned(), usual)];
    }
    let mut all: Vec<_> = own.networks.iter().collect();
    all.sort_by_key(|(_, attachment)| std::cmp::Reverse(attachment.priority));
    all.into_iter()
        .map(|(key, attachment)| (key.clone(), endpoint(service, container, attachment)))
        .collect()
}

fn endpoint(service: &Service, container: &Container, own: &Attachment) -> EndpointSettings {
    let mut names = vec![service.name.clone()];
    for name in container.settings.aliases.iter().chain(&own.aliases) {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    let has_address = own.ipv4.is_some() || own.ipv6.is_some() || !own.link_local.is_empty();
    let options: HashMap<String, String> = own.options.clone().into_iter().collect();
    EndpointSettings {
        aliases: Some(names),
        ipam_config: has_address.then(|| EndpointIpamConfig {
            ipv4_address: own.ipv4.clone(),
            ipv6_address: own.ipv6.clone(),
            link_local_ips: Some(own.link_local.clone()).filter(|all| !all.is_empty()),
        }),
        mac_address: own.mac_address.clone(),
        links: Some(container.settings.links.clone()).filter(|all| !all.is_empty()),
        driver_opts: Some(options).filter(|all| !all.is_empty()),
        ..EndpointSettings::default()
    }
}

/// Durations in nanoseconds, as the API wants them; 0 means "as in the image".
fn health_config(check: &benchtop_model::plan::Healthcheck) -> HealthConfig {
    let nanos = |span: Option<benchtop_model::time::Millis>| {
        span.and_then(|span| i64::try_from(span.0 * 1_000_000).ok())
    };
    HealthConfig {
        test: Some(check.test.clone()),
        interval: nanos(check.interval),
        timeout: nanos(check.timeout),
        retries: check.retries.map(i64::from),
        start_period: nanos(check.start_period),
        start_interval: nanos(check.start_interval),
    }
}
