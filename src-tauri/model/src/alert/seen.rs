//! What is remembered of one service.

use crate::status::{Lifecycle, Status};
use crate::time::{Tick, Timestamp};

/// The state of a service as it is made known.
#[derive(Clone, Copy, Debug)]
pub struct Observed<'a> {
    /// Its name.
    pub service: &'a str,
    /// Where it is in its life.
    pub lifecycle: Lifecycle,
    /// What a person sees.
    pub status: Status,
    /// Why, one sentence.
    pub cause: &'a str,
    /// Since when.
    pub at: Timestamp,
}

/// What matters of a service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Condition {
    /// Not running, on purpose, or being stopped.
    #[default]
    Off,
    /// On its way up, without trouble before.
    Coming,
    /// Healthy, or completed.
    Well,
    /// Degraded or Unhealthy, and since then neither well nor off.
    Trouble,
}

#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) condition: Condition,
    /// When it came into this condition.
    pub(super) since: Tick,
    /// The same for people.
    pub(super) wall: Timestamp,
    /// It waits for something that it needs.
    pub(super) waits: bool,
    /// In trouble: Degraded or Unhealthy.
    pub(super) status: Status,
    /// In trouble: why.
    pub(super) cause: String,
    /// When it was last well without having been so before.
    pub(super) well: Option<Tick>,
    /// The same, while it is well.
    pub(super) returned: Option<Tick>,
    /// It was well before it was so this time.
    pub(super) was_well: bool,
}

impl Default for Seen {
    fn default() -> Self {
        Self {
            condition: Condition::Off,
            since: Tick(0),
            wall: Timestamp(0),
            waits: false,
            status: Status::Stopped,
            cause: String::new(),
            well: None,
            returned: None,
            was_well: false,
        }
    }
}

impl Seen {
    /// As an earlier engine has left it.
    pub(super) fn in_trouble(status: Status, cause: &str, wall: Timestamp, now: Tick) -> Self {
        Self {
            condition: Condition::Trouble,
            since: now,
            wall,
            status,
            cause: cause.to_owned(),
            // It was, or it would have been no news.
            was_well: true,
            ..Self::default()
        }
    }

    pub(super) fn take(&mut self, observed: &Observed<'_>, now: Tick) {
        let next = self.next(observed);
        self.waits = observed.lifecycle == Lifecycle::Waiting;
        if matches!(observed.status, Status::Degraded | Status::Unhealthy) {
            self.status = observed.status;
            observed.cause.clone_into(&mut self.cause);
        }
        if next == self.condition {
            return;
        }
        if self.condition == Condition::Well {
            self.was_well = true;
        }
        self.returned = None;
        if next == Condition::Well {
            self.well = Some(now);
            self.returned = Some(now);
        }
        (self.condition, self.since, self.wall) = (next, now, observed.at);
    }

    fn next(&self, observed: &Observed<'_>) -> Condition {
        let troubled = self.condition == Condition::Trouble;
        match (observed.lifecycle, observed.status) {
            (_, Status::Degraded | Status::Unhealthy) => Condition::Trouble,
            (_, Status::Healthy) | (Lifecycle::Completed, _) => Condition::Well,
            // It ends in order to be started anew, or for good; only that is an end.
            (Lifecycle::Stopping, _) | (_, Status::Starting) if troubled => Condition::Trouble,
            (_, Status::Starting) => Condition::Coming,
            (_, Status::Stopped) => Condition::Off,
        }
    }
}
