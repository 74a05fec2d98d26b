//! A command that runs beside the start or the end of a service.

use super::settings::is_usual;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Run inside a container, or on this host with the variables of its process.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Hook {
    /// Program and arguments, never passed through a shell.
    pub command: Vec<String>,
    /// User inside the container, where not the container's own.
    #[serde(skip_serializing_if = "is_usual")]
    pub user: Option<String>,
    /// It may do all that the host may.
    #[serde(skip_serializing_if = "is_usual")]
    pub privileged: bool,
    /// Folder to run in, where not the service's own; absolute for a process.
    #[serde(skip_serializing_if = "is_usual")]
    pub working_dir: Option<String>,
    /// Variables over those of the service.
    #[serde(skip_serializing_if = "is_usual")]
    pub environment: BTreeMap<String, String>,
}
