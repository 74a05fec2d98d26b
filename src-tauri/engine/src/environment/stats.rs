//! Measures what services use: often while somebody looks or something moves, rarely
//! otherwise. What is measured is both shown and kept as metrics.

use super::message::Message;
use super::snapshot::{EnvironmentSnapshot, ServiceSnapshot, Usage};
use super::task::RuntimeState;
use crate::clock;
use crate::sink::{Measured, Sink};
use benchtop_model::time::Tick;
use containers::Containers;
use pace::{OFTEN, Pace};
use processes::Processes;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::{mpsc, watch};

mod containers;
mod pace;
mod processes;

/// Who looked within this time is still looking, in milliseconds.
const ATTENTION: u64 = 10_000;

/// Samples until the environment is closed.
pub(super) async fn sample(
    snapshots: watch::Receiver<Arc<EnvironmentSnapshot>>,
    runtime: watch::Receiver<RuntimeState>,
    messages: mpsc::UnboundedSender<Message>,
    looked: Arc<AtomicU64>,
    sink: Arc<dyn Sink>,
) {
    let mut processes = Processes::default();
    let mut containers = Containers::default();
    let mut pace = Pace::default();
    let mut shown: HashMap<String, Usage> = HashMap::new();
    loop {
        let snapshot = snapshots.borrow().clone();
        let now = clock::tick();
        let watched = is_watched(&looked, now);
        pace.keep(|name| snapshot.services.iter().any(|s| s.name == name && runs(s)));
        let due =
            |service: &ServiceSnapshot| runs(service) && pace.is_due(&service.name, now, watched);
        let mut measured = processes.read(&snapshot, due).await;
        measured.extend(containers.read(&snapshot, &runtime, due).await);
        for one in &measured {
            pace.note(&one.service, one.usage(), now);
            shown.insert(one.service.clone(), one.usage());
        }
        if !measured.is_empty() {
            shown.retain(|name, _| snapshot.services.iter().any(|s| s.name == *name && runs(s)));
            sink.measured(measured);
            if messages.send(Message::Usage(shown.clone())).is_err() {
                return;
            }
        }
        drop(snapshot);
        tokio::time::sleep(OFTEN.to_duration()).await;
        if messages.is_closed() {
            return;
        }
    }
}

fn is_watched(looked: &AtomicU64, now: Tick) -> bool {
    let last = looked.load(Ordering::Relaxed);
    last > 0 && now.0.saturating_sub(last) < ATTENTION
}

fn runs(service: &ServiceSnapshot) -> bool {
    service.pid.is_some() || (service.started.is_some() && service.container_id.is_some())
}

impl Measured {
    /// The part that is shown beside a service.
    fn usage(&self) -> Usage {
        Usage {
            cpu: self.cpu.unwrap_or(0.0) * 100.0,
            memory: self.memory,
        }
    }
}
