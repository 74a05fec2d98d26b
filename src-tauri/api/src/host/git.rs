//! Which commit of the project is run, for the record.

use std::path::Path;
use std::process::{Command, Stdio};

/// The commit of a checkout, shortened, and whether it has uncommitted changes.
pub(super) fn state(dir: &Path) -> Option<(String, bool)> {
    let commit = git(dir, &["rev-parse", "--short=10", "HEAD"])?;
    let changes = git(dir, &["status", "--porcelain", "--untracked-files=no"])?;
    Some((commit.trim().to_owned(), !changes.trim().is_empty()))
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
