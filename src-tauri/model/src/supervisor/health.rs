//! Health of one instance from the answers of its probes, with kubelet's
//! meaning: `startup` gates the others, `live` says "is it there", `ready` says
//! "can it serve".
//!
//! Cadence: 250 ms growing to 5 s until the instance is Healthy and whenever a
//! probe has just failed, so that both readiness and trouble are noticed at
//! once; the probe's own interval otherwise, with jitter. A probe that costs
//! next to nothing and has never passed stays at 400 ms for its first 100
//! attempts: what is ready within 40 s is seen 200 ms later at the median,
//! even where it writes no line that gives it away.

use super::backoff::scramble;
use crate::probe::{Probe, ProbeResult, ProbeRole, Probes, Verdict};
use crate::status::Health;
use crate::time::{Millis, Tick};

const FAST_FIRST: u64 = 250;
const FAST_LONGEST: u64 = 5000;

/// The longest wait between the first [`EAGER`] attempts of a cheap probe, in
/// milliseconds.
const EAGER_LONGEST: u64 = 400;
const EAGER: u32 = 100;

/// Without a startup probe: how long an instance may be Starting before a probe
/// that never passed counts against it.
const PATIENCE: Millis = Millis::from_secs(60);

/// Without any probe: how long an instance must have lived to be taken for
/// Healthy. Most programs that cannot run end within a moment.
const PROOF_OF_LIFE: Millis = Millis(500);

/// The state of one probe.
#[derive(Clone, Debug)]
pub struct ProbeState {
    /// Which question it answers.
    pub role: ProbeRole,
    /// Its definition.
    pub probe: Probe,
    /// Failures in a row.
    pub failures: u32,
    /// The last answer.
    pub last: Option<ProbeResult>,
    /// The verdict after thresholds; `None` until the first.
    verdict: Option<Verdict>,
    passes: u32,
    due: Option<Tick>,
    in_flight: bool,
    /// Attempts at the fast cadence so far.
    fast: u32,
    attempts: u64,
}

impl ProbeState {
    fn new(role: ProbeRole, probe: Probe) -> Self {
        Self {
            role,
            probe,
            failures: 0,
            last: None,
            verdict: None,
            passes: 0,
            due: None,
            in_flight: false,
            fast: 0,
            attempts: 0,
        }
    }

    fn take(&mut self, result: ProbeResult) {
        self.in_flight = false;
        self.attempts += 1;
        if result.verdict == Verdict::Fail {
            self.failures += 1;
            self.passes = 0;
            if self.failures == 1 {
                self.fast = 0;
            }
            let falls = self.failures >= self.probe.failure_threshold;
            // Before the first success a failure is only "not yet".
            if falls && self.verdict.is_some() {
                self.verdict = Some(Verdict::Fail);
            }
        } else {
            self.failures = 0;
            self.passes += 1;
            let rises = self.passes >= self.probe.success_threshold;
            if rises || matches!(self.verdict, Some(Verdict::Pass | Verdict::Warn)) {
                self.verdict = Some(result.verdict);
            }
        }
        self.last = Some(result);
    }

    fn passes_now(&self) -> bool {
        self.verdict == Some(Verdict::Pass) && self.failures == 0
    }

    /// The wait before the next attempt.
    fn wait(&mut self, salt: u64) -> Millis {
        if self.passes_now() {
            self.fast = 0;
            let interval = self.probe.interval.0;
            // ± 5 %, so that fifty services do not probe in step.
            return Millis(
                interval - interval / 20 + interval * (scramble(salt ^ self.attempts) % 100) / 1000,
            );
        }
        let is_eager = self.verdict.is_none() && self.fast < EAGER && self.probe.kind.is_cheap();
        let longest = if is_eager {
            EAGER_LONGEST
        } else {
            FAST_LONGEST
        };
        let fast = (FAST_FIRST << self.fast.min(5)).min(longest);
        self.fast += 1;
        Millis(fast.min(self.probe.interval.0.max(1)))
    }
}

/// The health of one instance.
#[derive(Clone, Debug, Default)]
pub struct HealthState {
    probes: Vec<ProbeState>,
    /// When the instance came up; `None` while there is none.
    since: Option<Tick>,
    /// Shown until the probes have a say: an adopted instance keeps its health.
    assumed: Option<Health>,
    salt: u64,
}

impl HealthState {
    /// An instance has come up.
    pub(super) fn begin(&mut self, probes: &Probes, assumed: Option<Health>, salt: u64, now: Tick) {
        self.probes = probes
            .iter()
            .map(|(role, probe)| ProbeState::new(role, probe.clone()))
            .collect();
        self.since = Some(now);
        self.assumed = assumed.filter(|health| *health != Health::Unknown);
        self.salt = salt;
        let gated = probes.startup.is_some() && self.assumed.is_none();
        for probe in &mut self.probes {
            let open = if gated {
                probe.role == ProbeRole::Startup
            } else {
                probe.role != ProbeRole::Startup
            };
            probe.due = open.then(|| now.after(probe.probe.initial_delay));
            if probe.role == ProbeRole::Startup && !gated {
                probe.verdict = Some(Verdict::Pass);
            }
        }
    }

