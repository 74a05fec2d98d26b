//! Requests about alerts, and the event.

use benchtop_model::alert::{Alert, Silence};
use benchtop_model::time::Millis;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What faces are told of an alert without asking.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct AlertNews {
    /// The environment's identity.
    pub environment: String,
    /// The environment's name.
    pub name: String,
    /// What has happened.
    pub news: AlertNewsKind,
    /// The alert as it is now.
    pub alert: Alert,
    /// Nobody wants to hear of its service.
    pub silenced: bool,
}

/// What has happened to an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum AlertNewsKind {
    /// It is new, or has come again.
    Raised,
    /// The trouble began with another service than was told.
    Moved,
    /// It is over.
    Closed,
    /// It is none of its own: it is part of another one, or began with a service of which
    /// nobody wants to hear.
    Withdrawn,
}

/// `alerts.list`: the alerts of a run.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct AlertsListRequest {
    /// The environment's identity.
    pub environment: String,
    /// Which run; absent: the current one, or the last.
    #[serde(default)]
    #[ts(optional = nullable)]
    pub run: Option<String>,
}

/// The alerts of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct AlertList {
    /// Which run; absent where there was none yet.
    pub run: Option<String>,
    /// Open ones first, then closed ones; of each the newest first.
    pub alerts: Vec<Alert>,
    /// The silences that are in force, by service.
    pub silences: Vec<Silence>,
}

/// `alerts.silence`: raise no alerts for a service, or raise them again.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct AlertsSilenceRequest {
    /// The environment's identity.
    pub environment: String,
    /// Name of the service.
    pub service: String,
    /// For how long.
    pub length: SilenceLength,
}

/// For how long nobody wants to hear of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum SilenceLength {
    /// Not at all, from now on.
    Off,
    /// For a time from now on.
    Time {
        /// How long; at most a year.
        length: Millis,
    },
    /// Until the run ends.
    Run,
    /// Until it is taken back.
    Always,
}
