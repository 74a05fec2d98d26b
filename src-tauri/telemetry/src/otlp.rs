//! OTLP: the receiver of traces, metrics and logs.

use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value::Value};

pub mod budget;
pub mod decode;
pub mod destination;
pub mod forward;
mod grpc;
mod http;
pub mod intake;
pub mod json;
pub mod limits;
mod listen;
pub mod logs;
pub mod metrics;
pub mod receiver;
mod reply;
pub mod status;

/// Which service a resource belongs to, and which start of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Attribution {
    /// Name of the service: as the environment calls it where it was started here,
    /// otherwise what the sender calls itself.
    pub service: String,
    /// Which start of the service; 0 where it is not known.
    pub generation: u64,
}

/// The resource attribute that names the service as the environment calls it. It is
/// injected, and stays right where a program gives itself another `service.name`.
pub const SERVICE: &str = "benchtop.service";

/// The resource attribute that has the number of the start; injected.
pub const GENERATION: &str = "benchtop.generation";

/// The service of those that do not say who they are, as the specification calls it.
const UNKNOWN: &str = "unknown_service";

/// Reads from a resource's attributes whose it is.
#[must_use]
pub fn attribution(attributes: &[KeyValue]) -> Attribution {
    let value = |key: &str| {
        let found = attributes.iter().find(|pair| pair.key == key)?;
        found.value.as_ref()?.value.as_ref()
    };
    let text = |key: &str| match value(key) {
        Some(Value::StringValue(text)) if !text.is_empty() => Some(text.clone()),
        _ => None,
    };
    let generation = match value(GENERATION) {
        Some(Value::StringValue(text)) => text.parse().unwrap_or_default(),
        Some(Value::IntValue(number)) => u64::try_from(*number).unwrap_or_default(),
        _ => 0,
    };
    Attribution {
        service: text(SERVICE)
            .or_else(|| text("service.name"))
            .unwrap_or_else(|| UNKNOWN.to_owned()),
        generation,
    }
}
