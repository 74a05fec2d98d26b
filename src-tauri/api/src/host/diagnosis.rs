//! Gathers what is known of every service, and asks the model why.

use super::open::OpenEnvironment;
use crate::view::DiagnosisReport;
use benchtop_engine::environment::snapshot::{EnvironmentSnapshot, ProbeSnapshot, ServiceSnapshot};
use benchtop_model::diagnosis::evidence::{FailedProbe, Line, ServiceEvidence};
use benchtop_model::diagnosis::rules::Rules;
use benchtop_model::diagnosis::{Diagnosis, diagnose};
use benchtop_model::plan::Service;
use benchtop_model::probe::Verdict;
use benchtop_model::problem::Problem;
use benchtop_model::status::{Lifecycle, Status};
use benchtop_model::time::Timestamp;
use benchtop_telemetry::log::{LogRecord, Stream};
use benchtop_telemetry::query::LogQuery;
use std::io::Read as _;
use std::path::Path;

/// A project's own rules, beside its environment file.
const OWN_RULES: &str = "benchtop.rules.yaml";

/// Most bytes of that file.
const MOST_RULES: u64 = 1 << 20;

/// So many lines before the trouble are looked at.
const LINES: u32 = 300;

/// Lines written longer before a running service turned ill say nothing about it, in
/// milliseconds. An instance that ended is judged by its last lines, however old.
const FRESH: i64 = 120_000;

/// Why services are not as they should be, the roots first.
pub(super) fn report(open: &OpenEnvironment) -> DiagnosisReport {
    let snapshot = open.handle.snapshot();
    let (rules, problems) = rules(&snapshot.plan.project_dir);
    let all: Vec<ServiceEvidence> = snapshot
        .services
        .iter()
        .filter_map(|state| evidence(open, &snapshot, state))
        .collect();
    let mut diagnoses = diagnose(&all, &rules);
    diagnoses.sort_by_key(Diagnosis::depth);
    DiagnosisReport {
        diagnoses,
        problems,
    }
}

fn rules(project: &Path) -> (Rules, Vec<Problem>) {
    let path = project.join(OWN_RULES);
    let Ok(file) = std::fs::File::open(&path) else {
        return (Rules::built_in(), Vec::new());
    };
    let mut text = String::new();
    match file.take(MOST_RULES).read_to_string(&mut text) {
        Ok(_) => Rules::with(OWN_RULES, &text),
        Err(error) => {
            let place = benchtop_model::problem::Place {
                file: OWN_RULES.into(),
                ..Default::default()
            };
            let problem = Problem::error(&place, format!("it cannot be read: {error}"));
            (Rules::built_in(), vec![problem])
        }
    }
}

fn evidence(
    open: &OpenEnvironment,
    snapshot: &EnvironmentSnapshot,
    state: &ServiceSnapshot,
) -> Option<ServiceEvidence> {
    let spec = snapshot.plan.services.get(&state.name)?;
    let mut service = ServiceEvidence {
        name: state.name.clone(),
        status: state.status,
        lifecycle: state.lifecycle,
        since: state.since,
        reason: state.reason.clone(),
        // How an earlier instance ended says nothing about one that lives, and nothing
        // about a build: it was stopped in order to be built anew.
        exit: state
            .exit
            .clone()
            .filter(|_| state.lifecycle != Lifecycle::Running && failed_build(state).is_none()),
        probes: state.probes.iter().filter_map(failed).collect(),
        lines: Vec::new(),
        needs: needs(spec),
        waits_for: state.waits_for.clone(),
        ports: ports(snapshot, spec),
        can_rebuild: spec.can_rebuild(),
    };
    if service.is_in_trouble() {
        service.lines = lines(open, state);
    }
    Some(service)
}

/// When the build began that this service failed at.
fn failed_build(state: &ServiceSnapshot) -> Option<Timestamp> {
    let build = state
        .build
        .as_ref()
        .filter(|build| build.ok == Some(false))?;
    let reason = state.reason.as_deref().unwrap_or_default();
    // With `build-first` an instance may fail long after a build that failed.
    let at_it = reason.starts_with("build ") || reason.starts_with("the build ");
    (state.lifecycle == Lifecycle::Failed && at_it).then_some(build.started)
}

fn failed(probe: &ProbeSnapshot) -> Option<FailedProbe> {
    let (result, _) = probe.last.as_ref()?;
    (result.verdict != Verdict::Pass).then(|| FailedProbe {
        role: probe.role,
        kind: probe.kind.to_owned(),
        target: probe.target.clone(),
        verdict: result.verdict,
        text: result.text.clone(),
    })
}

fn needs(spec: &Service) -> Vec<String> {
    let mut needs: Vec<String> = spec.depends_on.keys().cloned().collect();
    let more = spec
        .references
        .iter()
        .filter(|name| !spec.depends_on.contains_key(*name));
    needs.extend(more.cloned());
    needs
}

/// The ports of its endpoints, as seen from this host and from inside.
fn ports(snapshot: &EnvironmentSnapshot, spec: &Service) -> Vec<u16> {
    let outside = super::views::endpoints(snapshot, spec)
        .into_iter()
        .map(|e| e.port);
    let inside = spec.endpoints.iter().filter_map(|endpoint| endpoint.target);
    outside.chain(inside).collect()
}

/// The last lines of its last instance, or of the build that it failed at. What Benchtop
/// itself wrote about it is no evidence: the reason says the same. What a build wrote comes
/// in Benchtop's name, too.
fn lines(open: &OpenEnvironment, state: &ServiceSnapshot) -> Vec<Line> {
    let query = LogQuery {
        services: vec![state.name.clone()],
        limit: LINES,
        ..LogQuery::default()
    };
    let running = state.lifecycle == Lifecycle::Running && state.status != Status::Starting;
    let oldest = if running {
        state.since.0 - FRESH
    } else {
        i64::MIN
    };
    // A query without text cannot be wrong.
    let page = open.logs.query(&query).unwrap_or_default();
    let build = failed_build(state);
    let counts = |record: &&LogRecord| match build {
        Some(began) => record.stream == Stream::Benchtop && record.time >= began,
        None => record.stream != Stream::Benchtop && record.time.0 >= oldest,
    };
    page.records
        .iter()
        .filter(|record| record.generation == state.generation)
        .filter(counts)
        .map(|record| Line {
            seq: record.seq,
            text: record.plain().into_owned(),
        })
        .collect()
}
