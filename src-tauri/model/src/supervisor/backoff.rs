//! How long to wait before the next start, and when to stop trying.
//!
//! Numbers of the design, section 5.4: 1 s, doubled up to 60 s, with jitter,
//! reset after 10 minutes of life or a manual start; more than 5 failures in 10
//! minutes are a crash loop. The curve is KEP-4603's.

use crate::time::{Millis, Tick};
use std::collections::VecDeque;

const FIRST: Millis = Millis::from_secs(1);
const LONGEST: Millis = Millis::from_secs(60);
const WINDOW: Millis = Millis::from_secs(600);
const CRASH_LOOP: usize = 5;

/// The failures of one service, as far as they matter for the next start.
#[derive(Clone, Debug, Default)]
pub(super) struct Backoff {
    /// When it failed, within the window.
    recent: VecDeque<Tick>,
    /// Failures since it last proved itself.
    pub(super) in_a_row: u32,
}

impl Backoff {
    /// As an earlier engine left it: how often in a row is known, when is not.
    pub(super) fn resumed(in_a_row: u32) -> Self {
        Self {
            recent: VecDeque::new(),
            in_a_row,
        }
    }

    /// Notes a failure of an instance that had lived since `alive_since`.
    pub(super) fn on_failure(&mut self, alive_since: Option<Tick>, now: Tick) {
        if alive_since.is_some_and(|since| now.since(since) >= WINDOW) {
            *self = Self::default();
        }
        self.in_a_row += 1;
        self.recent.push_back(now);
        self.recent.retain(|at| now.since(*at) < WINDOW);
    }

    /// Whether it has failed too often to go on.
    pub(super) fn is_crash_loop(&self) -> bool {
        self.recent.len() > CRASH_LOOP
    }

    /// The wait before the next start. `salt` spreads services that failed
    /// together; it adds up to a fifth.
    pub(super) fn delay(&self, salt: u64) -> Millis {
        let doublings = self.in_a_row.saturating_sub(1).min(16);
        let base = (FIRST.0 << doublings).min(LONGEST.0);
        Millis(base + base * (scramble(salt) % 200) / 1000)
    }
}

/// A well-mixed number from a counter (the finaliser of SplitMix64).
pub(super) fn scramble(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_up_to_a_minute() {
        let mut backoff = Backoff::default();
        let mut waits = Vec::new();
        for n in 0..8 {
            backoff.on_failure(None, Tick(n * 700_000));
            waits.push(backoff.delay(0).0);
        }
        assert_eq!(
            waits,
            [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]
        );
    }

    #[test]
    fn jitter_adds_at_most_a_fifth() {
        let mut backoff = Backoff::default();
        backoff.on_failure(None, Tick(0));
        assert!((0..1000).all(|salt| (1000..1200).contains(&backoff.delay(salt).0)));
    }

    #[test]
    fn row_7_six_failures_in_ten_minutes_are_a_crash_loop_and_a_long_life_forgives() {
        let mut backoff = Backoff::default();
        (0..5).for_each(|n| backoff.on_failure(None, Tick(n * 1000)));
        assert!(!backoff.is_crash_loop());
        backoff.on_failure(None, Tick(6000));
        assert!(backoff.is_crash_loop());
        backoff.on_failure(Some(Tick(10_000)), Tick(700_000));
        assert!(!backoff.is_crash_loop());
        assert_eq!(backoff.in_a_row, 1);
    }
}
