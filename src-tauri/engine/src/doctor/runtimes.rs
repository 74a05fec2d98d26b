//! From what a survey of the container runtimes says to facts.

use crate::container::runtime::survey::{Answer, Finding};
use crate::container::runtime::{PATIENCE, Runtime, RuntimeProblem, Wish};
use benchtop_model::doctor::facts::{RuntimeAnswer, RuntimeFact, RuntimeTrouble, SocketFact};
use nix::unistd::{Gid, Group, Uid, User};
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;

pub(super) fn facts(found: Vec<Finding>, wish: &Wish) -> Vec<RuntimeFact> {
    found
        .into_iter()
        .map(|finding| fact(finding, wish))
        .collect()
}

fn fact(finding: Finding, wish: &Wish) -> RuntimeFact {
    let address = finding.candidate.address;
    RuntimeFact {
        socket: socket(&address),
        used: finding.chosen,
        decided: finding.candidate.decisive || wish.address.as_ref() == Some(&address),
        answer: finding
            .answer
            .map(answer)
            .map_err(|problem| trouble(&problem)),
        source: finding.candidate.source,
        address,
    }
}

fn answer(answer: Answer) -> RuntimeAnswer {
    RuntimeAnswer {
        name: answer.name,
        api: answer.api,
        rootless: answer.rootless,
        cgroup: answer.cgroup,
        skew_ms: answer.skew_ms,
        cpus: answer.cpus,
        memory: answer.memory,
    }
}

fn trouble(problem: &RuntimeProblem) -> RuntimeTrouble {
    RuntimeTrouble {
        absent: *problem == RuntimeProblem::NotInstalled,
        forbidden: matches!(problem, RuntimeProblem::NoPermission(_)),
        text: problem.to_string(),
        hint: problem.hint(),
    }
}

/// The runtime that a start would use, where none can be used.
pub(super) fn unusable(problem: &RuntimeProblem, wish: &Wish) -> RuntimeFact {
    RuntimeFact {
        address: wish.address.clone().unwrap_or_default(),
        source: String::new(),
        used: true,
        decided: wish.address.is_some(),
        answer: Err(trouble(problem)),
        socket: None,
    }
}

fn socket(address: &str) -> Option<SocketFact> {
    let found = std::fs::metadata(address.strip_prefix("unix://")?).ok()?;
    let user = User::from_uid(Uid::from_raw(found.uid())).ok().flatten();
    let group = Group::from_gid(Gid::from_raw(found.gid())).ok().flatten();
    Some(SocketFact {
        mode: found.mode() & 0o7777,
        owner: format!(
            "{}:{}",
            user.map_or_else(|| found.uid().to_string(), |user| user.name),
            group.map_or_else(|| found.gid().to_string(), |group| group.name)
        ),
    })
}

/// Where a runtime keeps images and volumes, where that is a folder of this machine.
pub(super) async fn root_dir(runtime: &Runtime) -> Option<PathBuf> {
    let info = tokio::time::timeout(PATIENCE, runtime.docker.info())
        .await
        .ok()?
        .ok()?;
    let local = runtime.address.starts_with("unix://");
    let folder = info.docker_root_dir.map(PathBuf::from)?;
    (local && folder.is_dir()).then_some(folder)
}
