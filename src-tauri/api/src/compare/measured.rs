//! What was measured in both runs: answers by route, resources, scenarios.

use super::RunFacts;
use crate::model::scenario::report::{ScenarioReport, ScenarioStatus};
use crate::telemetry::trace::RouteLatency;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use ts_rs::TS;

/// One route of a service in both runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RouteComparison {
    /// The service.
    pub service: String,
    /// Method and route.
    pub route: String,
    /// In the first run; absent where nobody asked for it.
    pub a: Option<RouteLatency>,
    /// In the second.
    pub b: Option<RouteLatency>,
}

/// One scenario in both runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct ScenarioComparison {
    /// Its name.
    pub scenario: String,
    /// In the first run; absent where it was not executed.
    pub a: Option<ScenarioRun>,
    /// In the second.
    pub b: Option<ScenarioRun>,
}

/// The executions of a scenario in one run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct ScenarioRun {
    /// How many they were.
    pub executions: u32,
    /// How the last one ended.
    pub status: ScenarioStatus,
    /// Why, where it did not pass.
    pub text: Option<String>,
    /// What the last one measured.
    pub metrics: BTreeMap<String, f64>,
}

/// The most that a service took of the machine.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Peaks {
    /// Memory, in bytes.
    pub memory: Option<f64>,
    /// Processors, in cores.
    pub cpu: Option<f64>,
}

/// All routes of either run, by service and route.
pub(super) fn routes(a: &RunFacts, b: &RunFacts) -> Vec<RouteComparison> {
    let key = |of: &RouteLatency| (of.service.clone(), of.route.clone());
    let keys: BTreeSet<_> = a.routes.iter().chain(&b.routes).map(key).collect();
    let find = |all: &[RouteLatency], wanted: &(String, String)| {
        all.iter().find(|route| key(route) == *wanted).cloned()
    };
    keys.into_iter()
        .map(|wanted| RouteComparison {
            a: find(&a.routes, &wanted),
            b: find(&b.routes, &wanted),
            service: wanted.0,
            route: wanted.1,
        })
        .collect()
}

/// All scenarios of either run, by name.
pub(super) fn scenarios(a: &RunFacts, b: &RunFacts) -> Vec<ScenarioComparison> {
    let all = a.scenarios.iter().chain(&b.scenarios);
    let names: BTreeSet<&str> = all.map(|report| report.scenario.as_str()).collect();
    names
        .into_iter()
        .map(|name| ScenarioComparison {
            scenario: name.to_owned(),
            a: scenario(&a.scenarios, name),
            b: scenario(&b.scenarios, name),
        })
        .collect()
}

/// One that goes on says nothing yet, and a cancelled one nothing of the software.
fn scenario(reports: &[ScenarioReport], name: &str) -> Option<ScenarioRun> {
    let tells = |report: &&ScenarioReport| {
        report.scenario == name
            && matches!(
                report.status,
                ScenarioStatus::Passed | ScenarioStatus::Failed
            )
    };
    let last = reports.iter().rfind(tells)?;
    Some(ScenarioRun {
        executions: u32::try_from(reports.iter().filter(tells).count()).unwrap_or(u32::MAX),
        status: last.status,
        text: last.text.clone(),
        metrics: last.metrics.clone(),
    })
}
