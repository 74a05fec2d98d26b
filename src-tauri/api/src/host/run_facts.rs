//! What was measured in a run, from its telemetry, where it is still kept.

use super::open::OpenEnvironment;
use crate::compare::RunFacts;
use crate::compare::measured::Peaks;
use benchtop_telemetry::metrics::query::{MetricQuery, MetricRange, MetricShow, Series};
use std::collections::BTreeMap;

/// Metric, and whether it is memory. Of a process CPU is a share of the machine.
const MEMORY: [&str; 2] = ["container.memory.usage", "process.memory.usage"];
const CORES: &str = "container.cpu.usage";
const SHARE: &str = "process.cpu.utilization";

/// Adds it to the facts.
pub(super) fn measure(open: &OpenEnvironment, facts: &mut RunFacts) {
    facts.peaks = peaks(open, &facts.run.id, cpus(facts));
    // What cannot be read is not compared; the traces of the run say why.
    let spans = open.telemetry.spans().ok();
    facts.routes = spans
        .and_then(|spans| spans.routes(Some(&facts.run.id)).ok())
        .unwrap_or_default();
}

/// Those of the machine of the run; where they are not known, of this one.
fn cpus(facts: &RunFacts) -> f64 {
    let known = facts.run.host.as_ref().map(|host| host.cpus);
    let here = || std::thread::available_parallelism().map_or(1, |cpus| cpus.get() as u32);
    f64::from(known.filter(|cpus| *cpus > 0).unwrap_or_else(here))
}

fn peaks(open: &OpenEnvironment, run: &str, cpus: f64) -> BTreeMap<String, Peaks> {
    let names = [MEMORY[0], MEMORY[1], CORES, SHARE];
    let queries = names.map(|metric| MetricQuery {
        metric: metric.to_owned(),
        show: MetricShow::Value,
        ..MetricQuery::default()
    });
    let range = MetricRange {
        buckets: 1,
        ..MetricRange::default()
    };
    let frames = open.metrics.query(Some(run), &queries, &range);
    let mut found: BTreeMap<String, Peaks> = BTreeMap::new();
    for (name, frame) in names.iter().zip(frames.unwrap_or_default().frames) {
        for series in &frame.series {
            let Some(most) = most(series) else { continue };
            let peaks = found.entry(series.service.clone()).or_default();
            let (place, value) = match *name {
                CORES => (&mut peaks.cpu, most),
                SHARE => (&mut peaks.cpu, most * cpus),
                _ => (&mut peaks.memory, most),
            };
            *place = Some(place.map_or(value, |known| known.max(value)));
        }
    }
    found
}

fn most(series: &Series) -> Option<f64> {
    let values = series.max.as_ref().unwrap_or(&series.points);
    values.iter().flatten().copied().reduce(f64::max)
}
