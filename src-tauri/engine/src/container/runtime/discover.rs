//! Where a container runtime may listen, in the documented order: `DOCKER_HOST`,
//! the Docker context in use, Docker's own socket, rootless Docker, Docker
//! Desktop, rootless Podman, Podman.

use super::docker_config::DockerConfig;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// All that decides where to look, as plain data.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// Variables of the user.
    variables: BTreeMap<String, String>,
    /// `/`, except in tests.
    root: PathBuf,
}

/// One place to look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// `unix:///var/run/docker.sock`.
    pub address: String,
    /// How it was found, for people: `DOCKER_HOST`, `context desktop-linux`.
    pub source: String,
    /// Runs without root, as far as the place tells.
    pub rootless: bool,
    /// Somebody said that this one is to be used: nothing else is then.
    pub decisive: bool,
    /// Programs that are installed where this runtime is.
    pub programs: &'static [&'static str],
}

const DOCKER: &[&str] = &["dockerd", "docker"];
const PODMAN: &[&str] = &["podman"];

impl Surroundings {
    /// This process's variables, and over them those of the one who asked.
    #[must_use]
    pub fn of(asking: &BTreeMap<String, String>) -> Self {
        let own = std::env::vars_os()
            .filter_map(|(key, value)| Some((key.into_string().ok()?, value.into_string().ok()?)));
        let mut variables: BTreeMap<String, String> = own.collect();
        variables.extend(asking.clone());
        Self {
            variables,
            root: PathBuf::from("/"),
        }
    }

    fn variable(&self, name: &str) -> Option<&str> {
        let value = self.variables.get(name)?.as_str();
        Some(value).filter(|value| !value.is_empty())
    }

    fn home(&self) -> Option<PathBuf> {
        self.variable("HOME").map(PathBuf::from)
    }

    /// The user's Docker configuration.
    pub(in crate::container) fn docker_config(&self) -> DockerConfig {
        let dir = match self.variable("DOCKER_CONFIG") {
            Some(dir) => Some(PathBuf::from(dir)),
            None => self.home().map(|home| home.join(".docker")),
        };
        DockerConfig::new(dir)
    }

    /// Whether one of these programs is in the search path.
    #[must_use]
    pub fn has_program(&self, names: &[&str]) -> bool {
        self.program(names).is_some()
    }

    /// The first of these programs in the search path.
    pub(in crate::container) fn program(&self, names: &[&str]) -> Option<PathBuf> {
        let path = self.variable("PATH").unwrap_or_default();
        let dirs: Vec<PathBuf> = std::env::split_paths(path)
            // Where services are, and users' search paths often do not lead.
            .chain([self.root.join("usr/sbin"), self.root.join("usr/local/bin")])
            .collect();
        let found = dirs
            .iter()
            .flat_map(|dir| names.iter().map(move |name| dir.join(name)));
        found.into_iter().find(|path| path.is_file())
    }
}

impl Candidate {
    fn new(address: String, source: &str, programs: &'static [&'static str]) -> Self {
        Self {
            rootless: address.contains("/run/user/"),
            address,
            source: source.to_owned(),
            decisive: false,
            programs,
        }
    }

    /// An address that a person chose.
    #[must_use]
    pub fn chosen(address: &str) -> Self {
        let programs = if address.contains("podman") {
            PODMAN
        } else {
            DOCKER
        };
        Self {
            decisive: true,
            ..Self::new(address.to_owned(), "chosen", programs)
        }
    }
}

/// The places that are tried where nobody has chosen, in their order.
#[must_use]
pub fn automatic(surroundings: &Surroundings) -> Vec<Candidate> {
    let all = all(surroundings);
    match all.iter().find(|candidate| candidate.decisive) {
        Some(decisive) => vec![decisive.clone()],
        None => all
            .into_iter()
            .filter(|c| !c.source.starts_with("context "))
            .collect(),
    }
}

/// Every place there is, in the order of [`automatic`], the contexts that are
/// not in use last. Each address is named once.
#[must_use]
pub fn all(surroundings: &Surroundings) -> Vec<Candidate> {
    let mut all: Vec<Candidate> = Vec::new();
    let found = said(surroundings)
        .into_iter()
        .chain(sockets(surroundings))
        .chain(contexts(surroundings));
    for candidate in found {
        let place = place(&candidate.address);
        if !all.iter().any(|known| self::place(&known.address) == place) {
            all.push(candidate);
        }
    }
    all
}

/// `DOCKER_HOST`, else the context in use, unless that is Docker's default.
fn said(surroundings: &Surroundings) -> Option<Candidate> {
    let decisive = |candidate| Candidate {
        decisive: true,
        ..candidate
    };
    if let Some(host) = surroundings.variable("DOCKER_HOST") {
        return Some(decisive(Candidate::new(
            host.to_owned(),
            "DOCKER_HOST",
            DOCKER,
        )));
    }
    let config = surroundings.docker_config();
    let name = match surroundings.variable("DOCKER_CONTEXT") {
        Some(name) => name.to_owned(),
        None => config.current_context()?,
    };
    let address = config.contexts().remove(&name)?;
    let source = format!("context {name}");
    Some(decisive(Candidate::new(address, &source, DOCKER)))
}

fn contexts(surroundings: &Surroundings) -> Vec<Candidate> {
    let contexts = surroundings.docker_config().contexts();
    let candidate = |(name, address)| Candidate::new(address, &format!("context {name}"), DOCKER);
    contexts.into_iter().map(candidate).collect()
}

