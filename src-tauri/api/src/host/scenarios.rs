//! Scenarios: begun, cancelled, kept in the history, told to faces.

use super::Host;
use super::handlers::Answer;
use super::notifier::Notifier;
use super::open::OpenEnvironment;
use super::scenario_spans;
use crate::schema::*;
use benchtop_engine::scenario::{self, Running, Script};
use benchtop_model::problem::nearest;
use benchtop_model::scenario::Scenario;
use benchtop_model::scenario::report::{ScenarioReport, ScenarioStatus, StepStatus};
use benchtop_model::scenario::trace::trace_id;
use benchtop_model::secret;
use benchtop_store::history::History;
use benchtop_store::record::ScenarioRow;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::watch;

/// Executions of each scenario in the list.
const LAST: u32 = 20;

/// Most executions in one answer.
const MOST: u32 = 200;

/// What an open environment has for scenarios.
pub(super) struct Scenarios {
    environment: String,
    history: History,
    notifier: Notifier,
    /// The last one that was begun.
    current: Mutex<Option<Running>>,
}

impl Scenarios {
    pub(super) fn new(environment: &str, history: &History, notifier: &Notifier) -> Self {
        Self {
            environment: environment.to_owned(),
            history: history.clone(),
            notifier: notifier.clone(),
            current: Mutex::default(),
        }
    }

    /// The one that goes on.
    fn running(&self) -> Option<Arc<ScenarioReport>> {
        let report = self.lock().as_ref().map(Running::report);
        report.filter(|report| report.status == ScenarioStatus::Running)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Running>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins, where nothing goes on.
    fn begin(
        &self,
        open: &Arc<OpenEnvironment>,
        start: impl FnOnce() -> Running,
    ) -> Answer<Arc<ScenarioReport>> {
        let mut current = self.lock();
        if let Some(other) = current.as_ref().map(Running::report)
            && other.status == ScenarioStatus::Running
        {
            return Err(ApiError {
                hint: Some("wait for it, or cancel it".to_owned()),
                ..ApiError::invalid(format!("the scenario `{}` is running", other.scenario))
            });
        }
        let running = start();
        let report = running.report();
        keep(&self.history, &self.environment, &report);
        let follower = follow(
            running.subscribe(),
            self.history.clone(),
            self.environment.clone(),
            self.notifier.clone(),
        );
        let open = Arc::clone(open);
        tokio::spawn(async move { trace(&open, follower.await).await });
        *current = Some(running);
        Ok(report)
    }
}

fn keep(history: &History, environment: &str, report: &ScenarioReport) {
    history.scenario_result(ScenarioRow {
        environment: environment.to_owned(),
        report: report.clone(),
    });
}

/// Tells faces of every change, and keeps the report whenever a step begins or ends.
async fn follow(
    mut reports: watch::Receiver<Arc<ScenarioReport>>,
    history: History,
    environment: String,
    notifier: Notifier,
) -> Arc<ScenarioReport> {
    let mut kept = Vec::new();
    while reports.changed().await.is_ok() {
        let report = reports.borrow_and_update().clone();
        let now: Vec<StepStatus> = report.steps.iter().map(|step| step.status).collect();
        if now != kept || report.ended.is_some() {
            keep(&history, &environment, &report);
            kept = now;
        }
        notifier.mark(Topic::Scenarios);
    }
    reports.borrow().clone()
}

/// Keeps what has ended as a trace. Where that is not possible, the report is there.
async fn trace(open: &Arc<OpenEnvironment>, report: Arc<ScenarioReport>) {
    let Ok(spans) = open.telemetry.spans() else {
        return;
    };
    let keep = move || {
        let service = scenario_spans::service(&report);
        let id = trace_id(&report.id);
        let kept = spans.push_own(&service, &id, scenario_spans::spans(&report));
        if let Err(why) = kept {
            tracing::warn!(
                ?why,
                scenario = report.scenario,
                "no trace of the scenario is kept"
            );
        }
    };
    // A panic was logged where it happened.
    _ = tokio::task::spawn_blocking(keep).await;
}

impl Host {
    pub(crate) async fn scenarios_list(
        self: &Arc<Self>,
        request: ScenariosListRequest,
    ) -> Answer<ScenarioList> {
        let open = self.get(&request.environment).await?;
        let (_, definition) = open.definition();
        let scenarios: Vec<Scenario> = definition.plan()?.scenarios.values().cloned().collect();
        let running = open.scenarios.running();
        let environment = request.environment;
        let listed = self
            .read(move |history| {
                let summary = |scenario: &Scenario| {
                    let last =
                        history.scenario_results(&environment, Some(&scenario.name), LAST)?;
                    Ok(summary(scenario, last))
                };
                scenarios.iter().map(summary).collect()
            })
            .await?;
        Ok(ScenarioList {
            scenarios: listed,
            running: running.map(|report| (*report).clone()),
        })
    }

