//! Why is it red? From what is known of every service to one sentence each, with the
//! evidence and the next step.
//!
//! Reading order: [`evidence`] is what is known, [`rule`] recognises one cause in it,
//! [`rules`] reads the lists of rules, `judge` finds the cause within one service, and
//! `chain` follows it through the dependencies to the service where it began.

mod chain;
pub mod evidence;
mod judge;
pub mod rule;
pub mod rules;

use crate::status::Status;
use evidence::ServiceEvidence;
use rules::Rules;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Why one service is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Diagnosis {
    /// The service.
    pub service: String,
    /// What a person sees of it.
    pub status: Status,
    /// The rule that recognised the cause; absent where only the facts are repeated.
    pub rule: Option<String>,
    /// Why, one sentence without a full stop.
    pub sentence: String,
    /// What to do, one sentence without a full stop.
    pub next: Option<String>,
    /// The service where it began, where that is another one.
    pub root: Option<String>,
    /// The way to it: this service first, the root last. Empty where it began here.
    pub chain: Vec<String>,
    /// What the sentence rests upon.
    pub evidence: Vec<Proof>,
    /// Next steps that can be one click.
    pub actions: Vec<Action>,
}

impl Diagnosis {
    /// How far it is from where the trouble began: 0 for a root.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.chain.len()
    }
}

/// One thing that a diagnosis rests upon.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum Proof {
    /// A line of the log.
    Line {
        /// Its service.
        service: String,
        /// Its number.
        #[ts(type = "number")]
        seq: u64,
        /// Its text.
        text: String,
    },
    /// How the last instance ended.
    Exit {
        /// `exited with code 137 (killed: out of memory)`.
        text: String,
    },
    /// What a probe answered.
    Probe {
        /// `ready http`.
        probe: String,
        /// The answer.
        text: String,
    },
    /// What the supervisor says.
    Reason {
        /// Its sentence.
        text: String,
    },
    /// The state of a service it needs.
    Dependency {
        /// Its name.
        service: String,
        /// Its status.
        status: Status,
    },
}

/// A next step that can be one click. The words on the button are the face's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum Action {
    /// Show a line of the log in its surroundings.
    ShowLine {
        /// Its number.
        #[ts(type = "number")]
        seq: u64,
    },
    /// Start a service.
    Start {
        /// Its name.
        service: String,
    },
    /// Restart a service.
    Restart {
        /// Its name.
        service: String,
    },
    /// Build a service anew and restart it.
    Rebuild {
        /// Its name.
        service: String,
    },
    /// Start a service whose image is not here: that pulls it.
    PullImage {
        /// The service.
        service: String,
        /// The image.
        image: String,
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
    /// Let an endpoint use another port until the run ends.
    UsePort {
        /// Whose endpoint it is.
        service: String,
        /// The port that is taken.
        port: u16,
        /// The one that is free.
        instead: u16,
    },
    /// Open a file of the user's at a line.
    OpenFile {
        /// As the program named it.
        file: String,
        /// 1-based.
        line: u32,
    },
    /// Copy a command to the clipboard.
    Copy {
        /// The command.
        command: String,
    },
}

/// What is wrong with every service that is Unhealthy, Degraded, or kept waiting.
///
/// `all` holds every service of the environment, healthy ones too: whether a dependency
/// is well decides who is to blame.
#[must_use]
pub fn diagnose(all: &[ServiceEvidence], rules: &Rules) -> Vec<Diagnosis> {
    let found = all
        .iter()
        .filter(|service| service.is_in_trouble())
        .map(|service| (service.name.clone(), judge::judge(service, all, rules)))
        .collect();
    chain::resolve(all, &found)
}

#[cfg(test)]
mod tests;
