//! Kafka: which brokers are there, who leads them, and whether every copy of the
//! data keeps up.

use super::Finding;
use super::tap::Tap;
use crate::kafka::{Connection, Error};
use benchtop_model::probe::Verdict;
use benchtop_model::product::Login;
use kafka_protocol::error::ResponseError;
use kafka_protocol::messages::describe_quorum_request::{PartitionData, TopicData};
use kafka_protocol::messages::metadata_response::MetadataResponseTopic;
use kafka_protocol::messages::{
    DescribeClusterRequest, DescribeQuorumRequest, MetadataRequest, MetadataResponse, TopicName,
};
use kafka_protocol::protocol::StrBytes;
use std::collections::BTreeSet;
use std::time::Duration;

pub(super) use crate::kafka::begins_like as is_own;

/// The log of the cluster itself, on which the controllers agree.
const QUORUM: &str = "__cluster_metadata";

/// The broker passes the question about the controller on to it, and waits as long
/// as there is none. One that lives answers within a few milliseconds.
const PATIENCE: Duration = Duration::from_secs(1);

/// The version of the request from which it tells of brokers that are away.
const TELLS_OF_ABSENT: i16 = 2;

/// What is asked.
#[derive(Clone, Debug)]
pub struct Kafka {
    /// Who asks; nobody where it has no user.
    pub login: Login,
    /// So many brokers must be there.
    pub min_brokers: Option<u32>,
    /// This topic must be there.
    pub topic: Option<String>,
}

pub(super) async fn ask(stream: Tap, question: &Kafka) -> Result<Finding, String> {
    let text = |error: Error| error.to_string();
    let mut broker = Connection::open(stream).await.map_err(text)?;
    if let Some(user) = &question.login.user {
        let password = question.login.password.as_deref().unwrap_or_default();
        broker.login(user, password).await.map_err(text)?;
    }
    let mut all = MetadataRequest::default();
    all.topics = None;
    // Versions 0 and 1 know no such wish, and the default is to make topics.
    all.allow_auto_topic_creation = broker.version::<MetadataRequest>().is_some_and(|v| v < 4);
    let answer = match broker.ask(&all).await {
        Err(Error::Closed) if question.login.user.is_none() => return question.unknown(),
        answer => answer.map_err(text)?,
    };
    let mut cluster = Cluster::of(&answer, question.topic.as_deref());
    cluster.absent = absent(&mut broker).await.map_err(text)?;
    cluster.controller = controller(&mut broker, &answer).await.map_err(text)?;
    Ok(cluster.finding(question))
}

impl Kafka {
    /// The broker has greeted, and closes the connection at the first real question:
    /// its listener wants a login. Nothing more is known, which is enough where
    /// nothing more was asked.
    fn unknown(&self) -> Result<Finding, String> {
        if self.min_brokers.is_none() && self.topic.is_none() {
            let text = "the broker greets; what it knows it tells only after a login";
            return Ok(Finding::new(Verdict::Pass, text));
        }
        Err("the broker closes the connection when it is asked: does its listener want a login? Give the probe `user` and `password`".to_owned())
    }
}

/// Brokers that belong to the cluster and are away, where the broker tells of them.
async fn absent(broker: &mut Connection<Tap>) -> Result<BTreeSet<i32>, Error> {
    let mut request = DescribeClusterRequest::default();
    request.endpoint_type = 1;
    request.include_fenced_brokers = true;
    let version = broker.version::<DescribeClusterRequest>();
    if version.is_none_or(|version| version < TELLS_OF_ABSENT) {
        return Ok(BTreeSet::new());
    }
    let answer = broker.ask(&request).await?;
    let away = answer.brokers.iter().filter(|broker| broker.is_fenced);
    Ok(away.map(|broker| broker.broker_id.0).collect())
}

