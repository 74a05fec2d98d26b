//! The container engine that the container tests use: the one that answers, or one that
//! is started for them.

use std::env;
use std::fs;
use std::path::Path;
use std::process::Child;
use std::thread;
use std::time::{Duration, Instant};

use crate::project;
use crate::setup;
use crate::setup::packages;
use crate::sh::{self, Cmd};

const START_LIMIT: Duration = Duration::from_secs(30);

/// Ends the engine again when it goes, if it was started here.
#[derive(Default)]
pub(crate) struct Engine {
    ours: Option<Child>,
}

impl Engine {
    /// Starts `dockerd` unless an engine answers already.
    pub(crate) fn make_answer(root: &Path) -> Result<Self, String> {
        if setup::engine_version().is_some() {
            return Ok(Self::default());
        }
        if let Some(host) = env::var_os("DOCKER_HOST") {
            let host = host.to_string_lossy();
            return Err(format!(
                "DOCKER_HOST names {host}, but no container engine answers there"
            ));
        }
        if !cfg!(target_os = "linux") || !packages::is_root() {
            return Err(
                "no container engine answers, and only root on Linux can start one here\n\
                        hint: start Docker, then repeat"
                    .to_owned(),
            );
        }
        mount_cgroups()?;
        let state = project::state_dir(root);
        fs::create_dir_all(&state).map_err(|e| format!("cannot make {}: {e}", state.display()))?;
        let log = state.join("dockerd.log");
        let mut ours = Cmd::new("dockerd").background(&log)?;

        let started = Instant::now();
        while started.elapsed() < START_LIMIT {
            if let Some(version) = setup::engine_version() {
                println!("Docker Engine {version} answers");
                return Ok(Self { ours: Some(ours) });
            }
            if matches!(ours.try_wait(), Ok(Some(_))) {
                return Err(format!("dockerd ended at once:\n{}", last_lines(&log)));
            }
            thread::sleep(Duration::from_millis(200));
        }
        sh::end(ours, Duration::from_secs(5));
        let limit = START_LIMIT.as_secs();
        Err(format!(
            "dockerd does not answer after {limit} s:\n{}",
            last_lines(&log)
        ))
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        if let Some(ours) = self.ours.take() {
            sh::end(ours, Duration::from_secs(15));
        }
    }
}

/// On a machine without systemd nobody may have mounted the control groups yet.
fn mount_cgroups() -> Result<(), String> {
    let mounts = fs::read_to_string("/proc/mounts").unwrap_or_default();
    if mounts.contains(" /sys/fs/cgroup") || sh::find_program("cgroupfs-mount").is_none() {
        return Ok(());
    }
    Cmd::new("cgroupfs-mount").run()
}

fn last_lines(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    let tail = &lines[lines.len().saturating_sub(8)..];
    format!("  {}\n  (all of it: {})", tail.join("\n  "), log.display())
}
