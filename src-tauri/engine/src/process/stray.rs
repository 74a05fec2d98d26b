//! Ends what is left of an instance whose shim is gone. Its descendants belong to init by
//! now, so they are found by what they cannot change or did not: the group of the kernel
//! they were born in, and the mark in the environment they were started with.

use super::cgroup::Group;
use super::identity::ProcessIdentity;
use super::protocol::{InstanceDir, State};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// The variable that names the folder of the instance to everything that it starts.
pub(crate) const MARK: &str = "BENCHTOP_INSTANCE";

/// Time between SIGTERM and SIGKILL.
const GRACE: Duration = Duration::from_secs(2);

/// When it is given up: one that SIGKILL does not end hangs in the kernel.
const LIMIT: Duration = Duration::from_secs(7);

/// Ends everything of the instance in this folder, and returns when it is gone.
pub(crate) async fn end(dir: &InstanceDir, state: Option<&State>) {
    // After a reboot another program may have any of these numbers.
    let state = state.filter(|state| state.child.is_this_boot());
    let group = state.and_then(|s| s.cgroup.as_deref()).map(Group::at);
    let since = Instant::now();
    while since.elapsed() < LIMIT {
        let left = left(dir, state.map(|s| &s.child), group.as_ref());
        if left.is_empty() {
            break;
        }
        let signal = match since.elapsed() < GRACE {
            true => Signal::SIGTERM,
            false => Signal::SIGKILL,
        };
        for pid in left.into_iter().filter_map(|pid| i32::try_from(pid).ok()) {
            // What is gone needs no signal.
            _ = kill(Pid::from_raw(pid), signal);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    if let Some(group) = group {
        group.remove();
    }
}

/// Everything that lives of it.
fn left(
    dir: &InstanceDir,
    child: Option<&ProcessIdentity>,
    group: Option<&Group>,
) -> BTreeSet<u32> {
    let mut left: BTreeSet<u32> = group
        .map(Group::members)
        .unwrap_or_default()
        .into_iter()
        .collect();
    left.extend(marked(dir));
    left.extend(
        child
            .filter(|child| child.is_alive())
            .map(|child| child.pid),
    );
    // A zombie in the group is somebody else's to reap.
    left.retain(|pid| *pid != std::process::id() && ProcessIdentity::of(*pid).is_some());
    left
}

/// Processes that were started with the mark of this instance.
#[cfg(target_os = "linux")]
fn marked(dir: &InstanceDir) -> Vec<u32> {
    use std::os::unix::ffi::OsStrExt as _;
    let mark = [MARK.as_bytes(), b"=", dir.0.as_os_str().as_bytes()].concat();
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let pid = |entry: std::fs::DirEntry| -> Option<u32> {
        let pid = entry.file_name().to_str()?.parse().ok()?;
        // Those of other users are not to be read, and not ours.
        let environment = std::fs::read(entry.path().join("environ")).ok()?;
        let ours = environment
            .split(|byte| *byte == 0)
            .any(|pair| pair == mark);
        ours.then_some(pid)
    };
    entries.filter_map(pid).collect()
}

#[cfg(not(target_os = "linux"))]
fn marked(_dir: &InstanceDir) -> Vec<u32> {
    Vec::new()
}
