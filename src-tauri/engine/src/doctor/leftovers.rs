//! What carries our label: containers, networks and shims, and whose they are. Removal is
//! asked for by a person, item by item, and looks again before it acts.

use super::blocking;
use crate::container::instance::{is_status, say};
use crate::container::labels;
use crate::container::runtime::{PATIENCE, Runtime};
use crate::process::identity::ProcessIdentity;
use crate::process::protocol::InstanceDir;
use crate::process::tree;
use crate::record::EnvironmentRecord;
use benchtop_model::doctor::facts::Fact;
use benchtop_model::doctor::leftovers::{Labelled, LeftoverKind, Owner, Verdict, judge};
use bollard::models::ContainerSummaryStateEnum;
use bollard::query_parameters as q;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::collections::HashMap;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long a program that is left over gets to end by itself: the default grace period.
const GRACE: Duration = Duration::from_secs(10);

/// How long the runtime may take to remove one thing.
const REMOVAL: Duration = Duration::from_secs(30);

/// Everything with our label. Without a runtime, the shims alone.
pub(super) async fn look(runtime: Option<&Runtime>, data: &Path) -> Fact<Vec<Labelled>> {
    let folder = data.to_owned();
    let mut all = blocking(move || Ok(shims(&folder))).await?;
    if let Some(runtime) = runtime {
        let (containers, networks) =
            futures_util::join!(containers(runtime, data), networks(runtime, data));
        all.extend(containers?);
        all.extend(networks?);
    }
    Ok(all)
}

/// Everything of an environment bears this.
fn ours() -> HashMap<String, Vec<String>> {
    HashMap::from([("label".to_owned(), vec![labels::ENVIRONMENT.to_owned()])])
}

async fn containers(runtime: &Runtime, data: &Path) -> Fact<Vec<Labelled>> {
    let options = q::ListContainersOptions {
        all: true,
        filters: Some(ours()),
        ..q::ListContainersOptions::default()
    };
    let listed =
        tokio::time::timeout(PATIENCE, runtime.docker.list_containers(Some(options))).await;
    let found = listed
        .map_err(|_| format!("{} does not list its containers", runtime.name))?
        .map_err(|error| say(&error))?;
    let labelled = |container: bollard::models::ContainerSummary| {
        let labels = container.labels.unwrap_or_default();
        let service = labels.get(labels::SERVICE).cloned();
        let name = container
            .names
            .unwrap_or_default()
            .into_iter()
            .next()
            .unwrap_or_default();
        Some(Labelled {
            id: format!("container:{}", container.id?),
            kind: LeftoverKind::Container,
            name: name.trim_start_matches('/').to_owned(),
            project: project(&labels),
            running: matches!(
                container.state,
                Some(ContainerSummaryStateEnum::RUNNING | ContainerSummaryStateEnum::PAUSED)
            ),
            owner: owner(data, labels.get(labels::ENVIRONMENT)?, service.as_deref()),
            service,
        })
    };
    Ok(found.into_iter().filter_map(labelled).collect())
}

async fn networks(runtime: &Runtime, data: &Path) -> Fact<Vec<Labelled>> {
    let options = q::ListNetworksOptions {
        filters: Some(ours()),
    };
    let listed = tokio::time::timeout(PATIENCE, runtime.docker.list_networks(Some(options))).await;
    let found = listed
        .map_err(|_| format!("{} does not list its networks", runtime.name))?
        .map_err(|error| say(&error))?;
    let labelled = |network: bollard::models::Network| {
        let labels = network.labels.unwrap_or_default();
        Some(Labelled {
            id: format!("network:{}", network.id?),
            kind: LeftoverKind::Network,
            name: network.name?,
            service: None,
            project: project(&labels),
            // The runtime refuses to remove one that is in use.
            running: false,
            owner: owner(data, labels.get(labels::ENVIRONMENT)?, None),
        })
    };
    Ok(found.into_iter().filter_map(labelled).collect())
}

fn project(labels: &HashMap<String, String>) -> Option<(String, bool)> {
    let older = || labels.get("com.docker.compose.project.working_dir");
    let folder = labels.get(labels::PROJECT).or_else(older)?;
    Some((folder.clone(), Path::new(folder).is_dir()))
}

/// Whose something of an environment is, by the record of this user.
fn owner(data: &Path, environment: &str, service: Option<&str>) -> Owner {
    // The label comes from outside, and becomes part of a path.
    let is_id = !environment.is_empty() && environment.bytes().all(|b| b.is_ascii_hexdigit());
    let dir = data.join("environments").join(environment);
    let Some(record) = is_id.then(|| EnvironmentRecord::read(&dir)).flatten() else {
        return Owner::Nobody;
    };
    let known = |service: &str| {
        record.plan.services.contains_key(service) || record.services.contains_key(service)
    };
    match record.run.is_some() || service.is_none_or(known) {
        true => Owner::Known,
        false => Owner::Disowned,
    }
}

/// Shims of this user whose folder is ours or gone.
#[cfg(target_os = "linux")]
fn shims(data: &Path) -> Vec<Labelled> {
    let me = nix::unistd::geteuid().as_raw();
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let mine = processes.filter(|entry| entry.metadata().is_ok_and(|found| found.uid() == me));
    mine.filter_map(|entry| {
        let pid = entry.file_name().to_str()?.parse().ok()?;
        shim(pid, &shim_folder(pid)?, data)
    })
    .collect()
}

#[cfg(not(target_os = "linux"))]
fn shims(_data: &Path) -> Vec<Labelled> {
    Vec::new()
}

