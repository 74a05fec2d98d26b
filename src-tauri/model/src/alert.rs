//! Which changes of services a person should be told of, once each: the pure machine
//! that makes alerts of changes of state.
//!
//! # Theory of operation
//!
//! [`AlertBook`] is told of every change ([`AlertBook::observe`]) and of time passing
//! ([`AlertBook::tick`]), and answers with [`Effect`]s: what to keep and what to tell.
//! Probe thresholds lie before it, in the supervisor; what arrives here counts.
//!
//! - A service is *in trouble* from Degraded or Unhealthy until it is Healthy again or
//!   stopped on purpose: a restart in between, by a policy or a person, is no recovery.
//! - Trouble of a service is *explained* while something that it needs, directly or not, is
//!   in trouble, on its way up, was taken down on purpose, or has only just come back. What
//!   is explained joins the alert of where it began; only what is not explained is a *root*
//!   and gets an alert of its own. See `judge`.
//! - A service that needs others is given [`HOLD`] before it gets an alert, and an alert
//!   that was raised for it goes over to a service that it needs and that follows within
//!   [`FOLLOW`]: a dependant's probe is often the quicker one.
//! - What falls again within [`REOPEN`] after it had recovered is the same alert again.
//!
//! Nothing is decided by the wall clock but the end of a silence, which outlives engines.

mod judge;
mod needs;
mod seen;
mod silence;
#[cfg(test)]
mod tests;

pub use needs::Needs;
pub use seen::Observed;
pub use silence::Silence;

use crate::status::Status;
use crate::time::{Millis, Tick, Timestamp};
use seen::{Condition, Seen};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use ts_rs::TS;

/// How long trouble of a service that needs others is held back: long enough that a
/// dependency which fails at the same moment is known to.
pub const HOLD: Millis = Millis::from_secs(2);

/// How much later than its victims a service may turn out to be the cause, and how long
/// victims have to recover after it: a probe's interval of 30 s and three attempts with
/// their timeouts of 5 s, and the waits between them.
pub const FOLLOW: Millis = Millis::from_secs(60);

/// Trouble so soon after the recovery of the same service is the same alert.
pub const REOPEN: Millis = Millis::from_secs(120);

/// Alerts that are remembered to be reopened.
const MOST_RECENT: usize = 100;

/// Trouble that a person should know of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Alert {
    /// The run it was raised in.
    pub run: String,
    /// Counts up within the run, from 1.
    pub number: u32,
    /// The service where it began.
    pub service: String,
    /// The last status of trouble that it had: Degraded or Unhealthy.
    pub status: Status,
    /// Why, one sentence without a full stop.
    pub cause: String,
    /// What to do, one sentence, where that is known.
    pub next: Option<String>,
    /// Services that are, or were, in trouble or kept waiting because of it.
    pub affected: Vec<String>,
    /// When the trouble began.
    pub since: Timestamp,
    /// When it was over; absent while it lasts.
    pub closed: Option<Timestamp>,
    /// How it ended.
    pub ending: Option<Ending>,
    /// So many times it came, each soon after the recovery before.
    pub times: u32,
}

/// How an alert ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// The service is Healthy again, or has completed.
    Recovered,
    /// The service was stopped on purpose.
    Stopped,
    /// The next run began.
    RunEnded,
}

impl Alert {
    /// Whether the trouble lasts.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.closed.is_none()
    }

    /// From the beginning to the end, where it has ended.
    #[must_use]
    pub fn lasted(&self) -> Option<Millis> {
        let closed = self.closed?;
        Some(Millis(u64::try_from(closed.0 - self.since.0).unwrap_or(0)))
    }
}

/// What to do about a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Keep it, and tell people: this is new, or has come again.
    Raised(Alert),
    /// Keep it, and tell people in place of what they were told: it began with another
    /// service.
    Moved(Alert),
    /// Keep it; only its facts have changed.
    Changed(Alert),
    /// Keep it, and tell people that it is over.
    Closed(Alert),
    /// Forget it, and take back what was told: it is part of another one, or began with a
    /// service of which nobody wants to hear.
    Withdrawn(Alert),
}

