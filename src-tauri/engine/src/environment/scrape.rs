//! Fetches the metrics that services offer to Prometheus.

use super::snapshot::{EnvironmentSnapshot, ServiceSnapshot};
use crate::clock;
use crate::probe::page;
use crate::sink::{LogLine, Origin, Sink};
use benchtop_model::inject::{self, Viewpoint};
use benchtop_model::plan::Scrape;
use benchtop_model::status::Health;
use benchtop_model::time::{Millis, Tick};
use futures_util::StreamExt as _;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use tokio::sync::watch;

/// How often is looked whether one is due.
const TURN: Millis = Millis::from_secs(1);

/// How long one fetch may take.
const PATIENCE: Millis = Millis::from_secs(10);

/// Pages that are fetched at a time.
const AT_ONCE: usize = 8;

/// Bytes of one page.
const MOST_BYTES: usize = 8 << 20;

/// A page that is to be fetched.
struct Due {
    service: String,
    generation: u64,
    healthy: bool,
    scheme: String,
    host: String,
    port: u16,
    path: String,
}

/// Fetches until the environment is closed.
pub(super) async fn scrape(
    mut snapshots: watch::Receiver<Arc<EnvironmentSnapshot>>,
    sink: Arc<dyn Sink>,
) {
    let mut last: HashMap<String, Tick> = HashMap::new();
    let mut told: HashSet<(String, u64)> = HashSet::new();
    loop {
        let snapshot = snapshots.borrow_and_update().clone();
        let now = clock::tick();
        let due: Vec<Due> = due(&snapshot, &last, now);
        last.retain(|name, _| snapshot.plan.services.contains_key(name));
        told.retain(|(name, generation)| {
            snapshot
                .services
                .iter()
                .any(|s| s.name == *name && s.generation == *generation)
        });
        let offers = snapshot.plan.services.values().any(|s| s.metrics.is_some());
        drop(snapshot);
        last.extend(due.iter().map(|due| (due.service.clone(), now)));
        let fetched: Vec<_> = futures_util::stream::iter(due)
            .map(|due| async move { (fetch(&due).await, due) })
            .buffer_unordered(AT_ONCE)
            .collect()
            .await;
        for (page, due) in fetched {
            if let Err(problem) = &page
                && due.healthy
                && told.insert((due.service.clone(), due.generation))
            {
                sink.logs(&due.service, due.generation, vec![notice(&due, problem)]);
            }
            let (sink, at) = (Arc::clone(&sink), clock::now());
            // Reading a large page takes a while. A panic is logged where it happens.
            _ = tokio::task::spawn_blocking(move || sink.scraped(&due.service, at, page)).await;
        }
        if offers {
            tokio::time::sleep(TURN.to_duration()).await;
        } else if snapshots.changed().await.is_err() {
            return;
        }
        if snapshots.has_changed().is_err() {
            return;
        }
    }
}

/// What is to be fetched now.
fn due(snapshot: &EnvironmentSnapshot, last: &HashMap<String, Tick>, now: Tick) -> Vec<Due> {
    let runs =
        |service: &&ServiceSnapshot| service.started.is_some() || service.health == Health::Healthy;
    let due = |service: &ServiceSnapshot| {
        let spec = snapshot.plan.services.get(&service.name)?;
        let Scrape {
            endpoint,
            path,
            interval,
        } = spec.metrics.as_ref()?;
        if last
            .get(&service.name)
            .is_some_and(|last| now.since(*last) < *interval)
        {
            return None;
        }
        let at = inject::address(
            &snapshot.plan,
            &service.name,
            endpoint,
            &snapshot.ports,
            Viewpoint::Host,
        )?;
        let scheme = spec.endpoint(Some(endpoint)).filter(|e| e.is_http());
        Some(Due {
            service: service.name.clone(),
            generation: service.generation,
            healthy: service.health == Health::Healthy,
            scheme: scheme
                .map_or("http", |endpoint| &endpoint.scheme)
                .to_owned(),
            host: at.host,
            port: at.port,
            path: path.clone(),
        })
    };
    snapshot
        .services
        .iter()
        .filter(runs)
        .filter_map(due)
        .collect()
}

async fn fetch(due: &Due) -> Result<String, String> {
    let page = page(&due.scheme, &due.host, due.port, &due.path, MOST_BYTES);
    match tokio::time::timeout(PATIENCE.to_duration(), page).await {
        Ok(page) => String::from_utf8(page?).map_err(|_| "the page is no text".to_owned()),
        Err(_) => Err(format!("there was no answer within {PATIENCE}")),
    }
}

fn notice(due: &Due, problem: &str) -> LogLine {
    let Due {
        scheme,
        host,
        port,
        path,
        ..
    } = due;
    LogLine {
        time_us: clock::micros(),
        origin: Origin::Benchtop,
        text: format!("metrics cannot be fetched from {scheme}://{host}:{port}{path}: {problem}"),
    }
}
