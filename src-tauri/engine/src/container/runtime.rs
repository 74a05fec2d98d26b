//! Finds a container runtime that answers, and says why there is none.
//!
//! [`discover`] knows the places in their order, [`connect`] tries them, and
//! [`survey`] reports on all of them for a person who chooses.

pub mod discover;
pub(super) mod docker_config;
mod introduce;
pub mod survey;

use bollard::{ClientVersion, Docker};
use discover::{Candidate, Surroundings};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// How long any short request may take: a daemon that hangs accepts connections
/// and never answers, and only this tells.
pub const PATIENCE: Duration = Duration::from_secs(4);

/// A request that takes its time (a pull, a stop, a stream) ends by its own
/// limit, not by the client's.
const CLIENT_LIMIT: u64 = 3600;

/// Which make a runtime is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuntimeKind {
    /// Docker Engine, or one that says so.
    Docker,
    /// Podman's Docker-compatible service.
    Podman,
}

/// A container runtime that has answered.
#[derive(Clone, Debug)]
pub struct Runtime {
    /// Its API, in the newest version that both sides speak.
    pub docker: Docker,
    /// `unix:///var/run/docker.sock`.
    pub address: String,
    /// Which make.
    pub kind: RuntimeKind,
    /// `Docker 20.10.24`.
    pub name: String,
    /// The version of the API that was agreed upon, `1.41`.
    pub api: String,
    /// Where the user's configuration is.
    pub(super) surroundings: Arc<Surroundings>,
    /// Whoever makes a network: that is not atomic by name in the engine.
    pub(super) network_turn: Arc<tokio::sync::Mutex<()>>,
}

impl Runtime {
    /// Whether it answers now, within [`PATIENCE`].
    pub async fn answers(&self) -> bool {
        let ping = tokio::time::timeout(PATIENCE, self.docker.ping()).await;
        matches!(ping, Ok(Ok(_)))
    }
}

/// Which runtime an environment is to use.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wish {
    /// This one and no other; absent: the first that answers, in the documented
    /// order.
    pub address: Option<String>,
    /// Where to look.
    pub surroundings: Arc<Surroundings>,
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
            Self::NotInstalled => "install Docker Engine or Podman; services that are processes of this host run without".to_owned(),
            Self::NotRunning(address) => how_to_start(address),
            Self::NoPermission(address) if address.contains("podman") => {
                "use Podman's socket of your own user: `systemctl --user start podman.socket`".to_owned()
            }
            Self::NoPermission(_) => "add yourself to the group `docker` and log in again, or use rootless Docker or Podman".to_owned(),
            Self::NotResponding(_) => "it may be busy or hung; look at its log, or restart it".to_owned(),
            Self::Unusable(..) => "look at DOCKER_HOST and at the log of the container runtime, or choose another: `benchtop runtime list`".to_owned(),
        }
    }
}

/// The fix differs with what listens at an address.
fn how_to_start(address: &str) -> String {
    let rootless = address.contains("/run/user/");
    match (address.contains("podman"), rootless) {
        (true, true) => "start it: `systemctl --user start podman.socket`",
        (true, false) => "start it: `sudo systemctl start podman.socket`",
        (false, true) => "start it: `systemctl --user start docker`",
        (false, false) if address.contains("/.docker/") => "open Docker Desktop",
        (false, false) => "start it: `sudo systemctl start docker`, or open Docker Desktop",
    }
    .to_owned()
}

/// Whether an address is of a kind that can be connected to.
#[must_use]
pub fn is_supported(address: &str) -> bool {
    let rest = |scheme: &str| address.strip_prefix(scheme).is_some_and(|r| !r.is_empty());
    rest("unix:///") || rest("tcp://") || rest("http://")
}

/// Connects to the runtime that is wished for, or to the first that answers.
/// All are asked at once, so that one that hangs costs [`PATIENCE`] and no more.
///
/// # Errors
/// The problem that is most worth telling: a socket that refuses before one that
/// is absent.
pub async fn connect(wish: &Wish) -> Result<Runtime, RuntimeProblem> {
    let candidates = match &wish.address {
        Some(address) => vec![Candidate::chosen(address)],
        None => discover::automatic(&wish.surroundings),
    };
    let attempts = candidates
        .iter()
        .map(|candidate| connect_to(&candidate.address, &wish.surroundings));
    let mut problem = None;
    for attempt in futures_util::future::join_all(attempts).await {
        match attempt {
            Ok(runtime) => return Ok(runtime),
            Err(RuntimeProblem::NotInstalled) => {}
            Err(found) => problem = problem.or(Some(found)),
        }
    }
    Err(problem.unwrap_or_else(|| absent(&candidates, &wish.surroundings)))
}

