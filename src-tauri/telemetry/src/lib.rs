//! Logs, metrics and traces: what comes in from services and how it is asked for.
//!
//! One door per signal. Today that is logs: [`log::LogRecord`] is the one form of
//! every line, [`book::LogBook`] keeps the newest of them in bounded memory, and
//! [`query::LogQuery`] is how a view asks for the part it can show.
//!
//! # The way of a line
//!
//! [`book::LogBook::push`] reads from the text what must be known at once: its level,
//! and the text without colours, which is what is searched (`line`). Both happen before
//! the lock. Under the lock the line gets its number and is appended to the open chunk
//! of its service (`book::chunk`); the oldest chunk of the service with the most goes
//! when there is too much (`book::shelf`).
//!
//! A query takes the list of chunks under the lock and searches them outside of it
//! (`book::search`). Chunks are shared and never change while somebody looks: a push
//! that meets a reader copies the open chunk first. What a text filter found in a chunk
//! is remembered there, so that following a filtered log reads only what is new.
//!
//! Attributes and trace ids are read from the text again for the few records of an
//! answer. Storing them would cost more than the lines.

pub mod book;
pub mod level;
mod line;
pub mod log;
mod patterns;
pub mod query;
