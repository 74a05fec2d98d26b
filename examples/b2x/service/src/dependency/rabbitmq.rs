//! RabbitMQ: one connection, and the queue through which placed orders are confirmed.

use super::Backend;
use anyhow::{Context, Result, anyhow};
use lapin::{
    Channel, Confirmation, Connection, ConnectionProperties, Consumer,
    options::{
        BasicConsumeOptions, BasicPublishOptions, ConfirmSelectOptions, QueueDeclareOptions,
    },
    types::FieldTable,
    uri::AMQPUri,
};
use opentelemetry::KeyValue;
use std::sync::Arc;

const QUEUE: &str = "b2x.orders";
/// AMQP's code for a close that is nobody's fault.
const REPLY_SUCCESS: u16 = 200;

/// A RabbitMQ broker.
#[derive(Debug)]
pub(crate) struct Rabbitmq {
    address: AMQPUri,
    program: &'static str,
}

impl Rabbitmq {
    /// `program` is the name under which the broker lists this client.
    pub(crate) fn new(address: &str, program: &'static str) -> Result<Self> {
        let mut address: AMQPUri = address
            .parse()
            .map_err(|reason| anyhow!("ConnectionStrings__rabbitmq: {reason}"))?;
        if address.vhost.is_empty() {
            address.vhost = "/".into();
        }
        // The broker proposes a minute, which is long to wait for a consumer whose broker froze.
        address.query.heartbeat.get_or_insert(5);
        // Buffers are sized by the largest frame, and a message here is a number.
        address.query.frame_max.get_or_insert(8192);
        Ok(Self { address, program })
    }

    /// Where it is, for a span.
    pub(crate) fn address(&self) -> [KeyValue; 2] {
        let at = &self.address.authority;
        [
            KeyValue::new("server.address", at.host.clone()),
            KeyValue::new("server.port", i64::from(at.port)),
        ]
    }
}

impl Backend for Rabbitmq {
    type Link = Arc<Connection>;

    async fn connect(&self) -> Result<Self::Link> {
        let properties = ConnectionProperties::default().with_connection_name(self.program.into());
        let connection = Connection::connect_uri(self.address.clone(), properties).await?;
        Ok(Arc::new(connection))
    }

    /// Opens a channel and closes it again: two round trips, no trace left.
    async fn ping(&self, link: &Self::Link) -> Result<()> {
        let channel = link.create_channel().await.context("open a channel")?;
        channel
            .close(REPLY_SUCCESS, "ping".into())
            .await
            .context("close a channel")
    }
}

/// Declares the queue if it is not there yet, and puts `body` into it; returns
/// when the broker has confirmed it.
pub(crate) async fn publish(link: &Connection, body: &[u8]) -> Result<()> {
    let channel = channel_with_queue(link).await?;
    channel
        .confirm_select(ConfirmSelectOptions::default())
        .await?;
    let options = BasicPublishOptions {
        mandatory: true,
        ..BasicPublishOptions::default()
    };
    let confirmation = channel
        .basic_publish("".into(), QUEUE.into(), options, body, Default::default())
        .await?
        .await?;
    channel.close(REPLY_SUCCESS, "published".into()).await?;
    match confirmation {
        Confirmation::Ack(None) => Ok(()),
        other => Err(anyhow!("the broker did not take the message: {other:?}")),
    }
}

/// Begins to receive from the queue. The channel lives as long as the consumer.
pub(crate) async fn consume(link: &Connection) -> Result<Consumer> {
    let channel = channel_with_queue(link).await?;
    let options = BasicConsumeOptions::default();
    Ok(channel
        .basic_consume(QUEUE.into(), "".into(), options, FieldTable::default())
        .await?)
}

async fn channel_with_queue(link: &Connection) -> Result<Channel> {
    let channel = link.create_channel().await?;
    channel
        .queue_declare(
            QUEUE.into(),
            QueueDeclareOptions::durable(),
            FieldTable::default(),
        )
        .await?;
    Ok(channel)
}
