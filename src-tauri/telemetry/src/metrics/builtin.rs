//! The metrics that Benchtop measures itself, by the names of OpenTelemetry's semantic
//! conventions where they have one.

use super::point::{Descriptor, Point, Sample, SeriesKey};
use super::query::{MetricKind, MetricSource, Temporality};
use benchtop_model::time::Timestamp;
use std::sync::{Arc, LazyLock};

/// A metric of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is described where its name is")]
pub enum Builtin {
    ContainerCpu,
    ContainerMemory,
    ContainerNetwork,
    ContainerDisk,
    ContainerUptime,
    ProcessCpu,
    ProcessMemory,
    ProcessDisk,
    ProcessUptime,
    ProcessCount,
    ContainerProcessCount,
    ProbeDuration,
    Restarts,
    ScrapeUp,
}

/// Name, unit, source, what it says; counters are marked by the last.
type Row = (
    Builtin,
    &'static str,
    &'static str,
    MetricSource,
    &'static str,
    bool,
);

const ROWS: [Row; 14] = {
    use Builtin as B;
    use MetricSource as S;
    [
        (
            B::ContainerCpu,
            "container.cpu.usage",
            "{cpu}",
            S::Container,
            "CPU in use, in cores",
            false,
        ),
        (
            B::ContainerMemory,
            "container.memory.usage",
            "By",
            S::Container,
            "Memory in use without the page cache",
            false,
        ),
        (
            B::ContainerNetwork,
            "container.network.io",
            "By",
            S::Container,
            "Bytes received and sent",
            true,
        ),
        (
            B::ContainerDisk,
            "container.disk.io",
            "By",
            S::Container,
            "Bytes read from disks and written to them",
            true,
        ),
        (
            B::ContainerUptime,
            "container.uptime",
            "s",
            S::Container,
            "Time since the start of the container",
            false,
        ),
        (
            B::ProcessCpu,
            "process.cpu.utilization",
            "1",
            S::Process,
            "CPU in use by the process and all below it, as a share of all cores of the machine",
            false,
        ),
        (
            B::ProcessMemory,
            "process.memory.usage",
            "By",
            S::Process,
            "Memory in use by the process and all below it",
            false,
        ),
        (
            B::ProcessDisk,
            "process.disk.io",
            "By",
            S::Process,
            "Bytes that the process and all below it have read from disks and written to them",
            true,
        ),
        (
            B::ProcessUptime,
            "process.uptime",
            "s",
            S::Process,
            "Time since the start of the process",
            false,
        ),
        (
            B::ProcessCount,
            "process.count",
            "{process}",
            S::Process,
            "Living processes: the main process and all below it",
            false,
        ),
        (
            B::ContainerProcessCount,
            "process.count",
            "{process}",
            S::Container,
            "Processes and threads in the container",
            false,
        ),
        (
            B::ProbeDuration,
            "benchtop.probe.duration",
            "s",
            S::Probe,
            "How long a probe took",
            false,
        ),
        (
            B::Restarts,
            "benchtop.service.restarts",
            "{restart}",
            S::Process,
            "Starts that followed an unexpected end",
            true,
        ),
        (
            B::ScrapeUp,
            "benchtop.scrape.up",
            "1",
            S::Scrape,
            "1 where the metrics of the service could be fetched, 0 where not",
            false,
        ),
    ]
};

static DESCRIPTORS: LazyLock<Vec<Arc<Descriptor>>> = LazyLock::new(|| {
    let descriptor = |(_, name, unit, source, description, counter): &Row| {
        Arc::new(Descriptor {
            name: (*name).to_owned(),
            unit: (*unit).to_owned(),
            description: (*description).to_owned(),
            kind: if *counter {
                MetricKind::Sum
            } else {
                MetricKind::Gauge
            },
            monotonic: *counter,
            temporality: counter.then_some(Temporality::Cumulative),
            source: *source,
        })
    };
    ROWS.iter().map(descriptor).collect()
});

impl Builtin {
    /// A point of this metric.
    #[must_use]
    pub fn sample(
        self,
        service: &str,
        attributes: &[(&str, &str)],
        at: Timestamp,
        value: f64,
    ) -> Sample {
        // Every one has a row: a test goes through them.
        let row = ROWS.iter().position(|row| row.0 == self).unwrap_or(0);
        let attributes = attributes.iter();
        Sample {
            series: SeriesKey {
                metric: Arc::clone(&DESCRIPTORS[row]),
                service: service.to_owned(),
                attributes: attributes
                    .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
                    .collect(),
            },
            point: Point::number(at.0, value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_one_has_its_row_in_order() {
        for (place, (metric, name, ..)) in ROWS.iter().enumerate() {
            assert_eq!(*metric as usize, place);
            let sample = metric.sample("a", &[], Timestamp(1), 1.0);
            assert_eq!(sample.series.metric.name, *name);
        }
        assert_eq!(ROWS.len(), Builtin::ScrapeUp as usize + 1);
    }
}
