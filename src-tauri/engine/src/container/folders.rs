//! Makes the folders of this host that a container mounts and that are not there,
//! as Compose does; but as the user, not as root.

use super::instance::{Launch, Step};
use super::runtime::Runtime;
use benchtop_model::plan::MountSource;
use std::io::ErrorKind;
use std::path::Path;

/// Makes those that are missing, and says which.
///
/// # Errors
/// One sentence about the first that cannot be made.
pub(super) fn ensure(
    runtime: &Runtime,
    launch: &Launch<'_>,
    progress: &impl Fn(Step),
) -> Result<(), String> {
    // The folders of an engine elsewhere are not here.
    if !runtime.address.starts_with("unix://") {
        return Ok(());
    }
    let mounts = launch.container.mounts.iter();
    for mount in mounts.filter(|mount| mount.make_source) {
        let MountSource::Bind(path) = &mount.source else {
            continue;
        };
        if make(path)? {
            progress(Step::Output(format!("made the folder {}", path.display())));
        }
    }
    Ok(())
}

/// Whether it had to be made.
fn make(path: &Path) -> Result<bool, String> {
    // What may not be looked at is for the engine, which can do more than we can.
    match path.try_exists() {
        Ok(false) => {}
        Err(error) if error.kind() == ErrorKind::NotADirectory => {}
        Ok(true) | Err(_) => return Ok(false),
    }
    match std::fs::create_dir_all(path) {
        Ok(()) => Ok(true),
        Err(error) => Err(format!(
            "the folder {} is to be mounted, but does not exist and cannot be made ({error}); \
             make it, or take the mount out",
            path.display()
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_missing_is_made() {
        let dir = tempfile::tempdir().expect("a folder");
        let (file, new) = (dir.path().join("f"), dir.path().join("a/b"));
        std::fs::write(&file, "").expect("a file");
        assert_eq!(make(&file), Ok(false));
        assert_eq!(make(&new), Ok(true));
        assert_eq!(make(&new), Ok(false));
        let error = make(&file.join("below")).expect_err("a file is no folder");
        assert!(error.contains("make it"), "{error}");
    }
}
