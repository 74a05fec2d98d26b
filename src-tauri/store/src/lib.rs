//! SQLite: what is known of every run, kept for good.
//!
//! # Theory of operation
//!
//! One file, `history.db`, and one owner of its write connection: the writer
//! thread. [`History`] is the handle that everybody holds. A write becomes a message
//! of a closed list in a bounded queue and returns at once; the writer takes what has
//! queued up, writes it in one transaction and syncs it to the disk, so that a burst
//! costs one sync and not a thousand. [`History::flush`] waits for that sync: what was
//! queued before it survives `kill -9` and a power cut.
//!
//! Reads go past the writer, over two connections of their own: in WAL mode a reader
//! sees the last committed state and waits for nobody. They block on the disk, so
//! callers on an async thread use a blocking one.
//!
//! Opening never fails. A damaged file is set aside, never deleted, and a new one is
//! begun; where no file can be used, the history lives in memory until the engine
//! ends. Both are told in [`Opened::notices`].
//!
//! Every write may be repeated: an engine that goes on after a crash says again what
//! it is not sure to have said.
//!
//! What is absent here: logs, metrics and traces (crate `telemetry`), and any decision
//! about services (crate `model`).
//!
//! # Where to find what
//!
//! - [`history`]: the handle; start reading here.
//! - [`record`] and [`row`]: what goes in, and what comes out.
//! - `open`, `migrate`: from a path to a usable connection, whatever lies there.
//! - `queue`, `message`, `writer`: the way of a write.
//! - `readers`: the way of a read.
//! - [`inspect`]: a look at the file from outside, for whoever examines the machine.
//! - `table`: all SQL, one file per table.

mod connection;
pub mod error;
pub mod history;
pub mod inspect;
mod message;
mod migrate;
mod open;
mod queue;
mod readers;
pub mod record;
pub mod row;
mod table;
mod word;
mod writer;

pub use error::StoreError;
pub use history::{History, Opened};
