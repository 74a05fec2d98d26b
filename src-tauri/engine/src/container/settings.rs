//! The settings of a container in the words of the API. Pure.

use super::create::container_name;
use benchtop_model::plan::{
    Blkio, Device, DeviceRequest, Disk, Logging, Namespace, Network, Owner, Plan, Run, Settings,
    Ulimit,
};
use bollard::models::{
    DeviceMapping, DeviceRequest as Request, HostConfig, HostConfigCgroupnsModeEnum as Cgroup,
    HostConfigIsolationEnum as Isolation, HostConfigLogConfig, ResourcesBlkioWeightDevice,
    ResourcesUlimits, ThrottleDevice,
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
        isolation: own.isolation.as_deref().and_then(isolation),
        cgroup_parent: own.cgroup_parent.clone(),
        device_cgroup_rules: filled(&own.device_cgroup_rules),
        storage_opt: map(&own.storage_opt),
        cpu_realtime_period: own.limits.realtime_period,
        cpu_realtime_runtime: own.limits.realtime_runtime,
        cpu_count: own.limits.cpu_count,
        cpu_percent: own.limits.cpu_percent,
        ..disks(&own.limits.blkio, base)
    }
}

/// `base` with the share of the disks.
fn disks(own: &Blkio, base: HostConfig) -> HostConfig {
    let rates = |all: &[Disk]| {
        let rate = |disk: &Disk| ThrottleDevice {
            path: Some(disk.path.clone()),
            rate: Some(signed(disk.amount)),
        };
        Some(all.iter().map(rate).collect()).filter(|all: &Vec<_>| !all.is_empty())
    };
    let weight = |disk: &Disk| ResourcesBlkioWeightDevice {
        path: Some(disk.path.clone()),
        weight: usize::try_from(disk.amount).ok(),
    };
    HostConfig {
        blkio_weight: own.weight,
        blkio_weight_device: Some(own.weights.iter().map(weight).collect())
            .filter(|all: &Vec<_>| !all.is_empty()),
        blkio_device_read_bps: rates(&own.read_bytes),
        blkio_device_read_iops: rates(&own.read_operations),
        blkio_device_write_bps: rates(&own.write_bytes),
        blkio_device_write_iops: rates(&own.write_operations),
        ..base
    }
}

fn isolation(word: &str) -> Option<Isolation> {
    match word {
        "default" => Some(Isolation::DEFAULT),
        "process" => Some(Isolation::PROCESS),
        "hyperv" => Some(Isolation::HYPERV),
        _ => None,
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
        options: map(&request.options),
    }
}

fn log_config(logging: &Logging) -> HostConfigLogConfig {
    HostConfigLogConfig {
        typ: logging.driver.clone(),
        config: map(&logging.options),
    }
}

#[cfg(test)]
mod tests;
