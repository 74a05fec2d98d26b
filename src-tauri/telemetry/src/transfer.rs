//! A run's telemetry as a file, and back: one request of OTLP in JSON on each line, as the
//! collector writes and reads files, too.
//!
//! Logs keep message, level, time, trace and named values; colours do not fit into OTLP.
//! In the file of a whole run (see [`export_exact`]) logs are written as they were kept.
//! An import first reads all of a file, so that of a broken one nothing is taken, and then
//! fills the file of a run of its own.

use crate::book::LogBook;
use crate::metrics::book::MetricBook;
use crate::metrics::otlp as points;
use crate::metrics::query::MetricSource;
use crate::otlp::attribution;
use crate::otlp::decode::{Request, Signal};
use crate::otlp::json;
use crate::otlp::limits::MOST_BYTES;
use crate::otlp::logs::{BookSink, LogSink as _};
use crate::otlp::status::SignalCounts;
use crate::spans::{SpanStore, incoming};
use benchtop_model::time::Timestamp;
use exact::{KeptLogs, LogLine};
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::io::{self, BufRead, Read as _, Write};
use std::sync::Arc;

mod exact;
mod logs;
mod metrics;

/// Points of one line.
const AT_ONCE: usize = 2000;

/// Text of log records after which a line is long enough, in bytes.
const AT_ONCE_BYTES: usize = 1 << 20;

/// The longest line that is read, in bytes.
pub const LONGEST_LINE: usize = MOST_BYTES;

/// All of one environment's telemetry.
#[derive(Clone, Debug)]
pub struct Stores {
    /// Its logs.
    pub logs: Arc<LogBook>,
    /// Its spans.
    pub spans: Arc<SpanStore>,
    /// Its metrics.
    pub metrics: Arc<MetricBook>,
}

/// What a file has, as far as it must be known before it is taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    /// How much of each.
    pub counts: SignalCounts,
    /// Items that are no valid ones and will be left out.
    pub rejected: SignalCounts,
    /// The earliest and the latest time in it, in milliseconds; absent where it is empty.
    pub range: Option<(Timestamp, Timestamp)>,
    /// Who sent it.
    pub services: BTreeSet<String>,
}

/// Writes all telemetry of a run.
///
/// # Errors
/// Where the run's file cannot be read or `out` not be written.
pub fn export(from: &Stores, run: &str, out: &mut dyn Write) -> io::Result<SignalCounts> {
    let spans = spans(from, run, out)?;
    let logs = logs::export(&from.logs, run, &mut |request| line(out, &request))?;
    let points = points(from, run, &mut |_, request| line(out, &request))?;
    Ok(SignalCounts {
        spans,
        points,
        logs,
    })
}

/// The same with logs as they were kept, in lines of their own that only Benchtop reads,
/// and with the source of each metric.
///
/// # Errors
/// As [`export`].
pub fn export_exact(from: &Stores, run: &str, out: &mut dyn Write) -> io::Result<SignalCounts> {
    let spans = spans(from, run, out)?;
    let logs = exact::export(&from.logs, run, &mut |logs| line(out, &logs))?;
    let points = points(from, run, &mut |source, request| {
        line(out, &Sourced { source, request })
    })?;
    Ok(SignalCounts {
        spans,
        points,
        logs,
    })
}

fn spans(from: &Stores, run: &str, out: &mut dyn Write) -> io::Result<u64> {
    let mut failed = None;
    let spans = from.spans.export(Some(run), &mut |request| {
        line(out, &request).inspect_err(|error| failed = Some(error.kind()))
    });
    spans.map_err(|error| {
        let kind = failed.unwrap_or(io::ErrorKind::Other);
        io::Error::new(kind, format!("{error:?}"))
    })
}

