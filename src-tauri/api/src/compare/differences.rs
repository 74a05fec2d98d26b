//! What of a comparison a person should read first.
//!
//! Limits are wide, because the two runs may have been on a machine that was busy with
//! something else: a service counts as slower where it took twice as long *and* twice as
//! long as the run did as a whole.

use super::{RunComparison, ServiceComparison, ServiceRun};
use crate::model::plan::diff::{ChangeKind, ServiceChange};
use crate::model::status::Status;
use crate::model::time::Millis;
use crate::telemetry::level::Level;
use crate::telemetry::query::Pattern;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

mod measured;

/// A time to ready is another where it is so many times the other …
const SLOWER: f64 = 2.0;

/// … and differs by as much: below this, a start is a matter of chance.
const NOTICEABLE: Millis = Millis(1000);

/// A probe's mean latency is another where it is [`SLOWER`] and differs by as much, in
/// microseconds.
const NOTICEABLE_LATENCY: u64 = 50_000;

/// Answers of a probe that make a mean: the first of a start are as slow as the start.
const ENOUGH_ANSWERS: u64 = 10;

/// New errors that are told by their text.
const MOST_ERRORS: usize = 10;

/// Text of a log pattern that a difference quotes, in characters.
const QUOTED: usize = 160;

/// One difference that matters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Difference {
    /// What kind of difference.
    pub kind: DifferenceKind,
    /// Which way it points.
    pub tone: Tone,
    /// The service; absent where the run as a whole is meant.
    pub service: Option<String>,
    /// One sentence, without a full stop.
    pub text: String,
}

/// What kind of difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum DifferenceKind {
    /// Fails in one of the two.
    Failure,
    /// Got ready in one of the two.
    Readiness,
    /// Logs errors of a kind that the other did not.
    NewError,
    /// Ended unexpectedly more or less often.
    Restarts,
    /// Took longer or less long to get ready.
    TimeToReady,
    /// Answers its probes later or sooner.
    Latency,
    /// Answers a route later, sooner, or with more or fewer errors.
    Route,
    /// A scenario fails or passes newly, or measures something else.
    Scenario,
    /// Takes more or less of the machine.
    Resources,
    /// Takes part in one of the two only.
    Membership,
    /// Is defined differently.
    Definition,
    /// Stems from another commit.
    Commit,
}

/// Which way a difference points, seen from the second run. In order of how much it is
/// worth reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum Tone {
    /// For the worse.
    Worse,
    /// Neither: it may be why something else is worse.
    Neutral,
    /// For the better.
    Better,
}

/// All differences, the worst first.
pub(super) fn differences(comparison: &RunComparison) -> Vec<Difference> {
    let mut found = readiness(comparison);
    let pace = pace(&comparison.services);
    for service in &comparison.services {
        found.extend(of_service(service, pace));
    }
    found.extend(measured::routes(comparison));
    found.extend(comparison.services.iter().filter_map(measured::resources));
    found.extend(comparison.scenarios.iter().flat_map(measured::scenario));
    found.extend(comparison.definition.iter().map(definition));
    found.extend(new_errors(comparison));
    found.extend(commit(comparison));
    found.sort_by_key(|difference| (difference.tone, difference.kind));
    found
}

fn difference(
    kind: DifferenceKind,
    tone: Tone,
    service: Option<&str>,
    text: impl Into<String>,
) -> Difference {
    Difference {
        kind,
        tone,
        service: service.map(str::to_owned),
        text: text.into(),
    }
}

fn readiness(comparison: &RunComparison) -> Vec<Difference> {
    let (a, b) = (comparison.a.time_to_ready, comparison.b.time_to_ready);
    let told = match (a, b) {
        (Some(_), None) => Some((Tone::Worse, "the environment did not get ready".to_owned())),
        (None, Some(b)) => Some((
            Tone::Better,
            format!("the environment got ready, after {b}"),
        )),
        _ => None,
    };
    told.map(|(tone, text)| difference(DifferenceKind::Readiness, tone, None, text))
        .into_iter()
        .collect()
}

/// How much longer the middle service took than before, at least 1.
fn pace(services: &[ServiceComparison]) -> f64 {
    let ratio = |s: &ServiceComparison| {
        let (a, b) = (s.a.as_ref()?.time_to_ready?, s.b.as_ref()?.time_to_ready?);
        Some(b.0.max(1) as f64 / a.0.max(1) as f64)
    };
    let mut ratios: Vec<f64> = services.iter().filter_map(ratio).collect();
    ratios.sort_by(f64::total_cmp);
    // Of two services the quicker one: one of them may be the one that got slower.
    let middle = ratios.len().saturating_sub(1) / 2;
    ratios.get(middle).copied().unwrap_or(1.0).max(1.0)
}

fn of_service(service: &ServiceComparison, pace: f64) -> Vec<Difference> {
    let name = service.service.as_str();
    let (a, b) = match (&service.a, &service.b) {
        (Some(a), Some(b)) => (a, b),
        (None, Some(_)) => return vec![membership(name, "takes part newly")],
        (Some(_), None) => return vec![membership(name, "does not take part any more")],
        (None, None) => return Vec::new(),
    };
    let parts = [
        failure(name, a, b),
        restarts(name, a, b),
        time_to_ready(name, a, b, pace),
        latency(name, a, b),
    ];
    parts.into_iter().flatten().collect()
}

fn times(count: u64) -> String {
    match count {
        0 => "never".to_owned(),
        1 => "once".to_owned(),
        _ => format!("{count} times"),
    }
}

fn membership(name: &str, text: &str) -> Difference {
    difference(
        DifferenceKind::Membership,
        Tone::Neutral,
        Some(name),
        format!("{name} {text}"),
    )
}

