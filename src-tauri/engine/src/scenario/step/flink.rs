//! Flink: statements for its SQL gateway, and the state of its jobs.

mod job;
mod rest;
mod sql;
mod statements;

pub(crate) use job::failures;
pub(super) use job::perform as job;
pub(crate) use rest::Rest;
pub(super) use sql::perform as sql;
pub(crate) use sql::submit;
