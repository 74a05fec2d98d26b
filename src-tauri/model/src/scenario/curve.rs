//! A number over the time of a step, in a bounded place.

use crate::time::Millis;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Points of a curve: as many as a small chart has columns.
const MOST_POINTS: usize = 240;

/// How a number went while a step was under way.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
pub struct Curve {
    /// What it is: `lag`.
    pub name: String,
    /// In order of time, each for the same number of numbers but for the last.
    pub points: Vec<CurvePoint>,
    /// Numbers in each point.
    #[serde(skip)]
    #[ts(skip)]
    fold: u32,
    /// Numbers in the last point so far.
    #[serde(skip)]
    #[ts(skip)]
    filled: u32,
}

/// One point of a curve.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct CurvePoint {
    /// Since the step began.
    pub at: Millis,
    /// The number; where several points became one, the greatest.
    pub value: f64,
}

impl Curve {
    /// An empty one.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            points: Vec::new(),
            fold: 1,
            filled: 0,
        }
    }

    /// Adds a number. Where there are too many points, neighbours become one with the
    /// greater value, and those that follow take twice as many numbers: no peak is lost,
    /// and the curve is as fine at its beginning as at its end.
    pub fn add(&mut self, at: Millis, value: f64) {
        if !value.is_finite() {
            return;
        }
        match self.points.last_mut() {
            Some(last) if self.filled < self.fold => {
                last.value = last.value.max(value);
                self.filled += 1;
            }
            _ => {
                self.points.push(CurvePoint { at, value });
                self.filled = 1;
            }
        }
        if self.points.len() > MOST_POINTS {
            self.halve();
        }
    }

    fn halve(&mut self) {
        let pairs = self.points.chunks(2);
        self.points = pairs
            .filter_map(|pair| {
                let value = pair.iter().map(|point| point.value).reduce(f64::max)?;
                let at = pair.first()?.at;
                Some(CurvePoint { at, value })
            })
            .collect();
        self.fold = self.fold.max(1).saturating_mul(2);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_stays_small_in_order_and_keeps_its_peak() {
        let mut curve = Curve::new("lag");
        for n in 0..100_000 {
            let value = if n == 61_234 { 9_000.0 } else { 1.0 };
            curve.add(Millis(n), value);
        }
        curve.add(Millis(100_000), f64::NAN);
        assert!(curve.points.len() <= MOST_POINTS && curve.points.len() > MOST_POINTS / 4);
        assert!(curve.points.is_sorted_by_key(|point| point.at));
        let peak = curve.points.iter().find(|point| point.value > 8_000.0);
        assert!(peak.is_some_and(|point| point.at.0.abs_diff(61_234) < 1_000));
    }
}
