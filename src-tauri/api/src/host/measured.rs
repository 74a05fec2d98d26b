//! What the engine has measured, as points of metrics.

use benchtop_engine::sink::{Measured, MeasuredKind};
use benchtop_model::probe::{ProbeResult, ProbeRole};
use benchtop_model::time::Timestamp;
use benchtop_telemetry::metrics::builtin::Builtin;
use benchtop_telemetry::metrics::point::Sample;
use std::num::NonZero;
use std::sync::LazyLock;

static CORES: LazyLock<f64> = LazyLock::new(|| {
    std::thread::available_parallelism().map_or(1.0, |cores| NonZero::get(cores) as f64)
});

/// The points of one measurement.
pub(super) fn samples(measured: &Measured) -> Vec<Sample> {
    let container = measured.kind == MeasuredKind::Container;
    let of = |one, other| if container { one } else { other };
    let cpu = measured
        .cpu
        .map(|cores| if container { cores } else { cores / *CORES });
    let uptime = (measured.at.0 - measured.started.0).max(0) as f64 / 1000.0;
    let gauge = |metric: Builtin, value| metric.sample(&measured.service, &[], measured.at, value);
    let mut samples = vec![
        gauge(
            of(Builtin::ContainerMemory, Builtin::ProcessMemory),
            measured.memory as f64,
        ),
        gauge(of(Builtin::ContainerUptime, Builtin::ProcessUptime), uptime),
        // Restarts are counted over all instances of a run, so they have no start here.
        gauge(Builtin::Restarts, measured.restarts.into()),
    ];
    samples.extend(cpu.map(|cpu| gauge(of(Builtin::ContainerCpu, Builtin::ProcessCpu), cpu)));
    let count = of(Builtin::ContainerProcessCount, Builtin::ProcessCount);
    samples.extend(
        measured
            .processes
            .map(|processes| gauge(count, processes as f64)),
    );
    let mut pair = |metric: Builtin, key, ways: [&str; 2], bytes: Option<(u64, u64)>| {
        let Some((one, other)) = bytes else { return };
        for (way, bytes) in ways.into_iter().zip([one, other]) {
            let mut sample =
                metric.sample(&measured.service, &[(key, way)], measured.at, bytes as f64);
            sample.point.start = measured.started.0;
            samples.push(sample);
        }
    };
    let ways = ["receive", "transmit"];
    pair(
        Builtin::ContainerNetwork,
        "network.io.direction",
        ways,
        measured.network,
    );
    let disk = of(Builtin::ContainerDisk, Builtin::ProcessDisk);
    pair(disk, "disk.io.direction", ["read", "write"], measured.disk);
    samples
}

/// How long a probe took.
pub(super) fn probe(service: &str, role: ProbeRole, result: &ProbeResult, at: Timestamp) -> Sample {
    let seconds = result.latency_us as f64 / 1e6;
    let attributes = [("probe.role", role.word())];
    Builtin::ProbeDuration.sample(service, &attributes, at, seconds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use benchtop_telemetry::metrics::point::Value;

    #[test]
    fn a_container_has_all_that_its_runtime_tells() {
        let measured = Measured {
            service: "db".to_owned(),
            kind: MeasuredKind::Container,
            at: Timestamp(5_000),
            started: Timestamp(1_000),
            restarts: 2,
            cpu: Some(0.5),
            memory: 100,
            network: Some((10, 20)),
            disk: Some((30, 40)),
            processes: None,
        };
        let found: Vec<(String, String, f64, i64)> = samples(&measured)
            .into_iter()
            .map(|sample| {
                let way = sample.series.attributes.first().map(|pair| pair.1.clone());
                let Value::Number(value) = sample.point.value else {
                    panic!("a number");
                };
                let name = sample.series.metric.name.clone();
                (name, way.unwrap_or_default(), value, sample.point.start)
            })
            .collect();
        let is = |name: &str, way: &str, value: f64, start: i64| {
            let wanted = (name.to_owned(), way.to_owned(), value, start);
            assert!(found.contains(&wanted), "{wanted:?} in {found:?}");
        };
        is("container.memory.usage", "", 100.0, 0);
        is("container.cpu.usage", "", 0.5, 0);
        is("container.uptime", "", 4.0, 0);
        is("benchtop.service.restarts", "", 2.0, 0);
        is("container.network.io", "transmit", 20.0, 1_000);
        is("container.disk.io", "read", 30.0, 1_000);
        assert_eq!(found.len(), 8);
    }
}
