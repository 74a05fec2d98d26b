//! An execution of a scenario as a trace: one span for the whole, and one for each step
//! that was run.

use benchtop_model::scenario::report::{ScenarioReport, ScenarioStatus, StepReport, StepStatus};
use benchtop_model::scenario::trace::span_id;
use benchtop_model::time::Timestamp;
use benchtop_telemetry::spans::OwnSpan;

/// The name under which the programs of its steps log, too.
pub(super) fn service(report: &ScenarioReport) -> String {
    format!("scenario:{}", report.scenario)
}

/// The spans of an execution that has ended.
pub(super) fn spans(report: &ScenarioReport) -> Vec<OwnSpan> {
    let root = span_id(&report.id, None);
    let end = report.ended.unwrap_or(report.started);
    let failed = report.status != ScenarioStatus::Passed;
    let whole = OwnSpan {
        id: root.clone(),
        parent: None,
        name: format!("scenario {}", report.scenario),
        start: report.started,
        end,
        error: failed.then(|| report.text.clone().unwrap_or_default()),
        attributes: vec![
            ("benchtop.scenario.execution".to_owned(), report.id.clone()),
            (
                "benchtop.scenario.status".to_owned(),
                report.status.word().to_owned(),
            ),
        ],
    };
    let steps = report.steps.iter().enumerate();
    let steps = steps.filter_map(|(index, one)| step(report, &root, index, one));
    std::iter::once(whole).chain(steps).collect()
}

/// Nothing where it was not run.
fn step(report: &ScenarioReport, root: &str, index: usize, step: &StepReport) -> Option<OwnSpan> {
    let start = step.started?;
    let took = i64::try_from(step.duration?.0).unwrap_or(i64::MAX);
    let failed = matches!(step.status, StepStatus::Failed | StepStatus::Cancelled);
    let mut attributes = vec![
        ("benchtop.step.id".to_owned(), step.id.clone()),
        ("benchtop.step.kind".to_owned(), step.kind.word().to_owned()),
        (
            "benchtop.step.status".to_owned(),
            step.status.word().to_owned(),
        ),
        (
            "benchtop.step.attempts".to_owned(),
            step.attempts.to_string(),
        ),
    ];
    let metrics = step.metrics.iter();
    attributes.extend(metrics.map(|(name, value)| (name.clone(), value.to_string())));
    Some(OwnSpan {
        id: span_id(&report.id, Some(index)),
        parent: Some(root.to_owned()),
        name: step.name.clone(),
        start,
        end: Timestamp(start.0.saturating_add(took)),
        error: failed.then(|| step.text.clone().unwrap_or_default()),
        attributes,
    })
}
