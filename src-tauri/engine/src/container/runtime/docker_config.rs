//! The user's Docker configuration: `config.json` and the contexts beside it.

use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// A configuration file larger than this is none.
const LARGEST: u64 = 1024 * 1024;

/// Where the configuration lies. Read anew each time: it is small, and a login
/// in another terminal must count at once.
#[derive(Clone, Debug, Default)]
pub(in crate::container) struct DockerConfig {
    dir: Option<PathBuf>,
}

/// What of `config.json` matters here.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(in crate::container) struct ConfigFile {
    /// The context in use.
    pub(in crate::container) current_context: Option<String>,
    /// Credentials by registry.
    pub(in crate::container) auths: BTreeMap<String, Auth>,
    /// The helper that keeps all credentials.
    pub(in crate::container) creds_store: Option<String>,
    /// Helpers by registry; they come first.
    pub(in crate::container) cred_helpers: BTreeMap<String, String>,
}

/// Credentials as `docker login` writes them.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::container) struct Auth {
    /// `user:password` in base64.
    pub(in crate::container) auth: Option<String>,
    pub(in crate::container) username: Option<String>,
    pub(in crate::container) password: Option<String>,
    #[serde(rename = "identitytoken")]
    pub(in crate::container) identity_token: Option<String>,
    #[serde(rename = "registrytoken")]
    pub(in crate::container) registry_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Meta {
    name: String,
    endpoints: BTreeMap<String, Endpoint>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Endpoint {
    #[serde(default)]
    host: String,
}

impl DockerConfig {
    pub(in crate::container) fn new(dir: Option<PathBuf>) -> Self {
        Self { dir }
    }

    /// The file; empty where there is none or it cannot be read, as `docker`
    /// does without one.
    pub(in crate::container) fn file(&self) -> ConfigFile {
        let path = self.dir.as_ref().map(|dir| dir.join("config.json"));
        let text = path.and_then(|path| read_small(&path)).unwrap_or_default();
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// The name of the context in use, unless it is Docker's own default.
    pub(in crate::container) fn current_context(&self) -> Option<String> {
        let name = self.file().current_context;
        name.filter(|name| !name.is_empty() && name != "default")
    }

    /// Addresses by name of all contexts.
    pub(in crate::container) fn contexts(&self) -> BTreeMap<String, String> {
        let dir = self.dir.as_ref().map(|dir| dir.join("contexts/meta"));
        let entries = dir.and_then(|dir| std::fs::read_dir(dir).ok());
        let metas = entries.into_iter().flatten().flatten().filter_map(|entry| {
            let text = read_small(&entry.path().join("meta.json"))?;
            serde_json::from_str::<Meta>(&text).ok()
        });
        let address = |mut meta: Meta| {
            let host = meta.endpoints.remove("docker")?.host;
            (!host.is_empty()).then_some((meta.name, host))
        };
        metas.filter_map(address).collect()
    }
}

fn read_small(path: &std::path::Path) -> Option<String> {
    let size = std::fs::metadata(path).ok()?.len();
    if size > LARGEST {
        return None;
    }
    std::fs::read_to_string(path).ok()
}
