//! Reads OTLP/JSON as generously as its specification asks for.
//!
//! Numbers may be texts and texts numbers where 64 bits are meant, `null` is the same as
//! absent, numbers that JSON has not are `"NaN"`, `"Infinity"` and `"-Infinity"`, ids are
//! hexadecimal in any case, and unknown fields are ignored. Names of enumerations are
//! refused: the specification allows only numbers. The decoder of the generated types is
//! not used, because it refuses the whole request for a `null`, and loses numbers silently.

mod field;
mod logs;
mod metrics;
mod traces;

use super::decode::{Request, Signal};

/// The request in this text.
///
/// # Errors
/// One sentence that names the place.
pub fn decode(bytes: &[u8], signal: Signal) -> Result<Request, String> {
    let value: serde_json::Value = serde_json::from_slice(bytes)
        .map_err(|error| format!("the body is no valid JSON: {error}"))?;
    let object = field::Object::root(&value)?;
    Ok(match signal {
        Signal::Traces => Request::Traces(traces::request(object)?),
        Signal::Metrics => Request::Metrics(metrics::request(object)?),
        Signal::Logs => Request::Logs(logs::request(object)?),
    })
}
