//! `kafka.produce`: messages with correlation ids, each confirmed by all replicas that are
//! in step, and kept once however often it had to be sent.
//!
//! Every broker gets its partitions' batches over a connection of its own, with several
//! requests under way. When one of them fails, all are left, the leaders are asked for
//! anew, and what was not confirmed is sent again under the same numbers.

use super::super::super::context::Attempt;
use super::super::super::outcome::Outcome;
use super::super::histogram::Histogram;
use super::backlog::Backlog;
use super::bucket::Bucket;
use super::id::Ids;
use super::supply::{Batch, Next, Supply};
use super::{MOST, PATIENCE, PAUSE, Trouble, cluster};
use crate::clock;
use crate::kafka::records::{self, Producer};
use crate::kafka::{Cluster, Error, Layout, Sent, limited, topic_name};
use benchtop_model::scenario::report::Progress;
use bytes::BytesMut;
use futures_util::future::join_all;
use kafka_protocol::error::ResponseError;
use kafka_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_protocol::messages::{ProduceRequest, ProduceResponse};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Requests under way to one broker: more than five it does not put in order.
const UNDER_WAY: usize = 5;

/// A broker waits so long for the replicas.
const REPLICAS_MS: i32 = 10_000;

/// So long for the answer, which includes that wait.
const ANSWER: Duration = Duration::from_secs(15);

/// The newest version that names a topic by its name and tells nothing that is not needed.
const PRODUCE: i16 = 9;

/// Without a leader for some partition it is looked for one so often.
const SEARCH: Duration = Duration::from_secs(1);

/// Between two questions for the lag.
const LAG_EVERY: Duration = Duration::from_millis(250);

/// What a message has at most: what brokers take where nobody says otherwise.
const MOST_BYTES: u64 = 900_000;

/// One step at work.
struct Work<'a> {
    attempt: &'a Attempt<'a>,
    topic: &'a str,
    count: u64,
    size: usize,
    ids: Ids,
    producer: Producer,
    began: Instant,
    state: Mutex<State>,
}

struct State {
    supply: Supply,
    backlog: Backlog,
    took: Histogram,
    brokers: BTreeMap<i32, u64>,
    bytes: u64,
    again: u64,
    /// Why this round ends early.
    hindrance: Option<Error>,
    /// When it ends for another look at the leaders.
    until: Option<Instant>,
    /// Confirmed at the end of the round before.
    before: u64,
    held: Held,
}

/// What the lag of a consumer group has done.
#[derive(Default)]
struct Held {
    since: Option<Instant>,
    in_all: Duration,
    lag: u64,
    lag_max: u64,
    age: Duration,
    age_max: Duration,
}

/// A request on its way.
struct Flight {
    batches: Vec<Batch>,
    left: Instant,
    bytes: u64,
}

pub(in super::super) async fn perform(attempt: &Attempt<'_>) -> Result<Outcome, String> {
    let mut cluster = cluster(attempt)?;
    let topic = attempt.required("topic")?;
    let layout = prepare(attempt, &mut cluster, topic).await?;
    let producer = introduce(&mut cluster).await?;
    let work = Work::new(attempt, topic, &layout, producer)?;
    match attempt.text("group") {
        None => produce(&work, cluster).await?,
        Some(group) => tokio::select! {
            ended = produce(&work, cluster) => ended?,
            fault = heed(&work, group) => return Err(fault),
        },
    }
    Ok(work.outcome())
}

/// The topic, which is made where it is not there.
async fn prepare(
    attempt: &Attempt<'_>,
    cluster: &mut Cluster,
    topic: &str,
) -> Result<Layout, String> {
    let partitions = attempt.number("partitions", 3, 10_000)?.max(1);
    let replicas = attempt.number("replicas", 1, 100)?.max(1);
    let partitions = i32::try_from(partitions).map_err(|_| "too many partitions")?;
    let replicas = i16::try_from(replicas).map_err(|_| "too many replicas")?;
    let mut trouble = Trouble::default();
    loop {
        let error = match cluster.layout(topic).await {
            // One that was just made has partitions before it has leaders.
            Ok(Some(layout)) if layout.values().any(Option::is_some) => return Ok(layout),
            Ok(Some(_)) => Error::Refused(ResponseError::LeaderNotAvailable),
            Ok(None) => match cluster.create(topic, partitions, replicas).await {
                Ok(()) => Error::Refused(ResponseError::UnknownTopicOrPartition),
                Err(error) => error,
            },
            Err(error) => error,
        };
        trouble.pause(&error).await?;
    }
}

