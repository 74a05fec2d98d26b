//! Publishes messages to RabbitMQ, and waits until it has confirmed each. A message that
//! no queue takes comes back, and fails the step.

use super::super::context::Attempt;
use super::super::outcome::Outcome;
use crate::probe::{amqp as client, tcp};
use amq_protocol::frame::{AMQPFrame, WriteContext, gen_frame};
use amq_protocol::protocol::basic::{self, AMQPMethod as Basic, AMQPProperties};
use amq_protocol::protocol::{AMQPClass, channel, confirm, connection};
use benchtop_model::product::Login;
use benchtop_model::scenario::report::Progress;
use std::collections::BTreeSet;
use std::time::Instant;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

/// Most messages of one step.
const MOST: u64 = 100_000_000;

/// So many may be unconfirmed.
const WINDOW: u64 = 500;

/// Bytes of a body in one frame: what every broker takes.
const PIECE: usize = 100 * 1024;

/// Number of the class of messages in the protocol.
const BASIC: u16 = 60;

/// The channel that is open.
const CHANNEL: u16 = 1;

#[derive(Default)]
struct Count {
    sent: u64,
    confirmed: u64,
    /// Numbers of those that the broker has not spoken of.
    open: BTreeSet<u64>,
    refused: u64,
    returned: u64,
    why: Option<String>,
}

pub(super) async fn perform(attempt: &Attempt<'_>) -> Result<Outcome, String> {
    let (service, at) = attempt.service()?;
    let written = Login {
        user: attempt.text("user").map(str::to_owned),
        password: attempt.text("password").map(str::to_owned),
        database: attempt.text("vhost").map(str::to_owned),
    };
    let login = written.or(Login::amqp(service));
    let count = attempt.number("count", 1, MOST)?;
    let connected = tcp::connect(&at.host, at.port).await;
    let (mut stream, _) = connected.map_err(|error| format!("{at}: {}", tcp::say(&error)))?;
    client::open(&mut stream, &login).await?;
    let select = confirm::AMQPMethod::Select(confirm::Select { nowait: false });
    client::send_class(&mut stream, CHANNEL, AMQPClass::Confirm(select)).await?;
    expect_select(&mut stream).await?;
    let message = message(attempt)?;
    let began = Instant::now();
    let mut tally = Count::default();
    while tally.confirmed + tally.refused < count {
        let batch = (WINDOW - tally.open.len() as u64).min(count - tally.sent);
        for _ in 0..batch {
            stream
                .write_all(&message)
                .await
                .map_err(|error| error.to_string())?;
        }
        tally.open.extend(tally.sent + 1..=tally.sent + batch);
        tally.sent += batch;
        tally.read(&mut stream).await?;
        attempt.progress(|| Progress {
            done: tally.confirmed as f64,
            total: Some(count as f64),
            rate: Some(tally.confirmed as f64 / began.elapsed().as_secs_f64()),
            what: "messages".to_owned(),
        });
    }
    let took = began.elapsed();
    // All is confirmed: how the connection ends changes nothing.
    _ = client::close(&mut stream, "published").await;
    let rate = tally.confirmed as f64 / took.as_secs_f64();
    Ok(tally.outcome().metric("throughput", rate))
}

async fn expect_select(stream: &mut TcpStream) -> Result<(), String> {
    match client::frame(stream).await? {
        AMQPFrame::Method(_, AMQPClass::Confirm(confirm::AMQPMethod::SelectOk(_))) => Ok(()),
        other => Err(unexpected(&other)),
    }
}

/// All frames of one message.
fn message(attempt: &Attempt<'_>) -> Result<Vec<u8>, String> {
    let body = attempt.text("body").unwrap_or_default().as_bytes();
    let publish = Basic::Publish(basic::Publish {
        exchange: attempt.text("exchange").unwrap_or_default().into(),
        routing_key: attempt.required("routing_key")?.into(),
        mandatory: true,
        immediate: false,
    });
    let properties = AMQPProperties::default().with_content_type("application/octet-stream".into());
    let header = amq_protocol::frame::AMQPContentHeader {
        class_id: BASIC,
        body_size: body.len() as u64,
        properties,
    };
    let mut frames = vec![
        AMQPFrame::Method(CHANNEL, AMQPClass::Basic(publish)),
        AMQPFrame::Header(CHANNEL, header),
    ];
    frames.extend(
        body.chunks(PIECE)
            .map(|piece| AMQPFrame::Body(CHANNEL, piece.to_vec())),
    );
    let mut bytes = Vec::new();
    for frame in &frames {
        let written = gen_frame(frame)(WriteContext::from(Vec::new()));
        bytes.append(&mut written.map_err(|error| error.to_string())?.into_inner().0);
    }
    Ok(bytes)
}

impl Count {
    /// The next word of the broker.
    async fn read(&mut self, stream: &mut TcpStream) -> Result<(), String> {
        match client::frame(stream).await? {
            AMQPFrame::Method(_, AMQPClass::Basic(Basic::Ack(ack))) => {
                self.confirmed += self.span(ack.delivery_tag, ack.multiple);
            }
            AMQPFrame::Method(_, AMQPClass::Basic(Basic::Nack(nack))) => {
                self.refused += self.span(nack.delivery_tag, nack.multiple);
                self.why
                    .get_or_insert("the broker refused messages".to_owned());
            }
            AMQPFrame::Method(_, AMQPClass::Basic(Basic::Return(back))) => {
                self.returned += 1;
                let why = client::refusal(back.reply_code, back.reply_text.as_str());
                self.why.get_or_insert(why);
            }
            AMQPFrame::Method(_, AMQPClass::Channel(channel::AMQPMethod::Close(close))) => {
                return Err(client::refusal(close.reply_code, close.reply_text.as_str()));
            }
            AMQPFrame::Method(_, AMQPClass::Connection(connection::AMQPMethod::Close(close))) => {
                return Err(client::refusal(close.reply_code, close.reply_text.as_str()));
            }
            // What came back, and signs of life.
            AMQPFrame::Header(..) | AMQPFrame::Body(..) | AMQPFrame::Heartbeat => {}
            other => return Err(unexpected(&other)),
        }
        Ok(())
    }

    /// How many messages a tag speaks of: one, or all up to it. They may be spoken of in
    /// any order.
    fn span(&mut self, tag: u64, multiple: bool) -> u64 {
        if !multiple {
            return u64::from(self.open.remove(&tag));
        }
        let later = self.open.split_off(&tag.saturating_add(1));
        std::mem::replace(&mut self.open, later).len() as u64
    }

    fn outcome(self) -> Outcome {
        let bad = self.refused + self.returned;
        let outcome = match self.why {
            Some(why) if bad > 0 => Outcome::failed(format!(
                "{bad} of {} messages were not taken: {why}",
                self.sent
            )),
            _ => Outcome::passed(format!("{} messages, all confirmed", self.confirmed)),
        };
        outcome
            .metric("published", self.sent as f64)
            .metric("confirmed", self.confirmed as f64)
            .metric("returned", self.returned as f64)
    }
}

fn unexpected(frame: &AMQPFrame) -> String {
    let shown: String = format!("{frame:?}").chars().take(200).collect();
    format!("the broker sent {shown}, which was not expected")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn confirmations_count_once_in_any_order() {
        let mut tally = Count::default();
        tally.open.extend(1..=10);
        assert_eq!(tally.span(5, false), 1);
        assert_eq!(tally.span(6, true), 5, "all up to 6 but 5");
        assert_eq!(tally.span(6, true), 0);
        assert_eq!(tally.span(10, true), 4);
        assert!(tally.open.is_empty());
    }
}
