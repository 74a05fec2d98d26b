//! The attach stream of a container. It is the fastest way to its output, about five times
//! the runtime's log, but it has neither times nor a beginning: whoever attaches before
//! the start has all of it.

use super::splitter::Splitter;
use crate::clock;
use crate::container::runtime::{PATIENCE, Runtime};
use crate::sink::{LogLine, Origin};
use bollard::container::{AttachContainerResults, LogOutput};
use bollard::query_parameters::AttachContainerOptions;
use futures_util::StreamExt as _;
use std::fmt;
use std::time::Duration;

/// Frames that are passed on at once at the most; each has at most some 16 KiB.
const BATCH: usize = 64;

/// A silence of this length divides what the runtime's log has in two without doubt: it
/// has written down what came before, and what comes after bears a later time.
const QUIET: Duration = Duration::from_secs(4);

/// Lines from which on a place found by silence is worth being kept at once.
const WORTH_KEEPING: u64 = 1000;

/// The output of one run of a container, from its first byte.
pub struct Attached(AttachContainerResults);

impl fmt::Debug for Attached {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Attached")
    }
}

/// Attaches to a container that has not been started. Where that does not work, the log
/// of the runtime is as good, but slower.
pub(in crate::container) async fn attach(runtime: &Runtime, id: &str) -> Option<Attached> {
    let options = AttachContainerOptions {
        stdout: true,
        stderr: true,
        stream: true,
        ..AttachContainerOptions::default()
    };
    let attach = runtime.docker.attach_container(id, Some(options));
    match tokio::time::timeout(PATIENCE, attach).await {
        Ok(Ok(attached)) => Some(Attached(attached)),
        Ok(Err(error)) => {
            tracing::debug!(%id, %error, "cannot attach; the runtime's log is followed");
            None
        }
        Err(_) => None,
    }
}

/// Passes everything on until the stream ends, or is cut.
pub(super) async fn drain(
    attached: Attached,
    splitter: &mut Splitter,
    tell: &mut impl FnMut(Vec<LogLine>, &Splitter),
) {
    // The other direction is kept: some runtimes take its end for the end of both.
    let AttachContainerResults { output, input } = attached.0;
    let mut chunks = output.ready_chunks(BATCH);
    let mut has_news = true;
    loop {
        let asked = clock::tick();
        let next = match has_news {
            true => tokio::time::timeout(QUIET, chunks.next()).await,
            false => Ok(chunks.next().await),
        };
        match next {
            Ok(Some(chunk)) => {
                has_news = true;
                let lines = take(splitter, chunk);
                if !lines.is_empty() {
                    tell(lines, splitter);
                }
            }
            Ok(None) => break,
            // Whoever was held up himself knows nothing of the silence of others.
            Err(_) if clock::tick().since(asked).to_duration() > QUIET * 5 / 4 => {}
            Err(_) => {
                has_news = false;
                let counted = splitter.counted();
                splitter.was_quiet_at((clock::micros() - half_of_quiet()) * 1000);
                if counted >= WORTH_KEEPING {
                    tell(Vec::new(), splitter);
                }
            }
        }
    }
    drop(input);
}

fn half_of_quiet() -> i64 {
    i64::try_from(QUIET.as_micros() / 2).unwrap_or_default()
}

fn take(
    splitter: &mut Splitter,
    chunk: Vec<Result<LogOutput, bollard::errors::Error>>,
) -> Vec<LogLine> {
    let time_us = clock::micros();
    let mut lines = Vec::with_capacity(chunk.len() * 64);
    for output in chunk.into_iter().flatten() {
        let (origin, bytes) = match output {
            LogOutput::StdErr { message } => (Origin::Stderr, message),
            LogOutput::StdOut { message } | LogOutput::Console { message } => {
                (Origin::Stdout, message)
            }
            LogOutput::StdIn { .. } => continue,
        };
        splitter.take(origin, &bytes, time_us, &mut lines);
    }
    lines
}
