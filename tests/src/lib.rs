//! The test kit: a home of one's own for each test, the programs as users call
//! them, and patience.
#![allow(
    clippy::print_stdout,
    reason = "what is skipped or measured is said aloud"
)]

pub mod bench;
pub mod cut;
pub mod daemon;
pub mod desktop;
pub mod home;
pub mod named;
pub mod podman;
pub mod port;
pub mod programs;
pub mod project;
pub mod reference;
pub mod report;
pub mod requirement;
pub mod stand_in;
pub mod systems;
pub mod workbench;

pub use daemon::Daemon;
pub use home::Home;
pub use named::Named;
pub use podman::Podman;
pub use port::free_port;
pub use project::Project;
pub use requirement::{docker, full, images};

use std::time::{Duration, Instant};

/// Tries until it succeeds; the last failure is the test's.
///
/// # Panics
/// When it has not succeeded within a generous time.
pub fn eventually<T>(what: &str, mut attempt: impl FnMut() -> Result<T, String>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match attempt() {
            Ok(found) => return found,
            Err(cause) if Instant::now() >= deadline => panic!("{what}: {cause}"),
            Err(_) => std::thread::sleep(Duration::from_millis(50)),
        }
    }
}

/// Generous, because a loaded machine is no failure.
pub const PATIENCE: Duration = Duration::from_secs(90);
