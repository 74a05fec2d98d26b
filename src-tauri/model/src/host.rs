//! On what an environment runs, as far as it explains why a run went as it did.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A machine, without anything that names its owner.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct HostFacts {
    /// The system with its version: `Debian GNU/Linux 12`.
    pub system: String,
    /// Its kernel: `6.1.0-18-amd64`.
    pub kernel: String,
    /// The architecture of its processors: `x86_64`.
    pub architecture: String,
    /// Processors that Benchtop may use.
    pub cpus: u32,
    /// Memory, in bytes.
    #[ts(type = "number")]
    pub memory: u64,
    /// The version of Benchtop.
    pub benchtop: String,
}
