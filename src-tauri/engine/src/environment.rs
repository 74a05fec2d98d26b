//! One open environment: a handle for everybody, one task that owns the state.
//!
//! The task's loop receives and delegates: a message becomes an event of the
//! pure supervisor, the supervisor's effects go to drivers, drivers answer with
//! messages. Nothing else touches the state; whoever wants to look takes the
//! latest [`snapshot::EnvironmentSnapshot`].

mod adopt;
mod ask;
mod build;
mod ears;
mod effects;
mod hooks;
mod launch;
mod message;
mod outside;
mod runtime;
mod scrape;
mod sleep;
pub mod snapshot;
mod stats;
mod task;
mod watching;

use crate::record::EnvironmentRecord;
use crate::sink::Sink;
pub use build::BuildSnapshot;

use benchtop_model::plan::Plan;
use message::Message;
use snapshot::EnvironmentSnapshot;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::{mpsc, oneshot, watch};

/// What an environment needs to be supervised.
pub struct EnvironmentConfig {
    /// What to run, and what an earlier engine left running.
    pub record: EnvironmentRecord,
    /// Where records, instances and their logs are kept.
    pub dir: PathBuf,
    /// Where sockets are made; a short path, because socket paths are limited to
    /// about 100 bytes.
    pub socket_dir: PathBuf,
    /// The program that has the `shim` command.
    pub shim: PathBuf,
    /// Who is told.
    pub sink: Arc<dyn Sink>,
    /// Address of the container runtime that a person chose; absent: the first
    /// that answers.
    pub runtime: Option<String>,
}

/// Access to an environment; cheap to clone.
#[derive(Clone)]
pub struct EnvironmentHandle {
    messages: mpsc::UnboundedSender<Message>,
    snapshots: watch::Receiver<Arc<EnvironmentSnapshot>>,
    /// When somebody last looked, in ticks: statistics are sampled often only
    /// for an audience.
    looked: Arc<AtomicU64>,
    /// Where scenarios write what their programs print.
    sink: Arc<dyn Sink>,
    dir: Arc<Path>,
}

impl EnvironmentHandle {
    /// Starts supervising. What an earlier engine left running is adopted first.
    #[must_use]
    pub fn spawn(config: EnvironmentConfig) -> Self {
        let looked = Arc::new(AtomicU64::new(0));
        let sink = Arc::clone(&config.sink);
        let dir: Arc<Path> = config.dir.clone().into();
        crate::scenario::leftovers::end(&dir);
        let (messages, snapshots) = task::spawn(config, Arc::clone(&looked));
        Self {
            sink,
            dir,
            messages,
            snapshots,
            looked,
        }
    }

    /// The latest state.
    #[must_use]
    pub fn snapshot(&self) -> Arc<EnvironmentSnapshot> {
        self.looked
            .store(crate::clock::tick().0.max(1), Ordering::Relaxed);
        self.snapshots.borrow().clone()
    }

    /// Is marked at each new snapshot.
    #[must_use]
    pub fn subscribe(&self) -> watch::Receiver<Arc<EnvironmentSnapshot>> {
        self.snapshots.clone()
    }

    /// Starts these services and what they depend on; all where none is named.
    pub fn up(&self, services: Vec<String>) {
        self.send(Message::Up { services });
    }

    /// Stops everything, dependants first; removes containers and network then,
    /// if wanted.
    pub fn down(&self, remove: bool) {
        self.send(Message::Down { remove });
    }

    /// Starts one service.
    pub fn start(&self, service: &str, with_dependencies: bool) {
        self.send(Message::Start {
            service: service.to_owned(),
            with_dependencies,
        });
    }

    /// Stops one service.
    pub fn stop(&self, service: &str) {
        self.send(Message::Stop {
            service: service.to_owned(),
        });
    }

    /// Restarts one service.
    pub fn restart(&self, service: &str) {
        self.send(Message::Restart {
            service: service.to_owned(),
        });
    }

    /// Ends what is under way for one service; what is up already stays.
    pub fn cancel(&self, service: &str) {
        self.send(Message::Cancel {
            service: service.to_owned(),
        });
    }

    /// Builds one service anew, and replaces what runs by the result.
    pub fn rebuild(&self, service: &str) {
        self.send(Message::Rebuild {
            service: service.to_owned(),
            cause: "rebuild requested".to_owned(),
        });
    }

    /// Runs the probes of one service now.
    pub fn probe(&self, service: &str) {
        self.send(Message::ProbeNow {
            service: service.to_owned(),
        });
    }

    /// Uses this container runtime, or the first that answers. Where containers
    /// run, it counts once they have ended: they stay where they are.
    pub fn choose_runtime(&self, address: Option<String>) {
        self.send(Message::ChooseRuntime { address });
    }

    /// Takes over a new definition and acts on the difference: restarts what has
    /// changed, starts what is new, stops what is gone.
    pub fn apply(&self, plan: Plan, base_environment: BTreeMap<String, String>) {
        self.send(Message::Replan {
            plan: Box::new(plan),
            base_environment,
            apply: true,
        });
    }

    /// Takes over a new definition; it counts from the next start of each service
    /// on.
    pub fn replan(&self, plan: Plan, base_environment: BTreeMap<String, String>) {
        self.send(Message::Replan {
            plan: Box::new(plan),
            base_environment,
            apply: false,
        });
    }

    /// Ends the supervision once everything asked for before is on its way, and
    /// returns when the record is written. What runs goes on running.
    pub async fn leave(&self) {
        let (done, finished) = oneshot::channel();
        self.send(Message::Leave { done });
        // The task being gone is what was wanted.
        _ = finished.await;
    }

    /// Waits until it is known what an earlier engine left running.
    pub async fn wait_adopted(&self) {
        let mut snapshots = self.snapshots.clone();
        // An error means that the task is gone; so is the waiting.
        _ = snapshots.wait_for(|snapshot| snapshot.adopted).await;
    }

    /// Waits until nothing runs and nothing is wanted.
    pub async fn wait_idle(&self) {
        let mut snapshots = self.snapshots.clone();
        // An error means that the task is gone; so is the waiting.
        _ = snapshots.wait_for(|snapshot| snapshot.idle).await;
    }

    /// Waits until everything asked for before shows in the snapshot.
    pub async fn sync(&self) {
        let (done, taken) = oneshot::channel();
        self.send(Message::Sync { done });
        // The task being gone is no news to whoever asks.
        _ = taken.await;
    }

    /// Where records are kept.
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Where output is kept.
    pub(crate) fn sink(&self) -> &Arc<dyn Sink> {
        &self.sink
    }

    fn send(&self, message: Message) {
        if self.messages.send(message).is_err() {
            tracing::warn!("a request came after the environment was closed");
        }
    }
}
