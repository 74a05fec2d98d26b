//! Log records as requests of OTLP.

use crate::book::LogBook;
use crate::level::Level;
use crate::log::{LogRecord, Stream};
use crate::otlp::{GENERATION, SERVICE};
use crate::query::LogQuery;
use crate::spans::value::unhex;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use opentelemetry_proto::tonic::logs::v1::{self as proto, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::resource::v1::Resource;
use std::collections::BTreeMap;
use std::io;

/// Records of one request.
const PAGE: u32 = 2000;

/// Names under which structured lines have their message.
const MESSAGES: [&str; 4] = ["message", "msg", "@m", "@mt"];

/// Hands over all records of a run, in their order; answers how many there were.
pub(super) fn export(
    book: &LogBook,
    run: &str,
    each: &mut dyn FnMut(ExportLogsServiceRequest) -> io::Result<()>,
) -> io::Result<u64> {
    let mut query = LogQuery {
        run: Some(run.to_owned()),
        after: Some(0),
        limit: PAGE,
        ..LogQuery::default()
    };
    let mut all = 0;
    loop {
        let page = book
            .query(&query)
            .map_err(|error| io::Error::other(format!("{error:?}")))?;
        all += page.records.len() as u64;
        if !page.records.is_empty() {
            each(request(page.records))?;
        }
        if !page.more {
            return Ok(all);
        }
        query.after = Some(page.reached);
    }
}

fn request(records: Vec<LogRecord>) -> ExportLogsServiceRequest {
    let mut groups: BTreeMap<(String, u64), Vec<proto::LogRecord>> = BTreeMap::new();
    for one in records {
        let of = (one.service.clone(), one.generation);
        groups.entry(of).or_default().push(record(one));
    }
    let resource_logs = groups
        .into_iter()
        .map(|((service, generation), log_records)| {
            let attributes = vec![
                pair("service.name", service.clone()),
                pair(SERVICE, service),
                pair(GENERATION, generation.to_string()),
            ];
            ResourceLogs {
                resource: Some(Resource {
                    attributes,
                    ..Resource::default()
                }),
                scope_logs: vec![ScopeLogs {
                    log_records,
                    ..ScopeLogs::default()
                }],
                ..ResourceLogs::default()
            }
        });
    ExportLogsServiceRequest {
        resource_logs: resource_logs.collect(),
    }
}

fn record(record: LogRecord) -> proto::LogRecord {
    let nanos = u64::try_from(record.time.0).unwrap_or_default() * 1_000_000;
    let text = record.plain().into_owned();
    let id = |id: Option<&str>| id.and_then(unhex).unwrap_or_default();
    let mut named = record.attributes;
    for known in ["level", "trace_id", "span_id"] {
        named.remove(known);
    }
    let message = message(&text);
    if let Some((key, _)) = &message {
        named.remove(*key);
    }
    let mut attributes: Vec<KeyValue> = named.into_iter().map(|(k, v)| pair(&k, v)).collect();
    let stream = match record.stream {
        Stream::Stdout => None,
        Stream::Stderr => Some("stderr"),
        Stream::Benchtop => Some("benchtop"),
    };
    attributes.extend(stream.map(|name| pair("log.iostream", name.to_owned())));
    proto::LogRecord {
        time_unix_nano: nanos,
        observed_time_unix_nano: nanos,
        severity_number: number(record.severity),
        severity_text: record.severity.word().to_owned(),
        body: Some(any(message.map_or(text, |(_, message)| message))),
        attributes,
        trace_id: id(record.trace_id.as_deref()),
        span_id: id(record.span_id.as_deref()),
        ..proto::LogRecord::default()
    }
}

/// The message of a line that is a JSON object, with its name.
fn message(text: &str) -> Option<(&'static str, String)> {
    if !text.starts_with('{') {
        return None;
    }
    let object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(text).ok()?;
    MESSAGES
        .iter()
        .find_map(|key| Some((*key, object.get(*key)?.as_str()?.to_owned())))
}

/// The first number of the level's range.
fn number(level: Level) -> i32 {
    match level {
        Level::Trace => 1,
        Level::Debug => 5,
        Level::Info => 9,
        Level::Warn => 13,
        Level::Error => 17,
        Level::Fatal => 21,
    }
}

pub(super) fn any(text: String) -> AnyValue {
    AnyValue {
        value: Some(any_value::Value::StringValue(text)),
    }
}

pub(super) fn pair(key: &str, text: String) -> KeyValue {
    KeyValue {
        key: key.to_owned(),
        value: Some(any(text)),
        ..KeyValue::default()
    }
}
