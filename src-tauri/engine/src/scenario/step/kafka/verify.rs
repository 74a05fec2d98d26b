//! `kafka.verify`: reads a topic from the beginning of the scenario on, and counts which of
//! the ids of a step `kafka.produce` are missing, and which came more than once. Messages
//! of transactions that were given up, or still may be, are not seen.

use super::super::super::context::Attempt;
use super::super::super::outcome::Outcome;
use super::id::Ids;
use super::tally::Tally;
use super::{MOST, PAUSE, Trouble, cluster};
use crate::kafka::{Cluster, Error, LATEST, Layout, limited, records, topic_name};
use benchtop_model::scenario::report::Progress;
use futures_util::future::join_all;
use kafka_protocol::error::ResponseError;
use kafka_protocol::messages::FetchRequest;
use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic};
use kafka_protocol::messages::fetch_response::PartitionData;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::time::Instant;

/// A topic that brings nothing for so long is at its end: a job that commits at its
/// checkpoints does so more often.
const SILENCE: Duration = Duration::from_secs(30);

/// Nothing of the scenario is older than its begin; clocks of brokers may differ so much.
const MARGIN_MS: i64 = 60_000;

/// A broker without news answers after so long.
const WAIT_MS: i32 = 100;

const ANSWER: Duration = Duration::from_secs(10);

/// Bytes of one answer, and of one partition in it. A batch that is longer comes alone.
const ANSWER_BYTES: i32 = 2 * 1024 * 1024;
const PARTITION_BYTES: i32 = 1024 * 1024;

/// The newest version that names a topic by its name.
const FETCH: i16 = 11;

/// One step at work.
struct Reader<'a> {
    attempt: &'a Attempt<'a>,
    topic: &'a str,
    count: u64,
    ids: Ids,
    tally: Tally,
    /// Partition → where to read on.
    next: BTreeMap<i32, i64>,
    read: u64,
    foreign: u64,
    began: Instant,
    /// When the last message came that was looked for.
    heard: Instant,
    /// What was found is told before the step is ended from outside.
    end: Instant,
}

pub(in super::super) async fn perform(attempt: &Attempt<'_>) -> Result<Outcome, String> {
    let mut cluster = cluster(attempt)?;
    let mut reader = Reader::new(attempt)?;
    let mut trouble = Trouble::default();
    loop {
        match reader.turn(&mut cluster).await {
            Ok(true) => return Ok(reader.outcome(false)),
            Ok(false) => trouble.is_over(),
            Err(error) => {
                if Instant::now() >= reader.end {
                    return Err(error.to_string());
                }
                trouble.pause(&error).await?;
            }
        }
        if reader.is_over() {
            return Ok(reader.outcome(true));
        }
    }
}

impl<'a> Reader<'a> {
    fn new(attempt: &'a Attempt<'a>) -> Result<Self, String> {
        let count = attempt.number("count", 0, MOST)?;
        let limit = attempt.step.timeout.to_duration();
        let limit = limit.mul_f64(0.9).max(limit.saturating_sub(SILENCE));
        Ok(Self {
            attempt,
            topic: attempt.required("topic")?,
            count,
            ids: Ids::of(attempt)?,
            tally: Tally::new(count),
            next: BTreeMap::new(),
            read: 0,
            foreign: 0,
            began: Instant::now(),
            heard: Instant::now(),
            end: Instant::now() + limit,
        })
    }

    /// Nothing more is waited for.
    fn is_over(&self) -> bool {
        Instant::now() >= self.end || self.heard.elapsed() > SILENCE
    }

    /// Reads on with the leaders of this time. Whether all was seen, and the topic read to
    /// the end that it had then.
    async fn turn(&mut self, cluster: &mut Cluster) -> Result<bool, Error> {
        let Some(layout) = cluster.layout(self.topic).await? else {
            // The job that makes it may not have begun.
            tokio::time::sleep(PAUSE).await;
            return Ok(false);
        };
        self.begin(cluster, &layout).await?;
        // The leaders are looked up anew when they are others, and now and then.
        let until = Instant::now() + Duration::from_secs(5);
        while Instant::now() < until && self.tally.missing() > 0 {
            self.pass(cluster, &layout).await?;
            if self.is_over() {
                return Ok(false);
            }
        }
        if self.tally.missing() > 0 {
            return Ok(false);
        }
        let ends = cluster.offsets(self.topic, &layout, LATEST).await?;
        while self.is_before(&ends) && !self.is_over() {
            self.pass(cluster, &layout).await?;
        }
        Ok(!self.is_before(&ends))
    }

    /// Where reading begins in partitions that are new.
    async fn begin(&mut self, cluster: &mut Cluster, layout: &Layout) -> Result<(), Error> {
        if layout
            .keys()
            .all(|partition| self.next.contains_key(partition))
        {
            return Ok(());
        }
        // The end first: what comes in between has a time that is asked for.
        let ends = cluster.offsets(self.topic, layout, LATEST).await?;
        let since = self.attempt.context.board.report().started.0 - MARGIN_MS;
        let begins = cluster.offsets(self.topic, layout, since).await?;
        for (partition, begin) in begins {
            let end = ends.get(&partition).copied().unwrap_or_default();
            let from = if begin < 0 { end } else { begin };
            self.next.entry(partition).or_insert(from);
        }
        Ok(())
    }

