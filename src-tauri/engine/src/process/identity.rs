//! Which process is meant: a process id alone is reused, and survives neither a
//! reboot nor a death that nobody reaped.

use serde::{Deserialize, Serialize};
use std::fs;

/// A process, for as long as the machine runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessIdentity {
    /// Process id.
    pub pid: u32,
    /// Start time in clock ticks since boot (field 22 of `/proc/PID/stat`);
    /// immune to changes of the wall clock. 0 where the system does not tell.
    pub start_ticks: u64,
    /// Which boot of the machine; empty where the system does not tell.
    pub boot_id: String,
}

impl ProcessIdentity {
    /// The identity of a process that lives now; `None` where there is none.
    #[must_use]
    pub fn of(pid: u32) -> Option<Self> {
        let start_ticks = start_ticks(pid)?;
        Some(Self {
            pid,
            start_ticks,
            boot_id: boot_id(),
        })
    }

    /// Whether exactly this process is alive. A zombie is not.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.is_this_boot() && start_ticks(self.pid) == Some(self.start_ticks)
    }

    /// Whether the machine has not been restarted since.
    #[must_use]
    pub fn is_this_boot(&self) -> bool {
        self.boot_id == boot_id()
    }
}

/// The id of this boot of the machine.
#[must_use]
pub fn boot_id() -> String {
    fs::read_to_string("/proc/sys/kernel/random/boot_id")
        .unwrap_or_default()
        .trim()
        .to_owned()
}

/// When a living process started; `None` for the dead and for zombies.
#[cfg(target_os = "linux")]
fn start_ticks(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field is the program's name in brackets and may contain both
    // spaces and brackets; what follows the last bracket is regular.
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace();
    let state = fields.next()?;
    if matches!(state, "Z" | "X") {
        return None;
    }
    fields.nth(18)?.parse().ok()
}

#[cfg(not(target_os = "linux"))]
fn start_ticks(pid: u32) -> Option<u64> {
    let pid = nix::unistd::Pid::from_raw(i32::try_from(pid).ok()?);
    nix::sys::signal::kill(pid, None).ok().map(|()| 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_alive_and_another_start_of_its_pid_is_not() {
        let me = ProcessIdentity::of(std::process::id()).expect("this process lives");
        assert!(me.is_alive());
        assert!(
            !ProcessIdentity {
                start_ticks: me.start_ticks + 1,
                ..me.clone()
            }
            .is_alive()
        );
        assert!(
            !ProcessIdentity {
                boot_id: "another boot".into(),
                ..me
            }
            .is_alive()
        );
    }

    #[test]
    fn a_zombie_is_not_alive() {
        let mut child = std::process::Command::new("true").spawn().expect("spawn");
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(5);
        while ProcessIdentity::of(child.id()).is_some() {
            assert!(
                std::time::Instant::now() < deadline,
                "the child did not end"
            );
            std::thread::yield_now();
        }
        child.wait().expect("reap");
    }
}
