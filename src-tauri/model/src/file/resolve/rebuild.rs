//! How a service is built anew: the command of a process, what becomes of the
//! instance meanwhile, and the files whose change asks for it.

use super::{Project, paths, place_of, words};
use crate::file::findings::Findings;
use crate::file::written::At;
use crate::file::written::service::Service as Written;
use crate::plan::{BuildCommand, BuildStrategy, Service, ServiceKind};
use crate::problem::{Problem, nearest};

/// The words for a strategy.
const STRATEGIES: [&str; 2] = ["stop-first", "build-first"];

/// Fills in what concerns building.
pub(super) fn resolve(
    written: &Written,
    service: &mut Service,
    project: &Project<'_>,
    findings: &mut Findings,
) {
    let kind = service.kind();
    service.build = command(written, project, findings);
    let of_process = written.process_build.as_ref();
    let text = of_process
        .and_then(|build| build.strategy.as_ref())
        .or_else(|| written.build.as_ref()?.strategy.as_ref());
    let usual = match kind {
        ServiceKind::Container => BuildStrategy::BuildFirst,
        ServiceKind::Process | ServiceKind::External => BuildStrategy::StopFirst,
    };
    if service.can_rebuild() {
        service.build_strategy = text.map_or(usual, |text| strategy(text, usual, findings));
    }
    service.watch = watch(written, kind, project, findings);
}

fn command(
    written: &Written,
    project: &Project<'_>,
    findings: &mut Findings,
) -> Option<BuildCommand> {
    let build = written.process_build.as_ref()?;
    let command = words::resolve(build.command.as_ref()?, findings)?;
    if command.first().is_none_or(String::is_empty) {
        let problem = Problem::error(place_of(written, "build"), "`build` has no program");
        findings.push(problem.hint("expected something like `build: npm run build`"));
    }
    let cwd = build.cwd.as_ref().or(written.working_dir.as_ref());
    Some(BuildCommand {
        command,
        cwd: cwd.map_or_else(
            || project.dir.to_owned(),
            |cwd| paths::absolute(&cwd.value, project),
        ),
    })
}

fn strategy(text: &At<String>, usual: BuildStrategy, findings: &mut Findings) -> BuildStrategy {
    match text.value.as_str() {
        "stop-first" => BuildStrategy::StopFirst,
        "build-first" => BuildStrategy::BuildFirst,
        other => {
            let message = format!("unknown strategy `{other}` of a build");
            let problem = Problem::error(&text.place, message);
            findings.push(match nearest(other, STRATEGIES) {
                Some(near) => problem.hint(format!("did you mean `{near}`?")),
                None => problem.hint("expected `stop-first` or `build-first`"),
            });
            usual
        }
    }
}

/// Absolute patterns. `!` in front of one takes files out again.
fn watch(
    written: &Written,
    kind: ServiceKind,
    project: &Project<'_>,
    findings: &mut Findings,
) -> Vec<String> {
    if kind == ServiceKind::External {
        return Vec::new();
    }
    let pattern = |text: &At<String>| {
        let (not, path) = match text.value.strip_prefix('!') {
            Some(rest) => ("!", rest),
            None => ("", text.value.as_str()),
        };
        if path.trim().is_empty() {
            findings.error(&text.place, "a pattern of `watch` is empty");
            return None;
        }
        Some(format!("{not}{}", paths::absolute(path, project).display()))
    };
    written.watch.iter().filter_map(pattern).collect()
}
