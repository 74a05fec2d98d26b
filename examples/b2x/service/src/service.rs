//! The running service: its dependencies, how far its start has come, and the
//! report on both.

use crate::{
    dependency::Dependencies,
    health::{Finding, Report},
    log::Logger,
    role::Role,
    settings::Settings,
};
use anyhow::Result;
use std::{
    sync::{Mutex, PoisonError},
    time::Instant,
};

/// What the routes, the start and the background work share.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) role: Role,
    pub(crate) log: Logger,
    pub(crate) dependencies: Dependencies,
    /// What the start still waits for; `None` once it is over.
    pending: Mutex<Option<String>>,
}

/// The question that a `/health` route asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Question {
    /// Everything there is to say.
    Whole,
    /// Does it run? Answering is the answer.
    Live,
    /// Can it serve? Started, and all dependencies answer.
    Ready,
    /// Is the start over, migration included?
    Startup,
}

impl Service {
    pub(crate) fn new(role: Role, settings: Settings, log: Logger) -> Result<Self> {
        Ok(Self {
            role,
            log,
            dependencies: Dependencies::new(role, settings)?,
            pending: Mutex::new(Some("not begun".into())),
        })
    }

    /// Notes what the start waits for now.
    pub(crate) fn start_waits_for(&self, what: String) {
        *self.pending.lock().unwrap_or_else(PoisonError::into_inner) = Some(what);
    }

    /// Notes that the start is over.
    pub(crate) fn start_is_over(&self) {
        *self.pending.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Finds out what `question` asks.
    pub(crate) async fn report(&self, question: Question) -> Report {
        let begun = Instant::now();
        let mut findings = Vec::new();
        if matches!(question, Question::Whole | Question::Live) {
            findings.push(("service".to_owned(), Ok(())));
        }
        if question != Question::Live {
            findings.push(self.startup_finding());
        }
        if matches!(question, Question::Whole | Question::Ready) {
            findings.extend(self.dependencies.check_all().await);
        }
        Report::new(findings, begun.elapsed())
    }

    fn startup_finding(&self) -> Finding {
        let pending = self
            .pending
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        ("startup".to_owned(), pending.map_or(Ok(()), Err))
    }
}
