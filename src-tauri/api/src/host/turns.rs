//! The last changes of each service's status, so that the table can tell who flaps
//! without asking the history for every picture of the environment.

use benchtop_model::status::Status;
use benchtop_model::time::Timestamp;
use benchtop_model::vitals::{self, Turn};
use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

/// Turns that are remembered of one service: flapping is four from well to ill and back
/// in ten minutes, and each may pass through a few states between.
const KEPT: usize = 32;

/// See the module. Empty when the engine begins: what flapped before is told by the history.
#[derive(Debug, Default)]
pub(super) struct Turns(Mutex<HashMap<String, VecDeque<Turn>>>);

impl Turns {
    /// A service has another status.
    pub(super) fn note(&self, service: &str, status: Status, at: Timestamp) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let turns = all.entry(service.to_owned()).or_default();
        if turns.len() == KEPT {
            turns.pop_front();
        }
        turns.push_back(Turn { at, status });
    }

    /// Whether a service flaps at this time.
    pub(super) fn is_flapping(&self, service: &str, now: Timestamp) -> bool {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get_mut(service)
            .is_some_and(|turns| vitals::is_flapping(turns.make_contiguous(), now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_turns_often_flaps_for_ten_minutes() {
        let turns = Turns::default();
        let minute = |n: i64| Timestamp(n * 60_000);
        for n in 0..60 {
            let status = [Status::Healthy, Status::Degraded][usize::from(n % 2 == 1)];
            turns.note("api", status, minute(n));
        }
        assert!(turns.is_flapping("api", minute(60)));
        assert!(!turns.is_flapping("api", minute(80)), "it has calmed down");
        assert!(!turns.is_flapping("db", minute(60)), "never seen");
    }
}