/// One moment on both clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// For decisions.
    pub tick: Tick,
    /// For records, and for the end of silences.
    pub wall: Timestamp,
}

/// The machine of one environment.
#[derive(Clone, Debug, Default)]
pub struct AlertBook {
    run: String,
    /// Number of the last alert of this run.
    last: u32,
    needs: Needs,
    services: BTreeMap<String, Seen>,
    /// In the order of their numbers.
    open: Vec<Alert>,
    /// Recovered a while ago, the newest last.
    recent: Vec<(Tick, Alert)>,
    silences: BTreeMap<String, Silence>,
}

impl AlertBook {
    /// A book without alerts.
    #[must_use]
    pub fn new(needs: Needs) -> Self {
        Self {
            needs,
            ..Self::default()
        }
    }

    /// Goes on where an earlier engine ended: its open alerts are this one's, and what they
    /// name is in trouble until the contrary is observed. `last` is the number of the run's
    /// last alert, `silences` are all that were asked for.
    pub fn resume(
        &mut self,
        run: &str,
        last: u32,
        open: Vec<Alert>,
        silences: Vec<Silence>,
        now: Moment,
    ) {
        run.clone_into(&mut self.run);
        self.last = last;
        for alert in &open {
            for name in std::iter::once(&alert.service).chain(&alert.affected) {
                let seen = Seen::in_trouble(alert.status, &alert.cause, alert.since, now.tick);
                self.services.insert(name.clone(), seen);
            }
        }
        self.open = open;
        let by_service = |silence: Silence| (silence.service.clone(), silence);
        self.silences = silences.into_iter().map(by_service).collect();
    }

    /// A run begins: what was open belongs to the one before.
    pub fn begin_run(&mut self, run: &str, now: Moment) -> Vec<Effect> {
        if run == self.run {
            return Vec::new();
        }
        run.clone_into(&mut self.run);
        self.last = 0;
        self.recent.clear();
        let ended = std::mem::take(&mut self.open);
        let close = |alert| Effect::Closed(closed(alert, Ending::RunEnded, now.wall));
        ended.into_iter().map(close).collect()
    }

    /// The definition has changed. Services that are gone from it are forgotten.
    pub fn redefine(&mut self, needs: Needs, now: Moment) -> Vec<Effect> {
        self.services.retain(|name, _| needs.knows(name));
        self.needs = needs;
        self.settle(now)
    }

    /// A service has changed its state, or is looked at for the first time.
    pub fn observe(&mut self, observed: &Observed<'_>, now: Moment) -> Vec<Effect> {
        let name = observed.service.to_owned();
        let seen = self.services.entry(name).or_default();
        seen.take(observed, now.tick);
        self.settle(now)
    }

    /// Time has passed; see [`AlertBook::next_deadline`].
    pub fn tick(&mut self, now: Moment) -> Vec<Effect> {
        self.settle(now)
    }

    /// No alert is raised for a service any more, or again. What is open stays open.
    pub fn silence(&mut self, service: &str, silence: Option<Silence>, now: Moment) -> Vec<Effect> {
        match silence {
            Some(silence) => drop(self.silences.insert(service.to_owned(), silence)),
            None => drop(self.silences.remove(service)),
        }
        self.settle(now)
    }

    /// Somebody has found out more about an open alert.
    pub fn explain(&mut self, number: u32, cause: &str, next: Option<&str>) -> Vec<Effect> {
        let Some(alert) = self.open.iter_mut().find(|alert| alert.number == number) else {
            return Vec::new();
        };
        let known = alert.cause == cause && alert.next.as_deref() == next;
        cause.clone_into(&mut alert.cause);
        alert.next = next.map(str::to_owned);
        match known {
            true => Vec::new(),
            false => vec![Effect::Changed(alert.clone())],
        }
    }

