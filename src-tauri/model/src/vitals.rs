//! How a service has fared, from its changes of state: availability, flapping, the usual
//! time to ready. Pure; what is asked for comes in as lists in order of time.

use crate::status::Status;
use crate::time::{Millis, Timestamp};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// So many turns between well and ill …
pub const FLAPS: u32 = 4;

/// … within this time make a service that flaps.
pub const FLAP_WINDOW: Millis = Millis::from_secs(600);

/// One change of a service's status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    /// When.
    pub at: Timestamp,
    /// What it was from then on.
    pub status: Status,
}

/// A time in which a status held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct StatusSpan {
    /// Which.
    pub status: Status,
    /// When it began.
    pub from: Timestamp,
    /// When it ended, or the end of what is asked for.
    pub to: Timestamp,
}

/// The times between `from` and `to`, each with its status; nothing before the first turn.
#[must_use]
pub fn spans(turns: &[Turn], from: Timestamp, to: Timestamp) -> Vec<StatusSpan> {
    let mut spans: Vec<StatusSpan> = Vec::new();
    for (index, turn) in turns.iter().enumerate() {
        let ended = turns.get(index + 1).map_or(to, |next| next.at);
        // The clock may have been set back meanwhile.
        let (began, ended) = (turn.at.max(from), ended.min(to));
        match spans.last_mut() {
            Some(last) if last.status == turn.status && last.to >= began => {
                last.to = last.to.max(ended);
            }
            _ if began < ended => spans.push(StatusSpan {
                status: turn.status,
                from: began,
                to: ended,
            }),
            _ => {}
        }
    }
    spans
}

/// The part of the time, from 0 to 1, in which a service was Healthy since it was so for
/// the first time. Time in which it was Stopped does not count: that was somebody's wish.
/// `None` where it never was Healthy.
#[must_use]
pub fn availability(turns: &[Turn], now: Timestamp) -> Option<f64> {
    let first = turns.iter().position(|t| t.status == Status::Healthy)?;
    let spans = spans(&turns[first..], turns[first].at, now);
    let length = |span: &StatusSpan| (span.to.0 - span.from.0) as f64;
    let sum = |counts: fn(Status) -> bool| -> f64 {
        let counted = spans.iter().filter(|span| counts(span.status));
        counted.map(length).sum()
    };
    let meant = sum(|status| status != Status::Stopped);
    if meant <= 0.0 {
        return Some(1.0);
    }
    Some(sum(|status| status == Status::Healthy) / meant)
}

/// How often a service has turned from well to ill and back within [`FLAP_WINDOW`] before
/// `now`. What lies between, such as Starting, is neither.
#[must_use]
pub fn flips(turns: &[Turn], now: Timestamp) -> u32 {
    let window = i64::try_from(FLAP_WINDOW.0).unwrap_or(i64::MAX);
    let mut well: Option<bool> = None;
    let mut flips = 0;
    for turn in turns {
        let is = match turn.status {
            Status::Healthy => true,
            Status::Degraded | Status::Unhealthy => false,
            Status::Starting | Status::Stopped => continue,
        };
        let flipped = well.replace(is).is_some_and(|was| was != is);
        flips += u32::from(flipped && turn.at.0 > now.0 - window);
    }
    flips
}

/// Whether a service flaps: at least [`FLAPS`] turns within [`FLAP_WINDOW`].
#[must_use]
pub fn is_flapping(turns: &[Turn], now: Timestamp) -> bool {
    flips(turns, now) >= FLAPS
}

/// The middle one; of an even number the mean of the two in the middle.
#[must_use]
pub fn median(lengths: &[Millis]) -> Option<Millis> {
    let mut sorted = lengths.to_vec();
    sorted.sort_unstable();
    let upper = *sorted.get(sorted.len() / 2)?;
    match sorted.len() % 2 {
        1 => Some(upper),
        _ => Some(Millis((sorted[sorted.len() / 2 - 1].0 + upper.0) / 2)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Status::{Degraded, Healthy, Starting, Stopped, Unhealthy};

    fn turns(all: &[(i64, Status)]) -> Vec<Turn> {
        let turn = |&(at, status): &(i64, Status)| Turn {
            at: Timestamp(at),
            status,
        };
        all.iter().map(turn).collect()
    }

    #[test]
    fn equal_times_in_a_row_are_one_and_the_rest_is_cut_off() {
        let all = turns(&[(0, Starting), (10, Healthy), (20, Healthy), (30, Degraded)]);
        let told = |from, to| -> Vec<(Status, i64, i64)> {
            let found = spans(&all, Timestamp(from), Timestamp(to));
            found.iter().map(|s| (s.status, s.from.0, s.to.0)).collect()
        };
        let whole = [(Starting, 0, 10), (Healthy, 10, 30), (Degraded, 30, 40)];
        assert_eq!(told(0, 40), whole);
        assert_eq!(told(15, 25), [(Healthy, 15, 25)]);
        assert_eq!(told(-10, -5), []);
    }

    #[test]
    fn availability_counts_from_the_first_healthy_and_forgives_a_stop() {
        let now = Timestamp(1000);
        assert_eq!(availability(&turns(&[(0, Starting)]), now), None);
        let all = turns(&[
            (0, Starting),
            (100, Healthy),
            (400, Unhealthy),
            (500, Starting),
            (600, Healthy),
            (800, Stopped),
        ]);
        // 500 of 700 ms: the stop from 800 on was wanted.
        let found = availability(&all, now).expect("it was ready");
        assert!((found - 500.0 / 700.0).abs() < 1e-9, "{found}");
        let at_once = turns(&[(1000, Healthy)]);
        assert_eq!(availability(&at_once, now), Some(1.0));
    }

    #[test]
    fn four_turns_in_ten_minutes_are_flapping_and_a_slow_start_is_none() {
        let minute = 60_000;
        let all = turns(&[
            (0, Starting),
            (minute, Healthy),
            (2 * minute, Unhealthy),
            (2 * minute + 5, Starting),
            (3 * minute, Healthy),
            (4 * minute, Degraded),
            (4 * minute + 1, Unhealthy),
            (5 * minute, Healthy),
        ]);
        assert_eq!(flips(&all, Timestamp(5 * minute)), 4);
        assert!(is_flapping(&all, Timestamp(5 * minute)));
        assert_eq!(
            flips(&all, Timestamp(13 * minute)),
            2,
            "the older two are past"
        );
        assert!(!is_flapping(&all, Timestamp(13 * minute)));
    }

    #[test]
    fn the_median_of_a_few() {
        let of = |all: &[u64]| median(&all.iter().map(|ms| Millis(*ms)).collect::<Vec<_>>());
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[9]), Some(Millis(9)));
        assert_eq!(of(&[9, 1, 5]), Some(Millis(5)));
        assert_eq!(of(&[9, 1]), Some(Millis(5)));
    }
}
