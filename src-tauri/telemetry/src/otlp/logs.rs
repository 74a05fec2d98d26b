//! Log records of OTLP become records of the log book.
//!
//! The book keeps lines of text and reads level, trace and named values from them. So a
//! record becomes one line of JSON with its parts under the names that are read anyway;
//! the message is what a view shows of it.

use super::attribution;
use super::reply::Taken;
use crate::book::{LogBook, RawLine};
use crate::log::Stream;
use crate::spans::value;
use benchtop_model::time::Timestamp;
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use serde_json::{Map, Value, json};
use std::sync::Arc;

pub(super) use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest as Logs;

/// Takes the log records of one request. Called on a thread that may block for the disk.
pub trait LogSink: Send + Sync {
    /// Takes the records; answers how many are kept.
    fn records(&self, request: Logs) -> Taken;
}

/// Tells which start of a service is the present one.
pub type Generation = Box<dyn Fn(&str) -> u64 + Send + Sync>;

/// Keeps records in a book.
pub struct BookSink {
    book: Arc<LogBook>,
    generation: Generation,
    told: Box<dyn Fn() + Send + Sync>,
}

impl BookSink {
    /// Into this book; `generation` is asked where a record does not say, `told` is called
    /// after each request.
    pub fn new(
        book: Arc<LogBook>,
        generation: Generation,
        told: impl Fn() + Send + Sync + 'static,
    ) -> Self {
        Self {
            book,
            generation,
            told: Box::new(told),
        }
    }
}

impl LogSink for BookSink {
    fn records(&self, request: Logs) -> Taken {
        let mut accepted = 0;
        for resource_logs in request.resource_logs {
            let resource = resource_logs.resource.unwrap_or_default();
            let of = attribution(&resource.attributes);
            let generation = match of.generation {
                0 => (self.generation)(&of.service),
                generation => generation,
            };
            let records = resource_logs.scope_logs.iter().flat_map(|scope| {
                let name = scope.scope.as_ref().map_or("", |scope| scope.name.as_str());
                scope
                    .log_records
                    .iter()
                    .map(move |record| line(record, name))
            });
            let lines: Vec<RawLine> = records.collect();
            accepted += lines.len() as u64;
            self.book.push(&of.service, generation, lines);
        }
        (self.told)();
        Taken {
            accepted,
            ..Taken::default()
        }
    }
}

/// The record as a line. The time is the one of the event, else of its observation.
fn line(record: &LogRecord, scope: &str) -> RawLine {
    let time = match record.time_unix_nano {
        0 => record.observed_time_unix_nano,
        time => time,
    };
    let time = match time {
        0 => Timestamp(jiff::Timestamp::now().as_millisecond()),
        time => Timestamp(i64::try_from(time / 1_000_000).unwrap_or(i64::MAX)),
    };
    RawLine {
        time,
        stream: Stream::Stdout,
        text: text(record, scope),
        marks: Vec::new(),
    }
}

fn text(record: &LogRecord, scope: &str) -> String {
    let mut all = Map::new();
    all.insert("level".to_owned(), json!(level(record)));
    all.insert(
        "message".to_owned(),
        json!(value::to_text(record.body.as_ref())),
    );
    for (key, bytes) in [("trace_id", &record.trace_id), ("span_id", &record.span_id)] {
        if bytes.iter().any(|byte| *byte != 0) {
            all.insert(key.to_owned(), json!(value::hex(bytes)));
        }
    }
    for (key, text) in [
        ("event.name", record.event_name.as_str()),
        ("logger", scope),
    ] {
        if !text.is_empty() {
            all.insert(key.to_owned(), json!(text));
        }
    }
    for (key, value) in value::all(&record.attributes) {
        // What the record is comes before what it calls so.
        all.entry(key).or_insert(value);
    }
    Value::Object(all).to_string()
}

/// By the number, whose ranges of four the specification names; else by the text.
fn level(record: &LogRecord) -> &str {
    match record.severity_number {
        1..=4 => "trace",
        5..=8 => "debug",
        9..=12 => "info",
        13..=16 => "warn",
        17..=20 => "error",
        21..=24 => "fatal",
        _ if record.severity_text.is_empty() => "info",
        _ => &record.severity_text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::level::Level;
    use crate::query::LogQuery;
    use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
    use opentelemetry_proto::tonic::logs::v1::{ResourceLogs, ScopeLogs};
    use opentelemetry_proto::tonic::resource::v1::Resource;

    fn any(text: &str) -> Option<AnyValue> {
        Some(AnyValue {
            value: Some(any_value::Value::StringValue(text.to_owned())),
        })
    }

    fn pair(key: &str, text: &str) -> KeyValue {
        KeyValue {
            key: key.to_owned(),
            value: any(text),
            ..KeyValue::default()
        }
    }

    #[test]
    fn a_record_is_found_by_its_trace_and_keeps_its_parts() {
        let book = Arc::new(LogBook::default());
        let sink = BookSink::new(Arc::clone(&book), Box::new(|_| 3), || {});
        let record = LogRecord {
            time_unix_nano: 1_700_000_000_123_000_000,
            severity_number: 17,
            body: any("payment \"refused\""),
            attributes: vec![pair("order.id", "42")],
            trace_id: vec![0xab; 16],
            span_id: vec![0xcd; 8],
            ..LogRecord::default()
        };
        let scope_logs = vec![ScopeLogs {
            log_records: vec![record],
            ..ScopeLogs::default()
        }];
        let taken = sink.records(Logs {
            resource_logs: vec![ResourceLogs {
                resource: Some(Resource {
                    attributes: vec![pair("service.name", "shop")],
                    ..Resource::default()
                }),
                scope_logs,
                ..ResourceLogs::default()
            }],
        });
        assert_eq!(taken.accepted, 1);
        let query = LogQuery {
            text: Some(format!("trace_id={}", "ab".repeat(16))),
            limit: 10,
            ..LogQuery::default()
        };
        let page = book.query(&query).expect("a query");
        let found = &page.records[0];
        assert_eq!((found.service.as_str(), found.generation), ("shop", 3));
        assert_eq!(found.time, Timestamp(1_700_000_000_123));
        assert_eq!(found.severity, Level::Error);
        assert_eq!(found.span_id.as_deref(), Some("cdcdcdcdcdcdcdcd"));
        assert_eq!(
            found.attributes.get("order.id").map(String::as_str),
            Some("42")
        );
        assert!(found.body.contains("payment"));
    }
}