async fn introduce(cluster: &mut Cluster) -> Result<Producer, String> {
    let mut trouble = Trouble::default();
    loop {
        match cluster.producer().await {
            Ok((id, epoch)) => return Ok(Producer { id, epoch }),
            Err(error) => trouble.pause(&error).await?,
        }
    }
}

/// Rounds, each with the leaders of its time, until all is confirmed.
async fn produce(work: &Work<'_>, mut cluster: Cluster) -> Result<(), String> {
    let mut trouble = Trouble::default();
    loop {
        match cluster.layout(work.topic).await {
            Ok(Some(layout)) => work.round(&cluster, &layout).await,
            Ok(None) => work.lock().hindrance = Some(Error::Said("the topic is gone".to_owned())),
            Err(error) => work.lock().hindrance = Some(error),
        }
        let (went_on, hindrance) = {
            let mut state = work.lock();
            if state.supply.is_done() {
                return Ok(());
            }
            let now = state.supply.confirmed();
            let before = std::mem::replace(&mut state.before, now);
            (now > before, state.hindrance.take())
        };
        if went_on {
            trouble.is_over();
        }
        let none = Error::Refused(ResponseError::LeaderNotAvailable);
        trouble.pause(&hindrance.unwrap_or(none)).await?;
    }
}

/// Watches the lag of a group, and holds the bucket while it is too great. Ends only where
/// the lag cannot be learned.
async fn heed(work: &Work<'_>, group: &str) -> String {
    let threshold = match work.attempt.duration("lag_threshold") {
        Ok(threshold) => threshold.map_or(Duration::from_secs(5), |span| span.to_duration()),
        Err(fault) => return fault,
    };
    let mut cluster = match cluster(work.attempt) {
        Ok(cluster) => cluster,
        Err(fault) => return fault,
    };
    let mut unknown = None;
    loop {
        match measure(&mut cluster, work.topic, group).await {
            Ok((lag, committed)) => {
                unknown = None;
                work.judge_lag(lag, &committed, threshold);
            }
            Err(error) => {
                let since = *unknown.get_or_insert_with(Instant::now);
                if !error.passes() || since.elapsed() > PATIENCE {
                    return format!("the lag of `{group}` is not known: {error}");
                }
            }
        }
        tokio::time::sleep(LAG_EVERY).await;
    }
}

async fn measure(
    cluster: &mut Cluster,
    topic: &str,
    group: &str,
) -> Result<(u64, BTreeMap<i32, i64>), Error> {
    let layout = cluster.layout(topic).await?.unwrap_or_default();
    let lag = cluster.lag(group, topic, &layout).await?;
    Ok((lag.messages, lag.committed))
}

