//! The settings of a container in the words of the API. Pure.

use super::create::container_name;
use benchtop_model::plan::{
    Device, DeviceRequest, Logging, Namespace, Network, Owner, Plan, Run, Settings, Ulimit,
};
use bollard::models::{
    DeviceMapping, DeviceRequest as Request, HostConfig, HostConfigCgroupnsModeEnum as Cgroup,
    HostConfigLogConfig, ResourcesUlimits,
};
use std::collections::{BTreeMap, HashMap};

/// The name by which other containers and this host reach it is decided by the
/// network; this says whether it has one of its own.
pub(super) fn has_own_network(own: &Settings) -> bool {
    matches!(own.network, Network::Shared | Network::Bridge)
}

/// Whether it lives in a part of another container, so that it has to be made
/// anew whenever that one was.
pub(super) fn is_joined(own: &Settings) -> bool {
    let of_service =
        |namespace: &Option<Namespace>| matches!(namespace, Some(Namespace::Of(Owner::Service(_))));
    matches!(own.network, Network::Join(Owner::Service(_)))
        || of_service(&own.pid)
        || of_service(&own.ipc)
        || own
            .volumes_from
            .iter()
            .any(|from| matches!(from.owner, Owner::Service(_)))
}

/// `base` with everything that the settings say.
pub(super) fn apply(plan: &Plan, own: &Settings, base: HostConfig) -> HostConfig {
    let limits = limits(own);
    HostConfig {
        network_mode: network_mode(plan, &own.network),
        pid_mode: own
            .pid
            .as_ref()
            .map(|namespace| namespace_mode(plan, namespace)),
        ipc_mode: own
            .ipc
            .as_ref()
            .map(|namespace| namespace_mode(plan, namespace)),
        uts_mode: own.namespaces.get("uts").cloned(),
        userns_mode: own.namespaces.get("user").cloned(),
        cgroupns_mode: own.namespaces.get("cgroup").and_then(|mode| cgroup(mode)),
        dns: list(own, &own.dns),
        dns_search: list(own, &own.dns_search),
        dns_options: list(own, &own.dns_options),
        cap_add: filled(&own.cap_add),
        cap_drop: filled(&own.cap_drop),
        privileged: own.privileged.then_some(true),
        readonly_rootfs: own.read_only.then_some(true),
        security_opt: filled(&own.security_opt),
        group_add: filled(&own.group_add),
        init: own.init,
        runtime: own.runtime.clone(),
        shm_size: own.shm_size.map(signed),
        sysctls: map(&own.sysctls),
        ulimits: Some(own.ulimits.iter().map(ulimit).collect())
            .filter(|all: &Vec<_>| !all.is_empty()),
        devices: Some(own.devices.iter().map(device).collect())
            .filter(|all: &Vec<_>| !all.is_empty()),
        device_requests: Some(own.device_requests.iter().map(request).collect())
            .filter(|all: &Vec<_>| !all.is_empty()),
        log_config: own.logging.as_ref().map(log_config),
        annotations: map(&own.annotations),
        volumes_from: filled(&volumes_from(plan, own)),
        memory: limits.memory,
        memory_reservation: limits.memory_reservation,
        memory_swap: limits.memory_swap,
        nano_cpus: limits.nano_cpus,
        cpu_shares: limits.cpu_shares,
        cpuset_cpus: limits.cpuset_cpus,
        pids_limit: limits.pids_limit,
        oom_score_adj: limits.oom_score_adj,
        cpu_quota: limits.cpu_quota,
        cpu_period: limits.cpu_period,
        memory_swappiness: limits.memory_swappiness,
        oom_kill_disable: limits.oom_kill_disable,
        cgroup_parent: own.cgroup_parent.clone(),
        device_cgroup_rules: filled(&own.device_cgroup_rules),
        storage_opt: map(&own.storage_opt),
        ..base
    }
}

fn limits(own: &Settings) -> HostConfig {
    let limits = &own.limits;
    HostConfig {
        memory: limits.memory.map(signed),
        memory_reservation: limits.memory_reservation.map(signed),
        memory_swap: limits.memory_and_swap,
        nano_cpus: limits.nano_cpus.map(signed),
        cpu_shares: limits.cpu_shares.map(signed),
        cpuset_cpus: limits.cpuset.clone(),
        pids_limit: limits.pids,
        oom_score_adj: limits.oom_score_adj,
        cpu_quota: limits.cpu_quota,
        cpu_period: limits.cpu_period,
        memory_swappiness: limits.swappiness,
        oom_kill_disable: limits.oom_kill_disable,
        ..HostConfig::default()
    }
}

