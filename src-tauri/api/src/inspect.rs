//! What in a folder can be opened or imported: for the start page.

use crate::schema::{ApiError, ErrorCode};
use crate::view::{FolderReport, FoundFile, FoundKind};
use benchtop_engine::load;
use benchtop_model::file::FILE_NAMES;
use benchtop_model::problem::Severity;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// What an Aspire application writes with `--publisher manifest`.
pub(crate) const MANIFEST: &str = "aspire-manifest.json";

/// Most entries of one folder that are looked at.
const MOST_ENTRIES: usize = 5_000;

/// Most files that are reported.
const MOST_FILES: usize = 20;

/// Largest manifest that is counted.
const LARGEST_MANIFEST: u64 = 10 << 20;

/// Looks into a folder, and one level below it for the manifest that an Aspire
/// application keeps beside its AppHost.
///
/// # Errors
/// Where it is no folder or cannot be read.
pub fn folder(path: &Path) -> Result<FolderReport, ApiError> {
    let entries = read(path).map_err(|error| ApiError {
        code: ErrorCode::NotFound,
        message: format!("the folder {} cannot be read: {error}", path.display()),
        hint: Some("choose a folder that exists and that you may read".to_owned()),
        problems: Vec::new(),
    })?;
    let mut found: Vec<(usize, PathBuf, FoundKind)> = Vec::new();
    for entry in entries {
        if entry.is_dir() {
            let manifest = entry.join(MANIFEST);
            found.extend(rank(&manifest).filter(|_| manifest.is_file()));
        } else {
            found.extend(rank(&entry));
        }
    }
    found.sort();
    found.truncate(MOST_FILES);
    let files = found.into_iter().map(|(_, path, kind)| file(&path, kind));
    Ok(FolderReport {
        path: path.display().to_string(),
        files: files.collect(),
    })
}

fn read(path: &Path) -> std::io::Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(path)?.take(MOST_ENTRIES);
    Ok(entries.flatten().map(|entry| entry.path()).collect())
}

/// What a file is by its name, and how early it is named.
fn rank(path: &Path) -> Option<(usize, PathBuf, FoundKind)> {
    let name = path.file_name()?.to_str()?;
    let usual = FILE_NAMES.iter().position(|usual| *usual == name);
    let is_yaml = name.ends_with(".yaml") || name.ends_with(".yml");
    // An override counts with the file that it is put over.
    let is_override = name.contains(".override.");
    let (rank, kind) = match usual {
        Some(rank) if name.starts_with("benchtop") => (rank, FoundKind::Benchtop),
        Some(rank) => (rank, FoundKind::Compose),
        None if name == MANIFEST => (FILE_NAMES.len(), FoundKind::Aspire),
        None if is_yaml && name.contains("compose") && !is_override => {
            (FILE_NAMES.len() + 1, FoundKind::Compose)
        }
        None => return None,
    };
    Some((rank, path.to_owned(), kind))
}

fn file(path: &Path, kind: FoundKind) -> FoundFile {
    let (services, problems) = match kind {
        FoundKind::Benchtop | FoundKind::Compose => definition(path),
        FoundKind::Aspire => manifest(path),
    };
    FoundFile {
        path: path.display().to_string(),
        kind,
        services,
        problems,
    }
}

/// With every profile on, so that nothing that is there goes uncounted.
fn definition(path: &Path) -> (Option<u32>, u32) {
    let variables: BTreeMap<String, String> = std::env::vars().collect();
    let loaded = load::load(path, &variables, &BTreeSet::from(["*".to_owned()]));
    let errors = loaded.problems.iter();
    let errors = errors.filter(|p| p.severity == Severity::Error).count();
    (
        loaded.plan.map(|plan| small(plan.services.len())),
        small(errors),
    )
}

fn manifest(path: &Path) -> (Option<u32>, u32) {
    let is_small = std::fs::metadata(path).is_ok_and(|found| found.len() <= LARGEST_MANIFEST);
    let text = is_small.then(|| std::fs::read(path).ok()).flatten();
    let json: Option<serde_json::Value> = text.and_then(|text| serde_json::from_slice(&text).ok());
    let resources = json.as_ref().and_then(|json| json["resources"].as_object());
    match resources {
        Some(all) => (Some(small(all.len())), 0),
        None => (None, 1),
    }
}

fn small(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_tells_what_can_be_opened_the_usual_file_first() {
        let dir = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| {
            let path = dir.path().join(name);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            std::fs::write(path, text).expect("a file");
        };
        write("compose.yaml", "services: {a: {image: x}, b: {image: y}}");
        write("compose.override.yaml", "services: {a: {command: c}}");
        write("compose.dev.yml", "services: {a: {imge: x}}");
        write("benchtop.yaml", "include: [compose.yaml]");
        write(
            "Shop.AppHost/aspire-manifest.json",
            r#"{"resources": {"a": {}}}"#,
        );
        write("README.md", "");
        let report = folder(dir.path()).expect("a report");
        let said: Vec<_> = report
            .files
            .iter()
            .map(|f| {
                let name = f.path.rsplit('/').next().unwrap_or_default();
                (name, f.kind, f.services, f.problems > 0)
            })
            .collect();
        assert_eq!(
            said,
            [
                ("benchtop.yaml", FoundKind::Benchtop, Some(2), false),
                ("compose.yaml", FoundKind::Compose, Some(2), false),
                ("aspire-manifest.json", FoundKind::Aspire, Some(1), false),
                ("compose.dev.yml", FoundKind::Compose, None, true),
            ]
        );
    }

    #[test]
    fn a_folder_that_is_not_there_is_an_error_with_advice() {
        let error = folder(Path::new("/nowhere/at/all")).expect_err("an error");
        assert!(error.message.contains("/nowhere/at/all") && error.hint.is_some());
    }
}
