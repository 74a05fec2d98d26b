//! Requests about the container runtimes of this machine.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// `runtime.list`: the container runtimes of this machine. Asks each of them,
/// for 4 s at the most.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct RuntimeListRequest {
    /// As this environment sees it; absent: as one without a choice of its own.
    pub environment: Option<String>,
}

/// `runtime.choose`: which container runtime is used. Kept in the settings.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct RuntimeChooseRequest {
    /// For this environment; absent: for all that have no choice of their own.
    pub environment: Option<String>,
    /// Its address; absent: no choice, so the default or the first that answers.
    pub address: Option<String>,
}
