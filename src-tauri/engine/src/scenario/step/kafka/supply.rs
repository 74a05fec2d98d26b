//! Which message goes where: equally many to each partition, and those that were not
//! confirmed once more, in the order in which they were numbered.

use super::bucket::Bucket;
use std::collections::VecDeque;
use std::time::Duration;

/// Bytes of a batch; a broker takes up to a megabyte where nobody says otherwise.
const BATCH_BYTES: usize = 128 * 1024;

/// Most messages of a batch.
const BATCH_MOST: u64 = 4_000;

/// Most batches of a request, each of another partition.
const REQUEST_MOST: usize = 6;

/// Messages that follow each other, for one partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Batch {
    pub(super) partition: i32,
    /// Number of the first message.
    pub(super) first: u64,
    pub(super) count: u64,
    /// Number of the first message in its partition.
    pub(super) sequence: i32,
}

/// What a broker gets next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    Send(Vec<Batch>),
    /// Nothing before so long.
    Wait(Duration),
    /// Nothing more.
    Done,
}

/// One partition.
#[derive(Debug)]
struct Lane {
    partition: i32,
    /// New messages that it is still to get.
    open: u64,
    sequence: i32,
    /// What was sent in vain.
    again: VecDeque<Batch>,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Supply {
    lanes: Vec<Lane>,
    pub(super) bucket: Bucket,
    batch: u64,
    next: u64,
    count: u64,
    confirmed: u64,
    turn: usize,
}

impl Supply {
    pub(super) fn new(partitions: &[i32], count: u64, size: usize, bucket: Bucket) -> Self {
        let parts = partitions.len().max(1) as u64;
        let lane = |(at, partition): (u64, &i32)| Lane {
            partition: *partition,
            open: count / parts + u64::from(at < count % parts),
            sequence: 0,
            again: VecDeque::new(),
        };
        Self {
            lanes: (0..).zip(partitions).map(lane).collect(),
            bucket,
            batch: ((BATCH_BYTES / size.max(1)) as u64).clamp(1, BATCH_MOST),
            next: 0,
            count,
            confirmed: 0,
            turn: 0,
        }
    }

    /// What the broker that leads these partitions gets.
    pub(super) fn take(&mut self, led: &[i32], now: Duration) -> Next {
        let mut batches = Vec::new();
        let mut wait = None;
        self.turn = self.turn.wrapping_add(1);
        for step in 0..self.lanes.len() {
            let at = (self.turn + step) % self.lanes.len();
            if batches.len() >= REQUEST_MOST {
                break;
            }
            if !led.contains(&self.lanes[at].partition) {
                continue;
            }
            match self.cut(at, now) {
                Some(Ok(batch)) => batches.push(batch),
                Some(Err(pause)) => wait = Some(pause),
                None => {}
            }
        }
        match (batches.is_empty(), wait) {
            (false, _) => Next::Send(batches),
            (true, Some(pause)) => Next::Wait(pause),
            (true, None) => Next::Done,
        }
    }

    /// What was promised to a partition comes first, and costs no tokens again.
    fn cut(&mut self, at: usize, now: Duration) -> Option<Result<Batch, Duration>> {
        let lane = self.lanes.get_mut(at)?;
        if let Some(batch) = lane.again.pop_front() {
            return Some(Ok(batch));
        }
        let wanted = lane.open.min(self.batch);
        if wanted == 0 {
            return None;
        }
        let count = match self.bucket.take(wanted, now) {
            Ok(count) => count,
            Err(pause) => return Some(Err(pause)),
        };
        let batch = Batch {
            partition: lane.partition,
            first: self.next,
            count,
            sequence: lane.sequence,
        };
        lane.open -= count;
        lane.sequence = lane
            .sequence
            .wrapping_add(i32::try_from(count).unwrap_or_default());
        self.next += count;
        Some(Ok(batch))
    }

    /// A broker has it.
    pub(super) fn confirm(&mut self, batch: &Batch) {
        self.confirmed += batch.count;
    }

    /// It is not known whether a broker has them.
    pub(super) fn put_back(&mut self, batches: impl IntoIterator<Item = Batch>) {
        for batch in batches {
            let mut lanes = self.lanes.iter_mut();
            let Some(lane) = lanes.find(|lane| lane.partition == batch.partition) else {
                continue;
            };
            let at = lane
                .again
                .partition_point(|other| other.sequence < batch.sequence);
            lane.again.insert(at, batch);
        }
    }

    pub(super) fn confirmed(&self) -> u64 {
        self.confirmed
    }

    pub(super) fn is_done(&self) -> bool {
        self.confirmed >= self.count
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn supply(count: u64) -> Supply {
        Supply::new(&[0, 1, 2], count, 100, Bucket::new(None, 0))
    }

    fn batches(supply: &mut Supply, led: &[i32]) -> Vec<Batch> {
        match supply.take(led, Duration::ZERO) {
            Next::Send(batches) => batches,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn partitions_get_equally_many_whichever_broker_is_quicker() {
        let mut supply = supply(10_000);
        let mut got = BTreeMap::<i32, u64>::new();
        let mut numbers = Vec::new();
        // The leader of one partition takes all it can get before the other wakes up.
        for led in [&[1][..], &[0, 2]] {
            while let Next::Send(all) = supply.take(led, Duration::ZERO) {
                for batch in all {
                    *got.entry(batch.partition).or_default() += batch.count;
                    numbers.extend(batch.first..batch.first + batch.count);
                    supply.confirm(&batch);
                }
            }
        }
        assert_eq!(got, BTreeMap::from([(0, 3_334), (1, 3_333), (2, 3_333)]));
        numbers.sort_unstable();
        assert!(numbers.iter().copied().eq(0..10_000));
        assert!(supply.is_done());
    }

    #[test]
    fn what_was_sent_in_vain_comes_again_first_unchanged_and_in_order() {
        let mut supply = supply(20_000);
        let first = batches(&mut supply, &[1]);
        let second = batches(&mut supply, &[1]);
        assert_eq!(
            second[0].sequence,
            i32::try_from(first[0].count).expect("few")
        );
        supply.put_back(second.clone());
        supply.put_back(first.clone());
        // It leads another partition as well by now.
        let again: Vec<Batch> = (0..2)
            .flat_map(|_| batches(&mut supply, &[1, 2]))
            .filter(|batch| batch.partition == 1)
            .collect();
        assert_eq!(again, [first, second].concat());
        assert!(!supply.is_done());
    }

    #[test]
    fn without_tokens_it_waits_and_at_the_end_it_is_done() {
        let mut supply = Supply::new(&[0], 5, 100, Bucket::new(Some(1), 2));
        assert_eq!(batches(&mut supply, &[0])[0].count, 2);
        assert_eq!(
            supply.take(&[0], Duration::ZERO),
            Next::Wait(Duration::from_secs(1))
        );
        assert_eq!(
            supply.take(&[7], Duration::ZERO),
            Next::Done,
            "it leads nothing"
        );
    }
}
