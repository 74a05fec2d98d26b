//! The course of a scenario: which step is run when, what its end means for the rest.

use super::context::{Attempt, Context};
use super::outcome::{Outcome, shorten};
use super::step;
use crate::clock;
use benchtop_model::scenario::expression::Value;
use benchtop_model::scenario::report::{CriterionReport, ScenarioStatus, StepStatus};
use benchtop_model::scenario::{Criterion, Item, Kind, Step};
use benchtop_model::time::Millis;
use futures_util::future::join_all;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Between two attempts of a step.
const PAUSE: Duration = Duration::from_secs(1);

/// How long a program may take to end once it is asked to, before it is left to its fate:
/// longer than it has until it is killed.
const FAREWELL: Duration = Duration::from_secs(10);

/// Why steps that do not clean up are skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stop {
    Failed,
    TooLong,
    Cancelled,
}

/// How a step ended.
struct End {
    status: StepStatus,
    /// The whole scenario has no time left.
    too_long: bool,
}

pub(super) async fn run(context: Context) {
    let deadline = Instant::now() + context.scenario.timeout.to_duration();
    let mut stop = None;
    let mut first = 0;
    for item in &context.scenario.steps {
        let ended = join_all(item.steps().iter().enumerate().map(|(at, step)| {
            let run_it = stop.is_none() || step.always;
            one(&context, step, first + at, run_it, deadline)
        }))
        .await;
        first += item.steps().len();
        stop = stop.or_else(|| reason(&context, &ended, item));
    }
    close(&context, stop);
}

/// What the end of an item means for those behind it.
fn reason(context: &Context, ended: &[End], item: &Item) -> Option<Stop> {
    if context.cancel.is_cancelled() {
        return Some(Stop::Cancelled);
    }
    if ended.iter().any(|end| end.too_long) {
        return Some(Stop::TooLong);
    }
    let failed = |(end, step): (&End, &Step)| end.status == StepStatus::Failed && !step.always;
    let failed = ended.iter().zip(item.steps()).any(failed);
    failed.then_some(Stop::Failed)
}

fn close(context: &Context, stop: Option<Stop>) {
    let report = context.board.report();
    let failed = report.steps.iter().find(|s| s.status == StepStatus::Failed);
    let said = failed.map(|step| {
        let text = step.text.as_deref().unwrap_or("it failed");
        format!("{}: {text}", step.name)
    });
    let criteria = match stop {
        None => criteria(context, &context.scenario.pass, &last_metrics(context)),
        Some(_) => Vec::new(),
    };
    let broken = criteria.iter().find(|criterion| !criterion.passed);
    let broken = broken.map(|c| format!("`{}` does not hold: {}", c.expression, c.text));
    let (status, text) = match (stop, said, broken) {
        (Some(Stop::Cancelled), _, _) => (
            ScenarioStatus::Cancelled,
            Some("it was cancelled".to_owned()),
        ),
        (Some(Stop::TooLong), _, _) => {
            let text = format!("it took longer than {}", context.scenario.timeout);
            (ScenarioStatus::Failed, Some(text))
        }
        (_, Some(said), _) => (ScenarioStatus::Failed, Some(said)),
        (_, None, Some(broken)) => (ScenarioStatus::Failed, Some(broken)),
        (_, None, None) => (ScenarioStatus::Passed, None),
    };
    let told = text
        .as_ref()
        .map_or_else(String::new, |text| format!(": {text}"));
    context.say(format!(
        "scenario {} {}{told}",
        context.scenario.name,
        status.word()
    ));
    context.board.close(status, text, criteria);
}

/// Of every name the value that was measured last, in the order of the steps.
fn last_metrics(context: &Context) -> BTreeMap<String, f64> {
    let report = context.board.report();
    let all = report.steps.iter().flat_map(|step| step.metrics.clone());
    all.collect()
}

