//! Follows the output of a container from the start of its present run.
//!
//! Who starts a container attaches to it before ([`attach`]), so that nothing is missed
//! and nothing comes twice: the stream begins with the first byte. It gives no times, so
//! its lines are counted as the runtime's own log counts them ([`splitter`], [`place`]).
//! Whenever the stream is cut, or another engine finds the container running, the log of
//! the runtime is asked for what comes after the count, and followed from there
//! ([`backfill`]). It stays with the log until the next start: to attach in the midst of a
//! flood leaves open which line was the first, for equal lines cannot be told apart.

pub mod attach;
mod backfill;
pub mod place;
mod splitter;

#[cfg(test)]
mod seam_tests;

use super::instance::Launched;
use super::look::{Condition, condition};
use super::runtime::Runtime;
use crate::clock;
use crate::process::log_file::GAP;
use crate::sink::{LogLine, Origin};
use backfill::Backfill;
use bollard::container::LogOutput;
use bollard::query_parameters::LogsOptions;
use futures_util::StreamExt as _;
use place::Place;
use splitter::Splitter;
use std::time::Duration;

/// Lines that are passed on at once at the most.
const BATCH: usize = 512;

/// Between two looks at the container or its log.
const PAUSE: Duration = Duration::from_millis(250);

/// How often is looked whether a container has ended whose stream has: the runtime
/// closes the one a moment before it tells the other.
const LOOKS: u32 = 8;

/// Follows until the container has ended and its last line was passed on. Begins after
/// a place, or at the start of its present run; tells the place with each batch.
pub async fn follow(
    runtime: &Runtime,
    container: Launched,
    after: Option<Place>,
    mut tell: impl FnMut(Vec<LogLine>, Place),
) {
    let start = Place::at(container.started.0 * 1_000_000);
    let mut place = after.unwrap_or(start);
    if let (Some(attached), None) = (container.output, after) {
        let mut splitter = Splitter::new(start);
        let pass_on = &mut |lines, at: &Splitter| tell(lines, at.place());
        attach::drain(attached, &mut splitter, pass_on).await;
        if has_ended(runtime, &container.id).await {
            let last = splitter.finish(clock::micros());
            if !last.is_empty() {
                tell(last, splitter.place());
            }
            return;
        }
        place = splitter.place();
    }
    follow_log(runtime, &container.id, place, &mut tell).await;
}

/// Whether the stream ended because the container did.
async fn has_ended(runtime: &Runtime, id: &str) -> bool {
    for _ in 0..LOOKS {
        match condition(runtime, id).await {
            Condition::Ended(_) | Condition::Absent => return true,
            Condition::Unknown => return false,
            Condition::Running | Condition::Created => tokio::time::sleep(PAUSE).await,
        }
    }
    false
}

async fn follow_log(
    runtime: &Runtime,
    id: &str,
    mut place: Place,
    tell: &mut impl FnMut(Vec<LogLine>, Place),
) {
    place = find(runtime, id, place, tell).await;
    loop {
        place = stream(runtime, id, true, Backfill::new(place), tell)
            .await
            .place();
        match condition(runtime, id).await {
            Condition::Running | Condition::Unknown => {}
            Condition::Created | Condition::Ended(_) | Condition::Absent => break,
        }
        tokio::time::sleep(PAUSE).await;
    }
    // Following a container that ends in the same moment can miss its last
    // lines; reading them afterwards cannot.
    let mut read = stream(runtime, id, false, Backfill::new(place), tell).await;
    let last = read.finish();
    if !last.is_empty() {
        tell(last, read.place());
    }
}

/// Reads what was written meanwhile. The log may be a moment behind the stream; what it
/// then does not have has gone from it.
async fn find(
    runtime: &Runtime,
    id: &str,
    mut place: Place,
    tell: &mut impl FnMut(Vec<LogLine>, Place),
) -> Place {
    let mut left = LOOKS;
    loop {
        let mut read = stream(runtime, id, false, Backfill::new(place), tell).await;
        place = read.place();
        let answers = condition(runtime, id).await != Condition::Unknown;
        if read.is_caught_up() || left == 0 {
            if !read.is_caught_up() {
                read.give_up();
                tell(vec![gap()], read.place());
            }
            return read.place();
        }
        left -= u32::from(answers);
        tokio::time::sleep(PAUSE).await;
    }
}

async fn stream(
    runtime: &Runtime,
    id: &str,
    follow: bool,
    mut backfill: Backfill,
    tell: &mut impl FnMut(Vec<LogLine>, Place),
) -> Backfill {
    let options = LogsOptions {
        follow,
        stdout: true,
        stderr: true,
        timestamps: true,
        since: i32::try_from(backfill.since()).unwrap_or(0),
        tail: "all".to_owned(),
        ..LogsOptions::default()
    };
    let mut chunks = runtime.docker.logs(id, Some(options)).ready_chunks(BATCH);
    while let Some(chunk) = chunks.next().await {
        let lines = take(&mut backfill, chunk.into_iter().flatten());
        if !lines.is_empty() {
            tell(lines, backfill.place());
        }
    }
    backfill
}

fn take(backfill: &mut Backfill, outputs: impl Iterator<Item = LogOutput>) -> Vec<LogLine> {
    let mut lines = Vec::new();
    for output in outputs {
        let origin = match output {
            LogOutput::StdErr { .. } => Origin::Stderr,
            _ => Origin::Stdout,
        };
        let line = backfill.take(origin, &output.into_bytes());
        if backfill.take_gap() {
            lines.push(gap());
        }
        lines.extend(line);
    }
    lines
}

fn gap() -> LogLine {
    LogLine {
        time_us: clock::micros(),
        origin: Origin::Benchtop,
        text: format!("{GAP}: the container runtime threw lines away before they were read"),
    }
}
