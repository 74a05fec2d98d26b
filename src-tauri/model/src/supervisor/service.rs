//! The machine of one service: what it is, what is wanted of it, and how it
//! takes commands and reports.

use super::backoff::{Backoff, scramble};
use super::build::Builds;
use super::health::HealthState;
use super::message::{Effect, Report};
use crate::exit::Exit;
use crate::plan::{RestartPolicy, Service};
use crate::signal;
use crate::status::{Health, Lifecycle, Status, status};
use crate::time::Tick;

/// The state of one service.
#[derive(Clone, Debug)]
pub struct ServiceState {
    /// Its definition; what runs may stem from an older one.
    pub spec: Service,
    /// Hash of that definition.
    pub(super) definition: String,
    /// Whether it is meant to run.
    pub wanted: bool,
    /// Where it is in its life.
    pub lifecycle: Lifecycle,
    /// What its probes say. See [`HealthState`].
    pub health: HealthState,
    /// The health that was last made known.
    pub known_health: Health,
    /// Number of the current or last start; 0 before the first.
    pub generation: u64,
    /// Starts after unexpected ends since it was last idle on purpose.
    pub restarts: u32,
    /// How the last instance ended.
    pub last_exit: Option<Exit>,
    /// When the next start is due, in Backoff.
    pub next_start: Option<Tick>,
    /// Hash of the definition that the instance was started from.
    pub launched_definition: Option<String>,
    /// Why it is as it is, where nothing more recent can be computed.
    pub(super) cause: String,
    /// What follows when the current instance has ended.
    pub(super) then: Then,
    /// Stop as soon as no dependant has an instance.
    pub(super) stop_in_order: bool,
    /// No longer defined; forgotten once it has ended.
    pub(super) removed: bool,
    /// What was last made known by [`Effect::Transition`].
    pub(super) told: (Lifecycle, Health, u64),
    pub(super) backoff: Backoff,
    pub(super) builds: Builds,
    up_since: Option<Tick>,
}

/// What follows when the current instance has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Then {
    /// It stays stopped.
    Stay,
    /// It is started anew.
    Start,
    /// It had failed its probes: as after a crash.
    Fail(String),
}

impl ServiceState {
    pub(super) fn new(spec: Service) -> Self {
        Self {
            definition: spec.definition_hash(),
            spec,
            wanted: false,
            lifecycle: Lifecycle::Stopped,
            health: HealthState::default(),
            known_health: Health::Unknown,
            generation: 0,
            restarts: 0,
            last_exit: None,
            next_start: None,
            launched_definition: None,
            cause: String::new(),
            then: Then::Stay,
            stop_in_order: false,
            removed: false,
            told: (Lifecycle::Stopped, Health::Unknown, 0),
            backoff: Backoff::default(),
            builds: Builds::default(),
            up_since: None,
        }
    }

    /// One that is no longer defined, of which something may be left.
    pub(super) fn retiring(spec: Service) -> Self {
        Self {
            removed: true,
            ..Self::new(spec)
        }
    }

    /// What a person sees.
    #[must_use]
    pub fn status(&self) -> Status {
        status(self.lifecycle, self.known_health)
    }

    /// Whether what runs stems from another definition than the present one.
    #[must_use]
    pub fn is_outdated(&self) -> bool {
        self.lifecycle.may_have_instance()
            && self
                .launched_definition
                .as_ref()
                .is_some_and(|hash| *hash != self.definition)
    }

    /// Whether a build was asked for that has not ended yet.
    #[must_use]
    pub fn is_build_pending(&self) -> bool {
        self.builds.is_pending()
    }

    /// Why the last build failed, while the instance from before it goes on.
    #[must_use]
    pub fn build_failure(&self) -> Option<&str> {
        self.builds.failure()
    }

    /// Whether nothing of it is left: neither an instance nor a build.
    pub(super) fn is_gone(&self) -> bool {
        !self.lifecycle.may_have_instance() && !self.builds.is_running()
    }

    pub(super) fn next_deadline(&self) -> Option<Tick> {
        match self.lifecycle {
            Lifecycle::Backoff => self.next_start,
            Lifecycle::Running => self.health.next_deadline(self.known_health),
            _ => None,
        }
    }

    /// Makes it wanted; what runs from the present definition is left alone.
    pub(super) fn up(&mut self, turn: u64, now: Tick) {
        let runs = matches!(
            self.lifecycle,
            Lifecycle::Starting | Lifecycle::Running | Lifecycle::Waiting | Lifecycle::Building
        );
        let goes_on = self.wanted || self.lifecycle.may_have_instance();
        if runs && goes_on && !self.is_outdated() {
            self.wanted = true;
            self.stop_in_order = false;
        } else if self.lifecycle != Lifecycle::Completed {
            self.start(turn, now);
        }
    }

