//! Where the programs under test are.

use std::path::{Path, PathBuf};

/// The folder of the built programs.
#[must_use]
pub fn bin_dir() -> PathBuf {
    if let Some(dir) = std::env::var_os("BENCHTOP_BIN_DIR") {
        return dir.into();
    }
    // The tests lie in TARGET/debug/deps.
    let own = std::env::current_exe().expect("this program has a path");
    own.parent()
        .and_then(Path::parent)
        .expect("it lies in target/debug/deps")
        .to_owned()
}

/// Whether these programs are built for use. Others are not judged by how quick they are.
#[must_use]
pub fn are_optimised() -> bool {
    bin_dir().ends_with("release")
}

/// One of the built programs.
///
/// # Panics
/// Where it was not built.
#[must_use]
pub fn program(name: &str) -> PathBuf {
    let path = bin_dir().join(name);
    assert!(
        path.is_file(),
        "{} is not there: build the workspace first",
        path.display()
    );
    path
}

/// The root of the checkout.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("tests/ lies in the root")
        .to_owned()
}
