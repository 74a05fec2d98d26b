//! CPU and memory of a container.

use super::runtime::{PATIENCE, Runtime};
use bollard::models::ContainerStatsResponse;
use bollard::query_parameters::StatsOptions;
use futures_util::StreamExt as _;

/// One reading.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Reading {
    /// CPU time used since the start, in nanoseconds.
    pub cpu_ns: u64,
    /// Memory in use without the page cache, in bytes.
    pub memory: u64,
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
    })
}
