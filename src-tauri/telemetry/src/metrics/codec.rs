//! Points as bytes: what is written each 150 ms, and what a chunk of one series is.
//!
//! Times and whole numbers are written as the difference to the one before, so that what
//! grows evenly is small; zstd finds the bounds that repeat from point to point.

use super::point::{Exponential, Histogram, Point, Powers, Summary, Value};
use super::query::Exemplar;
use benchtop_model::time::Timestamp;
use std::sync::Arc;

/// Whole numbers up to here are the same as f64.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Writes points one after the other.
#[derive(Default)]
pub(crate) struct Encoder {
    bytes: Vec<u8>,
    last: Last,
}

/// What the next point is told apart from.
#[derive(Default)]
struct Last {
    at: i64,
    start: i64,
    whole: i64,
}

/// Reads points one after the other.
pub(crate) struct Decoder<'a> {
    bytes: &'a [u8],
    last: Last,
    /// The bounds of the histogram before: most have the same.
    bounds: Arc<[f64]>,
}

impl Encoder {
    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// A number beside the points, such as that of their series.
    pub(crate) fn natural(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.bytes.push((value as u8) | 0x80);
            value >>= 7;
        }
        self.bytes.push(value as u8);
    }

    pub(crate) fn point(&mut self, point: &Point) {
        self.integer(point.at.wrapping_sub(self.last.at));
        self.integer(point.start.wrapping_sub(self.last.start));
        (self.last.at, self.last.start) = (point.at, point.start);
        match &point.value {
            Value::Number(value) => self.number(*value),
            Value::Histogram(histogram) => self.histogram(histogram),
            Value::Exponential(exponential) => self.exponential(exponential),
            Value::Summary(summary) => self.summary(summary),
        }
        self.natural(point.exemplars.len() as u64);
        for exemplar in &point.exemplars {
            self.integer(exemplar.at.0.wrapping_sub(point.at));
            self.float(exemplar.value);
            self.text(&exemplar.trace_id);
            self.text(&exemplar.span_id);
        }
    }

    fn number(&mut self, value: f64) {
        // Minus zero is a whole number that would lose its sign.
        if value.fract() == 0.0
            && value.abs() < EXACT
            && !(value == 0.0 && value.is_sign_negative())
        {
            let whole = value as i64;
            self.bytes.push(0);
            self.integer(whole.wrapping_sub(self.last.whole));
            self.last.whole = whole;
        } else {
            self.bytes.push(1);
            self.float(value);
        }
    }

    fn histogram(&mut self, histogram: &Histogram) {
        self.bytes.push(2);
        self.natural(histogram.count);
        self.maybe(histogram.sum);
        self.maybe(histogram.min);
        self.maybe(histogram.max);
        self.natural(histogram.bounds.len() as u64);
        histogram.bounds.iter().for_each(|bound| self.float(*bound));
        self.counts(&histogram.counts);
    }

    fn exponential(&mut self, exponential: &Exponential) {
        self.bytes.push(3);
        self.natural(exponential.count);
        self.maybe(exponential.sum);
        self.maybe(exponential.min);
        self.maybe(exponential.max);
        self.integer(exponential.scale.into());
        self.natural(exponential.zero_count);
        self.float(exponential.zero_threshold);
        for side in [&exponential.positive, &exponential.negative] {
            self.integer(side.offset.into());
            self.counts(&side.counts);
        }
    }

    fn summary(&mut self, summary: &Summary) {
        self.bytes.push(4);
        self.natural(summary.count);
        self.float(summary.sum);
        self.natural(summary.quantiles.len() as u64);
        for (quantile, value) in &summary.quantiles {
            self.float(*quantile);
            self.float(*value);
        }
    }

    fn counts(&mut self, counts: &[u64]) {
        self.natural(counts.len() as u64);
        counts.iter().for_each(|count| self.natural(*count));
    }

    fn integer(&mut self, value: i64) {
        self.natural(((value << 1) ^ (value >> 63)).cast_unsigned());
    }

    fn float(&mut self, value: f64) {
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }

    fn maybe(&mut self, value: Option<f64>) {
        self.bytes.push(u8::from(value.is_some()));
        if let Some(value) = value {
            self.float(value);
        }
    }

    fn text(&mut self, text: &str) {
        self.natural(text.len() as u64);
        self.bytes.extend_from_slice(text.as_bytes());
    }
}