/// The broker's own word about the controller is any broker (KRaft), so the quorum
/// is asked where there is one; a silent quorum has no controller.
async fn controller(
    broker: &mut Connection<Tap>,
    metadata: &MetadataResponse,
) -> Result<Option<i32>, Error> {
    let known = |id: i32| (id >= 0).then_some(id);
    let mut partition = PartitionData::default();
    partition.partition_index = 0;
    let mut topic = TopicData::default();
    topic.topic_name = TopicName(StrBytes::from_static_str(QUORUM));
    topic.partitions.push(partition);
    let mut request = DescribeQuorumRequest::default();
    request.topics.push(topic);
    if broker.version::<DescribeQuorumRequest>().is_none() {
        return Ok(known(metadata.controller_id.0));
    }
    let answer = match tokio::time::timeout(PATIENCE, broker.ask(&request)).await {
        Ok(answer) => answer?,
        Err(_) => return Ok(None),
    };
    match ResponseError::try_from_code(answer.error_code) {
        // Whoever may not ask has the broker's word only.
        Some(ResponseError::ClusterAuthorizationFailed) => Ok(known(metadata.controller_id.0)),
        Some(_) => Ok(None),
        None => {
            let mut partitions = answer.topics.iter().flat_map(|topic| &topic.partitions);
            Ok(partitions
                .next()
                .and_then(|quorum| known(quorum.leader_id.0)))
        }
    }
}

/// What one broker tells of its cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Cluster {
    name: String,
    brokers: BTreeSet<i32>,
    /// Brokers that belong to it and are away.
    absent: BTreeSet<i32>,
    /// Brokers that should have a copy of something.
    replicas: BTreeSet<i32>,
    controller: Option<i32>,
    /// Without Kafka's own.
    topics: usize,
    partitions: usize,
    under_replicated: usize,
    leaderless: usize,
    topic: Option<Topic>,
}

/// What is known of the topic that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Topic {
    Absent,
    /// So many of its partitions have no leader.
    Leaderless(usize),
    Served,
}

impl Cluster {
    fn of(metadata: &MetadataResponse, topic: Option<&str>) -> Self {
        let mut cluster = Self {
            name: metadata
                .cluster_id
                .as_deref()
                .unwrap_or("unknown")
                .to_owned(),
            brokers: metadata.brokers.iter().map(|b| b.node_id.0).collect(),
            topics: metadata.topics.iter().filter(|t| !t.is_internal).count(),
            ..Self::default()
        };
        for partition in metadata.topics.iter().flat_map(|topic| &topic.partitions) {
            cluster.partitions += 1;
            let behind = partition.isr_nodes.len() < partition.replica_nodes.len();
            cluster.under_replicated += usize::from(behind);
            cluster.leaderless += usize::from(partition.leader_id.0 < 0);
            cluster
                .replicas
                .extend(partition.replica_nodes.iter().map(|id| id.0));
        }
        cluster.topic = topic.map(|name| Topic::of(&metadata.topics, name));
        cluster
    }

    /// Ids of brokers that are away, as far as anything names them. Brokers that hold
    /// nothing are missed only where there are too few.
    fn missing(&self, min_brokers: Option<u32>) -> BTreeSet<i32> {
        let mut missing: BTreeSet<i32> = self.replicas.difference(&self.brokers).copied().collect();
        if self.lacks(min_brokers) {
            missing.extend(self.absent.difference(&self.brokers));
        }
        missing
    }

    fn lacks(&self, min_brokers: Option<u32>) -> bool {
        min_brokers.is_some_and(|least| self.brokers.len() < least as usize)
    }

    fn finding(&self, question: &Kafka) -> Finding {
        let missing = self.missing(question.min_brokers);
        let (verdict, text) = self.judge(question, &missing);
        let controller = self
            .controller
            .map_or("none".to_owned(), |id| id.to_string());
        let finding = Finding::new(verdict, text)
            .detail("cluster", &*self.name)
            .detail("brokers", listed(&self.brokers))
            .detail("controller", controller)
            .detail("topics", self.topics.to_string())
            .detail("partitions", self.partitions.to_string())
            .detail(
                "under-replicated partitions",
                self.under_replicated.to_string(),
            );
        match missing.is_empty() {
            true => finding,
            false => finding.detail("missing brokers", listed(&missing)),
        }
    }