fn points(
    from: &Stores,
    run: &str,
    each: &mut dyn FnMut(MetricSource, ExportMetricsServiceRequest) -> io::Result<()>,
) -> io::Result<u64> {
    let mut all = 0;
    from.metrics.commit();
    from.metrics.export(run, &mut |series, points| {
        all += points.len() as u64;
        let mut rest = points;
        while !rest.is_empty() {
            let later = rest.split_off(rest.len().min(AT_ONCE));
            let now = std::mem::replace(&mut rest, later);
            each(series.metric.source, metrics::request(series, now))?;
        }
        Ok(())
    })?;
    Ok(all)
}

fn line<T: Serialize>(out: &mut dyn Write, request: &T) -> io::Result<()> {
    serde_json::to_writer(&mut *out, request)?;
    out.write_all(b"\n")
}

/// Reads all of a file without taking it.
///
/// # Errors
/// One sentence that names the line that cannot be read.
pub fn inspect(input: impl BufRead) -> io::Result<Contents> {
    let mut contents = Contents::default();
    each(input, |line| {
        contents.add(line);
        Ok(())
    })?;
    Ok(contents)
}

/// Takes a file that [`inspect`] has found to be right.
///
/// # Errors
/// Where it cannot be read, or the disk takes nothing.
pub fn import(input: impl BufRead, into: &Stores) -> io::Result<()> {
    let filler = Filler::new(into);
    each(input, |line| filler.take(line))?;
    filler.end();
    Ok(())
}

/// Takes telemetry line by line.
pub struct Filler<'a> {
    into: &'a Stores,
    sink: BookSink,
}

impl<'a> Filler<'a> {
    /// Into these stores.
    #[must_use]
    pub fn new(into: &'a Stores) -> Self {
        Self {
            into,
            sink: BookSink::new(Arc::clone(&into.logs), Box::new(|_| 0), || {}),
        }
    }

    /// Takes one line.
    ///
    /// # Errors
    /// Where the disk takes nothing.
    pub fn take(&self, line: Line) -> io::Result<()> {
        match line.0 {
            Item::Otlp(Request::Traces(mut request)) => {
                incoming::check(&mut request);
                let kept = self.into.spans.push_blocking(request);
                kept.map_err(|why| io::Error::other(format!("spans were not kept: {why:?}")))?;
            }
            Item::Otlp(Request::Logs(request)) => _ = self.sink.records(request),
            Item::Otlp(Request::Metrics(request)) => {
                let mut samples = points::read(request, Timestamp(0)).samples;
                if let Some(source) = line.1 {
                    samples.iter_mut().for_each(|sample| {
                        Arc::make_mut(&mut sample.series.metric).source = source;
                    });
                }
                self.into.metrics.push(samples);
                self.into.metrics.commit();
            }
            Item::Logs(logs) => {
                let (service, generation) = (logs.service, logs.generation);
                self.into.logs.restore(&service, generation, logs.records);
            }
        }
        Ok(())
    }

    /// Waits until all of it is on the disk.
    pub fn end(&self) {
        self.into.logs.flush();
        self.into.metrics.commit();
    }
}

impl std::fmt::Debug for Filler<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Filler").finish_non_exhaustive()
    }
}

/// One line of a file that was read.
#[derive(Debug)]
pub struct Line(Item, Option<MetricSource>);

/// Points as a request, with what no request has a place for.
#[derive(Serialize)]
struct Sourced {
    source: MetricSource,
    #[serde(flatten)]
    request: ExportMetricsServiceRequest,
}

#[derive(Debug)]
enum Item {
    Otlp(Request),
    Logs(KeptLogs),
}

/// Which of the three a line is; everything else of it is read later.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Kind {
    resource_spans: Option<IgnoredAny>,
    resource_logs: Option<IgnoredAny>,
    resource_metrics: Option<IgnoredAny>,
    logs: Option<IgnoredAny>,
    /// Of metrics; only Benchtop writes it.
    source: Option<serde_json::Value>,
}

