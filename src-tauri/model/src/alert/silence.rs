//! A person's wish not to hear of a service.

use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// No alert is raised for a service. Without an end and a run it holds until it is taken
/// back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Silence {
    /// The service.
    pub service: String,
    /// When it ends by itself.
    pub until: Option<Timestamp>,
    /// The only run that it holds for.
    pub run: Option<String>,
}

impl Silence {
    /// Whether it is in force.
    #[must_use]
    pub fn holds(&self, wall: Timestamp, run: &str) -> bool {
        self.until.is_none_or(|until| wall < until)
            && self.run.as_deref().is_none_or(|wanted| wanted == run)
    }
}
