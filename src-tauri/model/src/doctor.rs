//! Is this machine able to run the environment? From facts to one verdict each, with the
//! reason and the fix.
//!
//! Reading order: [`facts`] is what was found out, by whoever may look; [`examine`] judges
//! all of it. Each group of checks has a file: `runtime`, `machine`, `network`,
//! `environment`, `leftovers`, `benchtop`. [`preflight`] is the part that a start asks.

mod benchtop;
mod environment;
pub mod facts;
pub mod leftovers;
mod machine;
mod network;
pub mod preflight;
mod runtime;
mod text;

pub use network::covers;
pub use text::as_text;

use crate::time::{Millis, Timestamp};
use facts::Facts;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// All verdicts on a machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DoctorReport {
    /// The worst of all checks.
    pub status: DoctorState,
    /// How many checks have which state.
    pub metrics: DoctorMetrics,
    /// In the order of the groups.
    pub checks: Vec<DoctorCheck>,
    /// How long the examination took.
    pub took: Millis,
    /// When it ended.
    pub at: Timestamp,
}

/// How many checks have which state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DoctorMetrics {
    /// Nothing to do.
    pub passed: u32,
    /// Works, and may not work tomorrow, or not for everything.
    pub warned: u32,
    /// Does not work.
    pub failed: u32,
    /// Could not be looked at, or does not apply.
    pub skipped: u32,
}

/// One verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DoctorCheck {
    /// Its stable name, such as `loopback-ipv6`.
    pub id: String,
    /// Under which heading it is shown.
    pub group: DoctorGroup,
    /// What was looked at, a few words.
    pub title: String,
    /// How it is.
    pub state: DoctorState,
    /// Why, one sentence without a full stop.
    pub reason: String,
    /// What to do, one sentence without a full stop; present where the state is Warn or
    /// Fail.
    pub fix: Option<String>,
    /// What was found, as pairs of a name and a value.
    pub details: Vec<[String; 2]>,
    /// The fix as one click, where it can be one.
    pub action: Option<DoctorAction>,
}

/// The headings, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum DoctorGroup {
    /// Container runtimes.
    Runtime,
    /// Disk, memory, processors and limits.
    Machine,
    /// Loopback, names, proxies.
    Network,
    /// What one environment needs.
    Environment,
    /// What nobody owns any more.
    Leftovers,
    /// Benchtop itself.
    Benchtop,
}

impl DoctorGroup {
    /// Each of them.
    pub const ALL: [Self; 6] = [
        Self::Runtime,
        Self::Machine,
        Self::Network,
        Self::Environment,
        Self::Leftovers,
        Self::Benchtop,
    ];

    /// The heading.
    #[must_use]
    pub fn heading(self) -> &'static str {
        match self {
            Self::Runtime => "Container runtime",
            Self::Machine => "This machine",
            Self::Network => "Network",
            Self::Environment => "Environment",
            Self::Leftovers => "Leftovers",
            Self::Benchtop => "Benchtop",
        }
    }
}

/// How one thing is. In the order of severity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum DoctorState {
    /// It was not looked at, for the reason given.
    Skipped,
    /// As it should be.
    Pass,
    /// It works, with a reservation.
    Warn,
    /// It does not work.
    Fail,
}

impl DoctorState {
    /// As people read it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Skipped => "Skipped",
            Self::Pass => "Pass",
            Self::Warn => "Warning",
            Self::Fail => "Fail",
        }
    }
}

/// A fix that can be one click. Each asks a person first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum DoctorAction {
    /// Remove what nobody owns.
    RemoveLeftovers {
        /// What, each with its identity for `doctor.clean`.
        items: Vec<leftovers::Leftover>,
    },
    /// Ask the program that holds a port to end.
    FreePort {
        /// The port.
        port: u16,
        /// The program's process id.
        pid: u32,
        /// The program's name.
        program: String,
    },
    /// Copy a command to the clipboard.
    Copy {
        /// The command.
        command: String,
    },
}

