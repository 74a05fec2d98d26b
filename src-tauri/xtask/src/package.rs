//! `cargo xtask package`: the installable packages for this system.

use std::process::ExitCode;

use crate::args::PackageOptions;
use crate::project;
use crate::setup::node;
use crate::setup::packages::{self, Purpose};
use crate::sh::Cmd;

/// AppImage is left out: its tool downloads parts of itself while packing.
const BUNDLES: &str = if cfg!(target_os = "macos") {
    "app,dmg"
} else if cfg!(windows) {
    "nsis"
} else {
    "deb,rpm"
};

pub(crate) fn run(options: &PackageOptions) -> Result<ExitCode, String> {
    let root = project::root()?;
    packages::install(&[Purpose::Build, Purpose::Desktop], options.yes)?;
    node::bring_up_to_date(&root)?;
    let name = if cfg!(windows) { "tauri.cmd" } else { "tauri" };
    let tauri = root.join("ui").join("node_modules").join(".bin").join(name);
    if !tauri.is_file() {
        return Err("@tauri-apps/cli is not among the UI's packages; it does the packing".into());
    }
    Cmd::new(tauri)
        .args(&["build", "--bundles", BUNDLES])
        .env("CI", "true")
        .dir(&root)
        .run()?;
    let bundles = project::bin_dir(&root, true).join("bundle");
    println!("The packages are in {}", bundles.display());
    Ok(ExitCode::SUCCESS)
}
