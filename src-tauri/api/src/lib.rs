//! The one list of requests and events, their bodies, server and client.
//!
//! This is the only crate that sees engine, telemetry and store together. Read
//! [`schema`] first: it names all that crosses the border; everything else either
//! serves that list or calls it.

pub mod schema;
pub mod view;
