//! Finds a container runtime that answers, and says why there is none.

use bollard::Docker;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long any short request may take: a daemon that hangs accepts connections
/// and never answers, and only this tells.
pub const PATIENCE: Duration = Duration::from_secs(4);

/// A container runtime that has answered.
#[derive(Clone, Debug)]
pub struct Runtime {
    /// Its API.
    pub docker: Docker,
    /// `Docker 20.10.24`.
    pub name: String,
}

/// Why no container runtime can be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RuntimeProblem {
    /// No socket, and no program of that name.
    #[error("no container runtime is installed")]
    NotInstalled,
    /// A program, but nobody listens.
    #[error("the container runtime is not running ({0} does not answer)")]
    NotRunning(String),
    /// A socket that this user may not open.
    #[error("no permission to use the container runtime at {0}")]
    NoPermission(String),
    /// It accepts connections and does not answer.
    #[error("the container runtime at {0} is not responding")]
    NotResponding(String),
    /// It answered with something else.
    #[error("the container runtime at {0} cannot be used: {1}")]
    Unusable(String, String),
}

impl RuntimeProblem {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::NotInstalled => "install Docker Engine or Podman; services that are processes of this host run without",
            Self::NotRunning(_) => "start it: `sudo systemctl start docker`, or open Docker Desktop",
            Self::NoPermission(_) => "add yourself to the group `docker` and log in again, or use rootless Docker or Podman",
            Self::NotResponding(_) => "it may be busy or hung; look at its log, or restart it",
            Self::Unusable(..) => "look at DOCKER_HOST and at the log of the container runtime",
        }
        .to_owned()
    }
}

/// Where a runtime may listen, in the documented order: the variable
/// `DOCKER_HOST`, Docker's own socket, rootless Docker, Docker Desktop, rootless
/// Podman, Podman.
fn candidates() -> Vec<String> {
    if let Ok(host) = std::env::var("DOCKER_HOST") {
        return vec![host];
    }
    let user_runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    let home = std::env::var_os("HOME").map(PathBuf::from);
    let below = |dir: &Option<PathBuf>, path: &str| dir.as_ref().map(|dir| dir.join(path));
    [
        Some(PathBuf::from("/var/run/docker.sock")),
        below(&user_runtime, "docker.sock"),
        below(&home, ".docker/run/docker.sock"),
        below(&user_runtime, "podman/podman.sock"),
        Some(PathBuf::from("/run/podman/podman.sock")),
    ]
    .into_iter()
    .flatten()
    .map(|path| format!("unix://{}", path.display()))
    .collect()
}

/// Connects to the first runtime that answers.
///
/// # Errors
/// The problem that is most worth telling: a socket that refuses before one that
/// is absent.
pub async fn connect() -> Result<Runtime, RuntimeProblem> {
    let mut problem = None;
    for host in candidates() {
        match connect_to(&host).await {
            Ok(runtime) => return Ok(runtime),
            Err(RuntimeProblem::NotInstalled) => {}
            Err(found) => problem = problem.or(Some(found)),
        }
    }
    Err(problem.unwrap_or_else(absent))
}

/// No socket anywhere: installed but not started, or not installed.
fn absent() -> RuntimeProblem {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let installed = ["dockerd", "docker", "podman"]
        .iter()
        .any(|name| std::env::split_paths(&path).any(|dir| dir.join(name).is_file()));
    match installed {
        true => RuntimeProblem::NotRunning(candidates().into_iter().next().unwrap_or_default()),
        false => RuntimeProblem::NotInstalled,
    }
}

async fn connect_to(host: &str) -> Result<Runtime, RuntimeProblem> {
    if let Some(path) = host.strip_prefix("unix://") {
        check_socket(Path::new(path), host)?;
    }
    let unusable =
        |e: bollard::errors::Error| RuntimeProblem::Unusable(host.to_owned(), e.to_string());
    let docker = match host.strip_prefix("unix://") {
        // A long timeout here, and short ones around each short request:
        // pulls, stops and streams take their time.
        Some(path) => {
            Docker::connect_with_unix(path, 3600, bollard::API_DEFAULT_VERSION).map_err(unusable)?
        }
        None => Docker::connect_with_host(host).map_err(unusable)?,
    };
    let negotiated = tokio::time::timeout(PATIENCE, docker.negotiate_version()).await;
    let docker = negotiated
        .map_err(|_| RuntimeProblem::NotResponding(host.to_owned()))?
        .map_err(unusable)?;
    let version = tokio::time::timeout(PATIENCE, docker.version()).await;
    let version = version
        .map_err(|_| RuntimeProblem::NotResponding(host.to_owned()))?
        .map_err(unusable)?;
    let podman = version
        .components
        .iter()
        .flatten()
        .any(|c| c.name.starts_with("Podman"));
    let name = format!(
        "{} {}",
        if podman { "Podman" } else { "Docker" },
        version.version.unwrap_or_default()
    );
    Ok(Runtime { docker, name })
}

/// Tells an absent socket, one that refuses and one that is forbidden apart:
/// the HTTP client reports all three alike.
fn check_socket(path: &Path, host: &str) -> Result<(), RuntimeProblem> {
    use std::io::ErrorKind;
    match std::os::unix::net::UnixStream::connect(path) {
        Ok(_) => Ok(()),
        Err(e) => Err(match e.kind() {
            ErrorKind::NotFound => RuntimeProblem::NotInstalled,
            ErrorKind::PermissionDenied => RuntimeProblem::NoPermission(host.to_owned()),
            ErrorKind::ConnectionRefused => RuntimeProblem::NotRunning(host.to_owned()),
            _ => RuntimeProblem::Unusable(host.to_owned(), e.to_string()),
        }),
    }
}
