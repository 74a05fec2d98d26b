//! Executions of scenarios in the history.

#![allow(clippy::unwrap_used)]

use benchtop_model::scenario::Kind;
use benchtop_model::scenario::report::{ScenarioReport, ScenarioStatus, StepReport, StepStatus};
use benchtop_model::time::Timestamp;
use benchtop_store::History;
use benchtop_store::record::ScenarioRow;
use std::collections::BTreeMap;

fn row(id: &str, scenario: &str, started: i64, status: ScenarioStatus) -> ScenarioRow {
    let ended = (status != ScenarioStatus::Running).then_some(Timestamp(started + 5));
    let step = StepReport {
        id: "load".to_owned(),
        name: "Load".to_owned(),
        kind: Kind::Http,
        group: None,
        always: false,
        status: StepStatus::Running,
        started: Some(Timestamp(started)),
        duration: None,
        attempts: 1,
        text: None,
        metrics: BTreeMap::from([("p99_ms".to_owned(), 12.5)]),
        details: BTreeMap::new(),
        criteria: Vec::new(),
        progress: None,
        curves: Vec::new(),
    };
    ScenarioRow {
        environment: "/shop".to_owned(),
        report: ScenarioReport {
            id: id.to_owned(),
            scenario: scenario.to_owned(),
            run: Some("r1".to_owned()),
            started: Timestamp(started),
            ended,
            status,
            text: None,
            metrics: BTreeMap::new(),
            vars: BTreeMap::new(),
            steps: vec![step],
            criteria: Vec::new(),
        },
    }
}

fn ids(history: &History, scenario: Option<&str>) -> Vec<String> {
    let all = history.scenario_results("/shop", scenario, 1000).unwrap();
    all.into_iter().map(|report| report.id).collect()
}

#[test]
fn an_execution_is_replaced_by_what_is_said_of_it_later() {
    let history = History::in_memory();
    history.scenario_result(row("a", "smoke", 1, ScenarioStatus::Running));
    history.scenario_result(row("b", "load", 2, ScenarioStatus::Failed));
    let last = row("a", "smoke", 1, ScenarioStatus::Passed);
    history.scenario_result(last.clone());
    assert!(history.flush());
    assert_eq!(ids(&history, None), ["b", "a"]);
    let found = history
        .scenario_results("/shop", Some("smoke"), 10)
        .unwrap();
    assert_eq!(found, [last.report]);
    assert!(
        history
            .scenario_results("/other", None, 10)
            .unwrap()
            .is_empty()
    );
    let of_run = history.scenario_results_of_run("r1").unwrap();
    assert_eq!(of_run.len(), 2);
}

#[test]
fn what_went_on_when_the_engine_ended_was_interrupted() {
    let history = History::in_memory();
    history.scenario_result(row("a", "smoke", 1, ScenarioStatus::Running));
    history.scenario_result(row("b", "smoke", 2, ScenarioStatus::Passed));
    history.interrupt_scenarios();
    assert!(history.flush());
    let found = history.scenario_results("/shop", None, 10).unwrap();
    assert_eq!(found[0].status, ScenarioStatus::Passed);
    assert_eq!(found[1].status, ScenarioStatus::Interrupted);
    assert_eq!(found[1].steps[0].status, StepStatus::Cancelled);
}

#[test]
fn old_executions_go_and_those_of_other_scenarios_stay() {
    let history = History::in_memory();
    history.scenario_result(row("other", "load", 0, ScenarioStatus::Passed));
    for number in 0..205 {
        let id = format!("{number:03}");
        history.scenario_result(row(&id, "smoke", number, ScenarioStatus::Passed));
    }
    assert!(history.flush());
    let kept = ids(&history, Some("smoke"));
    assert_eq!(
        (kept.len(), kept[0].as_str(), kept[199].as_str()),
        (200, "204", "005")
    );
    assert_eq!(ids(&history, Some("load")), ["other"]);
}
