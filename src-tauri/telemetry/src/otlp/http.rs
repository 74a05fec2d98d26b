//! OTLP/HTTP: protobuf and JSON, compressed or not, and pages of a browser on this host.

use super::decode::{Compression, Encoding, Signal};
use super::receiver::{Core, Framing, KEY_HEADER};
use super::reply::{Body, Reason, Refusal, full, http_refusal, http_success};
use hyper::body::Incoming;
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use std::net::IpAddr;
use std::sync::Arc;

/// Answers a request.
pub(super) async fn answer(core: &Arc<Core>, request: Request<Incoming>) -> Response<Body> {
    let origin = request.headers().get(header::ORIGIN).cloned();
    let encoding = encoding(request.headers());
    let answer = match check_place(&request) {
        Ok(()) if request.method() == Method::OPTIONS && origin.is_some() => preflight(),
        Ok(()) => {
            // An answer to what has no known type is protobuf.
            let shown = encoding.unwrap_or(Encoding::Protobuf);
            match take(core, request, encoding).await {
                Ok((signal, taken)) => http_success(signal, shown, &taken),
                Err(refusal) => http_refusal(shown, &refusal),
            }
        }
        Err(refusal) => return http_refusal(Encoding::Protobuf, &refusal),
    };
    allow(answer, origin)
}

async fn take(
    core: &Arc<Core>,
    request: Request<Incoming>,
    encoding: Option<Encoding>,
) -> Result<(Signal, super::reply::Taken), Refusal> {
    let signal = match request.uri().path() {
        "/v1/traces" => Signal::Traces,
        "/v1/metrics" => Signal::Metrics,
        "/v1/logs" => Signal::Logs,
        path => {
            let text = format!("there is no {path}; send to /v1/traces, /v1/metrics or /v1/logs");
            return Err(Refusal::new(Reason::NotFound, text));
        }
    };
    if request.method() != Method::POST {
        return Err(Refusal::new(Reason::Method, "send it with POST"));
    }
    core.check_key(request.headers())?;
    let encoding = encoding.ok_or_else(|| {
        let text = "the Content-Type must be application/x-protobuf or application/json";
        Refusal::new(Reason::MediaType, text)
    })?;
    let compression = compression(request.headers())?;
    let framing = Framing::Whole(compression);
    let taken = core
        .receive(request.into_body(), encoding, signal, framing)
        .await?;
    Ok((signal, taken))
}

fn encoding(headers: &HeaderMap) -> Option<Encoding> {
    let value = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    let kind = value.split(';').next().unwrap_or_default().trim();
    match kind.to_ascii_lowercase().as_str() {
        "application/x-protobuf" => Some(Encoding::Protobuf),
        "application/json" => Some(Encoding::Json),
        _ => None,
    }
}

fn compression(headers: &HeaderMap) -> Result<Compression, Refusal> {
    let Some(value) = headers.get(header::CONTENT_ENCODING) else {
        return Ok(Compression::Identity);
    };
    let name = value.to_str().unwrap_or("?");
    Compression::of(name).ok_or_else(|| {
        let text = format!("the Content-Encoding {name} is not known; use gzip, zstd or none");
        Refusal::new(Reason::MediaType, text)
    })
}

/// Refuses what comes by a foreign name, as a page does that turns its own name into an
/// address of this host, and pages of other hosts.
pub(super) fn check_place<B>(request: &Request<B>) -> Result<(), Refusal> {
    let host = request
        .uri()
        .authority()
        .map(|authority| authority.as_str());
    let host = host.or_else(|| request.headers().get(header::HOST)?.to_str().ok());
    if !host.is_some_and(is_near) {
        let text = "the Host must be localhost, host.docker.internal or an address";
        return Err(Refusal::new(Reason::Forbidden, text));
    }
    let Some(origin) = request.headers().get(header::ORIGIN) else {
        return Ok(());
    };
    let origin = origin.to_str().unwrap_or_default();
    let host = origin
        .strip_prefix("http://")
        .or_else(|| origin.strip_prefix("https://"));
    if host.is_some_and(is_local) {
        return Ok(());
    }
    Err(Refusal::new(
        Reason::Forbidden,
        "pages of other hosts may not send telemetry here",
    ))
}

fn name_of(host: &str) -> &str {
    match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((inside, _)) => inside,
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    }
}

/// Whether `host:port` can only mean this host.
fn is_near(host: &str) -> bool {
    let name = name_of(host).to_ascii_lowercase();
    matches!(
        name.as_str(),
        "localhost" | "host.docker.internal" | "host.containers.internal"
    ) || name.ends_with(".localhost")
        || name.parse::<IpAddr>().is_ok()
}

/// Whether a page at `host:port` comes from this host.
fn is_local(host: &str) -> bool {
    let name = name_of(host).to_ascii_lowercase();
    name == "localhost"
        || name.ends_with(".localhost")
        || name
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

/// Tells a browser what its page may send. The key is still asked for.
fn preflight() -> Response<Body> {
    let mut response = Response::new(full(Vec::new()));
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_METHODS,
        HeaderValue::from_static("POST"),
    );
    let allowed = format!("content-type, content-encoding, {KEY_HEADER}, traceparent, tracestate");
    if let Ok(allowed) = HeaderValue::try_from(allowed) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, allowed);
    }
    headers.insert(
        header::ACCESS_CONTROL_MAX_AGE,
        HeaderValue::from_static("600"),
    );
    response
}

fn allow(mut response: Response<Body>, origin: Option<HeaderValue>) -> Response<Body> {
    if let Some(origin) = origin {
        let headers = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(header::VARY, HeaderValue::from_static("Origin"));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_host_are_near() {
        for host in [
            "localhost:4318",
            "127.0.0.1:1",
            "[::1]:4318",
            "172.17.0.1:4318",
            "a.localhost",
            "host.docker.internal:4318",
        ] {
            assert!(is_near(host), "{host}");
        }
        for host in [
            "evil.example:4318",
            "localhost.evil.example",
            "",
            "127.0.0.1.nip.io:4318",
        ] {
            assert!(!is_near(host), "{host}");
        }
        assert!(is_local("localhost:5173") && is_local("[::1]:80"));
        assert!(!is_local("172.17.0.1:80") && !is_local("evil.example"));
    }
}