    /// There is no instance any more.
    pub(super) fn end(&mut self) {
        *self = Self::default();
    }

    /// The probes, in the order startup, live, ready.
    #[must_use]
    pub fn probes(&self) -> &[ProbeState] {
        &self.probes
    }

    /// A probe has answered.
    pub(super) fn on_result(&mut self, role: ProbeRole, result: ProbeResult, now: Tick) {
        let salt = self.salt;
        let Some(probe) = self.probes.iter_mut().find(|p| p.role == role) else {
            return;
        };
        probe.take(result);
        if role == ProbeRole::Startup && probe.verdict.is_some_and(|v| v != Verdict::Fail) {
            probe.due = None;
            self.open_gate(now);
        } else {
            let wait = probe.wait(salt);
            probe.due = Some(now.after(wait));
        }
    }

    /// The start is finished: the other probes begin.
    fn open_gate(&mut self, now: Tick) {
        for probe in self
            .probes
            .iter_mut()
            .filter(|p| p.role != ProbeRole::Startup && p.due.is_none())
        {
            probe.due = Some(now);
        }
    }

    /// Every probe that is not gated is due at once.
    pub(super) fn probe_now(&mut self, now: Tick) {
        for probe in self.probes.iter_mut().filter(|p| p.due.is_some()) {
            probe.due = Some(now);
        }
    }

    /// The probes to perform now; they count as under way from here on.
    pub(super) fn take_due(&mut self, now: Tick) -> Vec<ProbeRole> {
        let due = self
            .probes
            .iter_mut()
            .filter(|p| !p.in_flight && p.due.is_some_and(|due| due <= now));
        due.map(|probe| {
            probe.in_flight = true;
            probe.role
        })
        .collect()
    }

    /// When this state must be looked at again.
    pub(super) fn next_deadline(&self, now_known: Health) -> Option<Tick> {
        let probes = self
            .probes
            .iter()
            .filter(|p| !p.in_flight)
            .filter_map(|p| p.due);
        let patience = (now_known == Health::Unknown)
            .then(|| self.doubt_ends())
            .flatten();
        probes.chain(patience).min()
    }

    /// When time alone will change an Unknown health.
    fn doubt_ends(&self) -> Option<Tick> {
        match self.probes.as_slice() {
            [] => Some(self.since?.after(PROOF_OF_LIFE)),
            _ => self.patience_ends(),
        }
    }

    /// When a probe that never passed begins to count against the instance.
    fn patience_ends(&self) -> Option<Tick> {
        let startup = self.probes.iter().find(|p| p.role == ProbeRole::Startup);
        Some(
            self.since?
                .after(startup.map_or(PATIENCE, |p| p.probe.deadline)),
        )
    }

    /// The health at this moment.
    pub(super) fn health(&self, now: Tick) -> Health {
        if self.since.is_none() {
            return Health::Unknown;
        }
        if self.probes.is_empty() && self.doubt_ends().is_some_and(|end| now < end) {
            return self.assumed.unwrap_or(Health::Unknown);
        }
        let patient = self.patience_ends().is_none_or(|end| now < end);
        let mut health = Health::Healthy;
        for probe in &self.probes {
            let found = match (probe.role, probe.verdict) {
                // Its gate is open, and nobody asks it again.
                (_, Some(Verdict::Pass)) | (ProbeRole::Startup, Some(Verdict::Warn)) => continue,
                (_, Some(Verdict::Warn)) => Health::Degraded,
                (_, None) if patient => self.assumed.unwrap_or(Health::Unknown),
                (ProbeRole::Ready, _) => Health::Degraded,
                (ProbeRole::Startup | ProbeRole::Live, _) => Health::Unhealthy,
            };
            health = graver(health, found);
        }
        health
    }

    /// Why it is not Healthy, one sentence.
    pub(super) fn reason(&self) -> Option<String> {
        let culprit = self
            .probes
            .iter()
            .find(|p| !p.passes_now() && p.last.is_some() && p.role != ProbeRole::Startup)
            .or_else(|| {
                self.probes
                    .iter()
                    .find(|p| p.verdict.is_none() && p.last.is_some())
            })?;
        let last = culprit.last.as_ref()?;
        let verb = match last.verdict {
            Verdict::Warn => "says",
            _ => "fails",
        };
        Some(format!(
            "{} probe {verb}: {}",
            culprit.role.word(),
            last.text
        ))
    }
}

/// Of two findings the one that decides. Unknown hides Degraded: an instance
/// that was never looked at in full is still Starting.
fn graver(a: Health, b: Health) -> Health {
    let rank = |health| match health {
        Health::Healthy => 0,
        Health::Degraded => 1,
        Health::Unknown => 2,
        Health::Unhealthy => 3,
    };
    if rank(b) > rank(a) { b } else { a }
}
