//! Spans that Benchtop itself has something to tell with.

use super::value::unhex;
use crate::otlp::SERVICE;
use benchtop_model::time::Timestamp;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};

/// One span, in few words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnSpan {
    /// Its id, 16 hexadecimal digits.
    pub id: String,
    /// Of the span that it is a part of.
    pub parent: Option<String>,
    /// Its name.
    pub name: String,
    /// When it began.
    pub start: Timestamp,
    /// When it ended.
    pub end: Timestamp,
    /// Why it failed, where it did.
    pub error: Option<String>,
    /// Named values.
    pub attributes: Vec<(String, String)>,
}

/// All spans of one trace (32 hexadecimal digits) of one service.
pub(super) fn request(
    service: &str,
    trace: &str,
    spans: Vec<OwnSpan>,
) -> ExportTraceServiceRequest {
    let trace = unhex(trace).unwrap_or_default();
    let named = |key: &str, text: String| KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue {
            value: Some(any_value::Value::StringValue(text)),
        }),
        ..KeyValue::default()
    };
    let nanos = |at: Timestamp| u64::try_from(at.0).unwrap_or_default() * 1_000_000;
    let span = |span: OwnSpan| Span {
        trace_id: trace.clone(),
        span_id: unhex(&span.id).unwrap_or_default(),
        parent_span_id: span.parent.as_deref().and_then(unhex).unwrap_or_default(),
        name: span.name,
        kind: SpanKind::Internal as i32,
        start_time_unix_nano: nanos(span.start),
        end_time_unix_nano: nanos(span.end),
        attributes: span
            .attributes
            .into_iter()
            .map(|(k, v)| named(&k, v))
            .collect(),
        status: Some(match span.error {
            Some(message) => Status {
                message,
                code: StatusCode::Error as i32,
            },
            None => Status {
                code: StatusCode::Ok as i32,
                ..Status::default()
            },
        }),
        ..Span::default()
    };
    ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            resource: Some(Resource {
                attributes: vec![
                    named("service.name", service.to_owned()),
                    named(SERVICE, service.to_owned()),
                ],
                ..Resource::default()
            }),
            scope_spans: vec![ScopeSpans {
                spans: spans.into_iter().map(span).collect(),
                ..ScopeSpans::default()
            }],
            ..ResourceSpans::default()
        }],
    }
}
