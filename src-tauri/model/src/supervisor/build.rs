//! Building: what is due, what runs, and what follows.
//!
//! A service has at most one build at a time, and a build that was asked for is
//! answered exactly once with [`super::Event::Built`], however it ended. Until
//! then nothing of it is taken to be gone: neither does another build begin, nor
//! is the service forgotten or the environment idle.

use super::Supervisor;
use super::message::{BuildOutcome, Effect};
use super::service::{ServiceState, Then};
use crate::plan::BuildStrategy;
use crate::status::Lifecycle;
use crate::time::Tick;

/// Builds that run at a time in one environment. Design, section 5.3.
pub const PARALLEL_BUILDS: usize = 2;

/// The builds of one service.
#[derive(Clone, Debug, Default)]
pub(super) struct Builds {
    /// One must be done; the number says since when, so that the first to ask
    /// is the first to build.
    due: Option<u64>,
    /// The one that runs.
    running: Option<u64>,
    /// The one that runs was told to end.
    cancelled: bool,
    /// The one that runs is not wanted any more, though the service is.
    called_off: bool,
    /// Number of the last one.
    count: u64,
    /// Why the last one failed, while an instance from before it goes on.
    failure: Option<String>,
}

impl Builds {
    pub(super) fn is_running(&self) -> bool {
        self.running.is_some()
    }

    pub(super) fn is_pending(&self) -> bool {
        self.due.is_some() || self.running.is_some()
    }

    pub(super) fn failure(&self) -> Option<&str> {
        self.failure.as_deref()
    }

    /// Asks for one. What is being built now is of older files, and is built
    /// once more.
    pub(super) fn ask(&mut self, turn: u64) {
        self.due.get_or_insert(turn);
        self.failure = None;
    }

    /// Nothing is to be built any more, though the service is wanted.
    pub(super) fn call_off(&mut self) {
        self.due = None;
        self.called_off = self.running.is_some();
    }

    /// It is wanted again after all: one that was told to end is done once more.
    pub(super) fn renew(&mut self) {
        if self.running.is_some() && self.cancelled {
            self.due.get_or_insert(0);
        }
    }

    /// Number of the last one.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// The service was defined before: an answer to a build of then must not be taken
    /// for one of now.
    pub(super) fn go_on_from(&mut self, count: u64) {
        self.count = count;
    }

    /// The number of a build that begins.
    fn begin(&mut self) -> u64 {
        self.due = None;
        self.cancelled = false;
        self.called_off = false;
        self.count += 1;
        self.running = Some(self.count);
        self.count
    }
}

impl ServiceState {
    /// The instance is replaced by one that was built anew.
    pub(super) fn rebuild(&mut self, turn: u64, cause: &str, now: Tick, effects: &mut Vec<Effect>) {
        self.wanted = true;
        self.stop_in_order = false;
        self.builds.ask(turn);
        self.forgive();
        let goes_on = self.spec.build_strategy == BuildStrategy::BuildFirst;
        match self.lifecycle {
            Lifecycle::Starting | Lifecycle::Running if goes_on => {}
            Lifecycle::Starting | Lifecycle::Running | Lifecycle::Stopping => {
                self.end_instance(Then::Start, cause, now, effects);
            }
            Lifecycle::Building => {}
            _ => self.enter(Lifecycle::Building, cause),
        }
    }

    /// The way to a start: through a build, where one is due.
    pub(super) fn head_for_start(&mut self, cause: &str) {
        match self.builds.is_pending() {
            true => self.enter(Lifecycle::Building, cause),
            false => self.enter(Lifecycle::Waiting, cause),
        }
    }

    /// Takes the outcome of a build, if it is the one that runs.
    pub(super) fn on_built(
        &mut self,
        build: u64,
        outcome: BuildOutcome,
        now: Tick,
        effects: &mut Vec<Effect>,
    ) -> bool {
        if self.builds.running != Some(build) {
            return false;
        }
        self.builds.running = None;
        if self.builds.due.is_some() && self.wanted {
            return false;
        }
        match (self.lifecycle, outcome) {
            (Lifecycle::Building, _) if !self.wanted => {
                self.enter(Lifecycle::Stopped, "stopped");
            }
            (Lifecycle::Building, _) if !self.spec.can_rebuild() => {
                self.enter(Lifecycle::Waiting, "there is nothing to build");
            }
            (Lifecycle::Building, BuildOutcome::Done) => self.enter(Lifecycle::Waiting, "built"),
            (Lifecycle::Building, BuildOutcome::Failed { cause }) => self.fail(cause),
            (Lifecycle::Building, BuildOutcome::Cancelled) => {
                self.fail("its build was ended by somebody else".to_owned());
            }
            // With `build-first` the instance from before is there still.
            (Lifecycle::Starting | Lifecycle::Running, BuildOutcome::Done) if self.wanted => {
                self.end_instance(Then::Start, "built anew", now, effects);
                return true;
            }
            (_, BuildOutcome::Failed { cause }) => self.builds.failure = Some(cause),
            _ => {}
        }
        false
    }
}

impl Supervisor {
    /// Begins builds that are due, the oldest first, as many as may run at a
    /// time, and ends those that nobody wants any more. Says whether anything
    /// moved.
    pub(super) fn advance_builds(&mut self, effects: &mut Vec<Effect>) -> bool {
        let mut moved = false;
        for service in self.services.values_mut() {
            moved |= drop_unwanted(service, effects);
        }
        let running = |s: &&ServiceState| s.builds.is_running();
        let mut free =
            PARALLEL_BUILDS.saturating_sub(self.services.values().filter(running).count());
        while free > 0 {
            let Some(service) = self.next_to_build() else {
                break;
            };
            let build = service.builds.begin();
            effects.push(Effect::Build {
                service: service.spec.name.clone(),
                build,
            });
            free -= 1;
            moved = true;
        }
        moved
    }

    fn next_to_build(&mut self) -> Option<&mut ServiceState> {
        self.services
            .values_mut()
            .filter(|s| s.may_build())
            .min_by_key(|s| s.builds.due)
    }
}

impl ServiceState {
    fn may_build(&self) -> bool {
        let in_place = match self.spec.build_strategy {
            BuildStrategy::BuildFirst => matches!(
                self.lifecycle,
                Lifecycle::Building | Lifecycle::Starting | Lifecycle::Running
            ),
            BuildStrategy::StopFirst => self.lifecycle == Lifecycle::Building,
        };
        self.wanted && in_place && self.builds.due.is_some() && !self.builds.is_running()
    }
}

/// A stop ends builds, and so does a definition that has none any more; a build
/// that is to be done again ends, too.
fn drop_unwanted(service: &mut ServiceState, effects: &mut Vec<Effect>) -> bool {
    let builds = &mut service.builds;
    let pending = builds.is_pending();
    if !service.wanted || !service.spec.can_rebuild() {
        builds.due = None;
    }
    let unwanted =
        !service.wanted || builds.due.is_some() || builds.called_off || !service.spec.can_rebuild();
    if let Some(build) = builds.running
        && unwanted
        && !builds.cancelled
    {
        builds.cancelled = true;
        effects.push(Effect::CancelBuild {
            service: service.spec.name.clone(),
            build,
        });
    }
    let gone = pending && !builds.is_pending();
    if service.lifecycle == Lifecycle::Building && !builds.is_pending() {
        match service.wanted {
            true => service.enter(Lifecycle::Waiting, "there is nothing to build"),
            false => service.enter(Lifecycle::Stopped, "stopped"),
        }
        return true;
    }
    gone
}
