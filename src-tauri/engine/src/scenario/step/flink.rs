//! Flink: statements for its SQL gateway, and the state of its jobs.

mod job;
mod rest;
mod sql;
mod statements;

pub(super) use job::perform as job;
pub(super) use sql::perform as sql;
