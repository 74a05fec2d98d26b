//! Makes it happen: supervises containers and processes, probes health.
//!
//! One [`environment::EnvironmentHandle`] per open environment. Behind it one task
//! owns all state: it takes messages, asks the pure machine of
//! [`benchtop_model::supervisor`] what to do, and hands the effects to thin
//! drivers, which report back as messages. What is worth keeping goes out through
//! [`sink::Sink`]; this crate knows neither the history nor the log book.

pub mod clock;
pub mod container;
pub mod doctor;
pub mod environment;
mod failpoint;
pub mod host;
pub mod json_file;
pub mod kafka;
mod lines;
pub mod load;
pub mod ports;
pub mod probe;
pub mod process;
pub mod record;
pub mod scenario;
pub mod sink;
pub mod systems;
pub mod watch;
