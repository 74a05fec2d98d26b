//! When a service is measured again.

use super::Usage;
use benchtop_model::time::{Millis, Tick};
use std::collections::HashMap;

/// While somebody looks, or what a service uses changes much.
pub(super) const OFTEN: Millis = Millis::from_secs(2);

/// Otherwise: an idle environment must cost next to nothing.
const SELDOM: Millis = Millis::from_secs(10);

/// A change of CPU that is worth a closer look, in percent of one core.
const MUCH_CPU: f64 = 25.0;

/// A change of memory that is worth a closer look: bytes, and share of what it was.
const MUCH_MEMORY: (u64, f64) = (16 << 20, 0.1);

/// What was measured last, by service.
#[derive(Default)]
pub(super) struct Pace {
    last: HashMap<String, Last>,
}

struct Last {
    usage: Usage,
    at: Tick,
    lively: bool,
}

impl Pace {
    /// Whether it is time to measure a service again.
    pub(super) fn is_due(&self, service: &str, now: Tick, watched: bool) -> bool {
        let Some(last) = self.last.get(service) else {
            return true;
        };
        // Turns come every `OFTEN`, and half a turn late is not too late.
        let half = OFTEN.0 / 2;
        watched || last.lively || now.since(last.at).0 + half >= SELDOM.0
    }

    /// It was measured.
    pub(super) fn note(&mut self, service: &str, usage: Usage, now: Tick) {
        let before = self.last.get(service);
        let lively = before.is_none_or(|before| moved(before.usage, usage));
        let last = Last {
            usage,
            at: now,
            lively,
        };
        self.last.insert(service.to_owned(), last);
    }

    /// Forgets services that do not run.
    pub(super) fn keep(&mut self, runs: impl Fn(&str) -> bool) {
        self.last.retain(|name, _| runs(name));
    }
}

fn moved(before: Usage, now: Usage) -> bool {
    let memory = now.memory.abs_diff(before.memory);
    (now.cpu - before.cpu).abs() > MUCH_CPU
        || (memory > MUCH_MEMORY.0 && memory as f64 > before.memory as f64 * MUCH_MEMORY.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(cpu: f64, mebibytes: u64) -> Usage {
        Usage {
            cpu,
            memory: mebibytes << 20,
        }
    }

    /// At which seconds a service is measured that uses this, asked every 2 s.
    fn times(usage_at: impl Fn(u64) -> Usage, watched: bool) -> Vec<u64> {
        let mut pace = Pace::default();
        let mut times = Vec::new();
        for second in (0..40).step_by(2) {
            let now = Tick(second * 1000);
            if pace.is_due("a", now, watched) {
                pace.note("a", usage_at(second), now);
                times.push(second);
            }
        }
        times
    }

    #[test]
    fn what_is_calm_is_measured_seldom() {
        assert_eq!(times(|_| usage(3.0, 100), false), [0, 2, 12, 22, 32]);
        assert_eq!(times(|_| usage(3.0, 100), true).len(), 20);
    }

    #[test]
    fn what_moves_is_measured_often_until_it_is_calm() {
        let burst = |second| usage(if second < 20 { 3.0 } else { 90.0 }, 100);
        assert_eq!(times(burst, false), [0, 2, 12, 22, 24, 34]);
        // By a fifth every two seconds.
        let grows = |second: u64| usage(3.0, (0..second / 2).fold(128, |size, _| size * 6 / 5));
        assert_eq!(times(grows, false).len(), 20);
    }

    #[test]
    fn a_service_that_comes_back_is_measured_at_once() {
        let mut pace = Pace::default();
        pace.note("a", usage(1.0, 1), Tick(0));
        pace.note("a", usage(1.0, 1), Tick(2));
        assert!(!pace.is_due("a", Tick(3), false));
        pace.keep(|_| false);
        assert!(pace.is_due("a", Tick(3), false));
    }
}