    /// A start by hand: forgets earlier failures.
    pub(super) fn start(&mut self, turn: u64, _now: Tick) {
        let rested = !self.wanted;
        self.wanted = true;
        self.stop_in_order = false;
        self.builds.renew();
        match self.lifecycle {
            Lifecycle::Stopping => {
                self.then = Then::Start;
                if rested {
                    self.ask_for_build(turn);
                }
            }
            Lifecycle::Starting | Lifecycle::Running | Lifecycle::Waiting | Lifecycle::Building
                if !self.is_outdated() => {}
            // Outdated: stopped first, in `advance`.
            Lifecycle::Starting | Lifecycle::Running => self.then = Then::Start,
            _ => {
                self.forgive();
                self.ask_for_build(turn);
                self.head_for_start("start requested");
            }
        }
    }

    /// A stop by hand: at once, whatever depends on it.
    pub(super) fn stop(&mut self, now: Tick, effects: &mut Vec<Effect>) {
        self.wanted = false;
        self.end_instance(Then::Stay, "stop requested", now, effects);
    }

    /// What is under way ends; what is up stays, without the build that was to
    /// replace it.
    pub(super) fn cancel(&mut self, now: Tick, effects: &mut Vec<Effect>) {
        match self.lifecycle {
            Lifecycle::Running => self.builds.call_off(),
            Lifecycle::Stopped | Lifecycle::Completed | Lifecycle::Failed => {}
            _ => self.stop(now, effects),
        }
    }

    pub(super) fn want_ordered_stop(&mut self) {
        self.wanted = false;
        self.stop_in_order = true;
        self.then = Then::Stay;
    }

    /// What runs of an older definition is started anew, and so is what has
    /// failed or waits because of it.
    pub(super) fn follow_definition(&mut self, changed: bool, turn: u64, now: Tick) {
        let stuck = matches!(self.lifecycle, Lifecycle::Failed | Lifecycle::Backoff);
        if self.wanted && self.is_outdated() || changed && stuck {
            self.start(turn, now);
        }
    }

    /// From rest it runs what is written now.
    fn ask_for_build(&mut self, turn: u64) {
        if self.spec.build.is_some() {
            self.builds.ask(turn);
        }
    }

    /// What failed before does not count any more.
    pub(super) fn forgive(&mut self) {
        self.backoff = Backoff::default();
    }

    pub(super) fn restart(&mut self, now: Tick, effects: &mut Vec<Effect>) {
        self.wanted = true;
        self.stop_in_order = false;
        self.builds.renew();
        self.forgive();
        self.end_instance(Then::Start, "restart requested", now, effects);
    }

    /// Ends the instance, if there is one, and sees to it that `then` follows.
    pub(super) fn end_instance(
        &mut self,
        then: Then,
        cause: &str,
        _now: Tick,
        effects: &mut Vec<Effect>,
    ) {
        match self.lifecycle {
            Lifecycle::Starting | Lifecycle::Running => {
                self.then = then;
                self.enter(Lifecycle::Stopping, cause);
                effects.push(Effect::Stop {
                    service: self.spec.name.clone(),
                    generation: self.generation,
                    signal: self.spec.stop_signal.unwrap_or(signal::TERM),
                    grace: self.spec.stop_grace,
                });
            }
            Lifecycle::Stopping => self.then = then,
            // A stop of what has failed or completed acknowledges it.
            Lifecycle::Stopped if then == Then::Stay => {}
            // It is Stopped once its build has ended; see `drop_unwanted`.
            Lifecycle::Building => {}
            _ if then == Then::Stay => self.enter(Lifecycle::Stopped, cause),
            _ if then == Then::Start => self.head_for_start(cause),
            _ => {}
        }
    }

    pub(super) fn launch(&mut self, effects: &mut Vec<Effect>) {
        self.generation += 1;
        self.launched_definition = Some(self.definition.clone());
        self.then = Then::Stay;
        self.enter(Lifecycle::Starting, "its conditions hold");
        effects.push(Effect::Launch {
            service: self.spec.name.clone(),
            generation: self.generation,
        });
    }

    /// Takes a report, if it belongs to the current start.
    pub(super) fn on_report(
        &mut self,
        generation: u64,
        report: Report,
        now: Tick,
        _effects: &mut Vec<Effect>,
    ) {
        if generation != self.generation || !self.lifecycle.may_have_instance() {
            return;
        }
        match report {
            Report::Launched if self.lifecycle == Lifecycle::Starting => self.come_up(None, now),
            Report::Launched => {}
            Report::LaunchFailed { cause, retry } => self.on_launch_failed(cause, retry, now),
            Report::Exited(exit) => self.on_exit(exit, now),
            Report::Removed { cause } => self.on_removed(cause, now),
            Report::Probed { role, result } => self.health.on_result(role, result, now),
        }
    }

