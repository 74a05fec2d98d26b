//! All brokers of a cluster: who they are, which of them leads which partition, and a
//! connection to each that is asked.

use super::connection::check;
use super::{Connection, Error};
use crate::probe::tcp;
use kafka_protocol::error::ResponseError;
use kafka_protocol::messages::create_topics_request::CreatableTopic;
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::metadata_response::MetadataResponseTopic;
use kafka_protocol::messages::{
    CreateTopicsRequest, InitProducerIdRequest, MetadataRequest, MetadataResponse, TopicName,
};
use kafka_protocol::protocol::{Request, StrBytes};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::net::TcpStream;

/// A broker that lives answers what is asked here within milliseconds; one that has just
/// started may take seconds.
const PATIENCE: Duration = Duration::from_secs(10);

/// To open a connection on the same machine, through the forwarding of a container.
const CONNECT: Duration = Duration::from_secs(5);

/// A broker waits so long for the others when it makes a topic.
const CREATION_MS: i32 = 8_000;

/// The partitions of a topic: index → the broker that leads it, if one does.
pub(crate) type Layout = BTreeMap<i32, Option<i32>>;

/// Where a broker listens.
type Address = (String, u16);

/// See the module.
#[derive(Debug)]
pub(crate) struct Cluster {
    /// The address in the environment file.
    entrance: Address,
    brokers: BTreeMap<i32, Address>,
    open: BTreeMap<i32, Connection<TcpStream>>,
}

/// What is awaited, but not for ever.
///
/// # Errors
/// [`Error::Silent`] where it takes longer.
pub(crate) async fn limited<T>(
    limit: Duration,
    what: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    match tokio::time::timeout(limit, what).await {
        Ok(ended) => ended,
        Err(_) => Err(Error::Silent),
    }
}

pub(crate) fn topic_name(topic: &str) -> TopicName {
    TopicName(StrBytes::from_string(topic.to_owned()))
}

impl Cluster {
    pub(crate) fn new(host: &str, port: u16) -> Self {
        Self {
            entrance: (host.to_owned(), port),
            brokers: BTreeMap::new(),
            open: BTreeMap::new(),
        }
    }

    /// A new connection to a broker, of the caller's own. A single broker that advertises
    /// an address for others only is reached by the way that is known.
    pub(crate) async fn connect(&self, id: i32) -> Result<Connection<TcpStream>, Error> {
        let unknown = || Error::Unreachable(format!("broker {id} is not known"));
        let address = self.brokers.get(&id).ok_or_else(unknown)?;
        match (dial(address).await, self.brokers.len()) {
            (Ok(connection), _) => Ok(connection),
            (Err(_), 1) => dial(&self.entrance).await,
            (Err(error), _) => Err(Error::Unreachable(format!(
                "broker {id} at {}:{}: {error}",
                address.0, address.1
            ))),
        }
    }

    /// Takes the connection out; whoever has used it without a fault gives it back.
    pub(crate) async fn take(&mut self, id: i32) -> Result<Connection<TcpStream>, Error> {
        match self.open.remove(&id) {
            Some(connection) => Ok(connection),
            None => self.connect(id).await,
        }
    }

    pub(crate) fn give_back(&mut self, id: i32, connection: Connection<TcpStream>) {
        self.open.insert(id, connection);
    }

    /// Who leads the partitions of a topic; nothing where there is no such topic.
    pub(crate) async fn layout(&mut self, topic: &str) -> Result<Option<Layout>, Error> {
        let answer = self.metadata(topic).await?;
        let found = answer.topics.first();
        let found = found.ok_or(Error::Malformed)?;
        match ResponseError::try_from_code(found.error_code) {
            Some(ResponseError::UnknownTopicOrPartition) => Ok(None),
            None | Some(ResponseError::LeaderNotAvailable) => Ok(Some(layout(found))),
            Some(error) => Err(Error::Refused(error)),
        }
    }

    /// Asks one broker after the other; the first that answers is believed.
    async fn metadata(&mut self, topic: &str) -> Result<MetadataResponse, Error> {
        let mut wanted = MetadataRequestTopic::default();
        wanted.name = Some(topic_name(topic));
        let mut request = MetadataRequest::default();
        request.topics = Some(vec![wanted]);
        request.allow_auto_topic_creation = false;
        self.ask_metadata(&request).await
    }

