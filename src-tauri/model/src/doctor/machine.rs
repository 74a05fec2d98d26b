//! Disk, memory, processors and limits, against what an environment asks for.

use super::facts::{DiskFact, Fact, MachineFacts, RuntimeFact, Wants};
use super::runtime::in_use;
use super::{DoctorAction, DoctorCheck, DoctorGroup, DoctorState, Subject};

const DISK: Subject = Subject("disk", DoctorGroup::Machine, "Disk");
const MEMORY: Subject = Subject("memory", DoctorGroup::Machine, "Memory");
const CPUS: Subject = Subject("cpus", DoctorGroup::Machine, "Processors");
const FILES: Subject = Subject("open-files", DoctorGroup::Machine, "Open files");
const INOTIFY: Subject = Subject("inotify", DoctorGroup::Machine, "Watched files");
const CGROUP: Subject = Subject("cgroup", DoctorGroup::Machine, "Control groups");

const GIB: u64 = 1 << 30;

/// With less than this a database cannot be written to for long, in bytes.
const DISK_FULL: u64 = GIB / 2;

/// With less than this the next image may not fit, in bytes.
const DISK_LOW: u64 = 5 * GIB;

/// A file system without this many free files refuses a checkout or an image layer.
const FILES_LOW: u64 = 10_000;

/// Programs are killed at random soon, in bytes.
const MEMORY_LOW: u64 = GIB / 2;

/// Files that Benchtop itself needs open, and that each service adds: its socket, log,
/// probes and streams.
const OWN_FILES: u64 = 128;
const FILES_EACH: u64 = 16;

/// The default of most systems since 2000; servers such as Elasticsearch need more.
const USUAL_FILES: u64 = 1_024;

/// Folders that a checkout with its dependencies has easily.
const FEW_WATCHES: u64 = 16_384;

/// A .NET or Node service takes up to this many watchers.
const WATCHERS_EACH: u64 = 8;

pub(super) fn checks(
    facts: &MachineFacts,
    runtimes: &Fact<Vec<RuntimeFact>>,
    wants: Option<&Wants>,
) -> Vec<DoctorCheck> {
    vec![
        disk(&facts.disks),
        memory(facts, runtimes, wants),
        cpus(facts, runtimes, wants),
        files(facts, wants),
        inotify(facts, wants),
        cgroup(facts, runtimes),
    ]
}

pub(super) fn disk(disks: &[DiskFact]) -> DoctorCheck {
    let Some(worst) = disks
        .iter()
        .max_by_key(|disk| (severity(disk), u64::MAX - disk.free))
    else {
        return DISK.skipped("no file system could be asked");
    };
    let left = format!(
        "{} free on the file system of the {} ({})",
        bytes(worst.free),
        worst.what,
        worst.path
    );
    let fix = "remove what is not needed: `docker system df` and `docker image prune` show and free the space of images";
    let check = match severity(worst) {
        DoctorState::Fail => DISK.fail(format!("only {left}: databases and builds will fail"), fix),
        DoctorState::Warn => DISK.warn(format!("only {left}"), fix),
        _ => DISK.pass(left),
    };
    check.details(disks.iter().map(told))
}

fn severity(disk: &DiskFact) -> DoctorState {
    let files = disk.free_files.unwrap_or(u64::MAX);
    match disk.free {
        _ if files == 0 => DoctorState::Fail,
        ..DISK_FULL => DoctorState::Fail,
        // A small disk of a virtual machine may never have had more.
        free if free < DISK_LOW && free < disk.total / 5 => DoctorState::Warn,
        _ if files < FILES_LOW => DoctorState::Warn,
        _ => DoctorState::Pass,
    }
}

fn told(disk: &DiskFact) -> [String; 2] {
    let files = match disk.free_files {
        Some(files) if files < FILES_LOW => format!(", {files} files can still be made"),
        _ => String::new(),
    };
    [
        format!("{} ({})", disk.what, disk.path),
        format!("{} of {} free{files}", bytes(disk.free), bytes(disk.total)),
    ]
}

fn memory(
    facts: &MachineFacts,
    runtimes: &Fact<Vec<RuntimeFact>>,
    wants: Option<&Wants>,
) -> DoctorCheck {
    let memory = match &facts.memory {
        Ok(memory) => memory,
        Err(why) => return MEMORY.skipped(why),
    };
    // Containers may live in a virtual machine with less.
    let total = in_use(runtimes)
        .and_then(|r| r.memory)
        .unwrap_or(memory.total)
        .min(memory.total);
    let sum = |all: &[(String, u64)]| {
        all.iter()
            .map(|(_, n)| n)
            .fold(0_u64, |a, b| a.saturating_add(*b))
    };
    let reserved = wants.map_or(0, |w| sum(&w.memory_reserved));
    let limit = wants.map_or(0, |w| sum(&w.memory_limits));
    let asks = format!(
        "{} of {} available",
        bytes(memory.available),
        bytes(memory.total)
    );
    let check = if reserved > total {
        MEMORY.fail(
            format!("the environment reserves {} and there are {} for containers", bytes(reserved), bytes(total)),
            "lower `mem_reservation`, start fewer services, or give the container runtime more memory",
        )
    } else if memory.available < MEMORY_LOW {
        MEMORY.warn(
            format!("only {asks}: the kernel will end programs"),
            "end programs that are not needed, or start fewer services",
        )
    } else if limit > total {
        MEMORY.warn(
            format!("the limits of the environment add up to {} and there are {} for containers", bytes(limit), bytes(total)),
            "lower `mem_limit`, or give the container runtime more memory; it is enough only while not all use what they may",
        )
    } else {
        MEMORY.pass(asks)
    };
    check
        .detail("for containers", bytes(total))
        .details(largest(wants.map_or(&[][..], |w| &w.memory_limits), |n| {
            format!("at most {}", bytes(n))
        }))
}

