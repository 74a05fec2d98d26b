//! Two kinds of time, kept apart by type: wall time for people, ticks for
//! decisions. Neither is ever read here; both come in from outside.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Wall time in milliseconds since 1970-01-01 UTC. For records and display; a
/// decision never depends on it, because it can jump.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS,
)]
#[serde(transparent)]
pub struct Timestamp(#[ts(type = "number")] pub i64);

/// Monotonic time in milliseconds since an origin that only the driver knows.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Tick(pub u64);

impl Tick {
    /// This moment, later by `span`.
    #[must_use]
    pub fn after(self, span: Millis) -> Self {
        Self(self.0.saturating_add(span.0))
    }

    /// How long ago `earlier` was; zero where it lies ahead.
    #[must_use]
    pub fn since(self, earlier: Self) -> Millis {
        Millis(self.0.saturating_sub(earlier.0))
    }
}

/// A length of time in milliseconds.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS,
)]
#[serde(transparent)]
pub struct Millis(#[ts(type = "number")] pub u64);

impl Millis {
    /// So many whole seconds.
    #[must_use]
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs * 1000)
    }

    /// The same span for the standard library.
    #[must_use]
    pub const fn to_duration(self) -> std::time::Duration {
        std::time::Duration::from_millis(self.0)
    }
}

impl std::fmt::Display for Millis {
    /// In the largest unit that keeps it short: `250 ms`, `5 s`, `2 m 30 s`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let secs = self.0 / 1000;
        match self.0 {
            ms @ 0..1000 => write!(f, "{ms} ms"),
            ms if secs < 60 && ms % 1000 != 0 && secs < 10 => {
                write!(f, "{:.1} s", ms as f64 / 1000.0)
            }
            _ if secs < 60 => write!(f, "{secs} s"),
            _ if secs.is_multiple_of(60) && secs < 3600 => write!(f, "{} m", secs / 60),
            _ if secs < 3600 => write!(f, "{} m {} s", secs / 60, secs % 60),
            _ => write!(f, "{} h {} m", secs / 3600, secs % 3600 / 60),
        }
    }
}
