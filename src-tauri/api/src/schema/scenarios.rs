//! Requests about scenarios.

use benchtop_model::scenario::Kind;
use benchtop_model::scenario::report::ScenarioReport;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use ts_rs::TS;

/// `scenarios.list`: what can be run, how it went last, and what goes on.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct ScenariosListRequest {
    /// The environment's identity.
    pub environment: String,
}

/// The scenarios of an environment file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct ScenarioList {
    /// By name.
    pub scenarios: Vec<ScenarioSummary>,
    /// The one that goes on; there is at most one in an environment.
    pub running: Option<ScenarioReport>,
}

/// A scenario as it stands in the file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct ScenarioSummary {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Variables and their usual values; secret ones are masked.
    pub vars: BTreeMap<String, String>,
    /// Its steps, with the checks of health before and after.
    pub steps: Vec<ScenarioStep>,
    /// What must hold at the end.
    pub criteria: Vec<String>,
    /// Its executions, newest first; at most 20.
    pub last: Vec<ScenarioReport>,
}

/// A step as it stands in the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ScenarioStep {
    /// Unique in its scenario.
    pub id: String,
    /// For people.
    pub name: String,
    /// What it does.
    pub kind: Kind,
    /// It is run whatever happens.
    pub always: bool,
}

/// `scenario.run`: begin one. Answers at once; the topic `scenarios` tells how it goes.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct ScenarioRunRequest {
    /// The environment's identity.
    pub environment: String,
    /// Its name.
    pub scenario: String,
    /// Variables to replace.
    #[serde(default)]
    #[ts(type = "Record<string, string>")]
    pub vars: BTreeMap<String, String>,
}

/// `scenario.cancel`: end the one that goes on. Its cleanup steps are still run; asked a
/// second time, they are ended as well.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct ScenarioCancelRequest {
    /// The environment's identity.
    pub environment: String,
}

/// `scenario.history`: executions, newest first, with the one that goes on.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct ScenarioHistoryRequest {
    /// The environment's identity.
    pub environment: String,
    /// Only of this scenario.
    pub scenario: Option<String>,
    /// At most so many; 200 at the most.
    pub limit: u32,
}
