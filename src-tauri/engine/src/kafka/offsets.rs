//! Offsets: where partitions begin and end, and how far a consumer group has come.

use super::Error;
use super::cluster::{Cluster, Layout, topic_name};
use super::connection::check;
use kafka_protocol::error::ResponseError;
use kafka_protocol::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use kafka_protocol::messages::offset_fetch_request::OffsetFetchRequestTopic;
use kafka_protocol::messages::{
    BrokerId, FindCoordinatorRequest, GroupId, ListOffsetsRequest, OffsetFetchRequest,
};
use kafka_protocol::protocol::StrBytes;
use std::collections::{BTreeMap, BTreeSet};

/// Instead of a time: the end of the partition.
pub(crate) const LATEST: i64 = -1;

/// Instead of a time: its first message.
pub(crate) const EARLIEST: i64 = -2;

/// Only what is committed is counted, as whoever reads sees it.
const COMMITTED: i8 = 1;

impl Cluster {
    /// Partition → offset of the first message from a time on (milliseconds since 1970),
    /// or of one of the two constants. −1 where there is no such message.
    pub(crate) async fn offsets(
        &mut self,
        topic: &str,
        layout: &Layout,
        time: i64,
    ) -> Result<BTreeMap<i32, i64>, Error> {
        let mut all = BTreeMap::new();
        let leaders: BTreeSet<i32> = layout.values().flatten().copied().collect();
        if layout.values().any(Option::is_none) {
            return Err(Error::Refused(ResponseError::LeaderNotAvailable));
        }
        for leader in leaders {
            let own = layout.iter().filter(|(_, led)| **led == Some(leader));
            let request = question(topic, own.map(|(partition, _)| *partition), time);
            let answer = self.ask_one(leader, &request, 5).await?;
            for partition in answer.topics.iter().flat_map(|topic| &topic.partitions) {
                check(partition.error_code)?;
                all.insert(partition.partition_index, partition.offset);
            }
        }
        Ok(all)
    }

    /// Partition → the offset that a group would read next; nothing for partitions of
    /// which it has not read.
    pub(crate) async fn committed(
        &mut self,
        group: &str,
        topic: &str,
        layout: &Layout,
    ) -> Result<BTreeMap<i32, i64>, Error> {
        let name = StrBytes::from_string(group.to_owned());
        let mut who = FindCoordinatorRequest::default();
        who.key = name.clone();
        let found = self.ask_any(&who, 3).await?;
        check(found.error_code)?;
        let mut wanted = OffsetFetchRequestTopic::default();
        wanted.name = topic_name(topic);
        wanted.partition_indexes = layout.keys().copied().collect();
        let mut request = OffsetFetchRequest::default();
        request.group_id = GroupId(name);
        request.topics = Some(vec![wanted]);
        let answer = self.ask_one(found.node_id.0, &request, 7).await?;
        check(answer.error_code)?;
        let mut all = BTreeMap::new();
        for partition in answer.topics.iter().flat_map(|topic| &topic.partitions) {
            check(partition.error_code)?;
            if partition.committed_offset >= 0 {
                all.insert(partition.partition_index, partition.committed_offset);
            }
        }
        Ok(all)
    }

    /// How many messages a group has not consumed, in all partitions. Where it has
    /// consumed none, everything that is there is meant.
    pub(crate) async fn lag(
        &mut self,
        group: &str,
        topic: &str,
        layout: &Layout,
    ) -> Result<Lag, Error> {
        let committed = self.committed(group, topic, layout).await?;
        let begins = self.offsets(topic, layout, EARLIEST).await?;
        let ends = self.offsets(topic, layout, LATEST).await?;
        Ok(Lag {
            messages: distance(&begins, &ends, &committed),
            committed,
        })
    }
}

/// How far a group is behind.
#[derive(Debug)]
pub(crate) struct Lag {
    pub(crate) messages: u64,
    /// Partition → the offset that it would read next.
    pub(crate) committed: BTreeMap<i32, i64>,
}

fn distance(
    begins: &BTreeMap<i32, i64>,
    ends: &BTreeMap<i32, i64>,
    committed: &BTreeMap<i32, i64>,
) -> u64 {
    let behind = |(partition, end): (&i32, &i64)| {
        let begin = begins.get(partition).copied().unwrap_or_default();
        // What was deleted before it was read cannot be read any more.
        let next = committed
            .get(partition)
            .copied()
            .unwrap_or(begin)
            .max(begin);
        u64::try_from(end - next).unwrap_or_default()
    };
    ends.iter().map(behind).sum()
}

fn question(topic: &str, partitions: impl Iterator<Item = i32>, time: i64) -> ListOffsetsRequest {
    let mut wanted = ListOffsetsTopic::default();
    wanted.name = topic_name(topic);
    wanted.partitions = partitions
        .map(|index| {
            let mut partition = ListOffsetsPartition::default();
            partition.partition_index = index;
            partition.timestamp = time;
            partition
        })
        .collect();
    let mut request = ListOffsetsRequest::default();
    request.replica_id = BrokerId(-1);
    request.isolation_level = COMMITTED;
    request.topics.push(wanted);
    request
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lag_counts_what_can_still_be_read() {
        let begins = BTreeMap::from([(0, 10), (1, 0), (2, 5)]);
        let ends = BTreeMap::from([(0, 30), (1, 7), (2, 9)]);
        let none = distance(&begins, &ends, &BTreeMap::new());
        assert_eq!(none, 20 + 7 + 4, "a group that has read nothing");
        let some = BTreeMap::from([(0, 3), (1, 7), (2, 12)]);
        assert_eq!(distance(&begins, &ends, &some), 20, "one partition is left");
    }
}
