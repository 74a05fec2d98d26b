//! What an environment is and what must happen.
//!
//! This crate is pure: it knows no clock, no file, no network and no runtime.
//! Time, file contents and the outcome of every act come in as arguments, so
//! everything here can be tested and simulated without a process or a container.
//!
//! Suggested reading order: [`status`] (the words), [`plan`] (the environment as
//! resolved), [`file`] (how it is read), [`supervisor`] (what must happen next).

pub mod alert;
pub mod diagnosis;
pub mod doctor;
pub mod editor;
pub mod exit;
pub mod file;
pub mod graph;
pub mod host;
pub mod import;
pub mod inject;
pub mod plan;
pub mod probe;
pub mod problem;
pub mod product;
pub mod scenario;
pub mod secret;
pub mod signal;
pub mod status;
pub mod supervisor;
pub mod systems;
pub mod time;
pub mod update;
pub mod vitals;
pub mod watch;