fn failure(name: &str, a: &ServiceRun, b: &ServiceRun) -> Option<Difference> {
    let failed = |run: &ServiceRun| run.worst >= Some(Status::Degraded);
    let (tone, text) = match (failed(a), failed(b)) {
        (false, true) => (Tone::Worse, format!("{name} was {}{}", worst(b), causes(b))),
        (true, false) => (
            Tone::Better,
            format!("{name} was {} before, and is well now", worst(a)),
        ),
        _ => return None,
    };
    Some(difference(DifferenceKind::Failure, tone, Some(name), text))
}

fn worst(run: &ServiceRun) -> &'static str {
    run.worst.map_or("Unknown", Status::word)
}

fn causes(run: &ServiceRun) -> String {
    run.failures
        .first()
        .map(|cause| format!(": {cause}"))
        .unwrap_or_default()
}

fn restarts(name: &str, a: &ServiceRun, b: &ServiceRun) -> Option<Difference> {
    let tone = match a.restarts.cmp(&b.restarts) {
        std::cmp::Ordering::Equal => return None,
        std::cmp::Ordering::Less => Tone::Worse,
        std::cmp::Ordering::Greater => Tone::Better,
    };
    let text = format!(
        "{name} ended unexpectedly {}, before {}",
        times(u64::from(b.restarts)),
        times(u64::from(a.restarts))
    );
    Some(difference(DifferenceKind::Restarts, tone, Some(name), text))
}

fn time_to_ready(name: &str, a: &ServiceRun, b: &ServiceRun, pace: f64) -> Option<Difference> {
    let (a, b) = match (a.time_to_ready, b.time_to_ready) {
        (Some(a), Some(b)) => (a, b),
        (Some(_), None) => {
            let text = format!("{name} did not get ready");
            return Some(difference(
                DifferenceKind::Readiness,
                Tone::Worse,
                Some(name),
                text,
            ));
        }
        _ => return None,
    };
    if b.0.abs_diff(a.0) < NOTICEABLE.0 {
        return None;
    }
    let ratio = b.0 as f64 / a.0.max(1) as f64;
    let (tone, text) = if ratio >= SLOWER * pace {
        (
            Tone::Worse,
            format!("{name} took {b} to get ready, before {a}"),
        )
    } else if ratio <= 1.0 / SLOWER {
        (
            Tone::Better,
            format!("{name} took only {b} to get ready, before {a}"),
        )
    } else {
        return None;
    };
    Some(difference(
        DifferenceKind::TimeToReady,
        tone,
        Some(name),
        text,
    ))
}

fn latency(name: &str, a: &ServiceRun, b: &ServiceRun) -> Option<Difference> {
    if a.probes.min(b.probes) < ENOUGH_ANSWERS {
        return None;
    }
    let (a, b) = (a.probe_mean_us?, b.probe_mean_us?);
    let (low, high) = (a.min(b), a.max(b));
    if high - low < NOTICEABLE_LATENCY || (high as f64) < SLOWER * low.max(1) as f64 {
        return None;
    }
    let tone = if b > a { Tone::Worse } else { Tone::Better };
    let text = format!(
        "{name} answers its probes after {} ms, before {} ms",
        b / 1000,
        a / 1000
    );
    Some(difference(DifferenceKind::Latency, tone, Some(name), text))
}

fn definition(change: &ServiceChange) -> Difference {
    let name = &change.service;
    let text = match change.kind {
        ChangeKind::Added => format!("{name} is new in the definition"),
        ChangeKind::Removed => format!("{name} is gone from the definition"),
        ChangeKind::Changed => {
            let paths: Vec<&str> = change.fields.iter().map(|f| f.path.as_str()).collect();
            format!("{name} is defined differently: {}", some_of(&paths))
        }
    };
    difference(DifferenceKind::Definition, Tone::Neutral, Some(name), text)
}

/// The first three, and how many more there are.
fn some_of(words: &[&str]) -> String {
    let (first, rest) = words.split_at(words.len().min(3));
    match rest.len() {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}

fn new_errors(comparison: &RunComparison) -> Vec<Difference> {
    let Some(patterns) = &comparison.patterns else {
        return Vec::new();
    };
    let grave = |pattern: &&Pattern| pattern.level >= Level::Error;
    let told = |pattern: &Pattern, tone, when: &str| {
        let text: String = pattern
            .example
            .lines()
            .next()
            .unwrap_or_default()
            .chars()
            .take(QUOTED)
            .collect();
        difference(
            DifferenceKind::NewError,
            tone,
            Some(&pattern.service),
            format!(
                "{} {when} {}: {}",
                pattern.service,
                times(pattern.count),
                text.trim()
            ),
        )
    };
    let new = patterns.new.iter().filter(grave).take(MOST_ERRORS);
    let gone = patterns.vanished.iter().filter(grave).take(MOST_ERRORS);
    new.map(|p| told(p, Tone::Worse, "logs a new error,"))
        .chain(gone.map(|p| told(p, Tone::Better, "logs no more an error, before")))
        .collect()
}

fn commit(comparison: &RunComparison) -> Option<Difference> {
    let git = comparison.git.as_ref()?;
    let count = git.commits.len();
    let text = match (git.from == git.to, count) {
        (true, _) => return None,
        (false, 0) => format!("commit {}, before {}", git.to, git.from),
        (false, 1) => format!("one commit further: {}", git.commits[0]),
        (false, _) => format!(
            "{count}{} commits further, from {} to {}",
            if git.more { " or more" } else { "" },
            git.from,
            git.to
        ),
    };
    Some(difference(
        DifferenceKind::Commit,
        Tone::Neutral,
        None,
        text,
    ))
}
