//! Which commit of the project is run, for the record.

use crate::compare::GitRange;
use std::path::Path;
use std::process::{Command, Stdio};

/// Commits that are listed between two runs.
const MOST_COMMITS: usize = 50;

/// The commit of a checkout, shortened, and whether it has uncommitted changes.
pub(super) fn state(dir: &Path) -> Option<(String, bool)> {
    let commit = git(dir, &["rev-parse", "--short=10", "HEAD"])?;
    let changes = git(dir, &["status", "--porcelain", "--untracked-files=no"])?;
    Some((commit.trim().to_owned(), !changes.trim().is_empty()))
}

/// What lies between two commits, at most [`MOST_COMMITS`] of them.
pub(super) fn range(dir: &Path, from: &str, to: &str) -> GitRange {
    let (count, span) = (format!("-n{}", MOST_COMMITS + 1), format!("{from}..{to}"));
    let arguments = ["log", "--format=%h %s", &count, &span, "--"];
    // A commit that is gone, or another checkout in this folder: nothing to list.
    let log = git(dir, &arguments).unwrap_or_default();
    let mut commits: Vec<String> = log.lines().map(str::to_owned).collect();
    let more = commits.len() > MOST_COMMITS;
    commits.truncate(MOST_COMMITS);
    GitRange {
        from: from.to_owned(),
        to: to.to_owned(),
        commits,
        more,
    }
}

fn git(dir: &Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new("git")
        .arg("-C")
        .arg(dir)
        .args(arguments)
        // Looking must not take a lock that the user's own git needs.
        .env("GIT_OPTIONAL_LOCKS", "0")
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}
