//! The UI's own steps: its packages and its build, each done only when its inputs changed.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::project::Stamp;
use crate::sh::{self, Cmd};

/// The oldest Node that the UI's build tool runs on.
const OLDEST_NODE: (u32, u32) = (20, 19);

/// One step, the note of what it was last done for, and whether that is out of date.
pub(crate) struct Step {
    pub(crate) command: Cmd,
    pub(crate) stamp: Stamp,
    pub(crate) stale: bool,
}

/// Installs and builds what is out of date, in this terminal.
pub(crate) fn bring_up_to_date(root: &Path) -> Result<(), String> {
    check_node(root)?;
    // The second step is looked at only when the first is done: they share inputs.
    for step in [install, build] {
        let step = step(root);
        if step.stale {
            step.command.run()?;
            step.stamp.write()?;
        }
    }
    Ok(())
}

/// `npm ci`: exactly the packages of the lock file.
pub(crate) fn install(root: &Path) -> Step {
    let ui = root.join("ui");
    let inputs = vec![ui.join("package.json"), ui.join("package-lock.json")];
    let stamp = Stamp::new(root, "ui-install", inputs);
    let installed = ui.join("node_modules").join(".package-lock.json").is_file();
    Step {
        command: Cmd::npm(root, &["ci", "--no-audit", "--no-fund"]),
        stale: !installed || !stamp.is_current(),
        stamp,
    }
}

/// `npm run build`: `ui/dist`, which the desktop embeds.
pub(crate) fn build(root: &Path) -> Step {
    let ui = root.join("ui");
    let mut inputs = sources(&ui);
    // The result counts too: the desktop's build puts a placeholder there when it is gone.
    inputs.push(ui.join("dist"));
    let stamp = Stamp::new(root, "ui-build", inputs);
    let built = ui.join("dist").join("index.html").is_file();
    Step {
        command: Cmd::npm(root, &["run", "build"]),
        stale: !built || !stamp.is_current(),
        stamp,
    }
}

/// Says what to do when Node is missing or too old.
pub(crate) fn check_node(root: &Path) -> Result<(), String> {
    if !root.join("ui").join("package.json").is_file() {
        return Err("ui/package.json does not exist, so there is no UI to build".to_owned());
    }
    let (major, minor) = OLDEST_NODE;
    let hint = format!("the UI is built with Node {major}.{minor} or newer, and npm");
    if sh::find_program("node").is_none() {
        return Err(format!("Node is not installed: {hint}"));
    }
    let text = Cmd::new("node")
        .arg("--version")
        .output(Duration::from_secs(10))
        .unwrap_or_default();
    match version(text.trim()) {
        Some(found) if found >= OLDEST_NODE => Ok(()),
        _ => Err(format!("`node --version` says `{}`: {hint}", text.trim())),
    }
}

/// Whether the UI's manifest has this script.
pub(crate) fn has_script(root: &Path, name: &str) -> bool {
    fs::read_to_string(root.join("ui").join("package.json"))
        .is_ok_and(|text| text.contains(&format!("\"{name}\":")))
}

/// What the build reads: everything in the folder but what is made from it.
fn sources(ui: &Path) -> Vec<PathBuf> {
    const MADE: [&str; 5] = [
        "node_modules",
        "dist",
        "screens",
        "test-results",
        "coverage",
    ];
    let Ok(entries) = fs::read_dir(ui) else {
        return Vec::new();
    };
    let mut sources: Vec<PathBuf> = entries
        .flatten()
        .filter(|entry| {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            !MADE.contains(&&*name) && !name.starts_with("dist-") && !name.starts_with('.')
        })
        .map(|entry| entry.path())
        .collect();
    sources.sort();
    sources
}

/// Major and minor of `v20.19.1`.
fn version(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.strip_prefix('v')?.split('.').map(str::parse);
    match (parts.next(), parts.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => Some((major, minor)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn node_versions_compare_as_numbers() {
        assert_eq!(version("v20.19.1"), Some((20, 19)));
        assert!(version("v20.9.0") < Some(OLDEST_NODE));
        assert!(version("v24.0.0") > Some(OLDEST_NODE));
        assert_eq!(version("command not found"), None);
    }
}
