//! Traces, with the OpenTelemetry SDK as any program uses it. Where to send them is read
//! from the `OTEL_*` variables, which Benchtop sets; without them nothing is sent.

use crate::service::Service;
use axum::{
    extract::{Request, State},
    http::HeaderMap,
    middleware::Next,
    response::Response,
};
use opentelemetry::{
    Context, KeyValue, global,
    propagation::{Extractor, Injector},
    trace::{FutureExt as _, SpanKind, Status, TraceContextExt as _, Tracer as _},
};
use opentelemetry_otlp::SpanExporter;
use opentelemetry_sdk::{propagation::TraceContextPropagator, trace::SdkTracerProvider};
use serde_json::Value;
use std::{fmt::Display, sync::Arc};

/// The name of this library in its spans.
const LIBRARY: &str = "b2x-service";

/// Begins to send; the answer sends what is left when the program ends.
pub(crate) fn start() -> Option<SdkTracerProvider> {
    global::set_text_map_propagator(TraceContextPropagator::new());
    std::env::var_os("OTEL_EXPORTER_OTLP_ENDPOINT")?;
    // Plain HTTP only, but the client will not be made without.
    rustls::crypto::ring::default_provider()
        .install_default()
        .ok();
    let exporter = SpanExporter::builder().with_http().build().ok()?;
    let provider = SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .build();
    global::set_tracer_provider(provider.clone());
    Some(provider)
}

/// The span of a request that is answered here, below the caller's, and its line of the log.
pub(crate) async fn serve(
    State(service): State<Arc<Service>>,
    request: Request,
    next: Next,
) -> Response {
    let parent = global::get_text_map_propagator(|propagator| {
        propagator.extract(&Incoming(request.headers()))
    });
    let (method, path) = (
        request.method().to_string(),
        request.uri().path().to_owned(),
    );
    let tracer = global::tracer(LIBRARY);
    let span = tracer
        .span_builder(format!("{method} {path}"))
        .with_kind(SpanKind::Server)
        .with_attributes([
            KeyValue::new("http.request.method", method),
            KeyValue::new("http.route", path),
        ])
        .start_with_context(&tracer, &parent);
    let context = parent.with_span(span);
    let response = next.run(request).with_context(context.clone()).await;
    let status = response.status();
    let code = i64::from(status.as_u16());
    let _inside = context.clone().attach();
    service
        .log
        .info("request answered", &[("status", code.into())]);
    let span = context.span();
    span.set_attribute(KeyValue::new("http.response.status_code", code));
    if status.is_server_error() {
        span.set_status(Status::error(status.to_string()));
    }
    span.end();
    response
}

/// The span of a call to somebody else, below the present one. What is done outside of any
/// request or piece of work, such as watching a dependency, has none and so makes no traces.
pub(crate) async fn call<T, E: Display>(
    name: String,
    attributes: Vec<KeyValue>,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    if !Context::current().span().span_context().is_valid() {
        return work.await;
    }
    let queue = attributes
        .iter()
        .any(|pair| pair.key.as_str() == "messaging.system");
    let kind = if queue {
        SpanKind::Producer
    } else {
        SpanKind::Client
    };
    within(name, kind, attributes, work).await
}

/// The span of a piece of work that nobody asked for: the begin of a trace.
pub(crate) async fn work<T, E: Display>(
    name: &str,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    within(name.to_owned(), SpanKind::Internal, Vec::new(), work).await
}

async fn within<T, E: Display>(
    name: String,
    kind: SpanKind,
    attributes: Vec<KeyValue>,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    let parent = Context::current();
    let tracer = global::tracer(LIBRARY);
    let span = tracer
        .span_builder(name)
        .with_kind(kind)
        .with_attributes(attributes)
        .start_with_context(&tracer, &parent);
    let context = parent.with_span(span);
    let outcome = work.with_context(context.clone()).await;
    if let Err(error) = &outcome {
        context.span().set_status(Status::error(error.to_string()));
    }
    context.span().end();
    outcome
}

/// Headers that carry the present span to whoever is called.
pub(crate) fn headers() -> HeaderMap {
    let mut headers = HeaderMap::new();
    global::get_text_map_propagator(|propagator| {
        propagator.inject_context(&Context::current(), &mut Outgoing(&mut headers));
    });
    headers
}

/// The present trace and span, for a line of the log.
pub(crate) fn ids() -> Vec<(&'static str, Value)> {
    let context = Context::current();
    let span = context.span().span_context().clone();
    if !span.is_valid() {
        return Vec::new();
    }
    vec![
        ("trace_id", span.trace_id().to_string().into()),
        ("span_id", span.span_id().to_string().into()),
    ]
}

struct Incoming<'a>(&'a HeaderMap);

impl Extractor for Incoming<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(|key| key.as_str()).collect()
    }
}

struct Outgoing<'a>(&'a mut HeaderMap);

impl Injector for Outgoing<'_> {
    fn set(&mut self, key: &str, value: String) {
        if let (Ok(name), Ok(value)) = (key.parse::<axum::http::HeaderName>(), value.parse()) {
            self.0.insert(name, value);
        }
    }
}
