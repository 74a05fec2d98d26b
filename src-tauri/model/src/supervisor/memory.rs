//! What of a service must outlive the engine, and how a new one goes on from it.

use super::backoff::Backoff;
use super::message::{Effect, Found, Restored};
use super::service::{ServiceState, Then};
use crate::exit::Exit;
use crate::plan::BuildStrategy;
use crate::status::{Health, Lifecycle};
use crate::time::Tick;
use serde::{Deserialize, Serialize};

/// What is written down of a service before each act. What is absent in a record
/// of an older engine has its default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    /// It is meant to run.
    pub wanted: bool,
    /// Number of the last start; 0 before the first.
    pub generation: u64,
    /// Hash of the definition of that start.
    pub definition: Option<String>,
    /// The last health that was known: a restart of the engine is no news.
    pub health: Health,
    /// Restarts counted in this run.
    pub restarts: u32,
    /// Where it was in its life.
    #[serde(default)]
    pub lifecycle: Lifecycle,
    /// Why.
    #[serde(default)]
    pub cause: String,
    /// Failures since it last proved itself.
    #[serde(default)]
    pub failures: u32,
    /// A build was asked for that had not ended.
    #[serde(default)]
    pub build_pending: bool,
}

impl ServiceState {
    /// What must outlive the engine.
    #[must_use]
    pub fn memory(&self) -> Memory {
        Memory {
            wanted: self.wanted,
            generation: self.generation,
            definition: self.launched_definition.clone(),
            health: self.known_health,
            restarts: self.restarts,
            lifecycle: self.lifecycle,
            cause: self.cause.clone(),
            failures: self.backoff.in_a_row,
            build_pending: self.wanted && self.builds.is_pending(),
        }
    }

    /// Takes over what an earlier engine left behind.
    pub(super) fn restore(&mut self, restored: Restored, now: Tick, effects: &mut Vec<Effect>) {
        let Memory {
            wanted,
            generation,
            definition,
            health,
            restarts,
            lifecycle,
            cause,
            failures,
            build_pending,
        } = restored.memory;
        self.generation = self.generation.max(generation);
        self.wanted = wanted;
        self.restarts = restarts;
        self.launched_definition = definition;
        self.backoff = Backoff::resumed(failures);
        if build_pending && wanted && self.spec.can_rebuild() {
            self.builds.ask(0);
        }
        match restored.found {
            Found::Running => self.restore_living(lifecycle, health, now, effects),
            Found::Ended(exit) if wanted => self.restore_ended(lifecycle, exit, &cause, now),
            Found::Nothing { cause: Some(cause) } => {
                self.wanted = false;
                self.enter(Lifecycle::Stopped, &cause);
            }
            Found::Nothing { cause: None } if wanted => match lifecycle {
                Lifecycle::Backoff => self.resume_backoff(&cause, now),
                _ => self.head_for_start("was meant to run"),
            },
            found => self.restore_at_rest(lifecycle, &cause, found),
        }
    }

    fn restore_living(
        &mut self,
        lifecycle: Lifecycle,
        health: Health,
        now: Tick,
        effects: &mut Vec<Effect>,
    ) {
        self.come_up(Some(health), now);
        self.cause = "adopted: it ran on while the engine was away".to_owned();
        let stopping = lifecycle == Lifecycle::Stopping;
        let rebuilt =
            self.builds.is_pending() && self.spec.build_strategy == BuildStrategy::StopFirst;
        match self.wanted {
            // The stop was on its way: by hand, or waiting for its turn.
            false if stopping => self.end_instance(Then::Stay, "stop requested", now, effects),
            false => self.stop_in_order = true,
            true if rebuilt || stopping => self.then = Then::Start,
            true => {}
        }
    }

    fn restore_ended(&mut self, lifecycle: Lifecycle, exit: Exit, cause: &str, now: Tick) {
        match lifecycle {
            _ if self.builds.is_pending() => {
                self.last_exit = Some(exit);
                self.head_for_start("rebuild requested");
            }
            // It was being replaced, or waited for its next start: that end is
            // old news.
            Lifecycle::Stopping | Lifecycle::Waiting | Lifecycle::Building => {
                self.last_exit = Some(exit);
                self.head_for_start("was meant to run");
            }
            Lifecycle::Backoff => {
                self.last_exit = Some(exit);
                self.resume_backoff(cause, now);
            }
            _ => {
                self.lifecycle = Lifecycle::Running;
                self.on_exit(exit, now);
            }
        }
    }

    fn restore_at_rest(&mut self, lifecycle: Lifecycle, cause: &str, found: Found) {
        if let Found::Ended(exit) = found {
            self.last_exit = Some(exit);
        }
        if matches!(lifecycle, Lifecycle::Completed | Lifecycle::Failed) {
            self.enter(lifecycle, cause);
        }
    }
}
