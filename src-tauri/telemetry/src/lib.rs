//! Logs, metrics and traces: what comes in from services and how it is asked for.
//!
//! One door per signal. Today that is logs: [`log::LogRecord`] is the one form of
//! every line, [`book::LogBook`] keeps them, and [`query::LogQuery`] is how a view asks
//! for the part it can show.
//!
//! # The way of a line
//!
//! [`book::LogBook::push`] reads from the text what must be known at once: its level, and
//! the text without colours, which is what is searched (`line`, `incoming`). Lines that
//! make up one record are joined (`book::join`). All that happens before the lock. Under
//! the lock the record gets its number and is appended to the open block of its service
//! (`block`, `book::shelf`). Every 150 ms one thread brings what is new to the file of the
//! run (`book::writer`, `file`); full blocks are compressed, and get a filter of their
//! words when there is nothing else to do (`block::tokens`).
//!
//! A query takes the list of blocks under the lock and searches them outside of it, newest
//! first, on all cores (`book::search`). What is known of a block without reading it (times,
//! levels, words) leaves most of them unread. Blocks never change while somebody looks: a
//! push that meets a reader copies the open block first.
//!
//! Attributes and trace ids are read from the text again for the few records of an
//! answer. Storing them would cost more than the lines.

mod block;
pub mod book;
mod file;
mod incoming;
pub mod level;
mod line;
pub mod log;
pub mod metrics;
pub mod otlp;
mod patterns;
pub mod query;
pub mod spans;
pub mod trace;
pub mod transfer;
