//! All of a cluster: its topics with their partitions, its consumer groups with how far
//! they have come.

use super::Error;
use super::cluster::{Cluster, topic_name};
use super::connection::check;
use super::offsets::{EARLIEST, LATEST};
use benchtop_model::systems::{KafkaGroup, KafkaPartition, KafkaTopic};
use kafka_protocol::error::ResponseError;
use kafka_protocol::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use kafka_protocol::messages::metadata_response::{
    MetadataResponsePartition, MetadataResponseTopic,
};
use kafka_protocol::messages::{
    BrokerId, DescribeGroupsRequest, FindCoordinatorRequest, GroupId, ListGroupsRequest,
    ListOffsetsRequest, MetadataRequest, OffsetFetchRequest,
};
use kafka_protocol::protocol::StrBytes;
use std::collections::BTreeMap;

/// Only what is committed is counted, as whoever reads sees it.
const COMMITTED: i8 = 1;

/// Topic and partition → where it begins, and where it ends.
pub(crate) type Offsets = BTreeMap<(String, i32), (i64, i64)>;

/// A cluster, as one of its brokers knows it.
#[derive(Debug, Default)]
pub(crate) struct Described {
    /// Number → address.
    pub(crate) brokers: BTreeMap<i32, String>,
    pub(crate) controller: Option<i32>,
    pub(crate) topics: Vec<KafkaTopic>,
}

impl Cluster {
    /// Everything but offsets and groups.
    pub(crate) async fn describe(&mut self) -> Result<Described, Error> {
        let mut request = MetadataRequest::default();
        // No list means all topics.
        request.topics = None;
        request.allow_auto_topic_creation = false;
        let answer = self.ask_metadata(&request).await?;
        let broker =
            |broker: &kafka_protocol::messages::metadata_response::MetadataResponseBroker| {
                let address = format!("{}:{}", broker.host.as_str(), broker.port);
                (broker.node_id.0, address)
            };
        Ok(Described {
            brokers: answer.brokers.iter().map(broker).collect(),
            controller: Some(answer.controller_id.0).filter(|id| *id >= 0),
            topics: answer.topics.iter().filter_map(topic).collect(),
        })
    }

    /// Where all partitions that have a leader begin and end.
    pub(crate) async fn ends(&mut self, topics: &[KafkaTopic]) -> Result<Offsets, Error> {
        let mut leaders: BTreeMap<i32, BTreeMap<&str, Vec<i32>>> = BTreeMap::new();
        for topic in topics {
            for partition in &topic.partitions {
                if let Some(leader) = partition.leader {
                    let own = leaders.entry(leader).or_default();
                    own.entry(&topic.name).or_default().push(partition.index);
                }
            }
        }
        let mut all = Offsets::new();
        for (leader, own) in leaders {
            let begins = self.ask_offsets(leader, &own, EARLIEST).await?;
            let ends = self.ask_offsets(leader, &own, LATEST).await?;
            for (key, end) in ends {
                if let Some(begin) = begins.get(&key) {
                    all.insert(key, (*begin, end));
                }
            }
        }
        Ok(all)
    }

    async fn ask_offsets(
        &mut self,
        leader: i32,
        topics: &BTreeMap<&str, Vec<i32>>,
        time: i64,
    ) -> Result<BTreeMap<(String, i32), i64>, Error> {
        let mut request = ListOffsetsRequest::default();
        request.replica_id = BrokerId(-1);
        request.isolation_level = COMMITTED;
        for (name, partitions) in topics {
            let mut wanted = ListOffsetsTopic::default();
            wanted.name = topic_name(name);
            for index in partitions {
                let mut partition = ListOffsetsPartition::default();
                partition.partition_index = *index;
                partition.timestamp = time;
                wanted.partitions.push(partition);
            }
            request.topics.push(wanted);
        }
        let answer = self.ask_one(leader, &request, 5).await?;
        let mut all = BTreeMap::new();
        for topic in &answer.topics {
            for partition in &topic.partitions {
                // One whose leader changes just now is left out.
                if ResponseError::try_from_code(partition.error_code).is_none() {
                    let key = (topic.name.to_string(), partition.partition_index);
                    all.insert(key, partition.offset);
                }
            }
        }
        Ok(all)
    }

