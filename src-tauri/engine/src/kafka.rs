//! Kafka in its own language: one connection to one broker.
//!
//! The messages come from `kafka-protocol`, which is generated from Kafka's own
//! descriptions; a connection is one request, one answer, and four bytes of length
//! before each. A whole client would look for brokers by the addresses that they
//! advertise, and a probe must ask the one that it was told to ask.

mod connection;
mod error;

pub use connection::{Connection, begins_like};
pub use error::Error;
