//! The keys of a container that are handed on to the engine.

use super::{Project, amounts, duration, networks, ports};
use crate::file::findings::Findings;
use crate::file::written::At;
use crate::file::written::blkio::{Blkio, Disk};
use crate::file::written::service::Service;
use crate::file::written::settings as written;
use crate::file::written::values::Pair;
use crate::plan::{
    self, Device, DeviceRequest, Limits, Logging, Namespace, Network, Owner, PullPolicy, Settings,
    Ulimit, VolumesFrom,
};
use crate::problem::{Problem, nearest};
use std::collections::BTreeMap;

/// Drivers whose lines the engine gives back.
const READABLE: [&str; 3] = ["json-file", "local", "journald"];

/// All of them, apart from files, which need the top level, too.
pub(super) fn resolve(
    service: &Service,
    project: &Project<'_>,
    findings: &mut Findings,
) -> Settings {
    let own = &service.settings;
    Settings {
        network: network(own, findings),
        networks: networks::attachments(service, findings),
        // Of links, and of several instances; see there.
        aliases: Vec::new(),
        replica: None,
        expose: expose(own.list("expose"), findings),
        dns: own.values("dns"),
        dns_search: own.values("dns_search"),
        dns_options: own.values("dns_opt"),
        extra_hosts: extra_hosts(own.list("extra_hosts"), findings),
        domainname: own.value("domainname"),
        pid: own.text("pid").and_then(|text| namespace(text, findings)),
        ipc: own.text("ipc").and_then(|text| namespace(text, findings)),
        namespaces: namespaces(own),
        platform: own.value("platform"),
        pull: own
            .text("pull_policy")
            .map_or(PullPolicy::Missing, |text| pull_policy(text, findings)),
        runtime: own.value("runtime"),
        cap_add: own.values("cap_add"),
        cap_drop: own.values("cap_drop"),
        privileged: own.flag("privileged").unwrap_or(false),
        security_opt: own.values("security_opt"),
        group_add: own.values("group_add"),
        read_only: own.flag("read_only").unwrap_or(false),
        init: own.flag("init"),
        tty: own.flag("tty").unwrap_or(false),
        stdin_open: own.flag("stdin_open").unwrap_or(false),
        shm_size: amounts::bytes("shm_size", own.text("shm_size"), findings),
        sysctls: pairs(own.pairs("sysctls")),
        ulimits: own
            .ulimits
            .iter()
            .filter_map(|limit| ulimit(limit, findings))
            .collect(),
        limits: limits(own, findings),
        devices: own
            .devices
            .iter()
            .filter_map(|written| device(written, findings))
            .collect(),
        device_requests: device_requests(own, findings),
        logging: own
            .logging
            .as_ref()
            .map(|written| logging(written, findings)),
        annotations: pairs(own.pairs("annotations")),
        cgroup_parent: own.value("cgroup_parent"),
        device_cgroup_rules: own.values("device_cgroup_rules"),
        storage_opt: pairs(own.pairs("storage_opt")),
        isolation: own.value("isolation"),
        links: own.values("external_links"),
        volumes_from: own
            .list("volumes_from")
            .iter()
            .map(|text| {
                let (owner, read_only) = volumes_from(&text.value);
                VolumesFrom { owner, read_only }
            })
            .collect(),
        files: super::grants::inline(service, project, findings),
    }
}

/// `KEY: value` as a map; the later of two counts.
pub(super) fn pairs(pairs: &[Pair]) -> BTreeMap<String, String> {
    let value = |pair: &Pair| pair.value.as_ref().map(|value| value.value.clone());
    pairs
        .iter()
        .map(|pair| (pair.key.value.clone(), value(pair).unwrap_or_default()))
        .collect()
}