/// The three services that ask for most: more would bury them.
fn largest(all: &[(String, u64)], say: impl Fn(u64) -> String) -> Vec<[String; 2]> {
    let mut all: Vec<_> = all.iter().collect();
    all.sort_by_key(|(_, amount)| std::cmp::Reverse(*amount));
    all.iter()
        .take(3)
        .map(|(name, amount)| [name.clone(), say(*amount)])
        .collect()
}

fn cpus(
    facts: &MachineFacts,
    runtimes: &Fact<Vec<RuntimeFact>>,
    wants: Option<&Wants>,
) -> DoctorCheck {
    let here = match &facts.cpus {
        Ok(cpus) => *cpus,
        Err(why) => return CPUS.skipped(why),
    };
    let there = in_use(runtimes).and_then(|r| r.cpus).unwrap_or(here);
    let all = wants.map_or(&[][..], |w| &w.cpus);
    let too_many = all
        .iter()
        .find(|(_, nano)| *nano > u64::from(there) * 1_000_000_000);
    let check = match too_many {
        // The engine refuses to make such a container.
        Some((name, nano)) => CPUS.fail(
            format!(
                "{name} asks for {} processors and the container runtime has {there}",
                cores(*nano)
            ),
            format!("write at most {there} for `cpus` of {name}"),
        ),
        None => CPUS.pass(format!("{here} on this machine, {there} for containers")),
    };
    check.details(largest(all, |nano| {
        format!("at most {} processors", cores(nano))
    }))
}

fn cores(nano: u64) -> String {
    let text = format!("{:.2}", nano as f64 / 1e9);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn files(facts: &MachineFacts, wants: Option<&Wants>) -> DoctorCheck {
    let limit = match &facts.files {
        Ok(limit) => limit,
        Err(why) => return FILES.skipped(why),
    };
    let services = wants.map_or(0, |w| (w.containers.len() + w.processes.len()) as u64);
    let needed = OWN_FILES + FILES_EACH * services;
    let fix = "raise it: `ulimit -n 65536` before you start Benchtop, or `nofile` in /etc/security/limits.conf";
    let reason = format!("a program may have {} files open", limit.soft);
    let check = match limit.soft {
        soft if soft < needed => FILES.fail(
            format!("{reason}, and Benchtop needs {needed} for this many services"),
            fix,
        ),
        ..USUAL_FILES => FILES.warn(format!("{reason}; databases and builds need more"), fix),
        _ => FILES.pass(reason),
    };
    check
        .detail("soft limit", limit.soft.to_string())
        .detail("hard limit", limit.hard.to_string())
}

fn inotify(facts: &MachineFacts, wants: Option<&Wants>) -> DoctorCheck {
    let limit = match &facts.inotify {
        Ok(limit) => limit,
        Err(why) => return INOTIFY.skipped(why),
    };
    let processes = wants.map_or(0, |w| w.processes.len() as u64);
    let instances = limit.instances.saturating_sub(limit.used);
    let (reason, command) = if instances < 8 + WATCHERS_EACH * processes {
        (
            Some(format!(
                "{} of {} watchers of this user are left; programs that watch files will fail to start",
                instances, limit.instances
            )),
            "sudo sysctl fs.inotify.max_user_instances=1024",
        )
    } else if limit.watches < FEW_WATCHES {
        (
            Some(format!(
                "{} files and folders can be watched; a project with its dependencies has more",
                limit.watches
            )),
            "sudo sysctl fs.inotify.max_user_watches=524288",
        )
    } else {
        (None, "")
    };
    let check = match reason {
        Some(reason) => INOTIFY
            .warn(
                reason,
                format!("raise it: `{command}`, and write it to /etc/sysctl.d to keep it"),
            )
            .action(DoctorAction::Copy {
                command: command.to_owned(),
            }),
        None => INOTIFY.pass(format!(
            "{} files and folders by {} watchers",
            limit.watches, limit.instances
        )),
    };
    check.detail("watches", limit.watches.to_string()).detail(
        "watchers",
        format!("{} of {} in use", limit.used, limit.instances),
    )
}

fn cgroup(facts: &MachineFacts, runtimes: &Fact<Vec<RuntimeFact>>) -> DoctorCheck {
    let used = in_use(runtimes);
    let told = used.and_then(|r| r.cgroup);
    let version = match told.map_or_else(|| facts.cgroup.clone(), Ok) {
        Ok(version) => version,
        Err(why) => return CGROUP.skipped(why),
    };
    let rootless = used.is_some_and(|r| r.rootless);
    match version {
        2.. => CGROUP.pass(format!("version {version}")),
        _ if rootless => CGROUP.warn(
            "version 1: a rootless runtime cannot limit memory or processors with it",
            "boot with `systemd.unified_cgroup_hierarchy=1`, or use a runtime that runs as root",
        ),
        _ => CGROUP.pass("version 1: limits work, and newer runtimes no longer support it"),
    }
}

/// `512 MiB`, `3.4 GiB`.
pub(super) fn bytes(amount: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if amount < 1024 {
        return format!("{amount} B");
    }
    let mut value = amount as f64 / 1024.0;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    match value < 10.0 {
        true => format!("{value:.1} {}", UNITS[unit]),
        false => format!("{value:.0} {}", UNITS[unit]),
    }
}
