//! Kafka in its own language: one connection to one broker.
//!
//! The messages come from `kafka-protocol`, which is generated from Kafka's own
//! descriptions; a connection is one request, one answer, and four bytes of length
//! before each. A whole client would look for brokers by the addresses that they
//! advertise, and a probe must ask the one that it was told to ask. Steps of scenarios do
//! need the brokers that lead partitions: [`Cluster`] finds those.

mod cluster;
mod connection;
mod describe;
mod error;
mod offsets;
pub(crate) mod records;

pub(crate) use cluster::{Cluster, Layout, limited, topic_name};
pub use connection::{Connection, Sent, begins_like};
pub(crate) use describe::{Described, Offsets};
pub use error::Error;
pub(crate) use offsets::LATEST;