/// The folder that a shim was given: `benchtop shim …/environments/ID/services/NAME/N`.
#[cfg(target_os = "linux")]
fn shim_folder(pid: u32) -> Option<PathBuf> {
    let line = std::fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    let mut words = line.split(|byte| *byte == 0);
    let program = Path::new(std::ffi::OsStr::from_bytes(words.next()?));
    let is_ours = program.file_name()?.to_str()?.starts_with("benchtop");
    if !is_ours || words.next()? != b"shim" {
        return None;
    }
    Some(PathBuf::from(std::ffi::OsStr::from_bytes(words.next()?)))
}

fn shim(pid: u32, folder: &Path, data: &Path) -> Option<Labelled> {
    let identity = ProcessIdentity::of(pid)?;
    let generation: u64 = folder.file_name()?.to_str()?.parse().ok()?;
    let service = folder.parent()?.file_name()?.to_str()?;
    let environment = folder.parent()?.parent()?.parent()?;
    let known = || {
        let record = EnvironmentRecord::read(environment)?;
        let service = record.services.get(service)?;
        Some(service.memory.generation == generation)
    };
    let owner = match (
        environment.starts_with(data),
        InstanceDir(folder.to_owned()).spec().exists(),
    ) {
        (true, true) if known() == Some(true) => Owner::Known,
        (true, true) => Owner::Disowned,
        (_, false) => Owner::Nobody,
        // Of another data folder: none of our business.
        (false, true) => return None,
    };
    Some(Labelled {
        id: format!("shim:{pid}:{}", identity.start_ticks),
        kind: LeftoverKind::Shim,
        name: format!("{service} (pid {pid})"),
        service: Some(service.to_owned()),
        project: Some((environment.display().to_string(), environment.is_dir()))
            .map(|(path, is)| (path, is && owner != Owner::Nobody)),
        running: true,
        owner,
    })
}

/// Removes what nobody owns: each item is looked at again first.
///
/// Returns those that were removed, and of each other one the reason.
pub async fn remove(
    runtime: Option<&Runtime>,
    data: &Path,
    items: &[String],
) -> (Vec<String>, Vec<(String, String)>) {
    let found = look(runtime, data).await;
    let (mut removed, mut kept) = (Vec::new(), Vec::new());
    for id in items {
        match remove_one(runtime, &found, id).await {
            Ok(()) => removed.push(id.clone()),
            Err(why) => kept.push((id.clone(), why)),
        }
    }
    (removed, kept)
}

async fn remove_one(
    runtime: Option<&Runtime>,
    found: &Fact<Vec<Labelled>>,
    id: &str,
) -> Result<(), String> {
    let all = found.as_ref().map_err(Clone::clone)?;
    let item = all.iter().find(|item| item.id == id);
    let item = item.ok_or("it is not there any more, or is not Benchtop's")?;
    match judge(item) {
        Verdict::Owned => return Err("it has an owner".to_owned()),
        Verdict::Unclear(why) => return Err(why),
        Verdict::Left(_) => {}
    }
    match (id.split_once(':'), runtime) {
        (Some(("container", id)), Some(runtime)) => remove_container(runtime, id).await,
        (Some(("network", id)), Some(runtime)) => remove_network(runtime, id).await,
        (Some(("shim", id)), _) => end_shim(id).await,
        _ => Err("no container runtime answers".to_owned()),
    }
}

async fn remove_container(runtime: &Runtime, id: &str) -> Result<(), String> {
    // Volumes without a name go with it, those with one stay.
    let options = q::RemoveContainerOptions {
        v: true,
        force: true,
        ..q::RemoveContainerOptions::default()
    };
    let removal = runtime.docker.remove_container(id, Some(options));
    done(tokio::time::timeout(REMOVAL, removal).await)
}

async fn remove_network(runtime: &Runtime, id: &str) -> Result<(), String> {
    done(tokio::time::timeout(REMOVAL, runtime.docker.remove_network(id)).await)
}

fn done(
    answer: Result<Result<(), bollard::errors::Error>, tokio::time::error::Elapsed>,
) -> Result<(), String> {
    match answer {
        Err(_) => Err("the container runtime does not answer".to_owned()),
        Ok(Err(error)) if !is_status(&error, 404) => Err(say(&error)),
        Ok(_) => Ok(()),
    }
}

/// Asks the program to end, then kills it with all that it has started; its shim ends
/// when nothing of it is left.
async fn end_shim(id: &str) -> Result<(), String> {
    let numbers = id
        .split_once(':')
        .and_then(|(pid, start)| Some((pid.parse().ok()?, start.parse().ok()?)));
    let (pid, start): (u32, u64) = numbers.ok_or("that is no process")?;
    let shim = ProcessIdentity::of(pid).filter(|shim| shim.start_ticks == start);
    let Some(shim) = shim else { return Ok(()) };
    for (signal, grace) in [(Signal::SIGTERM, GRACE), (Signal::SIGKILL, GRACE)] {
        let below = tree::descendants(pid);
        below.iter().for_each(|pid| send(*pid, signal));
        if wait_for_end(&shim, grace).await {
            return Ok(());
        }
    }
    send(pid, Signal::SIGKILL);
    match wait_for_end(&shim, GRACE).await {
        true => Ok(()),
        false => Err(format!("pid {pid} does not end")),
    }
}

fn send(pid: u32, signal: Signal) {
    if let Ok(pid) = i32::try_from(pid) {
        // One that has ended meanwhile needs no signal.
        _ = kill(Pid::from_raw(pid), signal);
    }
}

async fn wait_for_end(shim: &ProcessIdentity, grace: Duration) -> bool {
    let deadline = tokio::time::Instant::now() + grace;
    while shim.is_alive() {
        if tokio::time::Instant::now() >= deadline {
            return false;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    true
}
