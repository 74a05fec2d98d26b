//! The state of an environment at one moment, as plain data, and how it is
//! taken from the task.

use super::build::BuildSnapshot;
use super::message::Live;
use super::task::Task;
use crate::container::pull::PullProgress;
use crate::container::runtime::Wish;
use crate::{clock, probe};
use benchtop_model::exit::Exit;
use benchtop_model::inject::{Ports, Telemetry};
use benchtop_model::plan::Plan;
use benchtop_model::plan::ServiceKind;
use benchtop_model::probe::{ProbeResult, ProbeRole};
use benchtop_model::status::{Health, Lifecycle, Status};
use benchtop_model::supervisor::ServiceState;
use benchtop_model::time::{Millis, Timestamp};
use std::collections::BTreeMap;
use std::sync::Arc;

/// An environment at one moment.
#[derive(Clone, Debug)]
pub struct EnvironmentSnapshot {
    /// What is run.
    pub plan: Arc<Plan>,
    /// The worst of all services.
    pub status: Status,
    /// What an earlier engine left running is known. Before, nothing else here
    /// can be relied upon.
    pub adopted: bool,
    /// Nothing is on its way any more.
    pub settled: bool,
    /// Nothing runs, nothing is wanted, and nothing is being removed.
    pub idle: bool,
    /// Id and start of the run that is going on.
    pub run: Option<(String, Timestamp)>,
    /// The container runtime; `None` where no service needs one.
    pub runtime: Option<RuntimeSnapshot>,
    /// Which runtime is to be used.
    pub wish: Wish,
    /// Containers of this environment may run: it stays at its runtime.
    pub holds_containers: bool,
    /// In the order of the names.
    pub services: Vec<ServiceSnapshot>,
    /// Assigned host ports.
    pub ports: Ports,
    /// What processes start with, before the file's own variables.
    pub base_environment: Arc<BTreeMap<String, String>>,
    /// Where telemetry is received; `None` where nothing is.
    pub telemetry: Option<Telemetry>,
}

/// The container runtime at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuntimeSnapshot {
    /// It answers.
    pub available: bool,
    /// Name and version, once it has answered.
    pub name: Option<String>,
    /// What is wrong.
    pub problem: Option<String>,
    /// What to do about it.
    pub hint: Option<String>,
    /// Since when.
    pub since: Timestamp,
}

/// One service at one moment.
#[derive(Clone, Debug)]
pub struct ServiceSnapshot {
    /// Its name.
    pub name: String,
    /// What a person sees.
    pub status: Status,
    /// Where it is in its life.
    pub lifecycle: Lifecycle,
    /// What its probes say.
    pub health: Health,
    /// Why it is so.
    pub reason: Option<String>,
    /// What goes on right now.
    pub progress: Option<String>,
    /// The pull of its image, while there is one.
    pub pull: Option<PullProgress>,
    /// Since when it has this status.
    pub since: Timestamp,
    /// Number of the current or last start.
    pub generation: u64,
    /// Restarts in this run.
    pub restarts: u32,
    /// When the next start is due.
    pub next_start: Option<Timestamp>,
    /// When the instance was started.
    pub started: Option<Timestamp>,
    /// Process id.
    pub pid: Option<u32>,
    /// Container id.
    pub container_id: Option<String>,
    /// How the last instance ended.
    pub exit: Option<Exit>,
    /// In Waiting: the services whose condition does not hold.
    pub waits_for: Vec<String>,
    /// CPU and memory.
    pub usage: Option<Usage>,
    /// Its probes.
    pub probes: Vec<ProbeSnapshot>,
    /// The evidence is old.
    pub stale: bool,
    /// What runs stems from another definition.
    pub outdated: bool,
    /// A change of its files builds it anew, or restarts it.
    pub watching: bool,
    /// The last build, or the one that runs.
    pub build: Option<BuildSnapshot>,
}

/// One probe at one moment.
#[derive(Clone, Debug)]
pub struct ProbeSnapshot {
    /// Which question.
    pub role: ProbeRole,
    /// `http`, `tcp` …
    pub kind: &'static str,
    /// What it asks.
    pub target: String,
    /// Time between attempts.
    pub interval: Millis,
    /// Failures in a row.
    pub failures: u32,
    /// The last answer and when it came.
    pub last: Option<(ProbeResult, Timestamp)>,
}