/// A step with all its attempts.
async fn one(context: &Context, step: &Step, index: usize, run_it: bool, deadline: Instant) -> End {
    let end = |status, too_long| End { status, too_long };
    if !run_it {
        let nothing = Outcome::default();
        context
            .board
            .end(index, StepStatus::Skipped, None, nothing, Vec::new());
        return end(StepStatus::Skipped, false);
    }
    // What cleans up has its own time, and ends only where somebody asks twice.
    let (token, deadline) = match step.always {
        true => (&context.abort, None),
        false => (&context.cancel, Some(deadline)),
    };
    context.say(format!("step {}: {}", step.id, step.name));
    let began = clock::tick();
    let mut attempt = 1;
    loop {
        context.board.begin(index, attempt);
        let mut ended = Box::pin(one_attempt(context, step, index, token, deadline)).await;
        let mut judged = Vec::new();
        if ended.1.passed {
            judged = criteria(context, &step.pass, &ended.1.metrics);
            if let Some(broken) = judged.iter().find(|criterion| !criterion.passed) {
                ended.0 = StepStatus::Failed;
                ended.1.text = shorten(format!(
                    "`{}` does not hold: {}",
                    broken.expression, broken.text
                ));
            }
        }
        let (status, outcome) = ended;
        let too_long = deadline.is_some_and(|deadline| Instant::now() >= deadline);
        let again = status == StepStatus::Failed && attempt <= step.retries && !too_long;
        if !again || !pause(token).await {
            let took = clock::tick().since(began);
            tell(context, step, status, &outcome, took);
            context
                .board
                .end(index, status, Some(took), outcome, judged);
            return end(status, too_long && status == StepStatus::Failed);
        }
        context.say(format!(
            "step {} failed: {}; it is tried again",
            step.id, outcome.text
        ));
        attempt += 1;
    }
}

fn tell(context: &Context, step: &Step, status: StepStatus, outcome: &Outcome, took: Millis) {
    let text = match outcome.text.is_empty() {
        true => String::new(),
        false => format!(": {}", outcome.text),
    };
    context.say(format!(
        "step {} {} after {took}{text}",
        step.id,
        status.word()
    ));
}

/// Whether there is still somebody who wants it.
async fn pause(token: &CancellationToken) -> bool {
    token
        .run_until_cancelled(tokio::time::sleep(PAUSE))
        .await
        .is_some()
}

async fn one_attempt(
    context: &Context,
    step: &Step,
    index: usize,
    token: &CancellationToken,
    deadline: Option<Instant>,
) -> (StepStatus, Outcome) {
    let attempt = match Attempt::new(context, step, index) {
        Ok(attempt) => attempt,
        Err(cause) => return (StepStatus::Failed, Outcome::failed(cause)),
    };
    let limit = Instant::now() + step.timeout.to_duration();
    let mut work = Box::pin(step::perform(&attempt));
    let why = tokio::select! {
        biased;
        () = token.cancelled() => Stop::Cancelled,
        ended = &mut work => return match ended {
            outcome if outcome.passed => (StepStatus::Passed, outcome),
            outcome => (StepStatus::Failed, outcome),
        },
        () = tokio::time::sleep_until(deadline.unwrap_or(limit).min(limit)) => {
            if deadline.is_some_and(|deadline| deadline <= limit) { Stop::TooLong } else { Stop::Failed }
        }
    };
    let doing = context.board.doing(index);
    if step.kind == Kind::Run {
        attempt.halt.cancel();
        // Its program has been killed by then; whatever still holds on is not waited for.
        _ = tokio::time::timeout(FAREWELL, work).await;
    }
    let doing = doing.map_or_else(String::new, |doing| format!(" ({doing})"));
    match why {
        Stop::Cancelled => (StepStatus::Cancelled, Outcome::failed("cancelled")),
        Stop::TooLong => {
            let limit = context.scenario.timeout;
            let text = format!("the scenario took longer than {limit}{doing}");
            (StepStatus::Failed, Outcome::failed(text))
        }
        Stop::Failed => {
            let text = format!("it had not ended after {}{doing}", step.timeout);
            (StepStatus::Failed, Outcome::failed(text))
        }
    }
}

/// Judges criteria; names without a prefix are those of `own`.
fn criteria(
    context: &Context,
    criteria: &[Criterion],
    own: &BTreeMap<String, f64>,
) -> Vec<CriterionReport> {
    let judge = |criterion: &Criterion| {
        let lookup = |name: &[String]| context.lookup(name, Some(own));
        let judged = criterion
            .expression()
            .map_err(|fault| fault.message)
            .and_then(|expression| {
                let holds = expression.holds(&lookup)?;
                let values: Vec<String> = expression
                    .names()
                    .into_iter()
                    .filter_map(|name| Some((name.join("."), lookup(name).ok()?)))
                    .map(|(name, value)| format!("{name} is {}", shown(&value)))
                    .collect();
                Ok((holds, values.join(", ")))
            });
        let (passed, text) = judged.unwrap_or_else(|cause| (false, cause));
        CriterionReport {
            expression: criterion.0.clone(),
            passed,
            text: shorten(text),
        }
    };
    criteria.iter().map(judge).collect()
}

/// A number to three places, which is what a person can use of it.
fn shown(value: &Value) -> String {
    match value {
        Value::Number(number) => ((number * 1000.0).round() / 1000.0).to_string(),
        other => other.to_string(),
    }
}
