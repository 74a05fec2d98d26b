//! The one list of requests and events, their bodies, server and client.
//!
//! This is the only crate that sees engine, telemetry and store together. Read
//! [`schema`] first: it names all that crosses the border; [`host`] serves that
//! list, [`server`] carries it, [`client`] calls it.

pub mod client;
pub mod compare;
pub mod definition;
pub mod doctor;
pub mod host;
pub mod import;
pub mod inspect;
pub mod launch;
pub mod paths;
mod run_file;
pub mod schema;
pub mod server;
pub mod summary;
pub mod update;
pub mod view;

/// The words of the model that faces need.
pub use benchtop_model as model;
/// The rows of the history that faces need.
pub use benchtop_store::row;
/// The log records that faces need.
pub use benchtop_telemetry as telemetry;

/// Runs the shim of one process instance to its end; see
/// [`benchtop_engine::process::shim`].
///
/// # Errors
/// One sentence that says why nothing was started.
pub fn run_shim(dir: std::path::PathBuf) -> Result<(), String> {
    benchtop_engine::process::shim::run(dir)
}
