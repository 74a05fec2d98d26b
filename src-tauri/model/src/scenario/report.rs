//! What became of a scenario, while it goes on and for good: everywhere the same two
//! things, a status and metrics.

use super::Kind;
use super::curve::Curve;
use crate::time::{Millis, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use ts_rs::TS;

/// Longest text of a finding, in characters.
pub const LONGEST_TEXT: usize = 2_000;

/// Most metrics of one step.
pub const MOST_METRICS: usize = 100;

/// How a scenario stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum ScenarioStatus {
    /// It goes on.
    Running,
    /// All steps passed, and all criteria hold.
    Passed,
    /// A step failed, or a criterion does not hold.
    Failed,
    /// Somebody ended it.
    Cancelled,
    /// The engine ended before it did.
    Interrupted,
}

impl ScenarioStatus {
    /// As it is stored and shown.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Interrupted => "interrupted",
        }
    }

    /// The status of this word.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        let all = [
            Self::Running,
            Self::Passed,
            Self::Failed,
            Self::Cancelled,
            Self::Interrupted,
        ];
        all.into_iter().find(|status| status.word() == word)
    }
}

/// How a step stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum StepStatus {
    /// Its turn has not come.
    Pending,
    /// It goes on.
    Running,
    /// It did what it should.
    Passed,
    /// It did not.
    Failed,
    /// It was not run, because of what came before.
    Skipped,
    /// It was ended from outside.
    Cancelled,
}

impl StepStatus {
    /// As it is shown.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
            Self::Cancelled => "cancelled",
        }
    }
}

/// One execution of a scenario.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct ScenarioReport {
    /// Unique, sortable by start.
    pub id: String,
    /// Name of the scenario.
    pub scenario: String,
    /// The run of the environment that it was executed in; absent where nothing ran.
    pub run: Option<String>,
    /// When it began.
    pub started: Timestamp,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// How it stands.
    pub status: ScenarioStatus,
    /// What decided, one sentence; absent while it goes on and where all is well.
    pub text: Option<String>,
    /// `STEP.METRIC` of all steps, and `duration_ms`.
    pub metrics: BTreeMap<String, f64>,
    /// The variables as they were; values that look secret are masked.
    pub vars: BTreeMap<String, String>,
    /// The steps, in the order of the file.
    pub steps: Vec<StepReport>,
    /// The criteria of the whole.
    pub criteria: Vec<CriterionReport>,
}

/// One step of an execution.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct StepReport {
    /// Unique in its scenario.
    pub id: String,
    /// For people.
    pub name: String,
    /// What it does.
    pub kind: Kind,
    /// Number of its group where it is run together with others, from 1.
    pub group: Option<u32>,
    /// It is run whatever happens.
    pub always: bool,
    /// How it stands.
    pub status: StepStatus,
    /// When it began.
    pub started: Option<Timestamp>,
    /// How long it took, all attempts together.
    pub duration: Option<Millis>,
    /// Attempts so far.
    pub attempts: u32,
    /// What it found, one sentence.
    pub text: Option<String>,
    /// What it measured.
    pub metrics: BTreeMap<String, f64>,
    /// Named findings, such as samples.
    pub details: BTreeMap<String, String>,
    /// Its criteria.
    pub criteria: Vec<CriterionReport>,
    /// How far it is, while it goes on.
    pub progress: Option<Progress>,
    /// How numbers went while it was under way.
    #[serde(default)]
    pub curves: Vec<Curve>,
}

/// How far a step is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
pub struct Progress {
    /// So much is done.
    pub done: f64,
    /// Of so much; absent where that is not known.
    pub total: Option<f64>,
    /// So much a second at present.
    pub rate: Option<f64>,
    /// What is counted, or what goes on: `messages`, `lag 3 s: waiting`.
    pub what: String,
}

/// A criterion, and whether it held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct CriterionReport {
    /// As written.
    pub expression: String,
    /// Whether it held.
    pub passed: bool,
    /// The values in it, or why it could not be decided.
    pub text: String,
}

impl ScenarioReport {
    /// How many steps have ended, and how many there are.
    #[must_use]
    pub fn ended_steps(&self) -> (usize, usize) {
        let open =
            |step: &&StepReport| !matches!(step.status, StepStatus::Pending | StepStatus::Running);
        (self.steps.iter().filter(open).count(), self.steps.len())
    }

    /// The engine ended while it went on: steps that were under way did not end.
    #[must_use]
    pub fn interrupted(mut self) -> Self {
        self.status = ScenarioStatus::Interrupted;
        self.text = Some("the engine ended before the scenario did".to_owned());
        for step in &mut self.steps {
            step.progress = None;
            step.status = match step.status {
                StepStatus::Running => StepStatus::Cancelled,
                StepStatus::Pending => StepStatus::Skipped,
                ended => ended,
            };
        }
        self
    }

    /// The metrics of all steps as `STEP.METRIC`.
    #[must_use]
    pub fn step_metrics(&self) -> BTreeMap<String, f64> {
        let of = |step: &StepReport| {
            let id = step.id.clone();
            let named = step.metrics.iter();
            named
                .map(move |(name, value)| (format!("{id}.{name}"), *value))
                .collect::<Vec<_>>()
        };
        self.steps.iter().flat_map(of).collect()
    }
}