fn sockets(surroundings: &Surroundings) -> Vec<Candidate> {
    let user = surroundings.variable("XDG_RUNTIME_DIR").map(PathBuf::from);
    let user = user.or_else(|| {
        let id = nix::unistd::getuid();
        let dir = surroundings.root.join(format!("run/user/{id}"));
        dir.is_dir().then_some(dir)
    });
    let below = |dir: &Option<PathBuf>, path: &str| dir.as_ref().map(|dir| dir.join(path));
    let root = |path: &str| Some(surroundings.root.join(path));
    let home = surroundings.home();
    let mut found: Vec<Candidate> = [
        (root("var/run/docker.sock"), "default socket", DOCKER),
        (below(&user, "docker.sock"), "rootless Docker", DOCKER),
        (
            below(&home, ".docker/run/docker.sock"),
            "Docker Desktop",
            DOCKER,
        ),
        (
            below(&home, ".docker/desktop/docker.sock"),
            "Docker Desktop",
            DOCKER,
        ),
        (
            below(&user, "podman/podman.sock"),
            "rootless Podman",
            PODMAN,
        ),
        (root("run/podman/podman.sock"), "Podman", PODMAN),
    ]
    .into_iter()
    .filter_map(|(path, source, programs)| {
        let address = format!("unix://{}", path?.display());
        Some(Candidate::new(address, source, programs))
    })
    .collect();
    for candidate in &mut found {
        candidate.rootless = candidate.source.starts_with("rootless");
    }
    found
}

/// One socket under two names (`/var/run` is a link to `/run`) is one place.
fn place(address: &str) -> String {
    let Some(path) = address.strip_prefix("unix://") else {
        return address.replace("http://", "tcp://");
    };
    let path = Path::new(path);
    let real = match (path.parent().map(std::fs::canonicalize), path.file_name()) {
        (Some(Ok(dir)), Some(name)) => dir.join(name),
        _ => path.to_owned(),
    };
    real.display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn surroundings(root: &Path, variables: &[(&str, &str)]) -> Surroundings {
        let pair = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        Surroundings {
            variables: variables.iter().map(pair).collect(),
            root: root.to_owned(),
        }
    }

    fn sources(candidates: &[Candidate]) -> Vec<&str> {
        candidates.iter().map(|c| c.source.as_str()).collect()
    }

    fn write_context(root: &Path, name: &str, host: &str) {
        let dir = root.join("home/.docker/contexts/meta").join(name);
        std::fs::create_dir_all(&dir).expect("a folder");
        let meta = format!(
            r#"{{"Name":"{name}","Metadata":{{}},"Endpoints":{{"docker":{{"Host":"{host}"}}}}}}"#
        );
        std::fs::write(dir.join("meta.json"), meta).expect("written");
    }

    #[test]
    fn the_order_is_the_documented_one() {
        let root = tempfile::tempdir().expect("a folder");
        let here = surroundings(root.path(), &[("HOME", "/h"), ("XDG_RUNTIME_DIR", "/r")]);
        let expected = [
            "default socket",
            "rootless Docker",
            "Docker Desktop",
            "Docker Desktop",
            "rootless Podman",
            "Podman",
        ];
        assert_eq!(sources(&automatic(&here)), expected);
    }

    #[test]
    fn the_variable_decides_and_the_others_can_still_be_chosen() {
        let root = tempfile::tempdir().expect("a folder");
        let here = surroundings(root.path(), &[("DOCKER_HOST", "tcp://far:2375")]);
        assert_eq!(sources(&automatic(&here)), ["DOCKER_HOST"]);
        assert_eq!(
            sources(&all(&here)),
            ["DOCKER_HOST", "default socket", "Podman"]
        );
    }

    #[test]
    fn the_context_in_use_decides_unless_the_variable_does() {
        let root = tempfile::tempdir().expect("a folder");
        write_context(root.path(), "work", "unix:///work.sock");
        write_context(root.path(), "spare", "unix:///spare.sock");
        let config = root.path().join("home/.docker/config.json");
        std::fs::write(config, r#"{"currentContext":"work"}"#).expect("written");
        let home = root.path().join("home").display().to_string();
        let here = surroundings(root.path(), &[("HOME", &home)]);
        let chosen = automatic(&here);
        assert_eq!(sources(&chosen), ["context work"]);
        assert_eq!(chosen[0].address, "unix:///work.sock");
        assert!(sources(&all(&here)).contains(&"context spare"));
        let other = surroundings(root.path(), &[("HOME", &home), ("DOCKER_CONTEXT", "spare")]);
        assert_eq!(sources(&automatic(&other)), ["context spare"]);
        let host = [("HOME", home.as_str()), ("DOCKER_HOST", "unix:///x")];
        assert_eq!(
            sources(&automatic(&surroundings(root.path(), &host))),
            ["DOCKER_HOST"]
        );
    }

    #[test]
    fn a_socket_under_two_names_is_listed_once() {
        let root = tempfile::tempdir().expect("a folder");
        std::fs::create_dir_all(root.path().join("run")).expect("a folder");
        std::fs::create_dir_all(root.path().join("var")).expect("a folder");
        std::os::unix::fs::symlink(root.path().join("run"), root.path().join("var/run"))
            .expect("a link");
        let host = format!("unix://{}/run/docker.sock", root.path().display());
        let here = surroundings(root.path(), &[("DOCKER_HOST", &host)]);
        assert_eq!(sources(&all(&here)), ["DOCKER_HOST", "Podman"]);
    }
}
