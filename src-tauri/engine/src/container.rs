//! Containers, by way of Docker's API. [`runtime`] finds an engine that answers,
//! [`instance`] brings containers up and ends them, [`monitor`] keeps watch.
//! Everything we make carries our labels, and nothing without them is touched.

mod context;
mod create;
pub mod exec;
mod folders;
pub(crate) mod hook;
mod ignore;
pub(crate) mod image;
pub mod instance;
pub mod labels;
pub mod logs;
pub mod look;
pub mod monitor;
mod network;
pub mod pull;
mod registry_auth;
pub mod runtime;
mod settings;
pub mod stats;
mod too_new;
