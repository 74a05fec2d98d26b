//! The commands beside the start and the end of a service.

use super::{Project, environment, paths, words};
use crate::file::findings::Findings;
use crate::file::written::hooks as written;
use crate::file::written::service::Service as Written;
use crate::plan::{Hook, Service, ServiceKind};
use crate::problem::Problem;
use std::path::Path;

/// Fills in both lists.
pub(super) fn resolve(
    written: &Written,
    service: &mut Service,
    project: &Project<'_>,
    findings: &mut Findings,
) {
    let kind = service.kind();
    if kind == ServiceKind::External {
        return;
    }
    let mut all = |hooks: &[written::Hook]| {
        let hooks = hooks.iter();
        hooks
            .filter_map(|hook| one(hook, kind, project, findings))
            .collect()
    };
    service.post_start = all(&written.post_start);
    service.pre_stop = all(&written.pre_stop);
}

fn one(
    written: &written::Hook,
    kind: ServiceKind,
    project: &Project<'_>,
    findings: &mut Findings,
) -> Option<Hook> {
    let words = written.command.as_ref()?;
    let command = words::resolve(words, findings)?;
    if command.first().is_none_or(String::is_empty) {
        let problem = Problem::error(&words.place, "the hook has no program");
        findings.push(problem.hint("expected something like `command: ./migrate.sh`"));
        return None;
    }
    if kind == ServiceKind::Process {
        warn_idle(written, findings);
    }
    Some(Hook {
        command,
        user: written.user.as_ref().map(|user| user.value.clone()),
        privileged: written.privileged.as_ref().is_some_and(|flag| flag.value),
        working_dir: written.working_dir.as_ref().map(|dir| match kind {
            ServiceKind::Process => text_of(&paths::absolute(&dir.value, project)),
            _ => dir.value.clone(),
        }),
        environment: environment::of_pairs(&written.environment, project, findings),
    })
}

fn text_of(path: &Path) -> String {
    path.display().to_string()
}

/// A program of this host runs as who started Benchtop.
fn warn_idle(written: &written::Hook, findings: &mut Findings) {
    let user = written.user.as_ref().map(|user| ("user", &user.place));
    let privileged = written.privileged.as_ref();
    let privileged = privileged.map(|flag| ("privileged", &flag.place));
    for (key, place) in user.into_iter().chain(privileged) {
        let message = format!("`{key}` of a hook has no effect on a process");
        findings.warn(place, message);
    }
}
