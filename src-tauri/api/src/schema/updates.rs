//! Requests about newer releases of Benchtop.

use benchtop_model::update::Release;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// `updates.status`: whether this build can learn of newer releases, and whether it asks
/// by itself. Asks nobody.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct UpdatesStatusRequest {}

/// Answer to `updates.status`.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct UpdatesStatus {
    /// Where releases are told of; absent: this build was made without such a place.
    pub address: Option<String>,
    /// Whether the window asks when it opens. Off until somebody turns it on.
    pub automatic: bool,
}

/// `updates.automatic`: whether the window asks when it opens. Kept in the settings.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct UpdatesAutomaticRequest {
    /// Whether it does.
    pub on: bool,
}

/// `updates.check`: asks now for the newest release. Takes 10 s at the most, and fails
/// where nobody answers or the answer is not signed with the key of this build.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct UpdatesCheckRequest {}

/// Answer to `updates.check`.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct UpdatesChecked {
    /// The version that runs.
    pub running: String,
    /// A release that is newer; absent: there is none.
    pub newer: Option<Release>,
}
