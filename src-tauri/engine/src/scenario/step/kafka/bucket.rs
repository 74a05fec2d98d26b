//! A token bucket: so many messages a second, and some at once. It can be held, and is not
//! filled meanwhile.

use std::time::Duration;

/// While it is held: how soon it is looked at again.
const HELD: Duration = Duration::from_millis(50);

/// Where there is a rate, tokens for this long are handed out together, so that not every
/// message travels alone.
const TOGETHER_S: f64 = 0.01;

/// See the module. Times are since the beginning.
#[derive(Debug)]
pub(super) struct Bucket {
    /// Tokens a second; as many as are wanted where it is absent.
    rate: Option<f64>,
    burst: f64,
    tokens: f64,
    filled: Duration,
    held: bool,
}

impl Bucket {
    /// It is full at the beginning.
    pub(super) fn new(rate: Option<u64>, burst: u64) -> Self {
        let burst = (burst as f64).max(1.0);
        Self {
            rate: rate.map(|rate| rate as f64),
            burst,
            tokens: burst,
            filled: Duration::ZERO,
            held: false,
        }
    }

    pub(super) fn hold(&mut self, held: bool, now: Duration) {
        self.fill(now);
        self.held = held;
    }

    pub(super) fn is_held(&self) -> bool {
        self.held
    }

    /// Takes up to so many tokens; or says how soon it is worth asking again.
    pub(super) fn take(&mut self, wanted: u64, now: Duration) -> Result<u64, Duration> {
        self.fill(now);
        if self.held {
            return Err(HELD);
        }
        let Some(rate) = self.rate else {
            return Ok(wanted);
        };
        let least = (rate * TOGETHER_S)
            .min(wanted as f64)
            .min(self.burst)
            .max(1.0);
        if self.tokens < least {
            return Err(Duration::from_secs_f64((least - self.tokens) / rate));
        }
        let taken = (self.tokens.floor() as u64).min(wanted);
        self.tokens -= taken as f64;
        Ok(taken)
    }

    fn fill(&mut self, now: Duration) {
        let passed = now.saturating_sub(self.filled).as_secs_f64();
        self.filled = self.filled.max(now);
        if let (Some(rate), false) = (self.rate, self.held) {
            self.tokens = (self.tokens + passed * rate).min(self.burst);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn the_rate_is_kept_and_the_burst_is_the_most_at_once() {
        let mut bucket = Bucket::new(Some(100), 50);
        assert_eq!(bucket.take(1_000, Duration::ZERO), Ok(50), "it was full");
        let wait = bucket.take(1_000, Duration::ZERO).expect_err("it is empty");
        assert_eq!(wait, Duration::from_millis(10));
        assert_eq!(bucket.take(1_000, SECOND / 10), Ok(10));
        assert_eq!(
            bucket.take(1_000, SECOND * 100),
            Ok(50),
            "no more than the burst"
        );
        let mut taken = 0;
        for ms in 0..2_000 {
            let now = SECOND * 100 + Duration::from_millis(ms);
            taken += bucket.take(1_000, now).unwrap_or_default();
        }
        assert!((198..=200).contains(&taken), "{taken} in two seconds");
    }

    #[test]
    fn a_bucket_that_is_held_gives_nothing_and_is_not_filled() {
        let mut bucket = Bucket::new(Some(100), 100);
        assert_eq!(bucket.take(100, Duration::ZERO), Ok(100));
        bucket.hold(true, SECOND / 2);
        assert_eq!(bucket.take(1, SECOND * 9), Err(HELD));
        bucket.hold(false, SECOND * 10);
        assert_eq!(
            bucket.take(100, SECOND * 10),
            Ok(50),
            "of the half second before"
        );
        let mut endless = Bucket::new(None, 0);
        assert_eq!(endless.take(1_000, Duration::ZERO), Ok(1_000));
        endless.hold(true, SECOND);
        assert_eq!(endless.take(1, SECOND), Err(HELD));
    }
}