    /// The same for whatever is asked.
    pub(super) async fn ask_metadata(
        &mut self,
        request: &MetadataRequest,
    ) -> Result<MetadataResponse, Error> {
        let mut ways = vec![self.entrance.clone()];
        ways.extend(self.brokers.values().cloned());
        let mut first = None;
        for way in ways {
            let ask = async { dial(&way).await?.ask_at_most(request, 9).await };
            match limited(PATIENCE, ask).await {
                Ok(answer) => {
                    self.learn(&answer);
                    return Ok(answer);
                }
                Err(error) => _ = first.get_or_insert((way, error)),
            }
        }
        let ((host, port), error) = first.ok_or(Error::Closed)?;
        Err(Error::Unreachable(format!("{host}:{port}: {error}")))
    }

    /// The brokers that were named last.
    pub(super) fn known(&self) -> Vec<i32> {
        self.brokers.keys().copied().collect()
    }

    /// Connections to brokers that are away or elsewhere now are given up.
    fn learn(&mut self, answer: &MetadataResponse) {
        let brokers: BTreeMap<i32, Address> = answer
            .brokers
            .iter()
            .filter_map(|broker| {
                let port = u16::try_from(broker.port).ok()?;
                Some((broker.node_id.0, (broker.host.to_string(), port)))
            })
            .collect();
        self.open
            .retain(|id, _| brokers.contains_key(id) && brokers.get(id) == self.brokers.get(id));
        self.brokers = brokers;
    }

    /// Asks any broker that can be reached, in no newer version than this.
    pub(super) async fn ask_any<R: Request>(
        &mut self,
        request: &R,
        most: i16,
    ) -> Result<R::Response, Error> {
        let mut first = None;
        for id in self.brokers.keys().copied().collect::<Vec<_>>() {
            match self.ask_one(id, request, most).await {
                Err(error) => _ = first.get_or_insert(error),
                answer => return answer,
            }
        }
        Err(first.unwrap_or_else(|| Error::Unreachable("no broker is known".to_owned())))
    }

    /// Asks one broker. Its connection is given up where that goes wrong.
    pub(super) async fn ask_one<R: Request>(
        &mut self,
        id: i32,
        request: &R,
        most: i16,
    ) -> Result<R::Response, Error> {
        let mut broker = self.take(id).await?;
        let answer = limited(PATIENCE, broker.ask_at_most(request, most)).await?;
        self.give_back(id, broker);
        Ok(answer)
    }

    /// Makes a topic. One that somebody else has made meanwhile is as good.
    pub(crate) async fn create(
        &mut self,
        topic: &str,
        partitions: i32,
        replicas: i16,
    ) -> Result<(), Error> {
        let mut wanted = CreatableTopic::default();
        wanted.name = topic_name(topic);
        wanted.num_partitions = partitions;
        wanted.replication_factor = replicas;
        let mut request = CreateTopicsRequest::default();
        request.topics.push(wanted);
        request.timeout_ms = CREATION_MS;
        let answer = self.ask_any(&request, 5).await?;
        let made = answer.topics.first().ok_or(Error::Malformed)?;
        match ResponseError::try_from_code(made.error_code) {
            None | Some(ResponseError::TopicAlreadyExists) => Ok(()),
            Some(error) => {
                let said = made.error_message.as_ref().map(ToString::to_string);
                let said = said.unwrap_or_else(|| error.to_string());
                let text = format!("the topic `{topic}` cannot be made: {said}");
                Err(Error::Said(text))
            }
        }
    }

    /// A number by which the brokers know this producer, so that what is sent twice is
    /// kept once.
    pub(crate) async fn producer(&mut self) -> Result<(i64, i16), Error> {
        let mut request = InitProducerIdRequest::default();
        request.transaction_timeout_ms = CREATION_MS;
        // An empty name would be one.
        request.transactional_id = None;
        let answer = self.ask_any(&request, 4).await?;
        check(answer.error_code)?;
        Ok((answer.producer_id.0, answer.producer_epoch))
    }
}

async fn dial(address: &Address) -> Result<Connection<TcpStream>, Error> {
    limited(CONNECT, async {
        let (stream, _) = tcp::connect(&address.0, address.1).await?;
        // Requests are written whole: nothing is gained by waiting for more.
        stream.set_nodelay(true)?;
        Connection::open(stream).await
    })
    .await
}

fn layout(topic: &MetadataResponseTopic) -> Layout {
    let leader = |id: i32| (id >= 0).then_some(id);
    let partitions = topic.partitions.iter();
    partitions
        .map(|partition| (partition.partition_index, leader(partition.leader_id.0)))
        .collect()
}
