//! A project folder of a test's own.

use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A folder with an environment file; gone with the test.
#[derive(Debug)]
pub struct Project {
    dir: TempDir,
}

impl Project {
    /// A project with this text as `benchtop.yaml`.
    ///
    /// # Panics
    /// Where the folder cannot be made.
    #[must_use]
    pub fn new(yaml: &str) -> Self {
        let project = Self {
            dir: tempfile::Builder::new()
                .prefix("bt-project-")
                .tempdir()
                .expect("a folder"),
        };
        project.write("benchtop.yaml", yaml);
        project
    }

    /// Writes a file.
    ///
    /// # Panics
    /// Where it cannot be written.
    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path().join(name), text).expect("write a project file");
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// The environment file.
    #[must_use]
    pub fn file(&self) -> PathBuf {
        self.path().join("benchtop.yaml")
    }
}
