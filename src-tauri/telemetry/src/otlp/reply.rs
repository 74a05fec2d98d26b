//! What the receiver answers, in both protocols.

use super::decode::{Encoding, Signal};
use super::metrics::MetricsTaken;
use http::{Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full, combinators::BoxBody};
use opentelemetry_proto::tonic::collector::logs::v1::{
    ExportLogsPartialSuccess, ExportLogsServiceResponse,
};
use opentelemetry_proto::tonic::collector::metrics::v1::{
    ExportMetricsPartialSuccess, ExportMetricsServiceResponse,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceResponse,
};
use prost::Message as _;
use prost::bytes::Bytes;
use serde_json::json;
use std::convert::Infallible;

/// The body of an answer.
pub(super) type Body = BoxBody<Bytes, Infallible>;

/// After so many seconds a sender may try again.
pub(super) const RETRY_AFTER: u32 = 1;

/// What became of a request's items.
pub(super) type Taken = MetricsTaken;

/// A request that was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) reason: Reason,
    /// One sentence.
    pub(super) message: String,
}

/// Why a request was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    /// It is wrong.
    Invalid,
    /// It is too large.
    TooLarge,
    /// There is too much at the moment: the sender tries again.
    Busy,
    /// No key, or a wrong one.
    Key,
    /// From a place that may not ask.
    Forbidden,
    /// Nothing of that name.
    NotFound,
    /// Not with this method.
    Method,
    /// Not with this type or compression of the body.
    MediaType,
    /// The body did not come in time.
    Slow,
}

impl Refusal {
    pub(super) fn new(reason: Reason, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { reason, message }
    }
}

impl Reason {
    pub(super) fn http(self) -> StatusCode {
        match self {
            Self::Invalid => StatusCode::BAD_REQUEST,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Self::Key => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::MediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Slow => StatusCode::REQUEST_TIMEOUT,
        }
    }

    /// The code of gRPC, which is that of `google.rpc.Status`, too.
    pub(super) fn grpc(self) -> i32 {
        match self {
            Self::Invalid | Self::MediaType => 3,
            Self::Slow => 4,
            Self::Forbidden => 7,
            Self::TooLarge => 8,
            Self::NotFound | Self::Method => 12,
            Self::Busy => 14,
            Self::Key => 16,
        }
    }
}

/// `google.rpc.Status`.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Status {
    #[prost(int32, tag = "1")]
    pub(super) code: i32,
    #[prost(string, tag = "2")]
    pub(super) message: String,
    #[prost(message, repeated, tag = "3")]
    pub(super) details: Vec<Any>,
}

/// `google.protobuf.Any`.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Any {
    #[prost(string, tag = "1")]
    pub(super) type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    pub(super) value: Vec<u8>,
}

/// `google.rpc.RetryInfo`, whose delay is a `google.protobuf.Duration`.
#[derive(Clone, PartialEq, prost::Message)]
struct RetryInfo {
    #[prost(message, optional, tag = "1")]
    delay: Option<Delay>,
}

#[derive(Clone, Copy, PartialEq, prost::Message)]
struct Delay {
    #[prost(int64, tag = "1")]
    seconds: i64,
}

/// The refusal as the protocol's status, with the time to wait where that helps.
pub(super) fn status(refusal: &Refusal) -> Status {
    let delay = Some(Delay {
        seconds: i64::from(RETRY_AFTER),
    });
    let retry = Any {
        type_url: "type.googleapis.com/google.rpc.RetryInfo".to_owned(),
        value: RetryInfo { delay }.encode_to_vec(),
    };
    let busy = refusal.reason == Reason::Busy;
    Status {
        code: refusal.reason.grpc(),
        message: refusal.message.clone(),
        details: busy.then_some(retry).into_iter().collect(),
    }
}

/// The message of success, in protobuf.
pub(super) fn success(signal: Signal, taken: &Taken) -> Vec<u8> {
    let rejected = i64::try_from(taken.rejected).unwrap_or(i64::MAX);
    let message = taken.message.clone().unwrap_or_default();
    let partial = rejected > 0 || !message.is_empty();
    match signal {
        Signal::Traces => ExportTraceServiceResponse {
            partial_success: partial.then_some(ExportTracePartialSuccess {
                rejected_spans: rejected,
                error_message: message,
            }),
        }
        .encode_to_vec(),
        Signal::Metrics => ExportMetricsServiceResponse {
            partial_success: partial.then_some(ExportMetricsPartialSuccess {
                rejected_data_points: rejected,
                error_message: message,
            }),
        }
        .encode_to_vec(),
        Signal::Logs => ExportLogsServiceResponse {
            partial_success: partial.then_some(ExportLogsPartialSuccess {
                rejected_log_records: rejected,
                error_message: message,
            }),
        }
        .encode_to_vec(),
    }
}

fn success_json(signal: Signal, taken: &Taken) -> Vec<u8> {
    if taken.rejected == 0 && taken.message.is_none() {
        return b"{}".to_vec();
    }
    let counted = match signal {
        Signal::Traces => "rejectedSpans",
        Signal::Metrics => "rejectedDataPoints",
        Signal::Logs => "rejectedLogRecords",
    };
    json!({ "partialSuccess": {
        counted: taken.rejected.to_string(),
        "errorMessage": taken.message.clone().unwrap_or_default(),
    }})
    .to_string()
    .into_bytes()
}

/// The answer over HTTP to what was taken.
pub(super) fn http_success(signal: Signal, encoding: Encoding, taken: &Taken) -> Response<Body> {
    let body = match encoding {
        Encoding::Protobuf => success(signal, taken),
        Encoding::Json => success_json(signal, taken),
    };
    answer(StatusCode::OK, encoding, body)
}

/// The answer over HTTP to what was not taken.
pub(super) fn http_refusal(encoding: Encoding, refusal: &Refusal) -> Response<Body> {
    let status = status(refusal);
    let body = match encoding {
        Encoding::Protobuf => status.encode_to_vec(),
        Encoding::Json => json!({ "code": status.code, "message": status.message })
            .to_string()
            .into_bytes(),
    };
    let mut response = answer(refusal.reason.http(), encoding, body);
    let headers = response.headers_mut();
    match refusal.reason {
        Reason::Busy => _ = headers.insert(header::RETRY_AFTER, RETRY_AFTER.into()),
        Reason::Method => {
            headers.insert(
                header::ALLOW,
                header::HeaderValue::from_static("POST, OPTIONS"),
            );
        }
        // What follows of the body is not read.
        Reason::TooLarge | Reason::Slow => {
            headers.insert(
                header::CONNECTION,
                header::HeaderValue::from_static("close"),
            );
        }
        _ => {}
    }
    response
}

fn answer(status: StatusCode, encoding: Encoding, body: Vec<u8>) -> Response<Body> {
    let kind = match encoding {
        Encoding::Protobuf => "application/x-protobuf",
        Encoding::Json => "application/json",
    };
    let mut response = Response::new(full(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static(kind));
    response
}

/// A body of these bytes.
pub(super) fn full(bytes: Vec<u8>) -> Body {
    Full::new(Bytes::from(bytes)).boxed()
}
