//! Tells faces that something has changed, at most once a frame.

use crate::schema::{Event, Topic};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::broadcast;

/// A notice tells only that there is something to pull, so one in 50 ms is as
/// good as a thousand.
const FRAME: Duration = Duration::from_millis(50);

/// Collects what has changed in one environment.
#[derive(Clone)]
pub(super) struct Notifier {
    environment: String,
    pending: Arc<Mutex<BTreeSet<Topic>>>,
    events: broadcast::Sender<Event>,
}

impl Notifier {
    pub(super) fn new(environment: String, events: broadcast::Sender<Event>) -> Self {
        Self {
            environment,
            pending: Arc::default(),
            events,
        }
    }

    /// Something of this topic has changed.
    pub(super) fn mark(&self, topic: Topic) {
        let mut pending = self.lock();
        let first = pending.is_empty();
        pending.insert(topic);
        drop(pending);
        if first {
            let notifier = self.clone();
            tokio::spawn(async move {
                tokio::time::sleep(FRAME).await;
                notifier.flush();
            });
        }
    }

    fn flush(&self) {
        let topics: Vec<Topic> = std::mem::take(&mut *self.lock()).into_iter().collect();
        // Nobody listening is fine.
        _ = self.events.send(Event::Changed {
            environment: self.environment.clone(),
            topics,
        });
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeSet<Topic>> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