impl<'a> Work<'a> {
    fn new(
        attempt: &'a Attempt<'a>,
        topic: &'a str,
        layout: &Layout,
        producer: Producer,
    ) -> Result<Self, String> {
        let count = attempt.number("count", 0, MOST)?;
        let size = attempt.number("size", 100, MOST_BYTES)? as usize;
        let rate = match attempt.text("rate") {
            Some(_) => Some(attempt.number("rate", 0, MOST)?).filter(|rate| *rate > 0),
            None => None,
        };
        let burst = attempt.number("burst", rate.unwrap_or_default(), MOST)?;
        let partitions: Vec<i32> = layout.keys().copied().collect();
        let supply = Supply::new(&partitions, count, size, Bucket::new(rate, burst));
        Ok(Self {
            attempt,
            topic,
            count,
            size,
            ids: Ids::own(attempt),
            producer,
            began: Instant::now(),
            state: Mutex::new(State::new(supply)),
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn round(&self, cluster: &Cluster, layout: &Layout) {
        let mut led = BTreeMap::<i32, Vec<i32>>::new();
        for (partition, leader) in layout {
            if let Some(leader) = leader {
                led.entry(*leader).or_default().push(*partition);
            }
        }
        let leaderless = layout.values().any(Option::is_none);
        self.lock().until = leaderless.then(|| Instant::now() + SEARCH);
        join_all(led.iter().map(|(id, own)| self.lead(cluster, *id, own))).await;
    }

    /// Feeds one broker until there is nothing more for it, or something goes wrong.
    async fn lead(&self, cluster: &Cluster, id: i32, led: &[i32]) {
        let mut flights = VecDeque::new();
        let ended = Box::pin(self.feed(cluster, id, led, &mut flights)).await;
        let mut state = self.lock();
        for flight in flights {
            state.again += flight.batches.iter().map(|batch| batch.count).sum::<u64>();
            state.supply.put_back(flight.batches);
        }
        if let Err(error) = ended {
            state.hinder(error);
        }
    }

    async fn feed(
        &self,
        cluster: &Cluster,
        id: i32,
        led: &[i32],
        flights: &mut VecDeque<Flight>,
    ) -> Result<(), Error> {
        let mut broker = cluster.connect(id).await?;
        let mut sent: VecDeque<Sent<ProduceRequest>> = VecDeque::new();
        loop {
            let next = match flights.len() < UNDER_WAY {
                true => self.next(led),
                false => Next::Wait(Duration::ZERO),
            };
            match next {
                Next::Send(batches) => {
                    let left = Instant::now();
                    flights.push_back(Flight {
                        batches,
                        left,
                        bytes: 0,
                    });
                    let Some(flight) = flights.back_mut() else {
                        continue;
                    };
                    let request = self.request(flight)?;
                    sent.push_back(limited(ANSWER, broker.send(&request, PRODUCE)).await?);
                    continue;
                }
                Next::Done if flights.is_empty() => return Ok(()),
                Next::Wait(pause) if flights.is_empty() => {
                    self.tell();
                    tokio::time::sleep(pause.min(PAUSE)).await;
                    continue;
                }
                _ => {}
            }
            let Some(oldest) = sent.pop_front() else {
                return Err(Error::Malformed);
            };
            let answer = limited(ANSWER, broker.receive(oldest)).await?;
            if let Some(flight) = flights.pop_front() {
                self.lock().settle(id, flight, &answer, self.began);
            }
            self.tell();
        }
    }

    fn next(&self, led: &[i32]) -> Next {
        let mut state = self.lock();
        let over = state.until.is_some_and(|until| Instant::now() >= until);
        match over || state.hindrance.is_some() {
            true => Next::Done,
            false => state.supply.take(led, self.began.elapsed()),
        }
    }

    fn request(&self, flight: &mut Flight) -> Result<ProduceRequest, Error> {
        let now = clock::now().0;
        let mut topic = TopicProduceData::default();
        topic.name = topic_name(self.topic);
        for batch in &flight.batches {
            let numbers = batch.first..batch.first + batch.count;
            let each = self.ids.space(self.size);
            let mut space = BytesMut::with_capacity(each * batch.count as usize);
            let messages =
                numbers.map(|number| self.ids.message(&mut space, number, now, self.size));
            let bytes = records::encode(self.producer, batch.sequence, now, messages)?;
            flight.bytes += bytes.len() as u64;
            let mut partition = PartitionProduceData::default();
            partition.index = batch.partition;
            partition.records = Some(bytes);
            topic.partition_data.push(partition);
        }
        let mut request = ProduceRequest::default();
        // An empty name would be one.
        request.transactional_id = None;
        request.acks = -1;
        request.timeout_ms = REPLICAS_MS;
        request.topic_data.push(topic);
        Ok(request)
    }

    /// The bucket is held while the oldest of the messages that the group has not
    /// consumed is older than the threshold.
    fn judge_lag(&self, lag: u64, committed: &BTreeMap<i32, i64>, threshold: Duration) {
        let now = self.began.elapsed();
        {
            let mut state = self.lock();
            let age = state.backlog.age(committed, now);
            let held = age > threshold;
            state.supply.bucket.hold(held, now);
            state.held.note(lag, age, held);
        }
        self.attempt.sample("lag", lag as f64);
        self.tell();
    }

    fn tell(&self) {
        self.attempt.progress(|| {
            let state = self.lock();
            let done = state.supply.confirmed() as f64;
            Progress {
                done,
                total: Some(self.count as f64),
                rate: Some(done / self.began.elapsed().as_secs_f64()),
                what: state.held.say(state.supply.bucket.is_held()),
            }
        });
    }

    fn outcome(&self) -> Outcome {
        let took = self.began.elapsed();
        let mut state = self.lock();
        state.held.end();
        let text = match state.again {
            0 => format!("{} messages, all confirmed", self.count),
            again => format!(
                "{} messages, all confirmed; {again} had to be sent again",
                self.count
            ),
        };
        let mut outcome = Outcome::passed(text)
            .metric("messages", self.count as f64)
            .metric("bytes", state.bytes as f64)
            .metric("throughput", self.count as f64 / took.as_secs_f64())
            .metric("p50_ms", state.took.percentile(0.5))
            .metric("p99_ms", state.took.percentile(0.99))
            .metric("max_ms", state.took.percentile(1.0))
            .metric("sent_again", state.again as f64);
        if self.attempt.text("group").is_some() {
            outcome = state.held.add_to(outcome);
        }
        for (id, count) in &state.brokers {
            outcome = outcome.metric(&format!("broker_{id}"), *count as f64);
        }
        let last = self.count.saturating_sub(1);
        outcome
            .detail("first id", self.ids.text(0))
            .detail("last id", self.ids.text(last))
    }
}

impl State {
    fn new(supply: Supply) -> Self {
        Self {
            supply,
            backlog: Backlog::default(),
            took: Histogram::new(),
            brokers: BTreeMap::new(),
            bytes: 0,
            again: 0,
            hindrance: None,
            until: None,
            before: 0,
            held: Held::default(),
        }
    }

    /// What stands in the way for good says more than what will pass.
    fn hinder(&mut self, error: Error) {
        if self.hindrance.as_ref().is_none_or(Error::passes) {
            self.hindrance = Some(error);
        }
    }

    fn settle(&mut self, id: i32, flight: Flight, answer: &ProduceResponse, began: Instant) {
        let took = flight.left.elapsed();
        let left = flight.left.duration_since(began);
        self.bytes += flight.bytes;
        for batch in flight.batches {
            let mut told = answer.responses.iter().flat_map(|t| &t.partition_responses);
            let told = told.find(|told| told.index == batch.partition);
            let code = told.map_or(-1, |told| told.error_code);
            match ResponseError::try_from_code(code) {
                // It had come the first time already, and nobody had said so.
                None | Some(ResponseError::DuplicateSequenceNumber) => {
                    self.supply.confirm(&batch);
                    self.took.add(took, batch.count);
                    *self.brokers.entry(id).or_default() += batch.count;
                    let base = told.map_or(-1, |told| told.base_offset);
                    if base >= 0 {
                        let end = base + i64::try_from(batch.count).unwrap_or_default();
                        self.backlog.add(batch.partition, end, left);
                    }
                }
                Some(error) => {
                    self.again += batch.count;
                    self.supply.put_back([batch]);
                    self.hinder(refusal(error));
                }
            }
        }
    }
}

/// A gap in the numbers means only that the batch before was refused.
fn refusal(error: ResponseError) -> Error {
    match error {
        ResponseError::OutOfOrderSequenceNumber => {
            Error::Unreachable("batches came out of order".to_owned())
        }
        error => Error::Refused(error),
    }
}

impl Held {
    fn note(&mut self, lag: u64, age: Duration, held: bool) {
        (self.lag, self.age) = (lag, age);
        self.lag_max = self.lag_max.max(lag);
        self.age_max = self.age_max.max(age);
        match held {
            true => _ = self.since.get_or_insert_with(Instant::now),
            false => self.end(),
        }
    }

    fn end(&mut self) {
        if let Some(since) = self.since.take() {
            self.in_all += since.elapsed();
        }
    }

    fn say(&self, held: bool) -> String {
        let age = self.age.as_secs_f64();
        match (held, self.lag) {
            (true, lag) => format!("messages; waiting: the group lags {age:.1} s, {lag} messages"),
            (false, 0) => "messages".to_owned(),
            (false, lag) => format!("messages; lag {age:.1} s, {lag} messages"),
        }
    }

    fn add_to(&self, outcome: Outcome) -> Outcome {
        outcome
            .metric("lag", self.lag as f64)
            .metric("lag_max", self.lag_max as f64)
            .metric("lag_max_ms", self.age_max.as_millis() as f64)
            .metric("waited_ms", self.in_all.as_millis() as f64)
    }
}
