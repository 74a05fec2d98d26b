//! All that can happen to an environment, and all that it can ask for.

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
    /// What an earlier engine left behind, told once before anything else.
    Restored(Restored),
    /// The definition has changed.
    Replan(Box<Plan>),
    /// Time has passed.
    Tick,
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
    /// The last start.
    pub generation: u64,
    /// Whether it was meant to run.
    pub wanted: bool,
    /// What was found of it.
    pub found: Found,
    /// Hash of the definition it was started from.
    pub definition: Option<String>,
    /// The last health that was known: a restart of the engine is no news.
    pub health: Health,
    /// Restarts counted in this run.
    pub restarts: u32,
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
