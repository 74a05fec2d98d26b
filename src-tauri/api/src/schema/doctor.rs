//! Requests about the examination of this machine.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// `doctor.run`: examine this machine. Takes 6 s at the most.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct DoctorRunRequest {
    /// With what this environment needs; absent: the machine alone.
    pub environment: Option<String>,
}

/// `doctor.clean`: remove what nobody owns. Each item is judged again before it goes.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct DoctorCleanRequest {
    /// Identities as the check `leftovers` names them.
    pub items: Vec<String>,
}

/// What became of leftovers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DoctorCleaned {
    /// Identities of those that are gone.
    pub removed: Vec<String>,
    /// Those that are not, each with the reason.
    pub kept: Vec<KeptLeftover>,
}

/// Something that was not removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct KeptLeftover {
    /// Its identity.
    pub id: String,
    /// Why it stays, one sentence without a full stop.
    pub why: String,
}
