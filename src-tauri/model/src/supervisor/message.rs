//! All that can happen to an environment, and all that it can ask for.

use super::memory::Memory;
use crate::exit::Exit;
use crate::plan::Plan;
use crate::probe::{ProbeResult, ProbeRole};
use crate::status::{Health, Lifecycle, Status};
use crate::time::Millis;

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Start these and what they depend on; everything where none is named.
    Up {
        /// Names of services.
        services: Vec<String>,
    },
    /// Stop everything, dependants first.
    Down,
    /// Start one service.
    Start {
        /// Its name.
        service: String,
        /// Start what it depends on, too.
        with_dependencies: bool,
    },
    /// Stop one service at once.
    Stop {
        /// Its name.
        service: String,
    },
    /// Stop one service and start it anew.
    Restart {
        /// Its name.
        service: String,
    },
    /// End what is under way for one service: what is up already stays.
    Cancel {
        /// Its name.
        service: String,
    },
    /// Build one service anew, and replace its instance by the result.
    Rebuild {
        /// Its name.
        service: String,
        /// What asked for it, one short sentence.
        cause: String,
    },
    /// A build has ended, and nothing of it is left.
    Built {
        /// Its service.
        service: String,
        /// Which build of that service.
        build: u64,
        /// How it ended.
        outcome: BuildOutcome,
    },
    /// Run the probes of one service without waiting for their time.
    ProbeNow {
        /// Its name.
        service: String,
    },
    /// The outcome of an effect, or news of an instance.
    Reported {
        /// Its name.
        service: String,
        /// The start that it belongs to.
        generation: u64,
        /// What is reported.
        report: Report,
    },
    /// What an earlier engine left behind, all of it at once and before anything
    /// else.
    Restored(Vec<Restored>),
    /// The definition has changed; it counts from the next start of each service
    /// on.
    Replan(Box<Plan>),
    /// Somebody else has started an instance of a service that had none.
    StartedOutside {
        /// The service.
        service: String,
        /// Hash of the definition that the instance was made from.
        definition: Option<String>,
    },
    /// The definition has changed: what has changed is restarted, what is new is
    /// started where anything runs, what is gone is stopped, and nothing else is
    /// touched.
    Apply(Box<Plan>),
    /// Time has passed.
    Tick,
}

/// How a build ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BuildOutcome {
    /// With success.
    Done,
    /// Without.
    Failed {
        /// Why, one sentence.
        cause: String,
    },
    /// It was told to end.
    Cancelled,
}

/// News of one instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report {
    /// The instance lives.
    Launched,
    /// There will be no instance.
    LaunchFailed {
        /// Why, one sentence.
        cause: String,
        /// Whether the same attempt may succeed later by itself.
        retry: bool,
    },
    /// The instance has ended, and nothing of it is left.
    Exited(Exit),
    /// The instance was taken away by somebody else.
    Removed {
        /// How that was noticed, one sentence.
        cause: String,
    },
    /// A probe has answered.
    Probed {
        /// Which.
        role: ProbeRole,
        /// The answer.
        result: ProbeResult,
    },
}

/// What an earlier engine left behind of one service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// Its name.
    pub service: String,
    /// What was written down of it.
    pub memory: Memory,
    /// What was found of it.
    pub found: Found,
}

/// What was found of an instance after a restart of the engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// It lives.
    Running,
    /// It ended in the meantime.
    Ended(Exit),
    /// There is none.
    Nothing {
        /// Why, one sentence, where that is known: a reboot.
        cause: Option<String>,
    },
}

/// Something to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Bring up an instance; answer with `Launched` or `LaunchFailed`.
    Launch {
        /// The service.
        service: String,
        /// The number of this start.
        generation: u64,
    },
    /// End the instance, or the attempt to bring it up; answer with `Exited` or
    /// `LaunchFailed` once nothing of it is left.
    Stop {
        /// The service.
        service: String,
        /// The start that is to end.
        generation: u64,
        /// Number of the signal that asks.
        signal: i32,
        /// Time between asking and killing.
        grace: Millis,
    },
    /// Run the build of a service; answer with [`Event::Built`] once nothing of
    /// it is left, however it ended.
    Build {
        /// The service.
        service: String,
        /// Which build of that service.
        build: u64,
    },
    /// End a build; it is answered with [`Event::Built`] all the same.
    CancelBuild {
        /// The service.
        service: String,
        /// Which build of that service.
        build: u64,
    },
    /// Perform a probe; answer with `Probed`.
    Probe {
        /// The service.
        service: String,
        /// The start that is probed.
        generation: u64,
        /// Which probe.
        role: ProbeRole,
    },
    /// Note that a service has changed.
    Transition {
        /// The service.
        service: String,
        /// The start in which it happened.
        generation: u64,
        /// The state entered.
        lifecycle: Lifecycle,
        /// The health entered.
        health: Health,
        /// What it was for a person until now.
        from: Status,
        /// What it is for a person from now on.
        to: Status,
        /// Why, one sentence.
        cause: String,
    },
    /// A service that is no longer defined has ended; forget it.
    Forget {
        /// The service.
        service: String,
    },
}
