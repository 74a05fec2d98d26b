//! What a machine needs before it can build, run and test: found out first, then
//! installed, with each thing named.

pub(crate) mod node;
pub(crate) mod packages;

use std::env;
use std::path::Path;
use std::time::Duration;

use crate::sh::{self, Cmd};

/// Checks for the Rust components that the tests use and adds the missing ones.
pub(crate) fn rust_components(root: &Path) -> Result<(), String> {
    for (component, subcommand) in [("rustfmt", "fmt"), ("clippy", "clippy")] {
        let there = Cmd::cargo(root, &[subcommand, "--version"]).output(Duration::from_secs(60));
        if there.is_none() {
            println!("{component} is missing: the tests check the code with it.");
            Cmd::new("rustup")
                .args(&["component", "add", component])
                .dir(root)
                .run()?;
        }
    }
    Ok(())
}

/// Whether a window can be shown here.
pub(crate) fn display() -> Result<(), String> {
    let named = |key| env::var_os(key).is_some_and(|value| !value.is_empty());
    if cfg!(target_os = "linux") && !named("DISPLAY") && !named("WAYLAND_DISPLAY") {
        return Err(
            "there is no display here (neither DISPLAY nor WAYLAND_DISPLAY is set), so \
                    no window can be shown\nhint: `cargo xtask run --headless` runs the same \
                    environment in this terminal"
                .to_owned(),
        );
    }
    Ok(())
}

/// Whether a container engine answers: its version.
pub(crate) fn engine_version() -> Option<String> {
    sh::find_program("docker")?;
    Cmd::new("docker")
        .args(&["version", "--format", "{{.Server.Version}}"])
        .output(Duration::from_secs(10))
        .map(|text| text.trim().to_owned())
        .filter(|version| !version.is_empty())
}
