//! Reads a definition from disk. All knowledge of the format lies in
//! [`benchtop_model::file`]; here are only the files.

use benchtop_model::file::{self, FILE_NAMES, Loaded, Sources};
use benchtop_model::problem::{Place, Problem};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// No definition is larger; the limit of the model is checked there, this one
/// keeps a wrong path from filling memory.
const LARGEST: u64 = 32 * 1024 * 1024;

/// The environment file that is meant by a path: the file itself, or the first
/// of the known names in a folder.
///
/// # Errors
/// A problem that names the path and what was looked for.
pub fn find(path: &Path) -> Result<PathBuf, Problem> {
    let place = Place {
        file: path.to_string_lossy().into(),
        line: 0,
        column: 0,
    };
    let path = std::path::absolute(path).map_err(|e| Problem::error(&place, e.to_string()))?;
    match std::fs::metadata(&path) {
        Err(_) => Err(Problem::error(&place, "there is no such file or folder")
            .hint("give a project folder or an environment file with -f")),
        Ok(found) if found.is_file() => Ok(path),
        Ok(_) => FILE_NAMES
            .iter()
            .map(|name| path.join(name))
            .find(|file| file.is_file())
            .ok_or_else(|| {
                Problem::error(&place, "there is no environment file in this folder")
                    .hint(format!("looked for {}", FILE_NAMES.join(", ")))
            }),
    }
}

/// Reads the definition that is meant by a path.
#[must_use]
pub fn load(
    path: &Path,
    variables: &BTreeMap<String, String>,
    profiles: &BTreeSet<String>,
) -> Loaded {
    match find(path) {
        Ok(file) => file::load(
            &file,
            &Sources {
                variables,
                profiles,
                read: &read,
            },
        ),
        Err(problem) => Loaded {
            plan: None,
            problems: vec![problem],
            inputs: Vec::new(),
            secrets: BTreeMap::new(),
        },
    }
}

/// Reads a whole file, unless it is larger than any definition.
///
/// # Errors
/// Where it cannot be read, or is too large.
pub fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    if std::fs::metadata(path)?.len() > LARGEST {
        return Err(std::io::Error::other(format!(
            "larger than {} MiB",
            LARGEST >> 20
        )));
    }
    std::fs::read(path)
}
