//! Differences of what was measured: answers by route, resources, scenarios.

use super::super::measured::{RouteComparison, ScenarioComparison, ScenarioRun};
use super::super::{RunComparison, ServiceComparison};
use super::{Difference, DifferenceKind, SLOWER, Tone, difference};
use crate::model::scenario::report::ScenarioStatus;
use crate::telemetry::trace::RouteLatency;

/// Answers that make a median.
const ENOUGH: u64 = 20;

/// A median is another where it is [`SLOWER`] and differs by as much, in nanoseconds: what
/// a person could notice, and more than a busy machine adds to a quick answer.
const NOTICEABLE_NS: u64 = 50_000_000;

/// A share of failed answers is another where it differs by as much.
const NOTICEABLE_FAILURES: f64 = 0.05;

/// Memory is another where it is [`SLOWER`] and differs by as much, in bytes.
const NOTICEABLE_MEMORY: f64 = 100_000_000.0;

/// A figure of a scenario is another where it is so many times the other.
const OTHER_FIGURE: f64 = 1.5;

/// Figures of one scenario that are told.
const MOST_FIGURES: usize = 5;

/// Words in names of figures of which more is better.
const MORE_IS_BETTER: [&str; 4] = ["throughput", "rate", "verified", "delivered"];

/// Words in names of figures of which less is better.
const LESS_IS_BETTER: [&str; 7] = [
    "_ms",
    "latency",
    "lag",
    "missing",
    "duplicated",
    "errors",
    "restarts",
];

pub(super) fn routes(comparison: &RunComparison) -> Vec<Difference> {
    let pace = pace(&comparison.routes);
    let told = |route: &RouteComparison| {
        let (a, b) = (route.a.as_ref()?, route.b.as_ref()?);
        let name = format!("{} {}", route.service, route.route);
        let (tone, text) = failures(&name, a, b).or_else(|| slower(&name, a, b, pace))?;
        Some(difference(
            DifferenceKind::Route,
            tone,
            Some(&route.service),
            text,
        ))
    };
    comparison.routes.iter().filter_map(told).collect()
}

/// How much longer the middle route took than before, at least 1.
fn pace(routes: &[RouteComparison]) -> f64 {
    let ratio = |route: &RouteComparison| {
        let (a, b) = (route.a.as_ref()?, route.b.as_ref()?);
        let enough = a.count.min(b.count) >= ENOUGH;
        let (a, b) = (a.percentiles.p50_ns.max(1), b.percentiles.p50_ns.max(1));
        enough.then_some(b as f64 / a as f64)
    };
    let mut ratios: Vec<f64> = routes.iter().filter_map(ratio).collect();
    ratios.sort_by(f64::total_cmp);
    // Of two the quicker one: one of them may be the one that got slower. One alone tells
    // nothing of the others.
    let middle = ratios.len().saturating_sub(1) / 2;
    match ratios.len() {
        0 | 1 => 1.0,
        _ => ratios.get(middle).copied().unwrap_or(1.0).max(1.0),
    }
}

fn slower(name: &str, a: &RouteLatency, b: &RouteLatency, pace: f64) -> Option<(Tone, String)> {
    if a.count.min(b.count) < ENOUGH {
        return None;
    }
    let (before, now) = (a.percentiles.p50_ns, b.percentiles.p50_ns);
    if before.abs_diff(now) < NOTICEABLE_NS {
        return None;
    }
    let ratio = now as f64 / before.max(1) as f64;
    let tone = match ratio {
        more if more >= SLOWER * pace => Tone::Worse,
        less if less <= 1.0 / SLOWER => Tone::Better,
        _ => return None,
    };
    let ms = |ns: u64| ns / 1_000_000;
    let text = format!(
        "{name} answers after {} ms, before {} ms (99 of 100 within {} ms, before {} ms)",
        ms(now),
        ms(before),
        ms(b.percentiles.p99_ns),
        ms(a.percentiles.p99_ns)
    );
    Some((tone, text))
}

