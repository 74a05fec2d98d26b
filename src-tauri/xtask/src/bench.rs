//! `cargo xtask bench`: the figures of the budgets, beside a peer or a floor.
//!
//! Each benchmark is a program of its own in `tests/benches`, named in the manifest
//! there. It prints one table; nothing is asserted, because time on a shared machine
//! proves nothing. What counts is the ratio of two lines of one run.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use crate::args::BenchOptions;
use crate::project;
use crate::setup::node;
use crate::setup::packages::{self, Purpose};
use crate::sh::Cmd;
use crate::tidy::manifest;

pub(crate) fn run(options: &BenchOptions) -> Result<ExitCode, String> {
    let root = project::root()?;
    let known = known(&root);
    if let Some(name) = options.names.iter().find(|name| !known.contains(name)) {
        return Err(format!(
            "there is no benchmark `{name}`; known: {}",
            known.join(", ")
        ));
    }
    let chosen = if options.names.is_empty() {
        &known
    } else {
        &options.names
    };
    // The programs under test, optimised; with `--workspace` for the same features as
    // everywhere else.
    let mut programs = vec!["build", "--release", "--workspace", "--bin", "benchtop"];
    if chosen.iter().any(|name| name == "desktop") {
        let purposes = [Purpose::Build, Purpose::Desktop, Purpose::DesktopTests];
        packages::install(&purposes, options.yes)?;
        node::bring_up_to_date(&root)?;
        programs.extend(["--bin", "benchtop-desktop"]);
    } else {
        packages::install(&[Purpose::Build], options.yes)?;
    }
    Cmd::cargo(&root, &programs).run()?;
    for name in chosen {
        Cmd::cargo(&root, &["bench", "--workspace", "--bench", name]).run()?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The `[[bench]]` names of the package that crosses borders.
fn known(root: &Path) -> Vec<String> {
    let text = fs::read_to_string(root.join("tests").join("Cargo.toml")).unwrap_or_default();
    manifest::target_names(&text, "bench")
}
