//! Containers, by the runtime's counters.

use super::{EnvironmentSnapshot, RuntimeState, ServiceSnapshot};
use crate::clock;
use crate::container::stats::{self, Reading};
use crate::sink::{Measured, MeasuredKind};
use benchtop_model::time::Timestamp;
use futures_util::StreamExt as _;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::watch;

/// Containers that are asked at a time.
const AT_ONCE: usize = 8;

/// What is known from one turn to the next.
#[derive(Default)]
pub(super) struct Containers {
    /// CPU time and when it was read, by container id.
    last: HashMap<String, (u64, Instant)>,
}

/// A container that is to be asked.
struct Asked {
    id: String,
    service: String,
    started: Timestamp,
    restarts: u32,
}

impl Containers {
    pub(super) async fn read(
        &mut self,
        snapshot: &EnvironmentSnapshot,
        runtime: &watch::Receiver<RuntimeState>,
        due: impl Fn(&ServiceSnapshot) -> bool,
    ) -> Vec<Measured> {
        let Some(runtime) = runtime.borrow().up.clone() else {
            return Vec::new();
        };
        let of_container = || {
            let started = snapshot.services.iter().filter(|s| s.started.is_some());
            started.filter_map(|s| Some((s, s.container_id.as_ref()?)))
        };
        self.last
            .retain(|id, _| of_container().any(|(_, running)| running == id));
        let asked = of_container()
            .filter(|(s, _)| due(s))
            .filter_map(|(s, id)| {
                Some(Asked {
                    id: id.clone(),
                    service: s.name.clone(),
                    started: s.started?,
                    restarts: s.restarts,
                })
            });
        let asked: Vec<Asked> = asked.collect();
        let readings: Vec<_> = futures_util::stream::iter(asked)
            .map(|asked| {
                let runtime = Arc::clone(&runtime);
                async move { (stats::read(&runtime, &asked.id).await, asked) }
            })
            .buffer_unordered(AT_ONCE)
            .collect()
            .await;
        let with_reading = readings
            .into_iter()
            .filter_map(|(reading, asked)| Some((reading?, asked)));
        with_reading
            .map(|(reading, asked)| self.measure(reading, asked))
            .collect()
    }

    fn measure(&mut self, reading: Reading, asked: Asked) -> Measured {
        let now = Instant::now();
        let before = self.last.insert(asked.id, (reading.cpu_ns, now));
        let cpu = before.and_then(|(cpu, at)| {
            let wall = now.duration_since(at).as_nanos() as f64;
            (wall > 0.0).then(|| reading.cpu_ns.saturating_sub(cpu) as f64 / wall)
        });
        Measured {
            service: asked.service,
            kind: MeasuredKind::Container,
            at: clock::now(),
            started: asked.started,
            restarts: asked.restarts,
            cpu,
            memory: reading.memory,
            network: reading.network,
            disk: reading.disk,
            processes: reading.processes,
        }
    }
}
