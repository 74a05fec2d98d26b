//! Disk, memory, processors and limits of this machine.

use super::{Question, blocking};
use benchtop_model::doctor::facts::{
    DiskFact, Fact, FileLimit, InotifyFact, MachineFacts, MemoryFact,
};
use nix::sys::resource::{Resource, getrlimit};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// Open files that are looked at, to count watchers: a machine with more is not an
/// ordinary one.
const MOST_FILES: usize = 50_000;

pub(super) async fn look(question: &Question, images: Option<PathBuf>) -> MachineFacts {
    let (disks, memory, inotify) =
        futures_util::join!(disks(question, images), blocking(memory), blocking(inotify),);
    MachineFacts {
        disks,
        memory,
        cpus: cpus(),
        files: files(),
        inotify,
        cgroup: cgroup(),
    }
}

/// The file systems of the data folder, the project and the images, each once.
pub(super) async fn disks(question: &Question, images: Option<PathBuf>) -> Vec<DiskFact> {
    let mut places = vec![("data folder", question.data.clone())];
    places.extend(
        question
            .plan
            .as_ref()
            .map(|plan| ("project", plan.project_dir.clone())),
    );
    places.extend(images.map(|folder| ("images and volumes", folder)));
    blocking(move || Ok(distinct(places)))
        .await
        .unwrap_or_default()
}

fn distinct(places: Vec<(&str, PathBuf)>) -> Vec<DiskFact> {
    let mut found: Vec<(u64, DiskFact)> = Vec::new();
    for (what, path) in places {
        // A folder that is made later lies where the one above it does.
        let Some(there) = path.ancestors().find(|path| path.exists()) else {
            continue;
        };
        let Ok(device) = std::fs::metadata(there).map(|found| found.dev()) else {
            continue;
        };
        match found.iter_mut().find(|(known, _)| *known == device) {
            Some((_, disk)) => disk.what = format!("{}, {what}", disk.what),
            None => found.extend(disk(what, there).map(|disk| (device, disk))),
        }
    }
    found.into_iter().map(|(_, disk)| disk).collect()
}

fn disk(what: &str, path: &Path) -> Option<DiskFact> {
    let found = nix::sys::statvfs::statvfs(path).ok()?;
    // The types of these numbers differ between systems.
    #[allow(clippy::useless_conversion, clippy::unnecessary_cast)]
    let (block, free, all, files, all_files) = (
        found.fragment_size() as u64,
        found.blocks_available() as u64,
        found.blocks() as u64,
        found.files_available() as u64,
        found.files() as u64,
    );
    Some(DiskFact {
        what: what.to_owned(),
        path: path.display().to_string(),
        free: free.saturating_mul(block),
        total: all.saturating_mul(block),
        // Some file systems make room for files as they come, and say 0.
        free_files: (all_files > 0).then_some(files),
    })
}

fn memory() -> Fact<MemoryFact> {
    let mut system = sysinfo::System::new().map_err(|error| error.to_string())?;
    system.refresh_memory();
    let here = MemoryFact {
        total: system.total_memory(),
        available: system.available_memory(),
    };
    // Benchtop itself may run in a container with less.
    Ok(match system.cgroup_limits() {
        Some(limits) if limits.total_memory < here.total => MemoryFact {
            total: limits.total_memory,
            available: here.available.min(limits.free_memory),
        },
        _ => here,
    })
}

fn cpus() -> Fact<u32> {
    match std::thread::available_parallelism() {
        Ok(cpus) => Ok(u32::try_from(cpus.get()).unwrap_or(u32::MAX)),
        Err(error) => Err(format!("the system does not tell: {error}")),
    }
}

fn files() -> Fact<FileLimit> {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE)
        .map_err(|error| format!("the system does not tell: {error}"))?;
    Ok(FileLimit { soft, hard })
}

fn inotify() -> Fact<InotifyFact> {
    Ok(InotifyFact {
        watches: limit("max_user_watches")?,
        instances: limit("max_user_instances")?,
        used: watchers(),
    })
}

fn limit(name: &str) -> Fact<u64> {
    let text = std::fs::read_to_string(Path::new("/proc/sys/fs/inotify").join(name));
    let number = text.ok().and_then(|text| text.trim().parse().ok());
    number.ok_or_else(|| "this system has no inotify".to_owned())
}

/// Watchers of this user's programs, as far as they can be seen.
fn watchers() -> u64 {
    let me = nix::unistd::geteuid().as_raw();
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let mine = processes.filter(|entry| entry.metadata().is_ok_and(|found| found.uid() == me));
    let files = mine.flat_map(|entry| {
        std::fs::read_dir(entry.path().join("fd"))
            .into_iter()
            .flatten()
            .flatten()
    });
    let is_watcher = |file: std::fs::DirEntry| {
        std::fs::read_link(file.path()).is_ok_and(|to| to.as_os_str() == "anon_inode:inotify")
    };
    files
        .take(MOST_FILES)
        .map(is_watcher)
        .filter(|is| *is)
        .count() as u64
}

fn cgroup() -> Fact<u8> {
    let below = Path::new("/sys/fs/cgroup");
    if below.join("cgroup.controllers").exists() {
        return Ok(2);
    }
    match below.join("memory").exists() {
        true => Ok(1),
        false => Err("this system has no control groups".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_system_is_told_once_with_all_that_lies_on_it() {
        let dir = tempfile::tempdir().expect("a folder");
        let later = dir.path().join("made/later");
        let found = distinct(vec![
            ("data folder", dir.path().to_owned()),
            ("project", later),
        ]);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].what, "data folder, project");
        assert!(found[0].total > 0 && found[0].free <= found[0].total);
    }

    #[test]
    fn this_machine_has_memory_and_limits() {
        let memory = memory().expect("memory");
        assert!(
            memory.available <= memory.total && memory.total > 0,
            "{memory:?}"
        );
        let files = files().expect("limits");
        assert!(files.soft <= files.hard && files.soft > 0, "{files:?}");
    }
}