    pub(crate) async fn scenario_run(
        self: &Arc<Self>,
        request: ScenarioRunRequest,
    ) -> Answer<ScenarioReport> {
        let open = self.get(&request.environment).await?;
        let (_, definition) = open.definition();
        let plan = definition.plan()?;
        let scenario = known(&plan.scenarios, &request.scenario)?;
        check_vars(scenario, &request.vars)?;
        open.secrets.learn_variables(&request.vars);
        let script = Script {
            id: scenario::new_id(),
            scenario: scenario.clone(),
            plan: Arc::new(plan.clone()),
            overrides: request.vars,
        };
        let handle = open.handle.clone();
        let report = open
            .scenarios
            .begin(&open, || scenario::start(handle, script))?;
        Ok((*report).clone())
    }

    pub(crate) async fn scenario_cancel(
        self: &Arc<Self>,
        request: ScenarioCancelRequest,
    ) -> Answer<Empty> {
        let open = self.get(&request.environment).await?;
        if open.scenarios.running().is_none() {
            return Err(ApiError::invalid("no scenario is running"));
        }
        if let Some(running) = open.scenarios.lock().as_ref() {
            running.cancel();
        }
        Ok(Empty {})
    }

    pub(crate) async fn scenario_history(
        self: &Arc<Self>,
        request: ScenarioHistoryRequest,
    ) -> Answer<Vec<ScenarioReport>> {
        let open = self.get(&request.environment).await?;
        let ScenarioHistoryRequest {
            environment,
            scenario,
            limit,
        } = request;
        let mut all = self
            .read(move |history| {
                let limit = limit.clamp(1, MOST);
                // What was shown is not taken back by the end of the engine.
                history.flush();
                history.scenario_results(&environment, scenario.as_deref(), limit)
            })
            .await?;
        // What goes on is fresher here than in the history, and so is what has just ended.
        let current = open.scenarios.lock().as_ref().map(Running::report);
        for report in &mut all {
            if let Some(current) = current.as_ref().filter(|current| current.id == report.id) {
                *report = (**current).clone();
            }
        }
        Ok(all)
    }
}

fn summary(scenario: &Scenario, last: Vec<ScenarioReport>) -> ScenarioSummary {
    let masked = scenario.vars.iter();
    let masked = masked.map(|(key, value)| (key.clone(), secret::mask(key, value)));
    let steps = scenario.all_steps().map(|step| ScenarioStep {
        id: step.id.clone(),
        name: step.name.clone(),
        kind: step.kind,
        always: step.always,
    });
    ScenarioSummary {
        name: scenario.name.clone(),
        description: scenario.description.clone(),
        vars: masked.collect(),
        steps: steps.collect(),
        criteria: scenario.pass.iter().map(|c| c.0.clone()).collect(),
        last,
    }
}

/// Says no to a scenario that does not exist, with the name that may be meant.
fn known<'a>(all: &'a BTreeMap<String, Scenario>, name: &str) -> Answer<&'a Scenario> {
    all.get(name).ok_or_else(|| {
        let near = nearest(name, all.keys().map(String::as_str));
        ApiError {
            hint: Some(match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => "`benchtop scenario list` names those that there are".to_owned(),
            }),
            ..ApiError::not_found(format!("there is no scenario `{name}`"))
        }
    })
}

fn check_vars(scenario: &Scenario, given: &BTreeMap<String, String>) -> Answer<()> {
    let Some(stranger) = given.keys().find(|key| !scenario.vars.contains_key(*key)) else {
        return Ok(());
    };
    let names = || scenario.vars.keys().map(String::as_str);
    let hint = match nearest(stranger, names()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "variables stand under `vars` of the scenario".to_owned(),
    };
    Err(ApiError {
        hint: Some(hint),
        ..ApiError::invalid(format!(
            "the scenario `{}` has no variable `{stranger}`",
            scenario.name
        ))
    })
}
