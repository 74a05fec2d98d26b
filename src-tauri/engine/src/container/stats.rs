//! What a container uses.

use super::runtime::{PATIENCE, Runtime};
use bollard::models::{ContainerNetworkStats, ContainerStatsResponse};
use bollard::query_parameters::StatsOptions;
use futures_util::StreamExt as _;

/// One reading.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Reading {
    /// CPU time used since the start, in nanoseconds.
    pub cpu_ns: u64,
    /// Memory in use without the page cache, in bytes.
    pub memory: u64,
    /// Bytes received and sent since the start, where it has a network of its own.
    pub network: Option<(u64, u64)>,
    /// Bytes read and written since the start, where the engine tells.
    pub disk: Option<(u64, u64)>,
    /// Processes and threads, as the kernel counts them for the container.
    pub processes: Option<u64>,
}

/// Reads the counters once; `None` where the engine does not tell.
pub async fn read(runtime: &Runtime, id: &str) -> Option<Reading> {
    let options = StatsOptions {
        stream: false,
        one_shot: true,
    };
    let mut stream = runtime.docker.stats(id, Some(options));
    let answer = tokio::time::timeout(PATIENCE, stream.next())
        .await
        .ok()??
        .ok()?;
    reading_of(&answer)
}

fn reading_of(stats: &ContainerStatsResponse) -> Option<Reading> {
    let memory = stats.memory_stats.as_ref()?;
    let detail = memory.stats.as_ref();
    // cgroup v2 calls it inactive_file, v1 total_inactive_file.
    let cache = detail
        .and_then(|d| {
            d.get("inactive_file")
                .or_else(|| d.get("total_inactive_file"))
        })
        .copied()
        .unwrap_or(0);
    let cpu = stats.cpu_stats.as_ref()?.cpu_usage.as_ref()?.total_usage?;
    Some(Reading {
        cpu_ns: cpu,
        memory: memory.usage.unwrap_or(0).saturating_sub(cache),
        network: stats.networks.as_ref().map(|networks| {
            let sum = |bytes: fn(&ContainerNetworkStats) -> Option<u64>| {
                networks.values().filter_map(bytes).sum()
            };
            (
                sum(|network| network.rx_bytes),
                sum(|network| network.tx_bytes),
            )
        }),
        disk: disk_of(stats),
        processes: stats.pids_stats.as_ref().and_then(|pids| pids.current),
    })
}

fn disk_of(stats: &ContainerStatsResponse) -> Option<(u64, u64)> {
    let blkio = stats.blkio_stats.as_ref()?;
    let entries = blkio.io_service_bytes_recursive.as_ref()?;
    let sum = |wanted: &str| {
        let of_kind = entries.iter().filter(|entry| {
            // cgroup v1 writes `Read`, v2 `read`.
            let op = entry.op.as_deref();
            op.is_some_and(|op| op.eq_ignore_ascii_case(wanted))
        });
        of_kind.filter_map(|entry| entry.value).sum()
    };
    Some((sum("read"), sum("write")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_networks_and_devices_are_added_up() {
        let answer = r#"{
            "cpu_stats": { "cpu_usage": { "total_usage": 7000 } },
            "memory_stats": { "usage": 1000, "stats": { "inactive_file": 300 } },
            "networks": { "eth0": { "rx_bytes": 5, "tx_bytes": 7 }, "eth1": { "rx_bytes": 1, "tx_bytes": 1 } },
            "blkio_stats": { "io_service_bytes_recursive": [
                { "major": 8, "op": "read", "value": 10 }, { "major": 9, "op": "Read", "value": 1 },
                { "major": 8, "op": "write", "value": 4 } ] },
            "pids_stats": { "current": 3 } }"#;
        let stats = serde_json::from_str(answer).expect("an answer of the engine");
        let expected = Reading {
            cpu_ns: 7000,
            memory: 700,
            network: Some((6, 8)),
            disk: Some((11, 4)),
            processes: Some(3),
        };
        assert_eq!(reading_of(&stats), Some(expected));
    }

    #[test]
    fn what_the_engine_does_not_tell_is_absent() {
        let answer =
            r#"{ "cpu_stats": { "cpu_usage": { "total_usage": 1 } }, "memory_stats": {} }"#;
        let stats = serde_json::from_str(answer).expect("an answer of the engine");
        let reading = reading_of(&stats).expect("a reading");
        assert_eq!(
            (reading.network, reading.disk, reading.processes),
            (None, None, None)
        );
    }
}
