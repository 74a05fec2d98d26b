//! Scenarios as resolved: named lists of steps that are run against an environment
//! that is up, with criteria that say whether the outcome is good.
//!
//! What a kind of step may have stands once, in [`Kind::options`]: the reader of the
//! file, the schema and whoever performs the step all go by it.

pub mod curve;
pub mod expression;
mod kind;
pub mod report;
pub mod template;
pub mod trace;

pub use kind::{Kind, OptionSpec, Shape};

use crate::time::Millis;
use expression::Expression;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How long a scenario may take where the file does not say.
pub const USUAL_TIMEOUT: Millis = Millis::from_secs(3600);

/// Most steps of one scenario: its report is kept whole, and shown whole.
pub const MOST_STEPS: usize = 200;

/// Most scenarios of one environment.
pub const MOST_SCENARIOS: usize = 200;

/// Most attempts beyond the first.
pub const MOST_RETRIES: u32 = 100;

/// A named list of steps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scenario {
    /// Its key in the file.
    pub name: String,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Variables and their usual values; a call may override them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub vars: BTreeMap<String, String>,
    /// How long all steps together may take; cleanup steps are run even then.
    pub timeout: Millis,
    /// In the order in which they are run, with the checks of health before and after.
    pub steps: Vec<Item>,
    /// What must hold at the end.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pass: Vec<Criterion>,
}

impl Scenario {
    /// Every step, also those of groups, in the order of the file.
    pub fn all_steps(&self) -> impl Iterator<Item = &Step> {
        self.steps.iter().flat_map(Item::steps)
    }
}

/// One step, or several that are run at the same time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(
    clippy::large_enum_variant,
    reason = "there are few of them; a box would only be in the way"
)]
pub enum Item {
    /// One step.
    Step(Step),
    /// Steps that are run at the same time; the next item waits for all of them.
    Parallel(Vec<Step>),
}

impl Item {
    /// Its steps.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        match self {
            Self::Step(step) => std::slice::from_ref(step),
            Self::Parallel(steps) => steps,
        }
    }

    /// Whether it is run whatever happened before. A group is, where all of it is.
    #[must_use]
    pub fn is_always(&self) -> bool {
        self.steps().iter().all(|step| step.always)
    }
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Unique in its scenario; expressions name it.
    pub id: String,
    /// For people.
    pub name: String,
    /// What it does.
    pub kind: Kind,
    /// How it does it; texts may hold `${{ … }}`, which is filled in when its turn comes.
    pub options: BTreeMap<String, Setting>,
    /// How long one attempt may take.
    pub timeout: Millis,
    /// Attempts beyond the first.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub retries: u32,
    /// It is run whatever happened before, also after a cancel: it cleans up.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub always: bool,
    /// What must hold of its metrics.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pass: Vec<Criterion>,
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// The value of an option as written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Setting {
    /// One text.
    Text(String),
    /// Several.
    List(Vec<String>),
    /// Texts by name.
    Map(BTreeMap<String, String>),
}

/// An expression that must be true, as written.
///
/// It is kept as text, because that is what people are told; it was read once when the
/// file was, so that reading it again does not fail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Criterion(pub String);

impl Criterion {
    /// The same, ready to be evaluated.
    ///
    /// # Errors
    /// Where it is no expression.
    pub fn expression(&self) -> Result<Expression, expression::Fault> {
        Expression::parse(&self.0)
    }
}
