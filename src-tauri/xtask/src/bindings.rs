//! `cargo xtask bindings`: writes the TypeScript types of the API anew.

use std::process::ExitCode;

use crate::project;
use crate::sh::Cmd;

/// The test that checks the committed files writes them when it is told to.
pub(crate) fn run() -> Result<ExitCode, String> {
    let root = project::root()?;
    Cmd::cargo(
        &root,
        &["test", "--package", "benchtop-api", "--test", "bindings"],
    )
    .env("BENCHTOP_WRITE_BINDINGS", "1")
    .run()?;
    Ok(ExitCode::SUCCESS)
}
