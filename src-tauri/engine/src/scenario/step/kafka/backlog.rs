//! How old the oldest message is that a consumer group has not consumed, among those that
//! this step has sent.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// Marks of one partition; beyond that neighbours become one, which makes the age a
/// little too great.
const MOST: usize = 4_096;

/// See the module. Times are since the beginning of the step.
#[derive(Debug, Default)]
pub(super) struct Backlog {
    /// Partition → the offset after a batch, and when it was sent.
    marks: BTreeMap<i32, VecDeque<(i64, Duration)>>,
}

impl Backlog {
    pub(super) fn add(&mut self, partition: i32, end: i64, sent: Duration) {
        let marks = self.marks.entry(partition).or_default();
        marks.push_back((end, sent));
        if marks.len() > MOST {
            let all = std::mem::take(marks);
            let mut all = all.into_iter();
            while let Some((end, sent)) = all.next() {
                let end = all.next().map_or(end, |(end, _)| end);
                marks.push_back((end, sent));
            }
        }
    }

    /// Forgets what was consumed; zero where all was.
    pub(super) fn age(&mut self, committed: &BTreeMap<i32, i64>, now: Duration) -> Duration {
        let mut oldest = now;
        for (partition, marks) in &mut self.marks {
            let next = committed.get(partition).copied().unwrap_or(-1);
            while marks.front().is_some_and(|(end, _)| *end <= next) {
                marks.pop_front();
            }
            oldest = marks.front().map_or(oldest, |(_, sent)| oldest.min(*sent));
        }
        now.saturating_sub(oldest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }

    #[test]
    fn the_age_is_that_of_the_oldest_that_is_not_consumed() {
        let mut backlog = Backlog::default();
        for n in 0..10 {
            backlog.add(0, 10 * n + 10, at(n as u64));
            backlog.add(1, 10 * n + 110, at(n as u64));
        }
        assert_eq!(
            backlog.age(&BTreeMap::new(), at(20)),
            at(20),
            "nothing is consumed"
        );
        let some = BTreeMap::from([(0, 35), (1, 190)]);
        assert_eq!(
            backlog.age(&some, at(20)),
            at(17),
            "the fourth of the first partition"
        );
        let all = BTreeMap::from([(0, 100), (1, 200)]);
        assert_eq!(backlog.age(&all, at(20)), at(0));
    }

    #[test]
    fn it_stays_small() {
        let mut backlog = Backlog::default();
        for n in 0..100_000 {
            backlog.add(0, n + 1, Duration::from_millis(n as u64));
        }
        assert!(backlog.marks[&0].len() <= MOST);
        let consumed = BTreeMap::from([(0, 99_999)]);
        let age = backlog.age(&consumed, at(100));
        assert!(age <= at(1), "{age:?}");
    }
}