fn each(mut input: impl BufRead, mut take: impl FnMut(Line) -> io::Result<()>) -> io::Result<()> {
    let mut text = Vec::new();
    for number in 1_u64.. {
        text.clear();
        let most = MOST_BYTES as u64 + 1;
        if (&mut input).take(most).read_until(b'\n', &mut text)? == 0 {
            break;
        }
        if text.trim_ascii().is_empty() {
            continue;
        }
        let line = parse(&text).map_err(|why| {
            let message = format!("line {number} is no request of OTLP in JSON: {why}");
            io::Error::new(io::ErrorKind::InvalidData, message)
        })?;
        take(line)?;
    }
    Ok(())
}

/// Reads one line.
///
/// # Errors
/// What is wrong with it.
pub fn parse(text: &[u8]) -> Result<Line, String> {
    if text.len() > MOST_BYTES {
        return Err(format!("it is longer than {} MiB", MOST_BYTES >> 20));
    }
    let mut kind: Kind = serde_json::from_slice(text).map_err(|error| error.to_string())?;
    let source = kind.source.take();
    let signal = match kind {
        Kind {
            resource_spans: Some(_),
            ..
        } => Signal::Traces,
        Kind {
            resource_logs: Some(_),
            ..
        } => Signal::Logs,
        Kind {
            resource_metrics: Some(_),
            ..
        } => Signal::Metrics,
        Kind { logs: Some(_), .. } => {
            let line: LogLine = serde_json::from_slice(text).map_err(|error| error.to_string())?;
            return Ok(Line(Item::Logs(line.logs), None));
        }
        _ => return Err("it has no resourceSpans, resourceLogs or resourceMetrics".to_owned()),
    };
    // What another program means by this word is its own affair.
    let source = source.and_then(|source| serde_json::from_value(source).ok());
    json::decode(text, signal).map(|request| Line(Item::Otlp(request), source))
}

impl Contents {
    /// Counts what is in a line.
    pub fn add(&mut self, line: Line) {
        match line.0 {
            Item::Logs(logs) => {
                self.counts.logs += logs.records.len() as u64;
                for record in &logs.records {
                    self.time(u64::try_from(record.time.0).unwrap_or_default());
                }
                self.services.insert(logs.service);
            }
            Item::Otlp(Request::Traces(mut request)) => {
                let checked = incoming::check(&mut request);
                self.counts.spans += checked.accepted;
                self.rejected.spans += checked.rejected;
                for one in &request.resource_spans {
                    self.service(one.resource.as_ref().map(|of| &of.attributes[..]));
                    for span in one.scope_spans.iter().flat_map(|scope| &scope.spans) {
                        self.time(span.start_time_unix_nano / 1_000_000);
                        self.time(span.end_time_unix_nano / 1_000_000);
                    }
                }
            }
            Item::Otlp(Request::Logs(request)) => {
                for one in &request.resource_logs {
                    self.service(one.resource.as_ref().map(|of| &of.attributes[..]));
                    for record in one.scope_logs.iter().flat_map(|scope| &scope.log_records) {
                        self.counts.logs += 1;
                        self.time(record.time_unix_nano / 1_000_000);
                    }
                }
            }
            Item::Otlp(Request::Metrics(request)) => {
                let read = points::read(request, Timestamp(0));
                self.counts.points += read.samples.len() as u64;
                self.rejected.points += read.rejected;
                for sample in read.samples {
                    self.time(sample.point.at.unsigned_abs());
                    self.services.insert(sample.series.service);
                }
            }
        }
    }

    fn service(&mut self, attributes: Option<&[opentelemetry_proto::tonic::common::v1::KeyValue]>) {
        let service = attribution(attributes.unwrap_or_default()).service;
        self.services.insert(service);
    }

    /// In milliseconds; 0 is none.
    fn time(&mut self, at: u64) {
        if at == 0 {
            return;
        }
        let at = Timestamp(i64::try_from(at).unwrap_or(i64::MAX));
        let (first, last) = self.range.unwrap_or((at, at));
        self.range = Some((first.min(at), last.max(at)));
    }
}
