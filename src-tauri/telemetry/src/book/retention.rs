//! What of earlier runs is kept on disk.

use super::Shared;
use crate::file;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// Limits of what is kept for one environment. The first that is reached counts. The
/// present run is kept as a whole unless it alone is larger than `bytes`; then its oldest
/// blocks go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Bytes on disk: 2 GiB, which are some 80 million lines.
    pub bytes: u64,
    /// Age of a run since its last line: 14 days.
    pub age: Duration,
    /// Runs: 20, beside the present one.
    pub runs: usize,
    /// Runs that stay whatever the limits say, until others are pinned.
    pub pinned: Vec<String>,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            bytes: 2 << 30,
            age: Duration::from_hours(14 * 24),
            runs: 20,
            pinned: Vec::new(),
        }
    }
}

/// One earlier run, as the rule sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Kept {
    path: PathBuf,
    bytes: u64,
    age: Duration,
    pinned: bool,
}

impl Retention {
    /// Nothing goes.
    pub(super) fn everything() -> Self {
        Self {
            bytes: u64::MAX,
            age: Duration::MAX,
            runs: usize::MAX,
            pinned: Vec::new(),
        }
    }

    /// Which runs go, of all earlier ones, oldest first, beside a present one of this size;
    /// and how many bytes the present one has too many.
    fn decide(&self, runs: &[Kept], present: u64) -> (Vec<PathBuf>, u64) {
        let mut bytes = present + runs.iter().map(|run| run.bytes).sum::<u64>();
        let mut count = runs.len();
        let mut gone = Vec::new();
        for run in runs.iter().filter(|run| !run.pinned) {
            if bytes > self.bytes || count > self.runs || run.age > self.age {
                bytes -= run.bytes;
                count -= 1;
                gone.push(run.path.clone());
            }
        }
        (gone, bytes.saturating_sub(self.bytes).min(present))
    }
}

/// Removes what is beyond the limits; answers how many bytes of text the present run
/// should lose.
pub(super) fn apply(shared: &Shared, folder: &Path, rule: &Retention) -> u64 {
    let (runs, present) = look(shared, folder);
    let (gone, too_much) = rule.decide(&runs, present);
    if !gone.is_empty() {
        let mut shelves = shared.lock();
        shelves.past.retain(|past| {
            let goes = gone.contains(&past.file.path);
            if goes {
                past.file.close();
            }
            !goes
        });
        drop(shelves);
        gone.iter().for_each(|path| file::remove(path));
    }
    if too_much == 0 {
        return 0;
    }
    // As text, by what the text of this run takes on disk; a tenth of the limit more, so
    // that it is not always the next block.
    let text = u128::from(shared.lock().text_on_disk());
    let wanted = u128::from(too_much + rule.bytes / 10) * text / u128::from(present.max(1));
    u64::try_from(wanted).unwrap_or(u64::MAX).max(1)
}

fn look(shared: &Shared, folder: &Path) -> (Vec<Kept>, u64) {
    let kept = shared.pinned().clone();
    let shelves = shared.lock();
    let present = shelves.file.clone();
    let pinned: Vec<PathBuf> = shelves
        .past
        .iter()
        .filter(|past| past.run.as_ref().is_some_and(|run| kept.contains(run)))
        .map(|past| past.file.path.clone())
        .collect();
    drop(shelves);
    let mut runs = Vec::new();
    for path in super::runs::files(folder) {
        if present.as_ref().is_some_and(|file| file.path == path) {
            continue;
        }
        let written = std::fs::metadata(&path).and_then(|file| file.modified());
        let age = written
            .ok()
            .and_then(|at| SystemTime::now().duration_since(at).ok());
        runs.push(Kept {
            bytes: file::size(&path),
            age: age.unwrap_or_default(),
            pinned: pinned.contains(&path),
            path,
        });
    }
    (runs, present.map_or(0, |file| file.used()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(name: &str, bytes: u64, days: u64) -> Kept {
        Kept {
            path: name.into(),
            bytes,
            age: Duration::from_hours(days * 24),
            pinned: name.starts_with("pinned"),
        }
    }

    #[track_caller]
    fn check(rule: &Retention, runs: &[Kept], present: u64, gone: &[&str], too_much: u64) {
        let gone: Vec<PathBuf> = gone.iter().map(PathBuf::from).collect();
        assert_eq!(rule.decide(runs, present), (gone, too_much));
    }

    #[test]
    fn the_oldest_go_until_all_limits_hold_and_pinned_ones_stay() {
        let rule = Retention {
            bytes: 100,
            age: Duration::from_hours(48),
            runs: 3,
            pinned: Vec::new(),
        };
        check(&rule, &[run("a", 10, 0), run("b", 10, 0)], 80, &[], 0);
        check(&rule, &[run("a", 10, 0), run("b", 10, 0)], 85, &["a"], 0);
        check(&rule, &[run("a", 1, 9), run("b", 1, 0)], 1, &["a"], 0);
        let four = ["a", "b", "c", "d"].map(|name| run(name, 1, 0));
        check(&rule, &four, 1, &["a"], 0);
        check(
            &rule,
            &[run("pinned", 50, 9), run("b", 50, 0)],
            10,
            &["b"],
            0,
        );
        check(&rule, &[run("a", 50, 0)], 130, &["a"], 30);
    }
}
