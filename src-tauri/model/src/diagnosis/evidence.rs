//! What is known of a service when somebody asks why.

use crate::exit::Exit;
use crate::probe::{ProbeRole, Verdict};
use crate::status::{Lifecycle, Status};
use crate::time::Timestamp;

/// All that is known of one service.
#[derive(Clone, Debug)]
pub struct ServiceEvidence {
    /// Its name.
    pub name: String,
    /// What a person sees.
    pub status: Status,
    /// Where it is in its life.
    pub lifecycle: Lifecycle,
    /// Since when it has this status.
    pub since: Timestamp,
    /// What the supervisor says.
    pub reason: Option<String>,
    /// How the last instance ended, where one has ended.
    pub exit: Option<Exit>,
    /// The probes that do not pass.
    pub probes: Vec<FailedProbe>,
    /// The last lines of its last instance, oldest first; those from long before the
    /// trouble left out, for they say nothing about it.
    pub lines: Vec<Line>,
    /// Services it waits for or refers to.
    pub needs: Vec<String>,
    /// Of these, the ones whose condition does not hold, in Waiting.
    pub waits_for: Vec<String>,
    /// The ports of its endpoints, on the host and inside.
    pub ports: Vec<u16>,
    /// It can be built.
    pub can_rebuild: bool,
}

/// A probe that does not pass.
#[derive(Clone, Debug)]
pub struct FailedProbe {
    /// Which question.
    pub role: ProbeRole,
    /// `http`, `tcp` …
    pub kind: String,
    /// What it asks.
    pub target: String,
    /// The answer.
    pub verdict: Verdict,
    /// The answer in words.
    pub text: String,
}

/// A line of the log.
#[derive(Clone, Debug)]
pub struct Line {
    /// Its number.
    pub seq: u64,
    /// Its text without colours.
    pub text: String,
}

impl ServiceEvidence {
    /// Whether a diagnosis is due: something is wrong, or it is kept waiting.
    #[must_use]
    pub fn is_in_trouble(&self) -> bool {
        match self.status {
            Status::Unhealthy | Status::Degraded => true,
            Status::Starting => self.lifecycle == Lifecycle::Waiting,
            Status::Healthy | Status::Stopped => false,
        }
    }

    /// Whether others that need it can blame it.
    #[must_use]
    pub fn fails_others(&self) -> bool {
        self.is_in_trouble() || (self.status == Status::Stopped && !self.is_completed())
    }

    fn is_completed(&self) -> bool {
        self.lifecycle == Lifecycle::Completed
    }
}
