//! Follows the output of a container from the start of its present run.
//!
//! The API's log stream is used rather than attach: it can begin at a time, so
//! that an adopted container's output goes on where it was.

use super::instance::Launched;
use super::look::{Condition, condition};
use super::runtime::Runtime;
use crate::process::log_file::LONGEST;
use crate::sink::{LogLine, Origin};
use bollard::container::LogOutput;
use bollard::query_parameters::LogsOptions;
use futures_util::StreamExt as _;
use std::time::Duration;

/// Lines that are passed on at once at the most.
const BATCH: usize = 512;

/// Follows until the container has ended and its last line was passed on. Begins after
/// a time, in nanoseconds since 1970, or at the start of its present run; tells the time
/// of the last line with each batch.
pub async fn follow(
    runtime: &Runtime,
    container: &Launched,
    after: Option<i64>,
    mut tell: impl FnMut(Vec<LogLine>, i64),
) {
    let id = &container.id;
    let mut assembly = Assembly {
        after_ns: after.unwrap_or(container.started.0 * 1_000_000),
        ..Assembly::default()
    };
    loop {
        stream(runtime, id, true, &mut assembly, &mut tell).await;
        match condition(runtime, id).await {
            Condition::Running | Condition::Unknown => {}
            Condition::Created | Condition::Ended(_) | Condition::Absent => break,
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    // Following a container that ends in the same moment can miss its last
    // lines; reading them afterwards cannot.
    stream(runtime, id, false, &mut assembly, &mut tell).await;
}

/// Nanoseconds since 1970: two lines of a flood may well share their microsecond.
fn parse_time(text: &str) -> Option<i64> {
    let time = text.parse::<jiff::Timestamp>().ok()?;
    i64::try_from(time.as_nanosecond()).ok()
}

async fn stream(
    runtime: &Runtime,
    id: &str,
    follow: bool,
    assembly: &mut Assembly,
    tell: &mut impl FnMut(Vec<LogLine>, i64),
) {
    // What an earlier stream left unfinished comes again.
    assembly.pending = None;
    let since = i32::try_from(assembly.after_ns / 1_000_000_000).unwrap_or(0);
    let options = LogsOptions {
        follow,
        stdout: true,
        stderr: true,
        timestamps: true,
        since,
        tail: "all".to_owned(),
        ..LogsOptions::default()
    };
    let mut chunks = runtime.docker.logs(id, Some(options)).ready_chunks(BATCH);
    while let Some(chunk) = chunks.next().await {
        let lines: Vec<LogLine> = chunk
            .into_iter()
            .flatten()
            .filter_map(|output| assembly.take(output))
            .collect();
        if !lines.is_empty() {
            tell(lines, assembly.after_ns);
        }
    }
}

/// Puts lines together: a long one arrives in pieces of 16 KiB, each with a time
/// of its own, and only the last ends with a line end.
#[derive(Default)]
struct Assembly {
    /// Lines up to this time were passed on already.
    after_ns: i64,
    pending: Option<(i64, LogLine)>,
}

impl Assembly {
    fn take(&mut self, output: LogOutput) -> Option<LogLine> {
        let origin = match output {
            LogOutput::StdErr { .. } => Origin::Stderr,
            _ => Origin::Stdout,
        };
        let bytes = output.into_bytes();
        let text = String::from_utf8_lossy(&bytes);
        let (time, text) = text.split_once(' ').unwrap_or((&text, ""));
        let time_ns = parse_time(time)?;
        let whole = text.ends_with('\n');
        let text = text.trim_end_matches(['\n', '\r']);
        let begin = || LogLine {
            time_us: time_ns / 1000,
            origin,
            text: String::new(),
        };
        let (time_ns, mut line) = self.pending.take().unwrap_or_else(|| (time_ns, begin()));
        line.text.push_str(text);
        if !whole && line.text.len() < LONGEST {
            self.pending = Some((time_ns, line));
            return None;
        }
        // The stream begins at a whole second, so it repeats some lines.
        if time_ns <= self.after_ns {
            return None;
        }
        self.after_ns = time_ns;
        Some(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn out(text: &str) -> LogOutput {
        LogOutput::StdOut {
            message: text.as_bytes().to_vec().into(),
        }
    }

    #[test]
    fn pieces_become_one_line() {
        let mut assembly = Assembly::default();
        assert_eq!(
            assembly.take(out("2026-11-22T07:00:00.000001Z first ")),
            None
        );
        let line = assembly
            .take(out("2026-11-22T07:00:00.000002Z second\n"))
            .expect("whole now");
        assert_eq!(line.text, "first second");
    }

    #[test]
    fn lines_that_were_seen_are_left_out() {
        let mut assembly = Assembly {
            after_ns: parse_time("2026-11-22T07:00:00.5Z").expect("time"),
            ..Assembly::default()
        };
        assert_eq!(assembly.take(out("2026-11-22T07:00:00.4Z old\n")), None);
        assert!(assembly.take(out("2026-11-22T07:00:00.6Z new\n")).is_some());
    }
}