    /// What was asked for and is not there fails: a cluster that starts is not ready
    /// with its first broker. All else is a cluster that is not what it should be.
    fn judge(&self, question: &Kafka, missing: &BTreeSet<i32>) -> (Verdict, String) {
        let name = question.topic.as_deref().unwrap_or_default();
        match self.topic {
            Some(Topic::Absent) => {
                return (Verdict::Fail, format!("there is no topic `{name}`"));
            }
            Some(Topic::Leaderless(n)) => {
                let text = format!("{} of `{name}` without a leader", partitions(n));
                return (Verdict::Fail, text);
            }
            Some(Topic::Served) | None => {}
        }
        let trouble = self.trouble(question.min_brokers, missing);
        if trouble.is_empty() {
            let brokers = counted(self.brokers.len(), "broker", "brokers");
            let topics = counted(self.topics, "topic", "topics");
            return (Verdict::Pass, format!("{brokers}, {topics}"));
        }
        let verdict = match self.lacks(question.min_brokers) {
            true => Verdict::Fail,
            false => Verdict::Warn,
        };
        (verdict, trouble.join("; "))
    }

    fn trouble(&self, min_brokers: Option<u32>, missing: &BTreeSet<i32>) -> Vec<String> {
        let mut trouble = Vec::new();
        if let Some(least) = min_brokers.filter(|_| self.lacks(min_brokers)) {
            trouble.push(format!("{} of {least} brokers", self.brokers.len()));
        }
        match missing.len() {
            0 => {}
            1 => trouble.push(format!("broker {} is missing", listed(missing))),
            _ => trouble.push(format!("brokers {} are missing", listed(missing))),
        }
        if self.controller.is_none() {
            trouble.push("no controller answers".to_owned());
        }
        if self.leaderless > 0 {
            trouble.push(format!("{} without a leader", partitions(self.leaderless)));
        }
        if self.under_replicated > 0 {
            trouble.push(format!(
                "{} under-replicated",
                partitions(self.under_replicated)
            ));
        }
        trouble
    }
}

impl Topic {
    fn of(topics: &[MetadataResponseTopic], name: &str) -> Self {
        let is_it = |topic: &&MetadataResponseTopic| {
            let own = topic.name.as_ref();
            own.is_some_and(|own| own.0.as_str() == name) && topic.error_code == 0
        };
        let Some(topic) = topics.iter().find(is_it) else {
            return Self::Absent;
        };
        let leaderless = topic.partitions.iter().filter(|p| p.leader_id.0 < 0);
        match leaderless.count() {
            0 => Self::Served,
            n => Self::Leaderless(n),
        }
    }
}