fn network(own: &written::Settings, findings: &mut Findings) -> Network {
    let Some(text) = own.text("network_mode") else {
        return Network::Shared;
    };
    match text.value.as_str() {
        "host" => Network::Host,
        "none" => Network::None,
        "bridge" => Network::Bridge,
        "default" => Network::Shared,
        other => {
            match owner(other) {
                Some(owner) => Network::Join(owner),
                None => {
                    let message = format!("unknown `network_mode` `{other}`");
                    findings.push(Problem::error(&text.place, message).hint(
                        "expected `host`, `none`, `bridge`, `service:NAME` or `container:NAME`",
                    ));
                    Network::Shared
                }
            }
        }
    }
}

/// `service:NAME` or `container:NAME`.
pub(super) fn owner(text: &str) -> Option<Owner> {
    match text.split_once(':')? {
        ("service", name) if !name.is_empty() => Some(Owner::Service(name.to_owned())),
        ("container", name) if !name.is_empty() => Some(Owner::Container(name.to_owned())),
        _ => None,
    }
}

/// `SERVICE[:ro]` or `container:NAME[:ro]`, and whether it may only be read.
pub(super) fn volumes_from(text: &str) -> (Owner, bool) {
    let (rest, read_only) = match text.rsplit_once(':') {
        Some((rest, "ro")) => (rest, true),
        Some((rest, "rw")) => (rest, false),
        _ => (text, false),
    };
    let of_service = || Owner::Service(rest.to_owned());
    (owner(rest).unwrap_or_else(of_service), read_only)
}

fn namespace(text: &At<String>, findings: &mut Findings) -> Option<Namespace> {
    const MODES: [&str; 4] = ["host", "private", "shareable", "none"];
    if let Some(owner) = owner(&text.value) {
        return Some(Namespace::Of(owner));
    }
    if !MODES.contains(&text.value.as_str()) {
        let problem = Problem::error(&text.place, format!("unknown mode `{}`", text.value));
        findings.push(problem.hint("expected `host`, `service:NAME` or `container:NAME`"));
        return None;
    }
    Some(Namespace::Mode(text.value.clone()))
}

fn namespaces(own: &written::Settings) -> BTreeMap<String, String> {
    [
        ("uts", "uts"),
        ("user", "userns_mode"),
        ("cgroup", "cgroup"),
    ]
    .into_iter()
    .filter_map(|(name, key)| Some((name.to_owned(), own.value(key)?)))
    .collect()
}

fn pull_policy(text: &At<String>, findings: &mut Findings) -> PullPolicy {
    const WORDS: [(&str, PullPolicy); 6] = [
        ("missing", PullPolicy::Missing),
        ("if_not_present", PullPolicy::Missing),
        ("always", PullPolicy::Always),
        ("newer", PullPolicy::Always),
        ("never", PullPolicy::Never),
        ("build", PullPolicy::Build),
    ];
    let word = text.value.as_str();
    if let Some((_, policy)) = WORDS.iter().find(|(name, _)| *name == word) {
        return *policy;
    }
    if ["daily", "weekly"].contains(&word) || word.starts_with("every_") {
        let message = format!("the age of an image is not looked at yet: `{word}` is `missing`");
        findings.warn(&text.place, message);
        return PullPolicy::Missing;
    }
    let problem = Problem::error(&text.place, format!("unknown `pull_policy` `{word}`"));
    findings.push(match nearest(word, WORDS.map(|(name, _)| name)) {
        Some(near) => problem.hint(format!("did you mean `{near}`?")),
        None => problem.hint("expected `missing`, `always`, `never` or `build`"),
    });
    PullPolicy::Missing
}

/// `80`, `80/udp` or `80-90`, as `PORT/PROTOCOL`.
fn expose(list: &[At<String>], findings: &mut Findings) -> Vec<String> {
    let mut all = Vec::new();
    for text in list {
        match ports::targets(&text.value) {
            Ok(targets) => all.extend(targets),
            Err(fault) => findings.push(fault.problem(&text.place)),
        }
    }
    all
}