/// Nothing for the environment's own network, which is named elsewhere.
fn network_mode(plan: &Plan, network: &Network) -> Option<String> {
    match network {
        Network::Shared => None,
        Network::Host => Some("host".to_owned()),
        Network::None => Some("none".to_owned()),
        Network::Bridge => Some("bridge".to_owned()),
        Network::Join(owner) => Some(owner_mode(plan, owner)),
    }
}

fn namespace_mode(plan: &Plan, namespace: &Namespace) -> String {
    match namespace {
        Namespace::Mode(mode) => mode.clone(),
        Namespace::Of(owner) => owner_mode(plan, owner),
    }
}

fn owner_mode(plan: &Plan, owner: &Owner) -> String {
    format!("container:{}", owner_name(plan, owner))
}

/// Its name in the engine. That a service exists was checked when the file was
/// read.
fn owner_name(plan: &Plan, owner: &Owner) -> String {
    match owner {
        Owner::Container(name) => name.clone(),
        Owner::Service(name) => match plan.services.get(name).map(|s| (s, &s.run)) {
            Some((service, Run::Container(container))) => container_name(plan, service, container),
            _ => name.clone(),
        },
    }
}

/// `NAME:ro` or `NAME:rw` of each.
fn volumes_from(plan: &Plan, own: &Settings) -> Vec<String> {
    let mode = |read_only| if read_only { "ro" } else { "rw" };
    let all = own.volumes_from.iter();
    all.map(|from| format!("{}:{}", owner_name(plan, &from.owner), mode(from.read_only)))
        .collect()
}

fn cgroup(mode: &str) -> Option<Cgroup> {
    match mode {
        "host" => Some(Cgroup::HOST),
        "private" => Some(Cgroup::PRIVATE),
        _ => None,
    }
}

/// Name servers belong to who owns the network.
fn list(own: &Settings, values: &[String]) -> Option<Vec<String>> {
    filled(values).filter(|_| !matches!(own.network, Network::Join(_)))
}

fn filled(values: &[String]) -> Option<Vec<String>> {
    (!values.is_empty()).then(|| values.to_vec())
}