fn counted(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

fn partitions(n: usize) -> String {
    counted(n, "partition", "partitions")
}

fn listed(ids: &BTreeSet<i32>) -> String {
    let ids: Vec<String> = ids.iter().map(i32::to_string).collect();
    ids.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use kafka_protocol::messages::BrokerId;
    use kafka_protocol::messages::metadata_response::{
        MetadataResponseBroker, MetadataResponsePartition,
    };

    fn partition(leader: i32, replicas: &[i32], in_sync: &[i32]) -> MetadataResponsePartition {
        let ids = |ids: &[i32]| ids.iter().map(|id| BrokerId(*id)).collect();
        let mut partition = MetadataResponsePartition::default();
        partition.leader_id = BrokerId(leader);
        partition.replica_nodes = ids(replicas);
        partition.isr_nodes = ids(in_sync);
        partition
    }

    /// A topic `orders` of these partitions, seen by a broker that knows these.
    fn cluster(brokers: &[i32], partitions: Vec<MetadataResponsePartition>) -> MetadataResponse {
        let mut topic = MetadataResponseTopic::default();
        topic.name = Some(TopicName(StrBytes::from_static_str("orders")));
        topic.partitions = partitions;
        let mut metadata = MetadataResponse::default();
        metadata.topics.push(topic);
        for id in brokers {
            let mut broker = MetadataResponseBroker::default();
            broker.node_id = BrokerId(*id);
            metadata.brokers.push(broker);
        }
        metadata
    }

    fn question(min_brokers: Option<u32>, topic: Option<&str>) -> Kafka {
        Kafka {
            login: Login::default(),
            min_brokers,
            topic: topic.map(str::to_owned),
        }
    }

    fn judge(metadata: &MetadataResponse, question: &Kafka) -> Finding {
        let mut cluster = Cluster::of(metadata, question.topic.as_deref());
        cluster.controller = Some(1);
        cluster.finding(question)
    }

    #[test]
    fn a_whole_cluster_passes() {
        let whole = cluster(&[1, 2, 3], vec![partition(1, &[1, 2, 3], &[3, 1, 2])]);
        let found = judge(&whole, &question(Some(3), Some("orders")));
        assert_eq!(found.verdict, Verdict::Pass);
        assert_eq!(found.text, "3 brokers, 1 topic");
        assert_eq!(found.details["brokers"], "1, 2, 3");
        assert_eq!(found.details["controller"], "1");
        assert!(!found.details.contains_key("missing brokers"));
    }

    #[test]
    fn a_broker_that_is_away_is_named() {
        let without = cluster(&[1, 3], vec![partition(1, &[1, 2, 3], &[1, 3])]);
        let found = judge(&without, &question(Some(3), None));
        assert_eq!(found.verdict, Verdict::Fail);
        assert_eq!(
            found.text,
            "2 of 3 brokers; broker 2 is missing; 1 partition under-replicated"
        );
        assert_eq!(found.details["missing brokers"], "2");
        assert_eq!(found.details["under-replicated partitions"], "1");
        // Nobody said how many there must be; the data does.
        let found = judge(&without, &question(None, None));
        assert_eq!(found.verdict, Verdict::Warn);
    }

    #[test]
    fn a_broker_without_data_is_missed_where_there_are_too_few() {
        let metadata = cluster(&[1, 3], vec![partition(1, &[1], &[1])]);
        let mut cluster = Cluster::of(&metadata, None);
        cluster.controller = Some(1);
        cluster.absent = BTreeSet::from([2]);
        let found = cluster.finding(&question(Some(3), None));
        assert_eq!(found.text, "2 of 3 brokers; broker 2 is missing");
        // It was taken out of the cluster on purpose, as far as anybody knows.
        assert_eq!(
            cluster.finding(&question(None, None)).verdict,
            Verdict::Pass
        );
    }

    #[test]
    fn a_cluster_without_a_controller_warns() {
        let mut cluster = Cluster::of(&cluster(&[1], Vec::new()), None);
        cluster.controller = None;
        let found = cluster.finding(&question(None, None));
        assert_eq!(found.verdict, Verdict::Warn);
        assert_eq!(found.text, "no controller answers");
        assert_eq!(found.details["controller"], "none");
    }

    #[test]
    fn a_topic_must_be_there_and_have_leaders() {
        let metadata = cluster(
            &[1],
            vec![partition(-1, &[2], &[2]), partition(1, &[1], &[1])],
        );
        let absent = judge(&metadata, &question(None, Some("order")));
        assert_eq!(absent.verdict, Verdict::Fail);
        assert_eq!(absent.text, "there is no topic `order`");
        let leaderless = judge(&metadata, &question(None, Some("orders")));
        assert_eq!(leaderless.verdict, Verdict::Fail);
        assert_eq!(leaderless.text, "1 partition of `orders` without a leader");
    }
}