/// Judges all that was found out.
#[must_use]
pub fn examine(facts: &Facts, took: Millis, at: Timestamp) -> DoctorReport {
    let wants = facts.environment.as_ref().ok().map(|e| &e.wants);
    let mut checks = runtime::checks(&facts.runtimes, wants);
    checks.extend(machine::checks(&facts.machine, &facts.runtimes, wants));
    checks.extend(network::checks(&facts.network));
    checks.extend(environment::checks(&facts.environment));
    checks.push(leftovers::check(&facts.leftovers));
    checks.extend(benchtop::checks(&facts.benchtop));
    DoctorReport::of(checks, took, at)
}

impl DoctorReport {
    /// The report of these checks.
    #[must_use]
    pub fn of(checks: Vec<DoctorCheck>, took: Millis, at: Timestamp) -> Self {
        let count = |state| {
            let found = checks.iter().filter(|check| check.state == state).count();
            u32::try_from(found).unwrap_or(u32::MAX)
        };
        Self {
            status: checks
                .iter()
                .map(|check| check.state)
                .max()
                .unwrap_or(DoctorState::Skipped),
            metrics: DoctorMetrics {
                passed: count(DoctorState::Pass),
                warned: count(DoctorState::Warn),
                failed: count(DoctorState::Fail),
                skipped: count(DoctorState::Skipped),
            },
            checks,
            took,
            at,
        }
    }

    /// With other verdicts of the same names in place of these: a face knows its own
    /// version better than the engine does.
    #[must_use]
    pub fn with(self, others: Vec<DoctorCheck>) -> Self {
        let mut checks = self.checks;
        for other in others {
            match checks.iter_mut().find(|check| check.id == other.id) {
                Some(check) => *check = other,
                None => checks.push(other),
            }
        }
        Self::of(checks, self.took, self.at)
    }

    /// The check of this name.
    #[must_use]
    pub fn check(&self, id: &str) -> Option<&DoctorCheck> {
        self.checks.iter().find(|check| check.id == id)
    }
}

/// The verdict on the versions of a face and the engine, for a face that asks by itself.
#[must_use]
pub fn versions(facts: &facts::BenchtopFacts) -> DoctorCheck {
    benchtop::versions(facts)
}

impl DoctorCheck {
    fn new(
        id: &str,
        group: DoctorGroup,
        title: &str,
        state: DoctorState,
        reason: impl Into<String>,
    ) -> Self {
        Self {
            id: id.to_owned(),
            group,
            title: title.to_owned(),
            state,
            reason: reason.into(),
            fix: None,
            details: Vec::new(),
            action: None,
        }
    }

    fn fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = Some(fix.into());
        self
    }

    fn detail(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.details.push([name.into(), value.into()]);
        self
    }

    fn details(mut self, all: impl IntoIterator<Item = [String; 2]>) -> Self {
        self.details.extend(all);
        self
    }

    fn action(mut self, action: DoctorAction) -> Self {
        self.action = Some(action);
        self
    }
}

/// Makes the verdicts of one named thing, so that each file names it once.
#[derive(Clone, Copy)]
struct Subject(&'static str, DoctorGroup, &'static str);

impl Subject {
    fn pass(self, reason: impl Into<String>) -> DoctorCheck {
        DoctorCheck::new(self.0, self.1, self.2, DoctorState::Pass, reason)
    }

    fn warn(self, reason: impl Into<String>, fix: impl Into<String>) -> DoctorCheck {
        DoctorCheck::new(self.0, self.1, self.2, DoctorState::Warn, reason).fix(fix)
    }

    fn fail(self, reason: impl Into<String>, fix: impl Into<String>) -> DoctorCheck {
        DoctorCheck::new(self.0, self.1, self.2, DoctorState::Fail, reason).fix(fix)
    }

    fn skipped(self, reason: impl Into<String>) -> DoctorCheck {
        DoctorCheck::new(self.0, self.1, self.2, DoctorState::Skipped, reason)
    }
}

#[cfg(test)]
mod tests;