    pub(super) fn come_up(&mut self, assumed: Option<Health>, now: Tick) {
        self.enter(Lifecycle::Running, "its instance runs");
        self.up_since = Some(now);
        self.health
            .begin(&self.spec.probes, assumed, self.salt(), now);
    }

    fn on_launch_failed(&mut self, cause: String, retry: bool, now: Tick) {
        if self.lifecycle == Lifecycle::Stopping {
            return self.after_end(now);
        }
        match (retry, self.spec.restart) {
            (false, _) | (true, RestartPolicy::No) => self.fail(cause),
            (true, _) => self.back_off(&cause, now),
        }
    }

    pub(super) fn on_exit(&mut self, exit: Exit, now: Tick) {
        self.last_exit = Some(exit.clone());
        if self.lifecycle == Lifecycle::Stopping {
            return self.after_end(now);
        }
        let again = match self.spec.restart {
            RestartPolicy::No => false,
            RestartPolicy::Always | RestartPolicy::UnlessStopped => true,
            RestartPolicy::OnFailure { .. } => !exit.is_success(),
        };
        match (again, exit.is_success()) {
            (true, _) => self.back_off(&exit.describe(), now),
            (false, true) => self.come_to_rest(Lifecycle::Completed, &exit.describe()),
            (false, false) => self.fail(exit.describe()),
        }
    }

    /// Taken away by somebody else: it is not brought back behind their back.
    fn on_removed(&mut self, cause: String, now: Tick) {
        match self.lifecycle {
            Lifecycle::Stopping => self.after_end(now),
            _ => self.fail(cause),
        }
    }

    /// The instance that was to end has ended.
    fn after_end(&mut self, now: Tick) {
        match std::mem::replace(&mut self.then, Then::Stay) {
            Then::Start if self.wanted => self.head_for_start("restart requested"),
            Then::Fail(cause) if self.wanted => self.back_off(&cause, now),
            _ => {
                let cause = self.stopped_cause();
                self.enter(Lifecycle::Stopped, &cause);
            }
        }
    }

    fn stopped_cause(&self) -> String {
        match &self.last_exit {
            Some(exit) if exit.killed_after_grace => {
                format!("killed after {}", self.spec.stop_grace)
            }
            _ => "stopped".to_owned(),
        }
    }

    fn back_off(&mut self, cause: &str, now: Tick) {
        self.backoff.on_failure(self.up_since, now);
        let limit = match self.spec.restart {
            RestartPolicy::OnFailure { max } => max,
            _ => None,
        };
        if limit.is_some_and(|max| self.backoff.in_a_row > max) {
            return self.fail(format!(
                "{cause}; gave up after {} restarts",
                self.backoff.in_a_row - 1
            ));
        }
        if self.backoff.is_crash_loop() {
            return self.fail(format!(
                "crash loop: failed 6 times in 10 minutes; last: {cause}"
            ));
        }
        self.restarts += 1;
        self.resume_backoff(cause, now);
    }

    /// Waits for the next start; the failure was counted already.
    pub(super) fn resume_backoff(&mut self, cause: &str, now: Tick) {
        let delay = self.backoff.delay(self.salt());
        self.enter(Lifecycle::Backoff, cause);
        self.next_start = Some(now.after(delay));
    }

    pub(super) fn fail(&mut self, cause: String) {
        self.come_to_rest(Lifecycle::Failed, &cause);
    }

    /// It ended by itself and is not restarted, unless something new is being
    /// built in its place.
    fn come_to_rest(&mut self, lifecycle: Lifecycle, cause: &str) {
        if self.wanted && self.builds.is_pending() {
            return self.enter(Lifecycle::Building, cause);
        }
        self.wanted = false;
        self.enter(lifecycle, cause);
    }

    /// What runs is ours, whoever started it: shown, probed, and ended with the
    /// environment.
    pub(super) fn on_started_outside(&mut self, definition: Option<String>, now: Tick) {
        if self.lifecycle.may_have_instance() {
            return;
        }
        self.generation += 1;
        self.wanted = true;
        self.launched_definition = definition;
        self.come_up(None, now);
        self.cause = "its container was started by somebody else".to_owned();
    }

    pub(super) fn redefine(&mut self, spec: Service) {
        self.removed = false;
        self.definition = spec.definition_hash();
        self.spec = spec;
    }

    /// Enters a state. The end of an instance ends its health.
    pub(super) fn enter(&mut self, lifecycle: Lifecycle, cause: &str) {
        self.lifecycle = lifecycle;
        self.cause = cause.to_owned();
        self.next_start = None;
        if lifecycle != Lifecycle::Running {
            self.up_since = self.up_since.filter(|_| lifecycle == Lifecycle::Stopping);
            self.health.end();
            self.known_health = Health::Unknown;
        }
    }

    /// A number that differs between services and starts.
    fn salt(&self) -> u64 {
        self.spec.name.bytes().fold(self.generation, |salt, byte| {
            scramble(salt ^ u64::from(byte))
        })
    }
}