/// CPU and memory of an instance with everything below it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Usage {
    /// In percent of one core.
    pub cpu: f64,
    /// Resident bytes.
    pub memory: u64,
}

impl Task {
    /// The state at this moment.
    pub(super) fn snapshot(&self) -> EnvironmentSnapshot {
        let needs_runtime = self
            .plan
            .services
            .values()
            .any(|s| s.kind() == ServiceKind::Container);
        // Once for all services: each of them may ask for several addresses.
        let ports = self.record.assigned();
        EnvironmentSnapshot {
            plan: Arc::clone(&self.plan),
            status: self.supervisor.status(),
            adopted: self.adopted,
            settled: self.supervisor.is_settled(),
            idle: self.supervisor.is_idle() && !self.removing && !self.remove_when_idle,
            run: self
                .record
                .run
                .as_ref()
                .map(|run| (run.id.clone(), run.started)),
            runtime: self
                .runtime
                .borrow()
                .shown
                .clone()
                .filter(|_| needs_runtime),
            wish: self.wishes.borrow().clone(),
            holds_containers: self.holds_containers(),
            services: self
                .supervisor
                .services()
                .map(|s| self.service_snapshot(s, &ports))
                .collect(),
            ports,
            base_environment: Arc::clone(&self.base_environment),
            telemetry: self.record.telemetry.clone(),
        }
    }

    fn service_snapshot(&self, state: &ServiceState, ports: &Ports) -> ServiceSnapshot {
        let name = &state.spec.name;
        let instance = self
            .instances
            .get(name)
            .filter(|i| i.generation == state.generation);
        let live = instance.and_then(|i| i.live.as_ref());
        let alive = state.lifecycle.may_have_instance();
        let runtime_lost = self
            .runtime
            .borrow()
            .shown
            .as_ref()
            .is_some_and(|s| !s.available);
        ServiceSnapshot {
            name: name.clone(),
            status: state.status(),
            lifecycle: state.lifecycle,
            health: state.known_health,
            reason: self
                .supervisor
                .reason(name)
                .or_else(|| self.watching.paused(name)),
            progress: instance
                .filter(|_| alive)
                .and_then(|i| i.progress.clone())
                .or_else(|| self.build_step(name)),
            pull: instance.filter(|_| alive).and_then(|i| i.pull.clone()),
            since: self.since.get(name).copied().unwrap_or_default(),
            generation: state.generation,
            restarts: state.restarts,
            next_start: state.next_start.map(clock::wall_of),
            started: live.filter(|_| alive).and_then(Live::started),
            pid: match live {
                Some(Live::Process { pid, .. }) if alive => Some(*pid),
                _ => None,
            },
            container_id: match live {
                Some(Live::Container { id, .. }) => Some(id.clone()),
                _ => None,
            },
            exit: state.last_exit.clone(),
            waits_for: self.supervisor.waits_for_names(name),
            usage: self.usage.get(name).copied().filter(|_| alive),
            probes: self.probe_snapshots(state, ports),
            stale: (runtime_lost || instance.is_some_and(|i| i.unseen))
                && alive
                && state.spec.kind() == ServiceKind::Container,
            outdated: state.is_outdated(),
            watching: self.watching.is_active(name),
            build: self.builds.get(name).map(|build| build.shown.clone()),
        }
    }

    fn probe_snapshots(&self, state: &ServiceState, ports: &Ports) -> Vec<ProbeSnapshot> {
        let live = state.health.probes();
        let snapshot = |(role, probe): (ProbeRole, &benchtop_model::probe::Probe)| {
            let now = live.iter().find(|p| p.role == role);
            let at = self
                .probed
                .get(&(state.spec.name.clone(), role))
                .copied()
                .unwrap_or_default();
            ProbeSnapshot {
                role,
                kind: probe.kind.word(),
                target: probe::target(&self.plan, &state.spec, probe, ports),
                interval: probe.interval,
                failures: now.map_or(0, |p| p.failures),
                last: now.and_then(|p| p.last.clone()).map(|result| (result, at)),
            }
        };
        state.spec.probes.iter().map(snapshot).collect()
    }
}