    fn is_before(&self, ends: &BTreeMap<i32, i64>) -> bool {
        ends.iter()
            .any(|(partition, end)| self.next.get(partition).is_none_or(|next| next < end))
    }

    /// One question to each broker.
    async fn pass(&mut self, cluster: &mut Cluster, layout: &Layout) -> Result<(), Error> {
        if layout.values().any(Option::is_none) {
            return Err(Error::Refused(ResponseError::LeaderNotAvailable));
        }
        let mut questions = Vec::new();
        let leaders: BTreeSet<i32> = layout.values().flatten().copied().collect();
        for leader in leaders {
            let own = layout.iter().filter(|(_, led)| **led == Some(leader));
            let request = self.request(own.map(|(partition, _)| *partition));
            questions.push((leader, cluster.take(leader).await?, request));
        }
        let asked = questions
            .into_iter()
            .map(|(leader, mut broker, request)| async move {
                let answer = limited(ANSWER, broker.ask_at_most(&request, FETCH)).await?;
                Ok::<_, Error>((leader, broker, answer))
            });
        for answer in join_all(asked).await {
            let (leader, broker, answer) = answer?;
            cluster.give_back(leader, broker);
            for partition in answer.responses.iter().flat_map(|topic| &topic.partitions) {
                self.take_in(partition)?;
            }
        }
        self.tell();
        Ok(())
    }

    fn request(&self, partitions: impl Iterator<Item = i32>) -> FetchRequest {
        let mut topic = FetchTopic::default();
        topic.topic = topic_name(self.topic);
        for index in partitions {
            let mut partition = FetchPartition::default();
            partition.partition = index;
            partition.fetch_offset = self.next.get(&index).copied().unwrap_or_default();
            partition.partition_max_bytes = PARTITION_BYTES;
            topic.partitions.push(partition);
        }
        let mut request = FetchRequest::default();
        request.max_wait_ms = WAIT_MS;
        request.min_bytes = 1;
        request.max_bytes = ANSWER_BYTES;
        // Only what is committed.
        request.isolation_level = 1;
        request.topics.push(topic);
        request
    }

    fn take_in(&mut self, answer: &PartitionData) -> Result<(), Error> {
        if let Some(error) = ResponseError::try_from_code(answer.error_code) {
            return Err(Error::Refused(error));
        }
        let partition = answer.partition_index;
        let from = self.next.get(&partition).copied().unwrap_or_default();
        let piece = records::decode(answer, from)?;
        self.next.insert(partition, piece.next);
        for record in &piece.records {
            self.read += 1;
            match self
                .ids
                .read(record.key.as_deref(), record.value.as_deref())
            {
                Some(number) => {
                    self.tally.see(number);
                    self.heard = Instant::now();
                }
                None => self.foreign += 1,
            }
        }
        Ok(())
    }

    fn tell(&self) {
        self.attempt.progress(|| {
            let seen = self.tally.seen as f64;
            Progress {
                done: seen,
                total: Some(self.count as f64),
                rate: Some(seen / self.began.elapsed().as_secs_f64()),
                what: match self.tally.duplicated {
                    0 => "messages verified".to_owned(),
                    twice => format!("messages verified; {twice} came more than once"),
                },
            }
        });
    }

    fn outcome(&self, gave_up: bool) -> Outcome {
        let tally = &self.tally;
        let outcome = match tally.is_exact() && !gave_up {
            true => Outcome::passed(format!("{} messages, each exactly once", self.count)),
            false => Outcome::failed(self.faults()),
        };
        let took = self.began.elapsed().as_secs_f64();
        let mut outcome = outcome
            .metric("verified", tally.seen as f64)
            .metric("missing", tally.missing() as f64)
            .metric("duplicated", tally.duplicated as f64)
            .metric("unexpected", tally.beyond as f64)
            .metric("foreign", self.foreign as f64)
            .metric("read", self.read as f64)
            .metric("throughput", self.read as f64 / took)
            .detail("first", self.list(tally.first.iter().copied()))
            .detail("last", self.list(tally.last.iter().copied()));
        if tally.missing() > 0 {
            outcome = outcome.detail("missing", self.list(tally.absent().into_iter()));
        }
        if tally.duplicated > 0 {
            outcome = outcome.detail("duplicated", self.list(tally.twice.iter().copied()));
        }
        outcome
    }

    fn faults(&self) -> String {
        let tally = &self.tally;
        if self.next.is_empty() {
            return format!("there is no topic `{}`", self.topic);
        }
        let mut said = Vec::new();
        if tally.missing() > 0 {
            said.push(format!(
                "{} of {} messages are missing, first {}",
                tally.missing(),
                self.count,
                self.list(tally.absent().into_iter())
            ));
        }
        if tally.duplicated > 0 {
            let which = self.list(tally.twice.iter().copied());
            said.push(format!(
                "{} came more than once, first {which}",
                tally.duplicated
            ));
        }
        if tally.beyond > 0 {
            said.push(format!("{} have numbers beyond `count`", tally.beyond));
        }
        if said.is_empty() {
            return "the end of the topic was not reached in time".to_owned();
        }
        said.join("; ")
    }

    fn list(&self, numbers: impl Iterator<Item = u64>) -> String {
        let all: Vec<String> = numbers.map(|number| self.ids.text(number)).collect();
        all.join(", ")
    }
}
