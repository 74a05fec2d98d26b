//! Makes an environment file of an Aspire manifest or of a Compose file, and
//! writes it where it is asked for.

use crate::schema::{ApiError, DefinitionImportRequest, ErrorCode};
use crate::view::ImportReport;
use benchtop_engine::load;
use benchtop_model::file::Sources;
use benchtop_model::import::{self, Imported};
use benchtop_model::problem::{Place, Problem};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// What the file is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `aspire-manifest.json`.
    Aspire,
    /// A Compose file.
    Compose,
}

impl Kind {
    /// A manifest is JSON; Compose files are not called so.
    #[must_use]
    pub fn of(path: &Path) -> Self {
        match path.extension().is_some_and(|ending| ending == "json") {
            true => Self::Aspire,
            false => Self::Compose,
        }
    }
}

/// As asked, with the kind told by the name.
///
/// # Errors
/// Where the source cannot be read or used, or the result not written.
pub fn import(request: &DefinitionImportRequest) -> Result<ImportReport, ApiError> {
    import_as(Kind::of(Path::new(&request.path)), request)
}

/// The same for a source of this kind.
///
/// # Errors
/// As [`import`].
pub fn import_as(kind: Kind, request: &DefinitionImportRequest) -> Result<ImportReport, ApiError> {
    let source = absolute(&request.path)?;
    let output = request.output.as_deref().map(absolute).transpose()?;
    if let Some(output) = output
        .as_deref()
        .filter(|o| !request.overwrite && o.exists())
    {
        return Err(ApiError {
            code: ErrorCode::Invalid,
            message: format!("{} is there already", output.display()),
            hint: Some("name another file, or ask to overwrite it".to_owned()),
            problems: Vec::new(),
        });
    }
    let from = source.parent().unwrap_or(Path::new("/"));
    let into = output.as_deref().and_then(Path::parent).unwrap_or(from);
    let imported = match kind {
        Kind::Aspire => aspire(&source, into)?,
        Kind::Compose => compose(&source, into),
    };
    let Some(text) = imported.text else {
        return Err(unusable(&source, imported.notes));
    };
    if let Some(output) = &output {
        write(output, &text).map_err(|error| cannot("write", output, &error))?;
    }
    Ok(ImportReport {
        file: output.map(|path| path.display().to_string()),
        text,
        notes: imported.notes,
    })
}

fn absolute(path: &str) -> Result<PathBuf, ApiError> {
    let absolute = std::path::absolute(path).map_err(|e| cannot("find", Path::new(path), &e))?;
    // The words decide, so that two folders compare; links stay as they are.
    let mut tidy = PathBuf::new();
    for part in absolute.components() {
        match part {
            std::path::Component::ParentDir => {
                tidy.pop();
            }
            part => tidy.push(part),
        }
    }
    Ok(tidy)
}

fn aspire(source: &Path, into: &Path) -> Result<Imported, ApiError> {
    let bytes = load::read(source).map_err(|error| cannot("read", source, &error))?;
    let from = source.parent().unwrap_or(Path::new("/"));
    let text = String::from_utf8_lossy(&bytes);
    let name = source.display().to_string();
    Ok(import::manifest(&name, &text, &path_between(into, from)))
}

fn compose(source: &Path, into: &Path) -> Imported {
    let variables: BTreeMap<String, String> = std::env::vars().collect();
    let sources = Sources {
        variables: &variables,
        profiles: &BTreeSet::new(),
        read: &load::read,
    };
    let mut imported = import::flatten(source, &sources, into);
    let own = source.with_file_name(".env");
    if own.is_file() && source.parent() != Some(into) {
        let place = Place {
            file: own.to_string_lossy().into(),
            ..Place::default()
        };
        let message = "these variables lie in another folder than the file that was made";
        let note = Problem::warning(&place, message);
        imported
            .notes
            .push(note.hint("copy what is needed into a `.env` beside it"));
    }
    imported
}

/// How one folder is named from another; empty where they are the same.
fn path_between(from: &Path, to: &Path) -> String {
    let parts = |path: &Path| -> Vec<String> {
        let parts = path.components();
        parts
            .map(|part| part.as_os_str().to_string_lossy().into_owned())
            .collect()
    };
    let (from, to) = (parts(from), parts(to));
    let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = std::iter::repeat_n("..".to_owned(), from.len() - shared);
    let path: Vec<_> = up.chain(to[shared..].iter().cloned()).collect();
    path.join("/")
}

