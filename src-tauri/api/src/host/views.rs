//! From the engine's snapshot to what faces show.

use super::open::OpenEnvironment;
use crate::view::{
    BuildView, EndpointView, Environment, EnvironmentMetrics, EnvironmentView, LayerView,
    ProbeView, PullView, RuntimeView, ServiceView, Variable,
};
use benchtop_engine::clock;
use benchtop_engine::container::pull::{Layer, PullProgress};
use benchtop_engine::environment::BuildSnapshot;
use benchtop_engine::environment::snapshot::{EnvironmentSnapshot, ProbeSnapshot, ServiceSnapshot};
use benchtop_model::inject::{self, Viewpoint};
use benchtop_model::plan::{Plan, Service};
use benchtop_model::status::Status;
use benchtop_model::time::Timestamp;

/// The whole environment.
pub(super) fn environment(open: &OpenEnvironment) -> EnvironmentView {
    let snapshot = open.handle.snapshot();
    let (_, definition) = open.definition();
    let changed = definition
        .plan
        .as_ref()
        .map(|plan| changed_services(&snapshot.plan, plan))
        .unwrap_or_default();
    let services: Vec<ServiceView> = snapshot
        .services
        .iter()
        .filter_map(|s| service(open, &snapshot, s, &changed))
        .collect();
    EnvironmentView {
        status: snapshot.status,
        metrics: metrics(&services),
        services,
        id: open.id.clone(),
        name: snapshot.plan.name.clone(),
        project_dir: snapshot.plan.project_dir.display().to_string(),
        file: snapshot.plan.file.display().to_string(),
        run: snapshot.run.as_ref().map(|(id, _)| id.clone()),
        run_started: snapshot.run.as_ref().map(|(_, at)| *at),
        runtime: snapshot.runtime.as_ref().map(|r| RuntimeView {
            available: r.available,
            name: r.name.clone(),
            problem: r.problem.clone(),
            hint: r.hint.clone(),
            since: r.since,
        }),
        alerts: open.alerts.count(),
        settled: snapshot.settled,
        idle: snapshot.idle,
        problems: definition.problems,
        changed,
        watching: open.is_watching(),
    }
}

/// An entry of the list.
pub(super) fn summary(open: &OpenEnvironment, last_opened: Timestamp) -> Environment {
    let snapshot = open.handle.snapshot();
    Environment {
        id: open.id.clone(),
        name: snapshot.plan.name.clone(),
        project_dir: snapshot.plan.project_dir.display().to_string(),
        file: snapshot.plan.file.display().to_string(),
        open: true,
        sample: open.is_sample(),
        status: snapshot.status,
        last_opened,
    }
}

/// Services whose definition on disk differs from the one that is supervised,
/// with those that are only in one of them.
fn changed_services(running: &Plan, disk: &Plan) -> Vec<String> {
    let names = running
        .services
        .keys()
        .chain(disk.services.keys())
        .collect::<std::collections::BTreeSet<_>>();
    names
        .into_iter()
        .filter(|name| running.services.get(*name) != disk.services.get(*name))
        .cloned()
        .collect()
}

fn metrics(services: &[ServiceView]) -> EnvironmentMetrics {
    let count = |status| {
        u32::try_from(services.iter().filter(|s| s.status == status).count()).unwrap_or(u32::MAX)
    };
    EnvironmentMetrics {
        services: u32::try_from(services.len()).unwrap_or(u32::MAX),
        healthy: count(Status::Healthy),
        degraded: count(Status::Degraded),
        unhealthy: count(Status::Unhealthy),
        starting: count(Status::Starting),
        stopped: count(Status::Stopped),
        restarts: services.iter().map(|s| s.restarts).sum(),
        cpu: services
            .iter()
            .filter_map(|s| s.cpu)
            .fold(0.0, |sum, cpu| sum + cpu),
        memory: services.iter().filter_map(|s| s.memory).sum(),
    }
}

/// One service; `None` for one that is no longer defined and about to end.
pub(super) fn service(
    open: &OpenEnvironment,
    snapshot: &EnvironmentSnapshot,
    state: &ServiceSnapshot,
    changed: &[String],
) -> Option<ServiceView> {
    let spec = snapshot.plan.services.get(&state.name)?;
    Some(ServiceView {
        name: state.name.clone(),
        kind: spec.kind(),
        group: spec.group.clone(),
        status: state.status,
        lifecycle: state.lifecycle,
        health: state.health,
        reason: state.reason.clone(),
        progress: state.progress.clone(),
        since: state.since,
        generation: state.generation,
        restarts: state.restarts,
        next_start: state.next_start,
        started: state.started,
        endpoints: endpoints(snapshot, spec),
        pid: state.pid,
        container_id: state.container_id.clone(),
        exit_code: state.exit.as_ref().and_then(|exit| exit.code),
        cpu: state.usage.map(|usage| usage.cpu),
        memory: state.usage.map(|usage| usage.memory),
        probes: state.probes.iter().map(probe).collect(),
        depends_on: spec.depends_on.keys().cloned().collect(),
        source: crate::summary::source(spec),
        stale: state.stale,
        changed: state.outdated || changed.contains(&state.name),
        flapping: open.turns.is_flapping(&state.name, clock::now()),
        pull: state.pull.as_ref().map(pull),
        can_rebuild: spec.can_rebuild(),
        watching: state.watching,
        build: state.build.as_ref().map(build),
    })
}

fn pull(pull: &PullProgress) -> PullView {
    let layer = |layer: &Layer| LayerView {
        id: layer.id.clone(),
        state: layer.state.clone(),
        done: layer.done,
        total: layer.total,
    };
    PullView {
        image: pull.image.clone(),
        done_bytes: pull.done(),
        total_bytes: pull.total(),
        layers: pull.layers.iter().map(layer).collect(),
        stalled: pull.stalled,
    }
}

pub(super) fn endpoints(snapshot: &EnvironmentSnapshot, spec: &Service) -> Vec<EndpointView> {
    let view = |endpoint: &benchtop_model::plan::Endpoint| {
        let address = inject::address(
            &snapshot.plan,
            &spec.name,
            &endpoint.name,
            &snapshot.ports,
            Viewpoint::Host,
        )?;
        let url = format!("{}://{}:{}", endpoint.scheme, address.host, address.port);
        Some(EndpointView {
            name: endpoint.name.clone(),
            url,
            host: address.host,
            port: address.port,
        })
    };
    spec.endpoints.iter().filter_map(view).collect()
}

fn probe(probe: &ProbeSnapshot) -> ProbeView {
    let last = probe.last.as_ref();
    ProbeView {
        role: probe.role,
        kind: probe.kind.to_owned(),
        target: probe.target.clone(),
        interval: probe.interval,
        verdict: last.map(|(result, _)| result.verdict),
        text: last.map(|(result, _)| result.text.clone()),
        latency_us: last.map(|(result, _)| result.latency_us),
        at: last.map(|(_, at)| *at),
        failures: probe.failures,
        details: last
            .map(|(result, _)| result.details.clone())
            .unwrap_or_default(),
    }
}

fn build(build: &BuildSnapshot) -> BuildView {
    BuildView {
        started: build.started,
        ended: build.ended,
        ok: build.ok,
        text: build.text.clone(),
    }
}

/// The variables of a service's instance, or of its next one.
pub(super) fn variables(snapshot: &EnvironmentSnapshot, service: &str) -> Vec<Variable> {
    let all = inject::variables(&snapshot.plan, service, &snapshot.ports);
    crate::summary::masked(&snapshot.plan, service, all)
}