    /// The consumer groups by name, with their state and members; and how many were left
    /// out.
    pub(crate) async fn groups(&mut self, most: usize) -> Result<(Vec<KafkaGroup>, u32), Error> {
        // Each group is known to the broker that coordinates it.
        let mut found: BTreeMap<String, (i32, KafkaGroup)> = BTreeMap::new();
        for broker in self.known() {
            let answer = self
                .ask_one(broker, &ListGroupsRequest::default(), 4)
                .await?;
            check(answer.error_code)?;
            for listed in answer.groups {
                let name = listed.group_id.to_string();
                let group = KafkaGroup {
                    name: name.clone(),
                    state: listed.group_state.to_string(),
                    members: None,
                    topics: Vec::new(),
                    lag: 0,
                };
                found.insert(name, (broker, group));
            }
        }
        let omitted = u32::try_from(found.len().saturating_sub(most)).unwrap_or(u32::MAX);
        let mut groups: Vec<(i32, KafkaGroup)> = found.into_values().take(most).collect();
        for (broker, group) in &mut groups {
            self.count_members(*broker, group).await?;
        }
        Ok((
            groups.into_iter().map(|(_, group)| group).collect(),
            omitted,
        ))
    }

    /// Groups of a newer protocol are not told of in this request; then nobody is counted.
    async fn count_members(&mut self, broker: i32, group: &mut KafkaGroup) -> Result<(), Error> {
        let mut request = DescribeGroupsRequest::default();
        let name = StrBytes::from_string(group.name.clone());
        request.groups.push(GroupId(name));
        let answer = self.ask_one(broker, &request, 5).await?;
        let told = answer.groups.into_iter().next();
        let told = told.filter(|told| ResponseError::try_from_code(told.error_code).is_none());
        // Since version 6 a group that is not of this kind is an error, before it is dead.
        if let Some(told) = told.filter(|told| told.group_state.as_str() != "Dead") {
            group.state = told.group_state.to_string();
            group.members = u32::try_from(told.members.len()).ok();
        }
        Ok(())
    }

    /// Topic and partition → the offset that a group would read next.
    pub(crate) async fn positions(
        &mut self,
        group: &str,
    ) -> Result<BTreeMap<(String, i32), i64>, Error> {
        let name = StrBytes::from_string(group.to_owned());
        let mut who = FindCoordinatorRequest::default();
        who.key = name.clone();
        let found = self.ask_any(&who, 3).await?;
        check(found.error_code)?;
        let mut request = OffsetFetchRequest::default();
        request.group_id = GroupId(name);
        // No list means all topics.
        request.topics = None;
        let answer = self.ask_one(found.node_id.0, &request, 7).await?;
        check(answer.error_code)?;
        let mut all = BTreeMap::new();
        for topic in &answer.topics {
            for partition in &topic.partitions {
                if partition.committed_offset >= 0 {
                    let key = (topic.name.to_string(), partition.partition_index);
                    all.insert(key, partition.committed_offset);
                }
            }
        }
        Ok(all)
    }
}

fn topic(answer: &MetadataResponseTopic) -> Option<KafkaTopic> {
    let mut partitions: Vec<KafkaPartition> = answer.partitions.iter().map(partition).collect();
    partitions.sort_by_key(|partition| partition.index);
    Some(KafkaTopic {
        name: answer.name.as_ref()?.to_string(),
        internal: answer.is_internal,
        partitions,
        messages: None,
    })
}

fn partition(answer: &MetadataResponsePartition) -> KafkaPartition {
    let ids = |all: &[BrokerId]| all.iter().map(|id| id.0).collect();
    KafkaPartition {
        index: answer.partition_index,
        leader: Some(answer.leader_id.0).filter(|id| *id >= 0),
        replicas: ids(&answer.replica_nodes),
        in_sync: ids(&answer.isr_nodes),
        begin: None,
        end: None,
    }
}
