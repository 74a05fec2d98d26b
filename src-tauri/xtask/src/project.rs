//! Where things are: the root of the checkout, what cargo built, what xtask remembers.

use std::collections::hash_map::DefaultHasher;
use std::hash::Hasher;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// The folder that holds tauri.conf.json, found from the current directory upwards.
///
/// Not the path that was compiled in: checkouts may share one target folder, and the
/// binary may then have been built for another one.
pub(crate) fn root() -> Result<PathBuf, String> {
    let here = env::current_dir().map_err(|e| format!("cannot tell the current folder: {e}"))?;
    here.ancestors()
        .find(|folder| folder.join("tauri.conf.json").is_file())
        .map(Path::to_path_buf)
        .ok_or_else(|| format!("{} is not inside a checkout of the project", here.display()))
}

/// Where cargo puts what it builds.
pub(crate) fn target_dir(root: &Path) -> PathBuf {
    match env::var_os("CARGO_TARGET_DIR") {
        Some(dir) => root.join(dir),
        None => root.join("target"),
    }
}

/// The folder of the built binaries.
pub(crate) fn bin_dir(root: &Path, release: bool) -> PathBuf {
    target_dir(root).join(if release { "release" } else { "debug" })
}

/// A built binary by its name.
pub(crate) fn binary(root: &Path, release: bool, name: &str) -> PathBuf {
    bin_dir(root, release).join(format!("{name}{}", env::consts::EXE_SUFFIX))
}

/// The folder for stamps and logs. Always inside the checkout, so that they are found
/// there even when cargo builds elsewhere.
pub(crate) fn state_dir(root: &Path) -> PathBuf {
    root.join("target").join("xtask")
}

/// A note of the content that a step was last done for, so that it is done again
/// exactly when that content changes.
pub(crate) struct Stamp {
    file: PathBuf,
    inputs: Vec<PathBuf>,
}

impl Stamp {
    pub(crate) fn new(root: &Path, name: &str, inputs: Vec<PathBuf>) -> Self {
        Self {
            file: state_dir(root).join(format!("{name}.stamp")),
            inputs,
        }
    }

    pub(crate) fn is_current(&self) -> bool {
        fs::read_to_string(&self.file).is_ok_and(|seen| seen == self.digest())
    }

    /// To be called once the step is done; the inputs may include what it produced.
    pub(crate) fn write(&self) -> Result<(), String> {
        let folder = self.file.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder)
            .and_then(|()| fs::write(&self.file, self.digest()))
            .map_err(|e| format!("cannot write {}: {e}", self.file.display()))
    }

    fn digest(&self) -> String {
        let mut hasher = DefaultHasher::new();
        for input in &self.inputs {
            for file in files_below(input) {
                hasher.write(file.to_string_lossy().as_bytes());
                hasher.write(&[0]);
                hasher.write(&fs::read(&file).unwrap_or_default());
                hasher.write(&[0]);
            }
        }
        format!("{:016x}", hasher.finish())
    }
}

/// The file itself, or all files in the folder, in a stable order.
fn files_below(path: &Path) -> Vec<PathBuf> {
    if path.is_file() {
        return vec![path.to_path_buf()];
    }
    let mut entries: Vec<PathBuf> = fs::read_dir(path)
        .map(|entries| entries.flatten().map(|entry| entry.path()).collect())
        .unwrap_or_default();
    entries.sort();
    entries
        .iter()
        .flat_map(|entry| files_below(entry))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_is_current_until_an_input_changes() {
        let folder = env::temp_dir().join(format!("xtask-stamp-{}", std::process::id()));
        let source = folder.join("src").join("main.ts");
        fs::create_dir_all(folder.join("src")).expect("a folder");
        fs::write(&source, "one").expect("a file");
        let stamp = Stamp::new(&folder, "ui", vec![folder.join("src")]);

        assert!(!stamp.is_current(), "nothing was done yet");
        stamp.write().expect("a stamp");
        assert!(stamp.is_current(), "nothing changed since");
        fs::write(&source, "two").expect("a file");
        assert!(!stamp.is_current(), "a file changed");
        stamp.write().expect("a stamp");
        fs::write(folder.join("src").join("more.ts"), "").expect("a file");
        assert!(!stamp.is_current(), "a file was added");

        fs::remove_dir_all(&folder).expect("the folder goes");
    }
}
