//! One writer per environment: whoever supervises a project holds a lock on its folder.
//!
//! The lock of an engine ([`crate::server::take_lock`]) keeps engines of one data folder
//! apart. Two engines with different data folders know nothing of each other, except for
//! the project that both are asked to supervise. So the folder itself is locked: it needs
//! no file in the project, works where it cannot be written to, is seen by other users and
//! through bind mounts too, and the kernel drops it with its holder.

use super::Host;
use crate::schema::ApiError;
use benchtop_model::plan::Plan;
use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use std::fs::File;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

/// An engine that was killed a moment ago may hold its locks until it is gone.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);

/// Between two tries.
const PAUSE: Duration = Duration::from_millis(20);

/// The right to supervise one environment, for as long as it is kept.
#[derive(Debug, Default)]
pub(super) struct Claim(#[expect(dead_code, reason = "held, not read")] Option<Flock<File>>);

/// Another engine supervises the environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Taken {
    /// Its process, where that can be found out.
    pub(super) pid: Option<i32>,
}

impl Claim {
    /// Claims the environment in this folder.
    ///
    /// # Errors
    /// Where somebody else holds it. A folder that cannot be locked at all, as on some
    /// network file systems, is no reason to refuse.
    pub(super) fn take(folder: &Path) -> Result<Self, Taken> {
        let unlocked = |why: String| {
            tracing::warn!(folder = %folder.display(), why, "supervised without a lock");
            Ok(Self(None))
        };
        let file = match File::open(folder) {
            Ok(file) => file,
            Err(error) => return unlocked(error.to_string()),
        };
        match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(lock) => Ok(Self(Some(lock))),
            Err((_, Errno::EWOULDBLOCK)) => Err(Taken {
                pid: holder_of(folder),
            }),
            Err((_, errno)) => unlocked(errno.to_string()),
        }
    }

    /// The same, for the start of an engine, where nobody else waits: tries until then.
    pub(super) fn take_by(folder: &Path, deadline: Instant) -> Result<Self, Taken> {
        loop {
            match Self::take(folder) {
                Err(_) if Instant::now() < deadline => std::thread::sleep(PAUSE),
                answer => return answer,
            }
        }
    }
}

impl Taken {
    fn error(self, plan: &Plan) -> ApiError {
        let who = self.pid.map(|pid| format!(" (pid {pid})"));
        let who = who.unwrap_or_default();
        ApiError {
            hint: Some(
                "use the data folder of that engine (BENCHTOP_DATA_DIR), or end it there: `benchtop engine stop`"
                    .to_owned(),
            ),
            ..ApiError::invalid(format!(
                "another engine{who} with a data folder of its own supervises {}",
                plan.project_dir.display()
            ))
        }
    }
}

impl Host {
    /// The right to supervise this environment; `None` where this engine does already.
    pub(super) async fn claim(&self, plan: &Plan) -> Result<Option<Claim>, ApiError> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            // Asked anew each time: another request to this engine may open it meanwhile.
            if self.find(&plan.id()).is_some() {
                return Ok(None);
            }
            match Claim::take(&plan.project_dir) {
                Ok(claim) => return Ok(Some(claim)),
                Err(_) if Instant::now() < deadline => tokio::time::sleep(PAUSE).await,
                Err(taken) => return Err(taken.error(plan)),
            }
        }
    }
}

/// The process that holds the lock on a folder, as Linux tells.
fn holder_of(folder: &Path) -> Option<i32> {
    let inode = std::fs::metadata(folder).ok()?.ino();
    let locks = std::fs::read_to_string("/proc/locks").ok()?;
    let folder = folder.canonicalize().ok()?;
    // Equal numbers exist on other file systems: the holder has this folder open.
    holders(&locks, inode).find(|pid| has_open(*pid, &folder))
}

/// The processes that hold a lock on an inode of this number. A line is
/// `1: FLOCK ADVISORY WRITE 812 08:01:4711 0 EOF`; who waits has `->` after the number.
fn holders(locks: &str, inode: u64) -> impl Iterator<Item = i32> {
    locks.lines().filter_map(move |line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [_, "FLOCK", _, _, pid, place, ..] = words[..] else {
            return None;
        };
        let found: u64 = place.rsplit(':').next()?.parse().ok()?;
        (found == inode).then(|| pid.parse().ok())?
    })
}

fn has_open(pid: i32, folder: &Path) -> bool {
    let files = std::fs::read_dir(format!("/proc/{pid}/fd"));
    files.into_iter().flatten().flatten().any(|file| {
        let target = std::fs::read_link(file.path());
        target.is_ok_and(|target| target == folder)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_holder_is_told_from_one_who_waits_and_from_other_locks() {
        let locks = "1: POSIX  ADVISORY  WRITE 11 08:01:4711 0 EOF
2: FLOCK  ADVISORY  WRITE 12 08:01:4711 0 EOF
2: -> FLOCK  ADVISORY  WRITE 13 08:01:4711 0 EOF
3: FLOCK  ADVISORY  WRITE 14 08:01:471 0 EOF
4: torn";
        assert_eq!(holders(locks, 4711).collect::<Vec<_>>(), [12]);
    }

    #[test]
    fn a_folder_is_claimed_once_and_free_when_the_claim_goes() {
        let folder = tempfile::tempdir().expect("a folder");
        let first = Claim::take(folder.path()).expect("free");
        let taken = Claim::take(folder.path()).expect_err("held");
        if cfg!(target_os = "linux") {
            let own = i32::try_from(std::process::id()).expect("a pid");
            assert_eq!(taken.pid, Some(own));
        }
        drop(first);
        Claim::take(folder.path()).expect("free again");
    }

    #[test]
    fn a_folder_that_is_gone_is_no_reason_to_refuse() {
        let folder = tempfile::tempdir().expect("a folder").path().join("gone");
        assert!(Claim::take(&folder).is_ok());
    }
}
