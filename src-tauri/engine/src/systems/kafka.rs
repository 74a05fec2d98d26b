//! Topics, partitions and consumer groups of a Kafka cluster.

use super::in_time;
use crate::kafka::{Cluster, Described, Offsets};
use benchtop_model::inject::Address;
use benchtop_model::systems::{
    KafkaBroker, KafkaGroup, KafkaGroupTopic, KafkaPartition, KafkaTopic, KafkaView,
};
use std::collections::BTreeMap;

/// Topics of one answer.
const MOST_TOPICS: usize = 300;

/// Partitions of one answer: of a cluster with more, some topics are left out.
const MOST_PARTITIONS: usize = 3_000;

/// Groups of one answer.
const MOST_GROUPS: usize = 100;

/// Asks the broker at this address, and those that it names.
///
/// # Errors
/// One sentence, where it does not answer.
pub async fn look(at: &Address) -> Result<KafkaView, String> {
    let mut cluster = Cluster::new(&at.host, at.port);
    in_time(async {
        let described = cluster
            .describe()
            .await
            .map_err(|error| error.to_string())?;
        let mut view = describe(described);
        // What a broker that is away would know is missing; the rest is shown.
        let ends = cluster.ends(&view.topics).await;
        let ends = keep(ends, &mut view.problems, "offsets are not known");
        measure(&mut view.topics, &ends);
        let groups = cluster.groups(MOST_GROUPS).await;
        let (groups, omitted) = keep(groups, &mut view.problems, "groups are not known");
        view.omitted_groups = omitted;
        for group in groups {
            let committed = cluster.positions(&group.name).await;
            let problem = format!("the offsets of `{}` are not known", group.name);
            let committed = keep(committed, &mut view.problems, &problem);
            view.groups.push(KafkaGroup {
                topics: topics(&committed, &ends),
                ..group
            });
        }
        view.groups.iter_mut().for_each(|group| {
            group.lag = group.topics.iter().map(|topic| topic.lag).sum();
        });
        Ok(view)
    })
    .await
}

fn keep<T: Default>(
    found: Result<T, crate::kafka::Error>,
    problems: &mut Vec<String>,
    what: &str,
) -> T {
    found.unwrap_or_else(|error| {
        problems.push(format!("{what}: {error}"));
        T::default()
    })
}

fn describe(described: Described) -> KafkaView {
    let brokers = described.brokers.into_iter();
    let mut view = KafkaView {
        brokers: brokers
            .map(|(id, address)| KafkaBroker { id, address })
            .collect(),
        controller: described.controller,
        ..KafkaView::default()
    };
    let mut topics = described.topics;
    topics.sort_by(|a, b| (a.internal, &a.name).cmp(&(b.internal, &b.name)));
    let (all, mut partitions) = (topics.len(), 0);
    for topic in topics {
        partitions += topic.partitions.len();
        if view.topics.len() >= MOST_TOPICS || partitions > MOST_PARTITIONS {
            break;
        }
        view.topics.push(topic);
    }
    view.omitted_topics = u32::try_from(all - view.topics.len()).unwrap_or(u32::MAX);
    view
}

/// Begin and end of each partition, and what lies between them.
fn measure(topics: &mut [KafkaTopic], ends: &Offsets) {
    for topic in topics {
        for partition in &mut topic.partitions {
            let found = ends.get(&(topic.name.clone(), partition.index));
            (partition.begin, partition.end) = match found {
                Some((begin, end)) => (Some(*begin), Some(*end)),
                None => (None, None),
            };
        }
        let size = |partition: &KafkaPartition| {
            let between = partition.end?.saturating_sub(partition.begin?);
            u64::try_from(between).ok()
        };
        topic.messages = topic.partitions.iter().map(size).sum();
    }
}

/// What a group reads, and how far it is behind.
fn topics(committed: &BTreeMap<(String, i32), i64>, ends: &Offsets) -> Vec<KafkaGroupTopic> {
    let mut found: BTreeMap<&str, KafkaGroupTopic> = BTreeMap::new();
    for ((topic, partition), next) in committed {
        let entry = found.entry(topic).or_insert_with(|| KafkaGroupTopic {
            topic: topic.clone(),
            lag: 0,
            partitions: 0,
        });
        entry.partitions += 1;
        if let Some((begin, end)) = ends.get(&(topic.clone(), *partition)) {
            let behind = end.saturating_sub((*next).max(*begin));
            entry.lag += u64::try_from(behind).unwrap_or_default();
        }
    }
    found.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn topic(name: &str, internal: bool, partitions: i32) -> KafkaTopic {
        let partition = |index| KafkaPartition {
            index,
            leader: Some(1),
            replicas: vec![1],
            in_sync: vec![1],
            begin: None,
            end: None,
        };
        KafkaTopic {
            name: name.to_owned(),
            internal,
            partitions: (0..partitions).map(partition).collect(),
            messages: None,
        }
    }

    #[test]
    fn own_topics_come_first_and_too_many_are_counted() {
        let names = |count: usize| (0..count).map(|n| topic(&format!("t{n:04}"), false, 1));
        let mut topics: Vec<KafkaTopic> = names(MOST_TOPICS + 5).collect();
        topics.insert(0, topic("__consumer_offsets", true, 50));
        let view = describe(Described {
            brokers: BTreeMap::from([(1, "a:9092".to_owned())]),
            controller: Some(1),
            topics,
        });
        assert_eq!(view.topics.len(), MOST_TOPICS);
        assert_eq!(view.topics[0].name, "t0000");
        assert_eq!(view.omitted_topics, 6);
    }

    #[test]
    fn a_lag_counts_what_can_still_be_read() {
        let mut all = [topic("orders", false, 2), topic("empty", false, 1)];
        let ends = Offsets::from([
            (("orders".to_owned(), 0), (10, 30)),
            (("orders".to_owned(), 1), (0, 7)),
        ]);
        measure(&mut all, &ends);
        assert_eq!(all[0].messages, Some(27));
        assert_eq!(all[1].messages, None, "nobody leads it");
        let committed = BTreeMap::from([
            (("orders".to_owned(), 0), 4),
            (("orders".to_owned(), 1), 7),
            (("gone".to_owned(), 0), 7),
        ]);
        let read = topics(&committed, &ends);
        assert_eq!((read[1].topic.as_str(), read[1].lag), ("orders", 20));
        assert_eq!((read[0].topic.as_str(), read[0].lag), ("gone", 0));
    }
}