/// Beside its place first, so that no half of a file is ever there.
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("/"));
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = folder.join(format!(".{name}.{}", std::process::id()));
    let mut file = std::fs::File::create(&beside)?;
    let written = file
        .write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        .and_then(|()| std::fs::rename(&beside, path));
    if written.is_err() {
        // What is told is why it could not be written; the rest is in nobody's way.
        _ = std::fs::remove_file(&beside);
    }
    written
}

fn cannot(what: &str, path: &Path, error: &std::io::Error) -> ApiError {
    ApiError {
        code: ErrorCode::Definition,
        message: format!("cannot {what} {}: {error}", path.display()),
        hint: Some("look at the path and at its permissions".to_owned()),
        problems: Vec::new(),
    }
}

fn unusable(source: &Path, problems: Vec<Problem>) -> ApiError {
    ApiError {
        code: ErrorCode::Definition,
        message: format!("nothing can be made of {}", source.display()),
        hint: Some("mend what is said about it, and import it again".to_owned()),
        problems,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(path: &Path, output: Option<&Path>, overwrite: bool) -> DefinitionImportRequest {
        DefinitionImportRequest {
            path: path.display().to_string(),
            output: output.map(|output| output.display().to_string()),
            overwrite,
        }
    }

    #[test]
    fn a_manifest_is_written_where_it_is_asked_for_and_opens_there() {
        let dir = tempfile::tempdir().expect("a folder");
        let app = dir.path().join("Shop.AppHost");
        std::fs::create_dir(&app).expect("a folder");
        let manifest = app.join("aspire-manifest.json");
        let text = r#"{"resources": {"api": {"type": "project.v0", "path": "../Api/Api.csproj"}}}"#;
        std::fs::write(&manifest, text).expect("a file");
        let output = dir.path().join("benchtop.yaml");
        let report = import(&request(&manifest, Some(&output), false)).expect("a report");
        assert!(report.text.contains("./Api/Api.csproj"), "{}", report.text);
        let loaded = load::load(&output, &BTreeMap::new(), &BTreeSet::new());
        assert!(loaded.plan.is_some(), "{:?}", loaded.problems);

        let again = import(&request(&manifest, Some(&output), false)).expect_err("it is there");
        assert_eq!(again.code, ErrorCode::Invalid);
        assert!(import(&request(&manifest, Some(&output), true)).is_ok());
        let left: Vec<_> = std::fs::read_dir(dir.path()).expect("a folder").collect();
        assert_eq!(left.len(), 2, "nothing lies beside the file: {left:?}");
    }

    #[test]
    fn a_compose_file_keeps_its_paths_in_another_folder() {
        let dir = tempfile::tempdir().expect("a folder");
        let infra = dir.path().join("infra");
        std::fs::create_dir(&infra).expect("a folder");
        let compose = infra.join("compose.yaml");
        let text = "services: {a: {image: '${IMAGE:-x}', volumes: ['./data:/data']}}";
        std::fs::write(&compose, text).expect("a file");
        let output = dir.path().join("benchtop.yaml");
        let report = import(&request(&compose, Some(&output), false)).expect("a report");
        assert!(
            report.text.contains("./infra/data:/data"),
            "{}",
            report.text
        );
        assert!(report.text.contains("${IMAGE:-x}"), "{}", report.text);
    }

    #[test]
    fn what_cannot_be_used_is_an_error_with_every_finding() {
        let dir = tempfile::tempdir().expect("a folder");
        let manifest = dir.path().join("m.json");
        std::fs::write(&manifest, "{").expect("a file");
        let error = import(&request(&manifest, None, false)).expect_err("no JSON");
        assert_eq!(
            (error.code, error.problems.len()),
            (ErrorCode::Definition, 1)
        );
        let nowhere = import(&request(&dir.path().join("x.json"), None, false));
        assert!(
            nowhere
                .expect_err("no file")
                .message
                .contains("cannot read")
        );
    }
}
