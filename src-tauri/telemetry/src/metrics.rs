//! Metrics: numbers over time, from containers, processes, probes, spans, OTLP and
//! scrapes, in one form.
//!
//! [`point::Sample`] is that form. [`book::MetricBook`] keeps the points of a run in its
//! file and computes charts of them: `increase` turns counters into what was counted,
//! `distribution` merges histograms, `line` puts a series on the `axis`, `chart` groups.
//! All but the book and its `table` are pure.

mod axis;
pub mod book;
pub mod builtin;
mod chart;
mod codec;
mod distribution;
mod increase;
mod line;
pub mod otlp;
pub mod point;
mod powers;
pub mod prometheus;
pub mod query;
pub mod red;
mod table;

/// Wall time, for points whose sender has no clock.
fn now() -> benchtop_model::time::Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let millis = since.unwrap_or_default().as_millis();
    benchtop_model::time::Timestamp(i64::try_from(millis).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests;