pub(super) fn extra_hosts(list: &[At<String>], findings: &mut Findings) -> Vec<String> {
    let mut all = Vec::new();
    for text in list {
        let split = text
            .value
            .split_once('=')
            .or_else(|| text.value.split_once(':'));
        match split.map(|(name, address)| (name.trim(), address.trim())) {
            Some((name, address)) if !name.is_empty() && !address.is_empty() => {
                let address = address.trim_start_matches('[').trim_end_matches(']');
                all.push(format!("{name}:{address}"));
            }
            _ => {
                let message = format!("`{}` is not a host with its address", text.value);
                findings
                    .push(Problem::error(&text.place, message).hint("expected `name=192.168.0.1`"));
            }
        }
    }
    all
}

fn ulimit(limit: &written::Ulimit, findings: &mut Findings) -> Option<(String, Ulimit)> {
    let name = &limit.name.value;
    let mut side = |text: &Option<At<String>>| amounts::number(name, -1, text.as_ref(), findings);
    let (soft, hard) = (side(&limit.soft), side(&limit.hard));
    let (soft, hard) = (soft.or(hard)?, hard.or(soft)?);
    Some((name.clone(), Ulimit { soft, hard }))
}

/// `deploy.resources` where it says something, the older keys otherwise.
fn limits(own: &written::Settings, findings: &mut Findings) -> Limits {
    let (most, least) = (&own.deploy.limits, &own.deploy.reservations);
    let either = |new: &Option<At<String>>, key: &str| new.as_ref().or(own.text(key)).cloned();
    let memory = either(&most.memory, "mem_limit");
    let reserved = either(&least.memory, "mem_reservation");
    let cpus = either(&most.cpus, "cpus");
    let pids = either(&most.pids, "pids_limit");
    let shares = amounts::number("cpu_shares", 0, own.text("cpu_shares"), findings);
    Limits {
        memory: amounts::bytes("memory", memory.as_ref(), findings).filter(|n| *n > 0),
        memory_reservation: amounts::bytes("memory", reserved.as_ref(), findings),
        memory_and_swap: swap(own, findings),
        nano_cpus: amounts::cpus("cpus", cpus.as_ref(), findings).filter(|n| *n > 0),
        cpu_shares: shares.and_then(|n| u64::try_from(n).ok()),
        cpuset: own.value("cpuset"),
        pids: amounts::number("pids", -1, pids.as_ref(), findings),
        cpu_quota: amounts::number("cpu_quota", -1, own.text("cpu_quota"), findings),
        cpu_period: amounts::number("cpu_period", 0, own.text("cpu_period"), findings),
        realtime_period: micros("cpu_rt_period", own, findings),
        realtime_runtime: micros("cpu_rt_runtime", own, findings),
        cpu_count: amounts::number("cpu_count", 0, own.text("cpu_count"), findings),
        cpu_percent: amounts::number("cpu_percent", 0, own.text("cpu_percent"), findings),
        blkio: blkio(&own.blkio, findings),
        swappiness: amounts::number("mem_swappiness", 0, own.text("mem_swappiness"), findings),
        oom_kill_disable: own.flag("oom_kill_disable"),
        oom_score_adj: amounts::number("oom_score_adj", -1000, own.text("oom_score_adj"), findings),
    }
}

/// A bare number counts microseconds.
fn micros(key: &str, own: &written::Settings, findings: &mut Findings) -> Option<i64> {
    let text = own.text(key)?;
    if let Ok(micros) = text.value.parse() {
        return Some(micros);
    }
    let span = duration::resolve(key, Some(text), findings)?;
    i64::try_from(span.0.saturating_mul(1000)).ok()
}

fn blkio(own: &Blkio, findings: &mut Findings) -> plan::Blkio {
    let mut disks = |all: &[Disk]| {
        let disk = |disk: &Disk| {
            Some(plan::Disk {
                path: disk.path.as_ref()?.value.clone(),
                amount: amounts::bytes("rate", disk.amount.as_ref(), findings)?,
            })
        };
        all.iter().filter_map(disk).collect()
    };
    plan::Blkio {
        weights: disks(&own.weights),
        read_bytes: disks(&own.read_bytes),
        read_operations: disks(&own.read_operations),
        write_bytes: disks(&own.write_bytes),
        write_operations: disks(&own.write_operations),
        weight: amounts::number("weight", 0, own.weight.as_ref(), findings)
            .and_then(|weight| u16::try_from(weight).ok()),
    }
}

