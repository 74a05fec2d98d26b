//! Logs, metrics and traces: what comes in from services and how it is asked for.
//!
//! One door per signal. Today that is logs: [`log::LogRecord`] is the one form of
//! every line, [`book::LogBook`] keeps the newest of them in bounded memory, and
//! [`query::LogQuery`] is how a view asks for the part it can show.

pub mod book;
pub mod level;
pub mod log;
pub mod query;
