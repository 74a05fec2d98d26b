//! How much a screen bears: pure, on a clock from outside.

use std::time::{Duration, Instant};

/// The same service is not reported again within this time.
const PER_SERVICE: Duration = Duration::from_secs(30);

/// The time that [`PER_MINUTE`] is about.
const MINUTE: Duration = Duration::from_secs(60);

/// At most so many in a minute, over all services, and one that tells of the rest.
const PER_MINUTE: usize = 6;

/// Names that are remembered to be told together; more are only counted by the list in the
/// window.
const MOST: usize = 50;

/// What becomes of an alert that is to be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is shown.
    Show,
    /// The same service was reported a moment ago.
    Known,
    /// It is too much: gather what comes, and tell it together.
    Gather,
    /// It is too much, and will be told together with others, or was already.
    Gathered,
}

/// What was shown lately, and what is to be told together.
#[derive(Debug, Default)]
pub(super) struct Limiter {
    shown: Vec<(Instant, String)>,
    gathered: Vec<String>,
    /// When gathering began last.
    since: Option<Instant>,
}

impl Limiter {
    /// Whether there is room for another one about this service.
    pub(super) fn admit(&mut self, service: &str, now: Instant) -> Verdict {
        self.shown
            .retain(|(at, _)| now.duration_since(*at) < MINUTE);
        let recent = |(at, known): &(Instant, String)| {
            known == service && now.duration_since(*at) < PER_SERVICE
        };
        if self.shown.iter().any(recent) {
            return Verdict::Known;
        }
        if self.shown.len() < PER_MINUTE {
            self.shown.push((now, service.to_owned()));
            return Verdict::Show;
        }
        let name = service.rsplit('/').next().unwrap_or(service).to_owned();
        if self.gathered.len() < MOST && !self.gathered.contains(&name) {
            self.gathered.push(name);
        }
        let gathering = |at: Instant| now.duration_since(at) < MINUTE;
        if self.since.is_some_and(gathering) {
            return Verdict::Gathered;
        }
        self.since = Some(now);
        Verdict::Gather
    }

    /// The services of what was too much.
    pub(super) fn take_gathered(&mut self) -> Vec<String> {
        std::mem::take(&mut self.gathered)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crash_loop_does_not_fill_the_screen() {
        let (mut limiter, start) = (Limiter::default(), Instant::now());
        let after = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(limiter.admit("e/a", start), Verdict::Show);
        assert_eq!(limiter.admit("e/a", after(5)), Verdict::Known);
        assert_eq!(limiter.admit("e/a", after(31)), Verdict::Show);
        let verdicts: Vec<Verdict> = (0..20)
            .map(|n| limiter.admit(&format!("e/s{n}"), after(32)))
            .collect();
        let count = |wanted| verdicts.iter().filter(|v| **v == wanted).count();
        assert_eq!(count(Verdict::Show), PER_MINUTE - 2);
        assert_eq!(count(Verdict::Gather), 1, "one tells of the rest");
        assert_eq!(limiter.take_gathered().len(), 16);
        assert_eq!(limiter.admit("e/late", after(40)), Verdict::Gathered);
        assert_eq!(limiter.admit("e/later", after(100)), Verdict::Show);
    }
}
