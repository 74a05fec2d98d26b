//! `cargo xtask run`: from a bare machine to a running environment.

use std::path::Path;
use std::process::ExitCode;

use crate::args::RunOptions;
use crate::project;
use crate::setup::packages::{self, Purpose};
use crate::setup::{self, node};
use crate::sh::{self, Cmd};

pub(crate) fn run(options: &RunOptions) -> Result<ExitCode, String> {
    let root = project::root()?;
    if options.check {
        prepare_terminal(&root, options)?;
        check(&root, options)
    } else if options.headless {
        prepare_terminal(&root, options)?;
        benchtop(&root, options, "up").become_it()
    } else {
        setup::display()?;
        packages::install(&[Purpose::Build, Purpose::Desktop], options.yes)?;
        node::bring_up_to_date(&root)?;
        build(&root, options, &["benchtop", "benchtop-desktop"])?;
        let desktop = Cmd::new(project::binary(&root, options.release, "benchtop-desktop"));
        desktop.args(&environment(options)).become_it()
    }
}

/// What the engine and the CLI need: neither the UI nor any GUI library.
fn prepare_terminal(root: &Path, options: &RunOptions) -> Result<(), String> {
    packages::install(&[Purpose::Build], options.yes)?;
    build(root, options, &["benchtop"])
}

/// Brings the environment up, says how it is and takes it down; the exit code is that of
/// bringing it up.
fn check(root: &Path, options: &RunOptions) -> Result<ExitCode, String> {
    let up = benchtop(root, options, "up").args(&["--wait", "--timeout", "60s", "--detach"]);
    let up = up.status()?;
    let after = ["status", "down"].map(|verb| benchtop(root, options, verb).run());
    if !up.success() {
        return Ok(sh::exit_code(up));
    }
    after.into_iter().collect::<Result<(), String>>()?;
    Ok(ExitCode::SUCCESS)
}

/// `--workspace` with chosen binaries, not `--package`: cargo then picks the features of
/// each dependency for the whole workspace, and `run` and `test` share what they compile.
fn build(root: &Path, options: &RunOptions, binaries: &[&str]) -> Result<(), String> {
    let mut command = Cmd::cargo(root, &["build", "--workspace"]);
    for binary in binaries {
        command = command.args(&["--bin", binary]);
    }
    if options.release {
        command = command.arg("--release");
    }
    command.run()
}

fn benchtop(root: &Path, options: &RunOptions, verb: &str) -> Cmd {
    let program = project::binary(root, options.release, "benchtop");
    Cmd::new(program).arg(verb).args(&environment(options))
}

fn environment(options: &RunOptions) -> Vec<String> {
    match &options.file {
        Some(file) => vec!["-f".to_owned(), file.display().to_string()],
        None => vec!["--sample".to_owned()],
    }
}
