//! OTLP/gRPC: one message in, one message out.
//!
//! The frame of a unary call is five bytes, so this is written out. The library for it
//! decompresses a message without a bound and decodes it without a count, and both are
//! what the receiver must not do (see `limits`).

use super::decode::{Compression, Encoding, Signal};
use super::http::check_place;
use super::receiver::{Core, Framing};
use super::reply::{self, Body, Reason, Refusal, Taken};
use base64::Engine as _;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Request, Response};
use prost::Message as _;
use prost::bytes::Bytes;
use std::sync::Arc;

/// Bytes before a message: whether it is compressed, and its length.
const FRAME: usize = 5;

const STATUS: HeaderName = HeaderName::from_static("grpc-status");
const MESSAGE: HeaderName = HeaderName::from_static("grpc-message");
const DETAILS: HeaderName = HeaderName::from_static("grpc-status-details-bin");
const ENCODING: HeaderName = HeaderName::from_static("grpc-encoding");
const ACCEPTED: HeaderName = HeaderName::from_static("grpc-accept-encoding");

/// Whether the request speaks gRPC.
pub(super) fn is_grpc<B>(request: &Request<B>) -> bool {
    let kind = request.headers().get(header::CONTENT_TYPE);
    kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/grpc"))
}

/// Answers a call.
pub(super) async fn answer(core: &Arc<Core>, request: Request<Incoming>) -> Response<Body> {
    match take(core, request).await {
        Ok((signal, taken)) => success(signal, &taken),
        Err(refusal) => failure(&refusal),
    }
}

async fn take(core: &Arc<Core>, request: Request<Incoming>) -> Result<(Signal, Taken), Refusal> {
    check_place(&request)?;
    let signal = match request.uri().path() {
        "/opentelemetry.proto.collector.trace.v1.TraceService/Export" => Signal::Traces,
        "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export" => Signal::Metrics,
        "/opentelemetry.proto.collector.logs.v1.LogsService/Export" => Signal::Logs,
        path => {
            return Err(Refusal::new(
                Reason::NotFound,
                format!("there is no method {path}"),
            ));
        }
    };
    if request.method() != Method::POST {
        return Err(Refusal::new(Reason::Method, "calls are made with POST"));
    }
    core.check_key(request.headers())?;
    let framing = Framing::Grpc(compression(request.headers())?);
    let body = request.into_body();
    let taken = core
        .receive(body, Encoding::Protobuf, signal, framing)
        .await?;
    Ok((signal, taken))
}

fn compression(headers: &HeaderMap) -> Result<Compression, Refusal> {
    let Some(value) = headers.get(ENCODING) else {
        return Ok(Compression::Identity);
    };
    let name = value.to_str().unwrap_or("?");
    Compression::of(name).ok_or_else(|| {
        let text = format!("the encoding {name} is not known; use gzip, zstd or identity");
        // The code of an unknown encoding is that of an unknown method.
        Refusal::new(Reason::NotFound, text)
    })
}

/// The one message of a body.
pub(super) fn message(
    body: &[u8],
    compression: Compression,
) -> Result<(&[u8], Compression), Refusal> {
    let fault = |text: &str| Refusal::new(Reason::Invalid, text);
    let frame = body
        .first_chunk::<FRAME>()
        .ok_or_else(|| fault("the call has no message"))?;
    let [flag, length @ ..] = *frame;
    let rest = &body[FRAME..];
    if u32::from_be_bytes(length) as usize != rest.len() {
        return Err(fault("the call must have exactly one whole message"));
    }
    match flag {
        0 => Ok((rest, Compression::Identity)),
        1 => Ok((rest, compression)),
        _ => Err(fault("the frame of the message is wrong")),
    }
}

fn success(signal: Signal, taken: &Taken) -> Response<Body> {
    let message = reply::success(signal, taken);
    let mut body = Vec::with_capacity(FRAME + message.len());
    body.push(0);
    body.extend(
        u32::try_from(message.len())
            .unwrap_or_default()
            .to_be_bytes(),
    );
    body.extend(message);
    let mut trailers = HeaderMap::new();
    trailers.insert(STATUS, HeaderValue::from_static("0"));
    let body = Full::new(Bytes::from(body)).with_trailers(std::future::ready(Some(Ok(trailers))));
    let mut response = Response::new(body.boxed());
    common(response.headers_mut());
    response
}

/// Without a message there are only headers.
fn failure(refusal: &Refusal) -> Response<Body> {
    let status = reply::status(refusal);
    let mut response = Response::new(reply::full(Vec::new()));
    let headers = response.headers_mut();
    common(headers);
    headers.insert(STATUS, refusal.reason.grpc().into());
    if let Ok(text) = HeaderValue::try_from(percent(&refusal.message)) {
        headers.insert(MESSAGE, text);
    }
    let details = base64::engine::general_purpose::STANDARD_NO_PAD.encode(status.encode_to_vec());
    if let Ok(details) = HeaderValue::try_from(details) {
        headers.insert(DETAILS, details);
    }
    response
}

fn common(headers: &mut HeaderMap) {
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/grpc"),
    );
    headers.insert(ACCEPTED, HeaderValue::from_static("identity,gzip,zstd"));
}

/// What is not printable ASCII, and the percent sign, as the protocol wants it.
fn percent(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b' '..=b'~' if byte != b'%' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_has_exactly_one_message() {
        let open = |body: &[u8]| {
            let opened = message(body, Compression::Gzip);
            opened
                .map(|(message, compression)| (message.to_vec(), compression))
                .ok()
        };
        assert_eq!(
            open(&[0, 0, 0, 0, 1, 7]),
            Some((vec![7], Compression::Identity))
        );
        assert_eq!(
            open(&[1, 0, 0, 0, 1, 7]),
            Some((vec![7], Compression::Gzip))
        );
        assert_eq!(
            open(&[0, 0, 0, 0, 0]),
            Some((vec![], Compression::Identity))
        );
        for wrong in [
            &[][..],
            &[0, 0, 0, 0],
            &[0, 0, 0, 0, 2, 7],
            &[2, 0, 0, 0, 0],
            &[0, 0, 0, 0, 0, 0],
        ] {
            assert_eq!(open(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn messages_are_ascii_on_the_wire() {
        assert_eq!(percent("100% größe"), "100%25 gr%C3%B6%C3%9Fe");
    }
}