/// No socket anywhere: installed but not started, or not installed.
fn absent(candidates: &[Candidate], surroundings: &Surroundings) -> RuntimeProblem {
    let first = candidates.first().map(|c| c.address.clone());
    match first {
        Some(address) if surroundings.has_program(&["dockerd", "docker", "podman"]) => {
            RuntimeProblem::NotRunning(address)
        }
        _ => RuntimeProblem::NotInstalled,
    }
}

/// Connects to one address, agrees upon a version and learns who it is, all
/// within [`PATIENCE`].
async fn connect_to(
    address: &str,
    surroundings: &Arc<Surroundings>,
) -> Result<Runtime, RuntimeProblem> {
    let answer = tokio::time::timeout(PATIENCE, introduce(address, surroundings)).await;
    answer.map_err(|_| RuntimeProblem::NotResponding(address.to_owned()))?
}

async fn introduce(
    address: &str,
    surroundings: &Arc<Surroundings>,
) -> Result<Runtime, RuntimeProblem> {
    if let Some(path) = address.strip_prefix("unix://") {
        check_socket(Path::new(path), address)?;
    }
    if !is_supported(address) {
        let why = "Benchtop connects to unix:// and tcp:// addresses only";
        return Err(RuntimeProblem::Unusable(address.to_owned(), why.to_owned()));
    }
    let found = introduce::ask(address).await;
    let found = found.map_err(|why| RuntimeProblem::Unusable(address.to_owned(), why))?;
    Ok(Runtime {
        docker: client(address, &found.api)?,
        api: found.api.to_string(),
        address: address.to_owned(),
        kind: found.kind,
        name: found.name,
        surroundings: Arc::clone(surroundings),
        network_turn: Arc::default(),
    })
}

fn client(address: &str, version: &ClientVersion) -> Result<Docker, RuntimeProblem> {
    let client = match address.strip_prefix("unix://") {
        Some(path) => Docker::connect_with_unix(path, CLIENT_LIMIT, version),
        None => Docker::connect_with_http(address, CLIENT_LIMIT, version),
    };
    client.map_err(|error| RuntimeProblem::Unusable(address.to_owned(), error.to_string()))
}

/// Tells an absent socket, one that refuses and one that is forbidden apart:
/// the HTTP client reports all three alike.
fn check_socket(path: &Path, address: &str) -> Result<(), RuntimeProblem> {
    use std::io::ErrorKind;
    match std::os::unix::net::UnixStream::connect(path) {
        Ok(_) => Ok(()),
        Err(e) => Err(match e.kind() {
            ErrorKind::NotFound => RuntimeProblem::NotInstalled,
            ErrorKind::PermissionDenied => RuntimeProblem::NoPermission(address.to_owned()),
            ErrorKind::ConnectionRefused => RuntimeProblem::NotRunning(address.to_owned()),
            _ => RuntimeProblem::Unusable(address.to_owned(), e.to_string()),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_problem_names_its_own_fix() {
        let hint = |problem: RuntimeProblem| problem.hint();
        assert!(hint(RuntimeProblem::NotInstalled).starts_with("install"));
        let docker = "unix:///var/run/docker.sock".to_owned();
        assert!(
            hint(RuntimeProblem::NotRunning(docker.clone())).contains("systemctl start docker")
        );
        assert!(hint(RuntimeProblem::NoPermission(docker)).contains("group `docker`"));
        let podman = "unix:///run/user/1000/podman/podman.sock".to_owned();
        assert!(hint(RuntimeProblem::NotRunning(podman)).contains("--user start podman.socket"));
    }

    #[tokio::test]
    async fn an_address_of_another_kind_is_refused_with_its_reason() {
        let wish = Wish {
            address: Some("ssh://somewhere".to_owned()),
            ..Wish::default()
        };
        let problem = connect(&wish).await.err();
        assert!(
            matches!(&problem, Some(RuntimeProblem::Unusable(_, why)) if why.contains("unix://")),
            "{problem:?}"
        );
    }
}
