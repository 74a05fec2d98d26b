//! Opens a file of the project in the user's editor. Only files of the project: the name may
//! come from a log line, which anybody can write.

use super::Host;
use super::handlers::Answer;
use crate::schema::{ApiError, Empty, FileOpenRequest};
use benchtop_model::editor;
use benchtop_model::file::FILE_NAMES;
use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

/// A program that fails does so at once; one that is still there has opened the file.
const FAILING: Duration = Duration::from_secs(2);

impl Host {
    pub(crate) async fn file_open(self: &Arc<Self>, request: FileOpenRequest) -> Answer<Empty> {
        let Project { folder, variables } = self.project_of(&request).await?;
        let file = in_project(&folder, &request.path).ok_or_else(|| ApiError {
            hint: Some("only files below the project folder are opened".to_owned()),
            ..ApiError::not_found(format!("{} is no file of this project", request.path))
        })?;
        let file = file.display().to_string();
        let installed = |program: &str| is_installed(program, &variables);
        let command = editor::command(&variables, installed, &file, request.line);
        let command = command.ok_or_else(|| ApiError {
            hint: Some(
                "name one in VISUAL, such as `VISUAL=code`, and open the environment again"
                    .to_owned(),
            ),
            ..ApiError::invalid("no editor with a window was found")
        })?;
        run(&command, &variables, &folder).await
    }

    async fn project_of(self: &Arc<Self>, request: &FileOpenRequest) -> Answer<Project> {
        match (&request.environment, &request.tried) {
            (Some(environment), _) => {
                let open = self.get(environment).await?;
                Ok(Project {
                    folder: open.handle.snapshot().plan.project_dir.clone(),
                    variables: open.definition().0.variables,
                })
            }
            (None, Some(tried)) => Ok(Project {
                folder: folder_of_environment(Path::new(tried)).ok_or_else(|| {
                    ApiError::not_found(format!("there is no environment file in {tried}"))
                })?,
                variables: std::env::vars().collect(),
            }),
            (None, None) => Err(ApiError::invalid(
                "name an environment, or the file that was to be opened",
            )),
        }
    }
}

/// Where the file is looked for, and what the editor is told.
struct Project {
    folder: PathBuf,
    variables: BTreeMap<String, String>,
}

/// The folder of an environment that cannot be opened, which is one by the file in it.
fn folder_of_environment(tried: &Path) -> Option<PathBuf> {
    let folder = match tried.is_file() {
        true => tried.parent()?,
        false => tried,
    };
    let mut names = FILE_NAMES.iter();
    let has_one = names.any(|name| folder.join(name).is_file());
    has_one.then(|| folder.to_owned())
}

/// The file that is meant, with links resolved. A program in a container names its files
/// otherwise: then the longest end of the path that is there counts.
fn in_project(project: &Path, name: &str) -> Option<PathBuf> {
    let project = project.canonicalize().ok()?;
    let named = Path::new(name);
    let parts: Vec<_> = named.components().collect();
    let is_inside = |path: PathBuf| {
        let path = path.canonicalize().ok()?;
        (path.starts_with(&project) && path.is_file()).then_some(path)
    };
    is_inside(project.join(named)).or_else(|| {
        let shorter = (1..parts.len()).map(|n| parts[n..].iter().collect::<PathBuf>());
        shorter
            .filter(|path| path.is_relative())
            .find_map(|path| is_inside(project.join(path)))
    })
}

fn is_installed(program: &str, variables: &BTreeMap<String, String>) -> bool {
    let path = variables.get("PATH").map_or("", String::as_str);
    std::env::split_paths(path).any(|folder| {
        let found = std::fs::metadata(folder.join(program));
        found.is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
    })
}

/// Program and arguments, never a shell: the name of a file is no command.
async fn run(
    command: &[String],
    variables: &BTreeMap<String, String>,
    project: &Path,
) -> Answer<Empty> {
    let failed = |why: String| ApiError {
        hint: Some("name another editor in VISUAL, and open the environment again".to_owned()),
        ..ApiError::invalid(format!("{} did not open the file: {why}", command[0]))
    };
    let started = tokio::process::Command::new(&command[0])
        .args(&command[1..])
        .env_clear()
        .envs(variables)
        .current_dir(project)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn();
    let mut child = started.map_err(|error| failed(error.to_string()))?;
    match tokio::time::timeout(FAILING, child.wait()).await {
        Ok(Ok(status)) if !status.success() => Err(failed(status.to_string())),
        _ => {
            // Reaped when it ends, however long its window stays.
            tokio::spawn(async move { child.wait().await });
            Ok(Empty {})
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_of_the_project_are_meant() {
        let dir = tempfile::tempdir().expect("a folder");
        let project = dir.path().join("project");
        std::fs::create_dir_all(project.join("Shop")).expect("folders");
        std::fs::write(project.join("Shop/Program.cs"), "").expect("a file");
        std::fs::write(dir.path().join("outside"), "").expect("a file");
        std::os::unix::fs::symlink(dir.path().join("outside"), project.join("link"))
            .expect("a link");
        let found =
            |name: &str| in_project(&project, name).map(|path| path.ends_with("Shop/Program.cs"));
        assert_eq!(found("Shop/Program.cs"), Some(true));
        assert_eq!(
            found("/src/Shop/Program.cs"),
            Some(true),
            "as a container names it"
        );
        assert_eq!(
            found(&project.join("Shop/Program.cs").display().to_string()),
            Some(true)
        );
        for name in [
            "../outside",
            "link",
            "/etc/passwd",
            "Shop",
            "",
            "/",
            "Shop/../../outside",
        ] {
            assert_eq!(found(name), None, "{name}");
        }
    }

    #[test]
    fn a_folder_counts_where_an_environment_file_is_in_it() {
        let dir = tempfile::tempdir().expect("a folder");
        assert_eq!(folder_of_environment(dir.path()), None);
        let file = dir.path().join("compose.yaml");
        std::fs::write(&file, "services: {").expect("a file");
        for tried in [dir.path(), &file] {
            assert_eq!(folder_of_environment(tried).as_deref(), Some(dir.path()));
        }
    }

    #[tokio::test]
    async fn a_name_is_never_a_command_and_a_failure_is_told() {
        let dir = tempfile::tempdir().expect("a folder");
        let made = dir.path().join("made");
        let command = ["true".to_owned(), format!("; touch {}", made.display())];
        let variables = BTreeMap::from([("PATH".to_owned(), "/usr/bin:/bin".to_owned())]);
        assert!(run(&command, &variables, dir.path()).await.is_ok());
        assert!(!made.exists());
        let failed = run(&["false".to_owned()], &variables, dir.path()).await;
        assert!(failed.is_err_and(|error| error.message.contains("false did not open the file")));
    }
}