/// Every reading is `None` where the bytes end early or make no sense.
impl<'a> Decoder<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            last: Last::default(),
            bounds: Arc::default(),
        }
    }

    pub(crate) fn is_done(&self) -> bool {
        self.bytes.is_empty()
    }

    pub(crate) fn natural(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    pub(crate) fn point(&mut self) -> Option<Point> {
        let at = self.last.at.wrapping_add(self.integer()?);
        let start = self.last.start.wrapping_add(self.integer()?);
        (self.last.at, self.last.start) = (at, start);
        let value = match self.byte()? {
            0 => {
                self.last.whole = self.last.whole.wrapping_add(self.integer()?);
                Value::Number(self.last.whole as f64)
            }
            1 => Value::Number(self.float()?),
            2 => Value::Histogram(self.histogram()?),
            3 => Value::Exponential(self.exponential()?),
            4 => Value::Summary(self.summary()?),
            _ => return None,
        };
        let exemplars = self.many(Self::exemplar)?;
        let exemplars = exemplars.into_iter().map(|mut exemplar| {
            exemplar.at.0 = exemplar.at.0.wrapping_add(at);
            exemplar
        });
        Some(Point {
            at,
            start,
            value,
            exemplars: exemplars.collect(),
        })
    }

    fn exemplar(&mut self) -> Option<Exemplar> {
        Some(Exemplar {
            at: Timestamp(self.integer()?),
            value: self.float()?,
            trace_id: self.text()?,
            span_id: self.text()?,
        })
    }

    fn histogram(&mut self) -> Option<Histogram> {
        let (count, sum) = (self.natural()?, self.maybe()?);
        let (min, max) = (self.maybe()?, self.maybe()?);
        let bounds = self.many(Self::float)?;
        if *bounds != *self.bounds {
            self.bounds = bounds.into();
        }
        Some(Histogram {
            count,
            sum,
            min,
            max,
            bounds: Arc::clone(&self.bounds),
            counts: self.many(Self::natural)?,
        })
    }

    fn exponential(&mut self) -> Option<Exponential> {
        Some(Exponential {
            count: self.natural()?,
            sum: self.maybe()?,
            min: self.maybe()?,
            max: self.maybe()?,
            scale: self.integer()?.try_into().ok()?,
            zero_count: self.natural()?,
            zero_threshold: self.float()?,
            positive: self.powers()?,
            negative: self.powers()?,
        })
    }

    fn powers(&mut self) -> Option<Powers> {
        Some(Powers {
            offset: self.integer()?.try_into().ok()?,
            counts: self.many(Self::natural)?,
        })
    }

    fn summary(&mut self) -> Option<Summary> {
        Some(Summary {
            count: self.natural()?,
            sum: self.float()?,
            quantiles: self.many(|from| Some((from.float()?, from.float()?)))?,
        })
    }

    fn many<T>(&mut self, mut one: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let count = usize::try_from(self.natural()?).ok()?;
        // Each takes a byte at least, so a damaged count makes no large list.
        if count > self.bytes.len() {
            return None;
        }
        (0..count).map(|_| one(self)).collect()
    }

    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.bytes.split_first()?;
        self.bytes = rest;
        Some(*first)
    }

    fn integer(&mut self) -> Option<i64> {
        let value = self.natural()?;
        Some((value >> 1).cast_signed() ^ -(value & 1).cast_signed())
    }

    fn float(&mut self) -> Option<f64> {
        let (value, rest) = self.bytes.split_first_chunk()?;
        self.bytes = rest;
        Some(f64::from_le_bytes(*value))
    }

    fn maybe(&mut self) -> Option<Option<f64>> {
        match self.byte()? {
            0 => Some(None),
            1 => Some(Some(self.float()?)),
            _ => None,
        }
    }

    fn text(&mut self) -> Option<String> {
        let length = usize::try_from(self.natural()?).ok()?;
        let (text, rest) = self.bytes.split_at_checked(length)?;
        self.bytes = rest;
        String::from_utf8(text.to_owned()).ok()
    }
}
