//! From a method's name to its handler, made from the one list.

use crate::host::Host;
use crate::schema::*;
use std::sync::Arc;

macro_rules! dispatch {
    ($($name:literal => $handler:ident($request:ident) -> $response:ty;)*) => {
        /// Calls the handler of this name with a JSON body; answers with JSON.
        pub(super) async fn call(host: &Arc<Host>, method: &str, body: &[u8]) -> Result<Vec<u8>, ApiError> {
            match method {
                $($name => {
                    let request: $request = parse(body)?;
                    // Boxed: the futures of all handlers would else lie side by side.
                    let answer: $response = Box::pin(host.$handler(request)).await?;
                    serde_json::to_vec(&answer).map_err(|error| ApiError::internal(error.to_string()))
                })*
                _ => Err(ApiError::not_found(format!("there is no method `{method}`"))),
            }
        }
    };
}

use crate::compare::RunComparison;
use crate::view::*;
use benchtop_model::doctor::DoctorReport;
use benchtop_model::scenario::report::ScenarioReport;
use benchtop_store::row::Run;
use benchtop_telemetry::metrics::query::{MetricFrames, MetricList, PinnedChart};
use benchtop_telemetry::query::{LogHistogram, LogPage, LogPatterns};
crate::with_methods!(dispatch);

fn parse<T: serde::de::DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    serde_json::from_slice(body).map_err(|error| {
        ApiError::invalid(format!("the request's body is not as expected: {error}"))
    })
}