    /// The open alerts, oldest first.
    #[must_use]
    pub fn open(&self) -> &[Alert] {
        &self.open
    }

    /// Silences that are in force.
    #[must_use]
    pub fn silences(&self, wall: Timestamp) -> Vec<Silence> {
        let all = self.silences.values();
        all.filter(|silence| silence.holds(wall, &self.run))
            .cloned()
            .collect()
    }

    /// Whether no alert is raised for this service.
    #[must_use]
    pub fn is_silent(&self, service: &str, wall: Timestamp) -> bool {
        let silence = self.silences.get(service);
        silence.is_some_and(|silence| silence.holds(wall, &self.run))
    }

    /// When [`AlertBook::tick`] is due, if time alone can change anything.
    #[must_use]
    pub fn next_deadline(&self, now: Moment) -> Option<Tick> {
        let pending = |name: &&String| !self.has_alert(name);
        let mut troubled = self.troubled().filter(pending).peekable();
        troubled.peek()?;
        let held = troubled.filter_map(|name| Some(self.services.get(name)?.since.after(HOLD)));
        let returned = self.services.values().filter_map(|seen| seen.returned);
        let silences = self.silences.values().filter_map(|silence| {
            let ahead = u64::try_from(silence.until?.0 - now.wall.0).ok()?;
            Some(now.tick.after(Millis(ahead)))
        });
        held.chain(returned.map(|at| at.after(FOLLOW)))
            .chain(silences)
            .filter(|due| *due > now.tick)
            .min()
    }

    /// Makes the alerts fit what was seen.
    fn settle(&mut self, now: Moment) -> Vec<Effect> {
        let mut effects = self.close(now);
        for root in self.roots(now.tick) {
            if self.has_alert(&root) {
                continue;
            }
            if self.is_silent(&root, now.wall) {
                effects.extend(self.hush(&root, now.tick));
            } else {
                effects.extend(self.begin(&root, now));
            }
        }
        effects.extend(self.join(now.tick));
        effects.extend(self.refresh(now.tick));
        effects
    }

    /// Alerts whose service is not in trouble any more.
    fn close(&mut self, now: Moment) -> Vec<Effect> {
        let mut effects = Vec::new();
        for alert in std::mem::take(&mut self.open) {
            let ending = match self.services.get(&alert.service).map(|seen| seen.condition) {
                Some(Condition::Trouble | Condition::Coming) => {
                    self.open.push(alert);
                    continue;
                }
                Some(Condition::Well) => Ending::Recovered,
                Some(Condition::Off) | None => Ending::Stopped,
            };
            let alert = closed(alert, ending, now.wall);
            if ending == Ending::Recovered {
                self.recent.push((now.tick, alert.clone()));
            }
            effects.push(Effect::Closed(alert));
        }
        self.recent.retain(|(at, _)| now.tick.since(*at) <= REOPEN);
        let surplus = self.recent.len().saturating_sub(MOST_RECENT);
        self.recent.drain(..surplus);
        effects
    }

    /// An alert for a root that has none: one of its victims', one that it had a moment
    /// ago, or a new one.
    fn begin(&mut self, root: &str, now: Moment) -> Option<Effect> {
        let seen = self.services.get(root)?.clone();
        if self.run.is_empty() {
            return None;
        }
        let victim = |alert: &Alert| self.is_victim(&alert.service, root, now.tick);
        if let Some(at) = self.open.iter().position(victim) {
            let alert = &mut self.open[at];
            let was = std::mem::replace(&mut alert.service, root.to_owned());
            let mut affected: BTreeSet<String> = alert.affected.drain(..).collect();
            affected.insert(was);
            affected.remove(root);
            alert.affected = affected.into_iter().collect();
            (alert.status, alert.cause, alert.next) = (seen.status, seen.cause, None);
            return Some(Effect::Moved(alert.clone()));
        }
        let hold = if self.needs.any(root) {
            HOLD
        } else {
            Millis(0)
        };
        if now.tick < seen.since.after(hold) {
            return None;
        }
        let alert = match self.recent.iter().rposition(|(_, a)| a.service == root) {
            Some(at) => again(self.recent.remove(at).1, &seen),
            None => {
                self.last += 1;
                Alert {
                    run: self.run.clone(),
                    number: self.last,
                    service: root.to_owned(),
                    status: seen.status,
                    cause: seen.cause,
                    next: None,
                    affected: Vec::new(),
                    since: seen.wall,
                    closed: None,
                    ending: None,
                    times: 1,
                }
            }
        };
        self.open.push(alert.clone());
        self.open.sort_by_key(|alert| alert.number);
        Some(Effect::Raised(alert))
    }

