//! The variables by which a service finds the receiver of telemetry. An instrumented one
//! needs no configuration: every OpenTelemetry SDK reads them.

use super::{HOST_FROM_CONTAINER, Viewpoint};
use crate::plan::Service;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Where the receiver of an environment listens, and its key. Kept between runs, so that
/// what runs already keeps a right address and a container need not be made anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Telemetry {
    /// Port of OTLP/gRPC.
    pub grpc_port: u16,
    /// Port of OTLP/HTTP.
    pub http_port: u16,
    /// What senders must show in the header `x-otlp-api-key`.
    pub key: String,
}

/// Variables that send telemetry somewhere else.
const ELSEWHERE: [&str; 4] = [
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
    "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT",
];

/// The variables of one start of a service. What its user has set is not among them; where
/// they send telemetry elsewhere, neither address nor key is.
///
/// A container keeps its variables for as long as it exists, so it is told neither run nor
/// generation; the receiver knows the present ones.
#[must_use]
pub fn telemetry(
    service: &Service,
    access: &Telemetry,
    run: Option<&str>,
    generation: u64,
) -> BTreeMap<String, String> {
    let viewpoint = Viewpoint::of(service);
    let mut all = BTreeMap::new();
    let own = |key: &str| service.environment.contains_key(key);
    if !ELSEWHERE.into_iter().any(own) {
        let host = match viewpoint {
            Viewpoint::Host => "localhost",
            Viewpoint::Container => HOST_FROM_CONTAINER,
        };
        let endpoint = format!("http://{host}:{}", access.http_port);
        all.insert("OTEL_EXPORTER_OTLP_ENDPOINT".to_owned(), endpoint);
        // Both ports take both protocols; this one no proxy and no library stumbles over.
        let protocol = "http/protobuf".to_owned();
        all.insert("OTEL_EXPORTER_OTLP_PROTOCOL".to_owned(), protocol);
        let headers = format!("x-otlp-api-key={}", access.key);
        all.insert("OTEL_EXPORTER_OTLP_HEADERS".to_owned(), headers);
    }
    all.insert("OTEL_SERVICE_NAME".to_owned(), service.name.clone());
    all.retain(|key, _| !own(key));
    let start = (viewpoint == Viewpoint::Host).then_some((run, generation));
    let attributes = attributes(service, start);
    all.insert("OTEL_RESOURCE_ATTRIBUTES".to_owned(), attributes);
    all
}

/// The same for the program of a scenario's step, which runs on this host under this name.
#[must_use]
pub fn telemetry_of_step(
    name: &str,
    access: &Telemetry,
    run: Option<&str>,
) -> BTreeMap<String, String> {
    let mut attributes = format!("benchtop.service={}", escape(name));
    if let Some(run) = run {
        attributes += &format!(",benchtop.run={}", escape(run));
    }
    let pairs = [
        (
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            format!("http://localhost:{}", access.http_port),
        ),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf".to_owned()),
        (
            "OTEL_EXPORTER_OTLP_HEADERS",
            format!("x-otlp-api-key={}", access.key),
        ),
        ("OTEL_SERVICE_NAME", name.to_owned()),
        ("OTEL_RESOURCE_ATTRIBUTES", attributes),
    ];
    let named = pairs.into_iter();
    named.map(|(key, value)| (key.to_owned(), value)).collect()
}

/// Ours, then the user's own, which win where a key is there twice.
fn attributes(service: &Service, start: Option<(Option<&str>, u64)>) -> String {
    let name = escape(&service.name);
    let mut pairs = vec![format!("benchtop.service={name}")];
    if let Some((run, generation)) = start {
        pairs.push(format!("service.instance.id={name}-{generation}"));
        pairs.push(format!("benchtop.generation={generation}"));
        pairs.extend(run.map(|run| format!("benchtop.run={}", escape(run))));
    }
    let own = service.environment.get("OTEL_RESOURCE_ATTRIBUTES");
    pairs.extend(own.filter(|own| !own.is_empty()).cloned());
    pairs.join(",")
}

/// What separates pairs, as percent codes.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            ',' | '=' | '%' | ' ' => escaped.push_str(&format!("%{:02X}", u32::from(c))),
            c => escaped.push(c),
        }
    }
    escaped
}