fn map(values: &BTreeMap<String, String>) -> Option<HashMap<String, String>> {
    (!values.is_empty()).then(|| values.clone().into_iter().collect())
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn ulimit((name, limit): (&String, &Ulimit)) -> ResourcesUlimits {
    ResourcesUlimits {
        name: Some(name.clone()),
        soft: Some(limit.soft),
        hard: Some(limit.hard),
    }
}

fn device(device: &Device) -> DeviceMapping {
    DeviceMapping {
        path_on_host: Some(device.source.clone()),
        path_in_container: Some(device.target.clone()),
        cgroup_permissions: Some(device.permissions.clone()),
    }
}

fn request(request: &DeviceRequest) -> Request {
    Request {
        driver: request.driver.clone(),
        count: request.count,
        device_ids: filled(&request.ids),
        capabilities: filled(&request.capabilities).map(|all| vec![all]),
        ..Request::default()
    }
}

fn log_config(logging: &Logging) -> HostConfigLogConfig {
    HostConfigLogConfig {
        typ: logging.driver.clone(),
        config: map(&logging.options),
    }
}

#[cfg(test)]
mod tests {
    use super::super::create::body;
    use benchtop_model::file::{Sources, load};
    use benchtop_model::plan::Run;
    use bollard::models::ContainerCreateBody;
    use std::collections::{BTreeMap, BTreeSet};
    use std::path::Path;

    /// The body for the service `a` with these keys, beside a service `b`.
    fn body_of(keys: &str) -> ContainerCreateBody {
        let text = format!("name: n\nservices: {{a: {{image: x, {keys}}}, b: {{image: y}}}}");
        let read = |path: &Path| match path.file_name().and_then(|name| name.to_str()) {
            Some("benchtop.yaml") => Ok(text.clone().into_bytes()),
            _ => Err(std::io::ErrorKind::NotFound.into()),
        };
        let sources = Sources {
            variables: &BTreeMap::new(),
            profiles: &BTreeSet::new(),
            read: &read,
        };
        let loaded = load(Path::new("/p/benchtop.yaml"), &sources);
        let plan = loaded
            .plan
            .unwrap_or_else(|| panic!("{:?}", loaded.problems));
        let a = &plan.services["a"];
        let Run::Container(container) = &a.run else {
            panic!()
        };
        body(&plan, a, container, &BTreeMap::new(), 1)
    }

    /// What these keys add to the host's part of the body, as JSON.
    fn host(keys: &str) -> String {
        let json = |keys| serde_json::to_value(body_of(keys).host_config).expect("plain data");
        let (usual, serde_json::Value::Object(mut host)) = (json(""), json(keys)) else {
            panic!()
        };
        host.retain(|key, value| usual.get(key) != Some(value));
        serde_json::Value::Object(host).to_string().replace('"', "")
    }

    #[test]
    fn settings_reach_the_body_of_the_request() {
        let table = [
            ("cap_add: [A], cap_drop: [B]", "{CapAdd:[A],CapDrop:[B]}"),
            (
                "privileged: true, read_only: true, init: true",
                "{Init:true,Privileged:true,ReadonlyRootfs:true}",
            ),
            ("dns: [1.1.1.1], ipc: host", "{Dns:[1.1.1.1],IpcMode:host}"),
            (
                "extra_hosts: ['a:1.2.3.4']",
                "{ExtraHosts:[host.docker.internal:host-gateway,a:1.2.3.4]}",
            ),
            ("pid: 'service:b'", "{PidMode:container:n-b-1}"),
            ("network_mode: host", "{NetworkMode:host}"),
            (
                "network_mode: 'service:b', dns: 1.1.1.1",
                "{NetworkMode:container:n-b-1}",
            ),
            (
                "shm_size: 1k, sysctls: {a: 1}",
                "{ShmSize:1024,Sysctls:{a:1}}",
            ),
            (
                "ulimits: {nofile: 9}",
                "{Ulimits:[{Hard:9,Name:nofile,Soft:9}]}",
            ),
            (
                "mem_limit: 1k, cpus: 2, pids_limit: 3",
                "{Memory:1024,NanoCpus:2000000000,PidsLimit:3}",
            ),
            (
                "devices: ['/dev/x']",
                "{Devices:[{CgroupPermissions:rwm,PathInContainer:/dev/x,PathOnHost:/dev/x}]}",
            ),
            (
                "logging: {driver: local, options: {a: b}}",
                "{LogConfig:{Config:{a:b},Type:local}}",
            ),
            (
                "cpu_quota: 5000, mem_swappiness: 0, cgroup_parent: /g, storage_opt: {size: 1G}",
                "{CgroupParent:/g,CpuQuota:5000,MemorySwappiness:0,StorageOpt:{size:1G}}",
            ),
            (
                "gpus: all, devices: ['v.com/gpu=0']",
                "{DeviceRequests:[{Capabilities:[[gpu]],Count:-1},{DeviceIDs:[v.com/gpu=0],Driver:cdi}]}",
            ),
            (
                "volumes_from: [b, 'container:c:ro']",
                "{VolumesFrom:[n-b-1:rw,c:ro]}",
            ),
            ("tmpfs: '/run:size=1k'", "{Tmpfs:{/run:size=1k}}"),
            (
                "group_add: [g], security_opt: [s], runtime: r",
                "{GroupAdd:[g],Runtime:r,SecurityOpt:[s]}",
            ),
        ];
        for (keys, expected) in table {
            let host = host(keys);
            // A network of somebody else's has no hosts of its own.
            let host = host.replace("ExtraHosts:null,", "");
            assert_eq!(host, expected, "{keys}");
        }
    }

    #[test]
    fn names_and_ports_reach_the_body_of_the_request() {
        let body = body_of(
            "tty: true, stdin_open: true, domainname: d, expose: [70], networks: {default: {aliases: [c]}}",
        );
        assert_eq!(
            (body.tty, body.open_stdin, body.domainname.as_deref()),
            (Some(true), Some(true), Some("d"))
        );
        assert_eq!(body.exposed_ports, Some(vec!["70/tcp".to_owned()]));
        let networks = body
            .networking_config
            .and_then(|n| n.endpoints_config)
            .expect("networks");
        let aliases: Vec<_> = networks.into_values().filter_map(|n| n.aliases).collect();
        assert_eq!(aliases, [["a", "c"]]);
        let addressed = body_of("networks: {default: {ipv4_address: 10.9.0.5, priority: 3}}");
        let networks = addressed
            .networking_config
            .and_then(|n| n.endpoints_config)
            .expect("networks");
        let addresses: Vec<_> = networks
            .into_values()
            .filter_map(|n| n.ipam_config)
            .collect();
        assert_eq!(addresses[0].ipv4_address.as_deref(), Some("10.9.0.5"));
        let joined = body_of("network_mode: 'service:b', hostname: h");
        assert_eq!((joined.networking_config, joined.hostname), (None, None));
    }
}
