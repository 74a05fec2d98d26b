//! Programs of the host. Each runs under a shim: a tiny process in a session of
//! its own that owns the pipes, keeps the output, records the end and outlives
//! the engine. [`shim`] is that process; [`instance`] is the engine's side.

pub(crate) mod cgroup;
pub mod identity;
pub mod instance;
pub mod log_file;
pub(crate) mod pieces;
pub mod protocol;
pub mod shim;
pub(crate) mod stray;
pub mod tail;
pub(crate) mod tree;
