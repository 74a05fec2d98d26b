//! Programs of scenarios that outlived their engine. Each is noted in a file while it
//! runs; the next engine ends what is still noted, because nobody waits for it any more.

use crate::process::identity::ProcessIdentity;
use crate::process::tree;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::path::{Path, PathBuf};

/// The note of a program; gone with the value.
pub(super) struct Note(Option<PathBuf>);

fn folder(environment: &Path) -> PathBuf {
    environment.join("scenario-programs")
}

impl Note {
    /// Notes the leader of a process group.
    pub(super) fn of(environment: &Path, leader: u32) -> Self {
        let folder = folder(environment);
        let path = folder.join(format!("{leader}.json"));
        let written = ProcessIdentity::of(leader).and_then(|identity| {
            let json = serde_json::to_vec(&identity).ok()?;
            std::fs::create_dir_all(&folder).ok()?;
            std::fs::write(&path, json).ok()
        });
        Self(written.map(|()| path))
    }
}

impl Drop for Note {
    fn drop(&mut self) {
        if let Some(path) = &self.0 {
            // One that stays names a process that is gone, and is passed over.
            _ = std::fs::remove_file(path);
        }
    }
}

/// Ends what an earlier engine left behind.
pub(crate) fn end(environment: &Path) {
    let notes = std::fs::read_dir(folder(environment))
        .into_iter()
        .flatten()
        .flatten();
    for note in notes {
        let path = note.path();
        let identity: Option<ProcessIdentity> = std::fs::read(&path)
            .ok()
            .and_then(|json| serde_json::from_slice(&json).ok());
        if let Some(identity) = identity.filter(ProcessIdentity::is_alive) {
            tracing::info!(
                pid = identity.pid,
                "a program of a scenario outlived its engine"
            );
            end_group(identity.pid);
        }
        // The same.
        _ = std::fs::remove_file(path);
    }
}

/// The leader with its group, and those below it that left the group.
pub(super) fn end_group(leader: u32) {
    let below = tree::descendants(leader);
    let number = |pid: u32| i32::try_from(pid).ok();
    let group = number(leader).map(|leader| -leader);
    // What is gone needs no signal.
    for pid in group
        .into_iter()
        .chain(below.into_iter().filter_map(number))
    {
        _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
    }
}