    /// Nobody wants to hear of a root: what fell because of it is known, too.
    fn hush(&mut self, root: &str, now: Tick) -> Vec<Effect> {
        let (known, open) = std::mem::take(&mut self.open)
            .into_iter()
            .partition(|alert: &Alert| self.is_victim(&alert.service, root, now));
        self.open = open;
        let known: Vec<Alert> = known;
        known.into_iter().map(Effect::Withdrawn).collect()
    }

    /// An alert of a victim is part of the alert of its root.
    fn join(&mut self, now: Tick) -> Vec<Effect> {
        let mut effects = Vec::new();
        let roots: Vec<String> = self
            .open
            .iter()
            .map(|alert| alert.service.clone())
            .collect();
        for name in &roots {
            let mut others = roots.iter().filter(|other| *other != name);
            let Some(root) = others.find(|root| self.is_victim(name, root, now)) else {
                continue;
            };
            let position = |wanted: &str| self.open.iter().position(|a| a.service == wanted);
            let (Some(from), Some(_)) = (position(name), position(root)) else {
                continue;
            };
            let gone = self.open.remove(from);
            if let Some(into) = self.open.iter_mut().find(|alert| alert.service == *root) {
                let mut affected: BTreeSet<String> = into.affected.drain(..).collect();
                affected.extend(gone.affected.iter().cloned());
                affected.insert(gone.service.clone());
                affected.remove(&into.service);
                into.affected = affected.into_iter().collect();
                effects.push(Effect::Changed(into.clone()));
            }
            effects.push(Effect::Withdrawn(gone));
        }
        effects
    }

    /// Victims that have come, and what the service itself is now.
    fn refresh(&mut self, now: Tick) -> Vec<Effect> {
        let mut open = std::mem::take(&mut self.open);
        let mut effects = Vec::new();
        for alert in &mut open {
            let before = alert.clone();
            let mut affected: BTreeSet<String> = alert.affected.drain(..).collect();
            affected.extend(self.victims(&alert.service, now));
            affected.remove(&alert.service);
            alert.affected = affected.into_iter().collect();
            if let Some(seen) = self.services.get(&alert.service)
                && seen.condition == Condition::Trouble
            {
                alert.status = seen.status;
            }
            if *alert != before {
                effects.push(Effect::Changed(alert.clone()));
            }
        }
        self.open = open;
        effects
    }

    fn has_alert(&self, service: &str) -> bool {
        self.open.iter().any(|alert| alert.service == service)
    }

    fn troubled(&self) -> impl Iterator<Item = &String> {
        let all = self.services.iter();
        all.filter(|(_, seen)| seen.condition == Condition::Trouble)
            .map(|(name, _)| name)
    }
}

fn closed(mut alert: Alert, ending: Ending, at: Timestamp) -> Alert {
    // The clock may have been set back meanwhile.
    alert.closed = Some(at.max(alert.since));
    alert.ending = Some(ending);
    alert
}

fn again(mut alert: Alert, seen: &Seen) -> Alert {
    alert.closed = None;
    alert.ending = None;
    alert.times += 1;
    (alert.status, alert.next) = (seen.status, None);
    alert.cause.clone_from(&seen.cause);
    alert
}
