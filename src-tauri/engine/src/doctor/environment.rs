//! What an environment needs of this machine: free ports, and the programs it runs.

use super::{Question, blocking};
use crate::container::labels;
use crate::container::runtime::{PATIENCE, Runtime};
use crate::ports as host;
use benchtop_model::doctor::facts::{PortFact, Wants};
use benchtop_model::plan::{Plan, Run};
use bollard::query_parameters::ListContainersOptions;
use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

/// The fixed ports of an environment: who holds them, at which addresses.
pub async fn ports(question: &Question, runtime: Option<&Runtime>) -> Vec<PortFact> {
    let Some(plan) = question.plan.clone() else {
        return Vec::new();
    };
    let own = question.own.clone();
    let found = blocking(move || Ok(on_host(&plan, &own))).await;
    let mut found = found.unwrap_or_default();
    let foreign = found.iter().any(|port| !port.own && !port.taken.is_empty());
    if let (true, Some(runtime)) = (foreign, runtime) {
        let plan = question.plan.as_ref();
        name_containers(&mut found, runtime, plan.map(|plan| plan.id()).as_deref()).await;
    }
    found
}

fn on_host(plan: &Plan, own: &BTreeSet<String>) -> Vec<PortFact> {
    let fact = |(service, endpoint, port): (String, String, u16)| {
        let taken: Vec<_> = host::taken_at(port).collect();
        let is_own = own.contains(&service);
        PortFact {
            holder: if taken.is_empty() || is_own {
                None
            } else {
                host::owner(port)
            },
            own: is_own,
            taken,
            service,
            endpoint,
            port,
            container: None,
        }
    };
    Wants::ports(plan).into_iter().map(fact).collect()
}

/// A port of a container is held by the runtime's proxy, which says nothing to a person.
async fn name_containers(ports: &mut [PortFact], runtime: &Runtime, environment: Option<&str>) {
    let listed = runtime
        .docker
        .list_containers(None::<ListContainersOptions>);
    let Ok(Ok(containers)) = tokio::time::timeout(PATIENCE, listed).await else {
        return;
    };
    for container in containers {
        let name = container.names.unwrap_or_default().into_iter().next();
        let name = name.map(|name| name.trim_start_matches('/').to_owned());
        let labels = container.labels.unwrap_or_default();
        let service = labels.get(labels::SERVICE);
        let ours = environment.is_some()
            && labels.get(labels::ENVIRONMENT).map(String::as_str) == environment;
        let published: BTreeSet<u16> = container
            .ports
            .into_iter()
            .flatten()
            .filter_map(|port| port.public_port)
            .collect();
        for port in ports
            .iter_mut()
            .filter(|port| !port.own && published.contains(&port.port))
        {
            port.own = ours && service == Some(&port.service);
            port.container = name.clone().filter(|_| !port.taken.is_empty());
        }
    }
}

pub(super) async fn programs(question: &Question) -> Vec<(String, String)> {
    let Some(plan) = question.plan.clone() else {
        return Vec::new();
    };
    let variables = question.variables.clone();
    let found = blocking(move || Ok(missing_programs(&plan, &variables))).await;
    found.unwrap_or_default()
}

/// Processes whose program is not there: service and program. One that a build makes is
/// not there before, and one that is named by a template is not known yet.
#[must_use]
pub fn missing_programs(
    plan: &Plan,
    variables: &BTreeMap<String, String>,
) -> Vec<(String, String)> {
    let missing = |service: &benchtop_model::plan::Service| {
        let Run::Process(process) = &service.run else {
            return None;
        };
        let program = process.command.first()?;
        let path = service
            .environment
            .get("PATH")
            .or_else(|| variables.get("PATH"));
        let made = service.has_build_command() && program.contains('/');
        let known = !made && !program.contains("{{");
        let is_there = is_program(program, &process.cwd, path.map_or("", String::as_str));
        (known && !is_there).then(|| (service.name.clone(), program.clone()))
    };
    plan.services.values().filter_map(missing).collect()
}

fn is_program(program: &str, cwd: &Path, path: &str) -> bool {
    let executable = |path: &Path| {
        let found = std::fs::metadata(path);
        found.is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
    };
    match program.contains('/') {
        true => executable(&cwd.join(program)),
        false => std::env::split_paths(path).any(|folder| executable(&folder.join(program))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_looked_for_where_a_start_looks() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("tool");
        std::fs::write(&path, "").expect("a file");
        let here = dir.path().display().to_string();
        assert!(
            !is_program("tool", Path::new("/"), &here),
            "it may not be executed"
        );
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("a right");
        assert!(is_program("tool", Path::new("/"), &here));
        assert!(is_program("./tool", dir.path(), ""));
        assert!(
            !is_program("tool", dir.path(), ""),
            "not without its folder"
        );
    }
}
