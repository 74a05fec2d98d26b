//! A report on every container runtime of this machine, for a person who
//! chooses one.

use super::discover::{self, Candidate, Surroundings};
use super::{Runtime, RuntimeKind, RuntimeProblem, Wish, connect_to};
use crate::clock;
use bollard::models::SystemInfoCgroupVersionEnum;
use std::path::Path;
use std::sync::Arc;

/// One runtime, or the place where one may be.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Where.
    pub candidate: Candidate,
    /// Who answers, or why nobody does.
    pub answer: Result<Answer, RuntimeProblem>,
    /// The one that is used.
    pub chosen: bool,
}

/// What a runtime said about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Which make.
    pub kind: RuntimeKind,
    /// `Docker 20.10.24`.
    pub name: String,
    /// The version of the API that was agreed upon.
    pub api: String,
    /// It runs without root.
    pub rootless: bool,
    /// Version of its control groups.
    pub cgroup: Option<u8>,
    /// Its clock minus ours, in milliseconds.
    pub skew_ms: Option<i64>,
    /// Processors that it gives to containers.
    pub cpus: Option<u32>,
    /// Bytes of memory that it has for containers.
    pub memory: Option<u64>,
    /// Where images and volumes are, on the machine where it runs.
    pub root_dir: Option<String>,
}

/// Asks all at once; takes [`super::PATIENCE`] at the most.
pub async fn survey(wish: &Wish) -> Vec<Finding> {
    let mut candidates = discover::all(&wish.surroundings);
    if let Some(address) = &wish.address
        && !candidates.iter().any(|c| c.address == *address)
    {
        candidates.insert(0, Candidate::chosen(address));
    }
    candidates.retain(|candidate| is_worth_telling(candidate, wish));
    let reports = candidates
        .into_iter()
        .map(|candidate| report(candidate, &wish.surroundings));
    let mut findings = futures_util::future::join_all(reports).await;
    mark_chosen(&mut findings, wish);
    findings
}

/// A place that nobody spoke of and where nothing is, is told for the two
/// usual sockets only.
fn is_worth_telling(candidate: &Candidate, wish: &Wish) -> bool {
    let usual = ["default socket", "Podman"].contains(&candidate.source.as_str());
    let spoken_of = candidate.decisive
        || candidate.source.starts_with("context ")
        || wish.address.as_ref() == Some(&candidate.address);
    let path = candidate.address.strip_prefix("unix://").map(Path::new);
    usual || spoken_of || path.is_some_and(Path::exists)
}

async fn report(candidate: Candidate, surroundings: &Arc<Surroundings>) -> Finding {
    let answer = match connect_to(&candidate.address, surroundings).await {
        Ok(runtime) => Ok(introduced(&runtime, &candidate).await),
        Err(RuntimeProblem::NotInstalled) if surroundings.has_program(candidate.programs) => {
            Err(RuntimeProblem::NotRunning(candidate.address.clone()))
        }
        Err(problem) => Err(problem),
    };
    Finding {
        candidate,
        answer,
        chosen: false,
    }
}

/// The engine's own word on itself, where it has one.
async fn introduced(runtime: &Runtime, candidate: &Candidate) -> Answer {
    let before = clock::now();
    let asked = tokio::time::timeout(super::PATIENCE, runtime.docker.info()).await;
    let after = clock::now();
    let info = asked.ok().and_then(Result::ok).unwrap_or_default();
    let options = info.security_options.unwrap_or_default();
    Answer {
        kind: runtime.kind,
        name: runtime.name.clone(),
        api: runtime.api.clone(),
        rootless: candidate.rootless || options.iter().any(|o| o.contains("rootless")),
        cgroup: match info.cgroup_version {
            Some(SystemInfoCgroupVersionEnum::_1) => Some(1),
            Some(SystemInfoCgroupVersionEnum::_2) => Some(2),
            Some(SystemInfoCgroupVersionEnum::EMPTY) | None => None,
        },
        skew_ms: info
            .system_time
            .and_then(|time| skew(&time, before.0, after.0)),
        cpus: info.ncpu.and_then(|n| u32::try_from(n).ok()),
        memory: info.mem_total.and_then(|n| u64::try_from(n).ok()),
        root_dir: info.docker_root_dir,
    }
}

/// Their clock minus ours. The answer was made at some moment of the exchange: a time
/// within it is no difference.
fn skew(time: &str, before: i64, after: i64) -> Option<i64> {
    let theirs = time.parse::<jiff::Timestamp>().ok()?.as_millisecond();
    Some(match theirs {
        early if early < before => early - before,
        late if late > after => late - after,
        _ => 0,
    })
}

/// What [`super::connect`] would take.
fn mark_chosen(findings: &mut [Finding], wish: &Wish) {
    let chosen = match &wish.address {
        Some(address) => findings
            .iter_mut()
            .find(|f| f.candidate.address == *address),
        None => {
            let automatic = discover::automatic(&wish.surroundings);
            let is_tried = |f: &Finding| automatic.contains(&f.candidate);
            let decisive = automatic.len() == 1;
            findings
                .iter_mut()
                .find(|f| is_tried(f) && (decisive || f.answer.is_ok()))
        }
    };
    if let Some(chosen) = chosen {
        chosen.chosen = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_apart_only_beyond_the_exchange() {
        let at = |text: &str| skew(text, 1_000, 1_500);
        assert_eq!(at("1970-01-01T00:00:01.2Z"), Some(0));
        assert_eq!(at("1970-01-01T00:00:00.25Z"), Some(-750));
        assert_eq!(at("1970-01-01T01:00:09.5+01:00"), Some(8_000));
        assert_eq!(at("noon"), None);
    }
}