fn failures(name: &str, a: &RouteLatency, b: &RouteLatency) -> Option<(Tone, String)> {
    let share = |of: &RouteLatency| of.errors as f64 / of.count.max(1) as f64;
    let (before, now) = (share(a), share(b));
    if (now - before).abs() < NOTICEABLE_FAILURES || a.count.min(b.count) < ENOUGH {
        return None;
    }
    let tone = if now > before {
        Tone::Worse
    } else {
        Tone::Better
    };
    let text = format!(
        "{name} failed in {} of {} requests, before in {} of {}",
        b.errors, b.count, a.errors, a.count
    );
    Some((tone, text))
}

pub(super) fn resources(service: &ServiceComparison) -> Option<Difference> {
    let peak = |run: &Option<super::ServiceRun>| run.as_ref().and_then(|run| run.peak_memory);
    let (a, b) = (peak(&service.a)?, peak(&service.b)?);
    let (low, high) = (a.min(b), a.max(b));
    if high - low < NOTICEABLE_MEMORY || high < SLOWER * low {
        return None;
    }
    let tone = if b > a { Tone::Worse } else { Tone::Better };
    let mb = |bytes: f64| (bytes / 1_000_000.0).round();
    let name = &service.service;
    let text = format!(
        "{name} took up to {} MB of memory, before {} MB",
        mb(b),
        mb(a)
    );
    Some(difference(
        DifferenceKind::Resources,
        tone,
        Some(name),
        text,
    ))
}

pub(super) fn scenario(scenario: &ScenarioComparison) -> Vec<Difference> {
    let (Some(a), Some(b)) = (&scenario.a, &scenario.b) else {
        return Vec::new();
    };
    let name = &scenario.scenario;
    let told = |tone, text| difference(DifferenceKind::Scenario, tone, None, text);
    match (a.status, b.status) {
        (ScenarioStatus::Passed, ScenarioStatus::Failed) => {
            let why = b.text.as_deref().unwrap_or("no reason is known");
            vec![told(Tone::Worse, format!("scenario {name} failed: {why}"))]
        }
        (ScenarioStatus::Failed, ScenarioStatus::Passed) => {
            vec![told(
                Tone::Better,
                format!("scenario {name} failed before, and passes now"),
            )]
        }
        _ => figures(a, b)
            .map(|(tone, text)| told(tone, format!("scenario {name}: {text}")))
            .take(MOST_FIGURES)
            .collect(),
    }
}

/// Those of which it is known what better means.
fn figures<'a>(
    a: &'a ScenarioRun,
    b: &'a ScenarioRun,
) -> impl Iterator<Item = (Tone, String)> + 'a {
    a.metrics.iter().filter_map(|(name, before)| {
        let now = b.metrics.get(name)?;
        let more_is_better = more_is_better(name)?;
        let (low, high) = (before.abs().min(now.abs()), before.abs().max(now.abs()));
        if high < OTHER_FIGURE * low || high - low < least(name) {
            return None;
        }
        let tone = match (now > before) == more_is_better {
            true => Tone::Better,
            false => Tone::Worse,
        };
        Some((
            tone,
            format!("{name} is {}, before {}", short(*now), short(*before)),
        ))
    })
}

/// Differences below this are a matter of chance.
fn least(name: &str) -> f64 {
    if name.contains("_ms") { 50.0 } else { 1.0 }
}

fn more_is_better(name: &str) -> Option<bool> {
    // The length of a whole scenario is the sum of all its waits.
    let last = name.rsplit('.').next().unwrap_or(name);
    if last == "duration_ms" || last == "waited_ms" {
        return None;
    }
    let has = |words: &[&str]| words.iter().any(|word| last.contains(word));
    match (has(&LESS_IS_BETTER), has(&MORE_IS_BETTER)) {
        (true, _) => Some(false),
        (false, true) => Some(true),
        (false, false) => None,
    }
}

fn short(value: f64) -> String {
    let rounded = (value * 10.0).round() / 10.0;
    rounded.to_string()
}