fn swap(own: &written::Settings, findings: &mut Findings) -> Option<i64> {
    let text = own.text("memswap_limit")?;
    if text.value == "-1" {
        return Some(-1);
    }
    let bytes = amounts::bytes("memswap_limit", Some(text), findings)?;
    i64::try_from(bytes).ok()
}

fn device(written: &written::Device, findings: &mut Findings) -> Option<Device> {
    let source = written.source.as_ref()?;
    if is_named(source) {
        return None;
    }
    if !source.value.starts_with('/') {
        let message = format!("`{}` is not a device", source.value);
        findings.push(
            Problem::error(&source.place, message).hint(
                "expected a path such as `/dev/ttyUSB0`, or a name such as `vendor.com/gpu=0`",
            ),
        );
        return None;
    }
    let or = |text: &Option<At<String>>, other: &str| {
        text.as_ref()
            .map_or(other.to_owned(), |text| text.value.clone())
    };
    Some(Device {
        source: source.value.clone(),
        target: or(&written.target, &source.value),
        permissions: or(&written.permissions, "rwm"),
    })
}

/// `VENDOR/CLASS=NAME`, which the engine looks up itself.
fn is_named(source: &At<String>) -> bool {
    let named = source.value.split_once('=');
    named.is_some_and(|(kind, _)| kind.contains('/') && !kind.starts_with('/'))
}

/// What `gpus` and `deploy` ask for, and devices by name.
fn device_requests(own: &written::Settings, findings: &mut Findings) -> Vec<DeviceRequest> {
    let named = own.devices.iter().filter_map(|d| d.source.as_ref());
    let named: Vec<_> = named.filter(|source| is_named(source)).collect();
    let named = (!named.is_empty()).then(|| DeviceRequest {
        driver: Some("cdi".to_owned()),
        ids: named.iter().map(|source| source.value.clone()).collect(),
        ..DeviceRequest::default()
    });
    let mut all = requests(&own.deploy.reservations.devices, findings);
    for mut gpu in requests(&own.gpus, findings) {
        if gpu.capabilities.is_empty() {
            gpu.capabilities.push("gpu".to_owned());
        }
        all.push(gpu);
    }
    all.into_iter().chain(named).collect()
}

fn requests(all: &[written::Gpu], findings: &mut Findings) -> Vec<DeviceRequest> {
    all.iter()
        .map(|gpu| {
            let count = match &gpu.count {
                Some(text) if text.value == "all" => Some(-1),
                Some(text) => amounts::number("count", 0, Some(text), findings),
                None if gpu.ids.is_empty() => Some(-1),
                None => None,
            };
            let values = |list: &[At<String>]| list.iter().map(|text| text.value.clone()).collect();
            DeviceRequest {
                driver: gpu.driver.as_ref().map(|driver| driver.value.clone()),
                count,
                ids: values(&gpu.ids),
                capabilities: values(&gpu.capabilities),
                options: pairs(&gpu.options),
            }
        })
        .collect()
}

fn logging(written: &written::Logging, findings: &mut Findings) -> Logging {
    if let Some(driver) = &written.driver
        && !READABLE.contains(&driver.value.as_str())
    {
        let message = format!(
            "the log driver `{}` may keep lines from Benchtop that were printed before it looked",
            driver.value
        );
        findings.push(
            Problem::warning(&driver.place, message)
                .hint("`json-file` and `local` give back every line"),
        );
    }
    Logging {
        driver: written.driver.as_ref().map(|driver| driver.value.clone()),
        options: pairs(&written.options),
    }
}
