//! The report of a scenario while it grows, for everybody to see.

use super::outcome::Outcome;
use crate::clock;
use benchtop_model::scenario::curve::Curve;
use benchtop_model::scenario::report::{
    CriterionReport, Progress, ScenarioReport, ScenarioStatus, StepReport, StepStatus,
};
use benchtop_model::scenario::{Item, Scenario, Step};
use benchtop_model::secret;
use benchtop_model::time::{Millis, Tick};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::watch;

/// Owns the report.
pub(super) struct Board {
    report: watch::Sender<Arc<ScenarioReport>>,
    began: Tick,
}

impl Board {
    pub(super) fn new(
        id: String,
        scenario: &Scenario,
        vars: &BTreeMap<String, String>,
        run: Option<String>,
    ) -> (Self, watch::Receiver<Arc<ScenarioReport>>) {
        let masked = vars.iter().map(|(k, v)| (k.clone(), secret::mask(k, v)));
        let report = ScenarioReport {
            id,
            scenario: scenario.name.clone(),
            run,
            started: clock::now(),
            ended: None,
            status: ScenarioStatus::Running,
            text: None,
            metrics: BTreeMap::new(),
            vars: masked.collect(),
            steps: steps(&scenario.steps),
            criteria: Vec::new(),
        };
        let (report, watcher) = watch::channel(Arc::new(report));
        let board = Self {
            report,
            began: clock::tick(),
        };
        (board, watcher)
    }

    pub(super) fn report(&self) -> Arc<ScenarioReport> {
        self.report.borrow().clone()
    }

    fn change(&self, change: impl FnOnce(&mut ScenarioReport)) {
        self.report
            .send_modify(|report| change(Arc::make_mut(report)));
    }

    fn change_step(&self, index: usize, change: impl FnOnce(&mut StepReport)) {
        self.change(|report| {
            if let Some(step) = report.steps.get_mut(index) {
                change(step);
            }
        });
    }

    /// A step begins, or begins anew.
    pub(super) fn begin(&self, index: usize, attempt: u32) {
        self.change_step(index, |step| {
            step.status = StepStatus::Running;
            step.attempts = attempt;
            step.started.get_or_insert(clock::now());
            step.progress = None;
        });
    }

    pub(super) fn progress(&self, index: usize, progress: Progress) {
        self.change_step(index, |step| step.progress = Some(progress));
    }

    /// A number of a step, now.
    pub(super) fn sample(&self, index: usize, name: &str, value: f64) {
        let now = clock::now();
        self.change_step(index, |step| {
            let since = step.started.map_or(0, |started| now.0 - started.0);
            let at = Millis(u64::try_from(since).unwrap_or_default());
            let known = step.curves.iter().position(|curve| curve.name == name);
            let place = known.unwrap_or_else(|| {
                step.curves.push(Curve::new(name));
                step.curves.len() - 1
            });
            step.curves[place].add(at, value);
        });
    }

    /// What goes on in a step, as it was last told.
    pub(super) fn doing(&self, index: usize) -> Option<String> {
        let report = self.report.borrow();
        let progress = report.steps.get(index)?.progress.as_ref()?;
        Some(progress.what.clone()).filter(|what| !what.is_empty())
    }

    pub(super) fn end(
        &self,
        index: usize,
        status: StepStatus,
        took: Option<Millis>,
        outcome: Outcome,
        criteria: Vec<CriterionReport>,
    ) {
        self.change_step(index, |step| {
            step.status = status;
            step.duration = took;
            step.text = Some(outcome.text).filter(|text| !text.is_empty());
            step.metrics = outcome.metrics;
            step.details = outcome.details;
            step.criteria = criteria;
            step.progress = None;
        });
    }

    /// The whole has ended.
    pub(super) fn close(
        &self,
        status: ScenarioStatus,
        text: Option<String>,
        criteria: Vec<CriterionReport>,
    ) {
        let took = clock::tick().since(self.began);
        self.change(|report| {
            report.metrics = report.step_metrics();
            report
                .metrics
                .insert("duration_ms".to_owned(), took.0 as f64);
            report.ended = Some(clock::now());
            report.status = status;
            report.text = text;
            report.criteria = criteria;
        });
    }
}

fn steps(items: &[Item]) -> Vec<StepReport> {
    let mut groups = 0;
    let mut all = Vec::new();
    for item in items {
        let group = matches!(item, Item::Parallel(_)).then(|| {
            groups += 1;
            groups
        });
        all.extend(item.steps().iter().map(|step| pending(step, group)));
    }
    all
}

fn pending(step: &Step, group: Option<u32>) -> StepReport {
    StepReport {
        id: step.id.clone(),
        name: step.name.clone(),
        kind: step.kind,
        group,
        always: step.always,
        status: StepStatus::Pending,
        started: None,
        duration: None,
        attempts: 0,
        text: None,
        metrics: BTreeMap::new(),
        details: BTreeMap::new(),
        criteria: Vec::new(),
        progress: None,
        curves: Vec::new(),
    }
}
