//! Samples CPU and memory: often while somebody looks, rarely otherwise.

use super::message::Message;
use super::snapshot::{EnvironmentSnapshot, Usage};
use super::task::RuntimeState;
use crate::clock;
use crate::container::stats as container_stats;
use futures_util::StreamExt as _;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use sysinfo::{Pid, ProcessRefreshKind, ProcessesToUpdate, System};
use tokio::sync::{mpsc, watch};

const WATCHED: Duration = Duration::from_secs(2);
const UNWATCHED: Duration = Duration::from_secs(15);

/// Who looked within this time is still looking, in milliseconds.
const ATTENTION: u64 = 10_000;

/// Containers that are asked at a time.
const AT_ONCE: usize = 8;

/// Samples until the environment is closed.
pub(super) async fn sample(
    snapshots: watch::Receiver<Arc<EnvironmentSnapshot>>,
    runtime: watch::Receiver<RuntimeState>,
    messages: mpsc::UnboundedSender<Message>,
    looked: Arc<AtomicU64>,
) {
    let mut processes = Processes::default();
    let mut containers = Containers::default();
    loop {
        let snapshot = snapshots.borrow().clone();
        let mut usage = processes.read(&snapshot).await;
        usage.extend(containers.read(&snapshot, &runtime).await);
        if !usage.is_empty() && messages.send(Message::Usage(usage)).is_err() {
            return;
        }
        drop(snapshot);
        let mut waited = Duration::ZERO;
        while waited < UNWATCHED && !(waited >= WATCHED && is_watched(&looked)) {
            tokio::time::sleep(WATCHED).await;
            waited += WATCHED;
            if messages.is_closed() {
                return;
            }
        }
    }
}

fn is_watched(looked: &AtomicU64) -> bool {
    let last = looked.load(Ordering::Relaxed);
    last > 0 && clock::tick().0.saturating_sub(last) < ATTENTION
}

/// Process trees of this host, by one reading of the process table a tick.
#[derive(Default)]
struct Processes {
    /// Moved to a blocking thread and back for each reading.
    system: Option<System>,
}

impl Processes {
    async fn read(&mut self, snapshot: &EnvironmentSnapshot) -> HashMap<String, Usage> {
        let roots: Vec<(String, u32)> = snapshot
            .services
            .iter()
            .filter_map(|s| Some((s.name.clone(), s.pid?)))
            .collect();
        if roots.is_empty() {
            return HashMap::new();
        }
        let system = self.system.take().or_else(|| System::new().ok());
        let Some(mut system) = system else {
            return HashMap::new();
        };
        let read = tokio::task::spawn_blocking(move || {
            let kind = ProcessRefreshKind::nothing()
                .with_cpu()
                .with_memory()
                .without_tasks();
            system.refresh_processes_specifics(ProcessesToUpdate::All, true, kind);
            let usage = sum_trees(&system, &roots);
            (system, usage)
        });
        let Ok((system, usage)) = read.await else {
            return HashMap::new();
        };
        self.system = Some(system);
        usage
    }
}

fn sum_trees(system: &System, roots: &[(String, u32)]) -> HashMap<String, Usage> {
    let mut children: HashMap<Pid, Vec<Pid>> = HashMap::new();
    for (pid, process) in system.processes() {
        if let Some(parent) = process.parent() {
            children.entry(parent).or_default().push(*pid);
        }
    }
    let tree = |root: u32| {
        let (mut usage, mut open) = (Usage::default(), vec![Pid::from_u32(root)]);
        while let Some(pid) = open.pop() {
            if let Some(process) = system.process(pid) {
                usage.cpu += f64::from(process.cpu_usage());
                usage.memory += process.memory();
            }
            open.extend(children.get(&pid).into_iter().flatten());
        }
        usage
    };
    roots
        .iter()
        .map(|(service, root)| (service.clone(), tree(*root)))
        .collect()
}

/// Containers, by the engine's counters.
#[derive(Default)]
struct Containers {
    /// CPU time and when it was read, by container id.
    last: HashMap<String, (u64, Instant)>,
}

impl Containers {
    async fn read(
        &mut self,
        snapshot: &EnvironmentSnapshot,
        runtime: &watch::Receiver<RuntimeState>,
    ) -> HashMap<String, Usage> {
        let Some(runtime) = runtime.borrow().up.clone() else {
            return HashMap::new();
        };
        let running = running_containers(snapshot);
        let readings: Vec<_> = futures_util::stream::iter(running)
            .map(|(service, id)| {
                let runtime = Arc::clone(&runtime);
                async move { (service, container_stats::read(&runtime, &id).await, id) }
            })
            .buffer_unordered(AT_ONCE)
            .collect()
            .await;
        let mut last = HashMap::new();
        let usage = readings.into_iter().filter_map(|(service, reading, id)| {
            let (reading, now) = (reading?, Instant::now());
            let cpu = self.last.get(&id).map_or(0.0, |(cpu, at)| {
                percent(reading.cpu_ns.saturating_sub(*cpu), now.duration_since(*at))
            });
            last.insert(id, (reading.cpu_ns, now));
            Some((
                service,
                Usage {
                    cpu,
                    memory: reading.memory,
                },
            ))
        });
        let usage = usage.collect();
        self.last = last;
        usage
    }
}

fn running_containers(snapshot: &EnvironmentSnapshot) -> Vec<(String, String)> {
    let running = snapshot.services.iter().filter(|s| s.started.is_some());
    running
        .filter_map(|s| Some((s.name.clone(), s.container_id.clone()?)))
        .collect()
}

/// CPU time against wall time, in percent of one core.
fn percent(cpu_ns: u64, wall: Duration) -> f64 {
    let wall_ns = wall.as_nanos() as f64;
    if wall_ns > 0.0 {
        cpu_ns as f64 * 100.0 / wall_ns
    } else {
        0.0
    }
}
