//! The only place of this crate that reads clocks.

use benchtop_model::time::{Tick, Timestamp};
use std::sync::LazyLock;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

static ORIGIN: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Monotonic time since this process first asked.
#[must_use]
pub fn tick() -> Tick {
    Tick(u64::try_from(ORIGIN.elapsed().as_millis()).unwrap_or(u64::MAX))
}

/// Wall time.
#[must_use]
pub fn now() -> Timestamp {
    Timestamp(micros() / 1000)
}

/// Wall time in microseconds since 1970-01-01 UTC.
#[must_use]
pub fn micros() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

/// The moment on tokio's clock at which `deadline` is reached.
#[must_use]
pub fn instant_of(deadline: Tick) -> tokio::time::Instant {
    tokio::time::Instant::now() + deadline.since(tick()).to_duration()
}

/// The wall time at which `deadline` will be reached, as far as is known now.
#[must_use]
pub fn wall_of(deadline: Tick) -> Timestamp {
    let ahead = i64::try_from(deadline.since(tick()).0).unwrap_or(0);
    Timestamp(now().0 + ahead)
}
