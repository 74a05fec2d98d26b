//! From what is written to what it means: defaults, references and numbers
//! filled in and checked, everything wrong said at once.

mod amounts;
mod build;
mod check;
mod dependencies;
mod duration;
mod endpoints;
mod environment;
mod grants;
mod health;
mod hooks;
mod mounts;
mod networks;
mod paths;
mod ports;
mod rebuild;
mod replicas;
mod run;
mod scenarios;
mod scrape;
mod server;
mod service;
mod settings;
mod words;

use super::files::Files;
use super::findings::Findings;
use super::interpolate::Scope;
use super::written::{self, At};
use crate::plan::{self, Plan};
use crate::problem::{Place, Problem};
pub use duration::parse as parse_duration;
pub(crate) use grants::Sources;
use service::Draft;
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Longest name of an environment; it becomes part of the names of containers.
const LONGEST_NAME: usize = 64;

/// Most ports that all services together may publish.
pub(crate) const MOST_ENDPOINTS: usize = 4_000;

/// What resolving knows beside the file.
pub(crate) struct Project<'a> {
    /// Name of the environment.
    pub(crate) name: &'a str,
    /// Folder of the file, absolute.
    pub(crate) dir: &'a Path,
    pub(crate) scope: &'a Scope,
    pub(crate) profiles: &'a BTreeSet<String>,
    pub(crate) files: &'a Files<'a>,
    /// The top-level `secrets` and `configs`.
    pub(crate) sources: Sources<'a>,
    /// How many more ports the services may publish.
    pub(crate) endpoints_left: Cell<usize>,
}

/// The plan, which is good only where `findings` got no error.
pub(crate) fn resolve(
    file: &written::File,
    path: &Path,
    project: &Project<'_>,
    findings: &mut Findings,
) -> Plan {
    let active = active_services(file, project, findings);
    let declared = file
        .volumes
        .iter()
        .map(|volume| volume.key.value.as_str())
        .collect();
    let mut drafts: Vec<Draft<'_>> = active
        .iter()
        .map(|service| Draft::new(service, &declared, project, findings))
        .collect();
    dependencies::check(file, &mut drafts, findings);
    dependencies::link(&mut drafts);
    check::fixed_ports(&drafts, findings);
    networks::check(file, &drafts, findings);
    let networks = networks::used(file, &drafts);
    let volumes = used_volumes(file, &drafts, project.name);
    let sure = drafts.iter().all(|draft| draft.sure);
    let texts: Vec<At<String>> = drafts
        .iter()
        .flat_map(|draft| draft.texts.iter().cloned())
        .collect();
    let services = replicas::expand(drafts, project.name, findings);
    let mut plan = Plan {
        name: project.name.to_owned(),
        project_dir: project.dir.to_owned(),
        file: path.to_owned(),
        services,
        volumes,
        networks,
        moved: Vec::new(),
        scenarios: BTreeMap::new(),
    };
    plan.scenarios = scenarios::resolve(file, &plan, sure, findings);
    if sure {
        check::templates(&plan, &texts, findings);
    }
    plan
}

/// The services without a profile, and those with an active one.
fn active_services<'f>(
    file: &'f written::File,
    project: &Project<'_>,
    findings: &mut Findings,
) -> Vec<&'f written::service::Service> {
    let on = |profile: &At<String>| {
        project.profiles.contains(&profile.value) || project.profiles.contains("*")
    };
    let is_active = |service: &&written::service::Service| {
        service.profiles.is_empty() || service.profiles.iter().any(on)
    };
    let active: Vec<_> = file.services.iter().filter(is_active).collect();
    if let (true, Some(first)) = (active.is_empty(), file.services.first()) {
        let problem = Problem::warning(
            &first.name.place,
            "no service is active: each belongs to a profile that is off",
        );
        findings.push(problem.hint(profile_hint(first)));
    }
    active
}

/// How to switch on a service that is off.
fn profile_hint(service: &written::service::Service) -> String {
    let profile = service
        .profiles
        .first()
        .map_or("", |profile| profile.value.as_str());
    format!(
        "start with the profile `{profile}`, or remove `profiles` from `{}`",
        service.name.value
    )
}

/// The declared volumes that an active service mounts.
fn used_volumes(
    file: &written::File,
    drafts: &[Draft<'_>],
    project: &str,
) -> BTreeMap<String, plan::Volume> {
    let used: BTreeSet<&str> = drafts.iter().flat_map(Draft::named_volumes).collect();
    let volume = |volume: &written::Volume| {
        let key = &volume.key.value;
        let name = match &volume.name {
            Some(name) => name.value.clone(),
            None if volume.external => key.clone(),
            None => format!("{project}_{key}"),
        };
        (
            key.clone(),
            plan::Volume {
                name,
                external: volume.external,
                driver: volume.driver.as_ref().map(|driver| driver.value.clone()),
                options: settings::pairs(&volume.options),
                labels: settings::pairs(&volume.labels),
            },
        )
    };
    file.volumes
        .iter()
        .filter(|v| used.contains(v.key.value.as_str()))
        .map(volume)
        .collect()
}

/// The name of the environment: as written, or made from its folder.
pub(crate) fn environment_name(
    written: Option<&At<String>>,
    dir: &Path,
    findings: &mut Findings,
) -> String {
    let Some(name) = written else {
        return folder_name(dir);
    };
    let normal = normalised(&name.value);
    if normal != name.value || normal.is_empty() {
        let hint = if normal.is_empty() {
            "`shop`".to_owned()
        } else {
            format!("`{normal}`")
        };
        let message = format!("`{}` cannot be the name of an environment", name.value);
        findings.push(Problem::error(&name.place, message).hint(format!(
            "use at most {LONGEST_NAME} lower case letters, digits, `-` and `_`, and begin with \
             a letter or digit: {hint}"
        )));
    }
    normal
}

fn folder_name(dir: &Path) -> String {
    let folder = dir
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    match normalised(&folder) {
        name if name.is_empty() => "environment".to_owned(),
        name => name,
    }
}

/// What remains of a text as a name, in Compose's way.
fn normalised(text: &str) -> String {
    let kept: String = text
        .to_lowercase()
        .chars()
        .filter(|c| matches!(c, 'a'..='z' | '0'..='9' | '-' | '_'))
        .collect();
    let name = kept.trim_start_matches(['-', '_']);
    // Only ASCII is left, so that every byte is a character.
    name[..name.len().min(LONGEST_NAME)].to_owned()
}

/// Whether a text can be the name of a service: letters, digits, `.`, `_`, `-`.
fn is_service_name(text: &str) -> bool {
    !text.is_empty()
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
}

/// The place of a key of a service, or of the service where it is not written.
fn place_of<'s>(service: &'s written::service::Service, key: &str) -> &'s Place {
    service.keys.get(key).unwrap_or(&service.name.place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_environment_without_a_name_is_called_like_its_folder() {
        for (folder, name) in [
            ("/p/My Shop", "myshop"),
            ("/p/_a.b-C", "ab-c"),
            ("/p/日本", "environment"),
            ("/", "environment"),
        ] {
            assert_eq!(
                environment_name(None, Path::new(folder), &mut Findings::default()),
                name,
                "{folder}"
            );
        }
    }
}
