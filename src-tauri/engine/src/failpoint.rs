//! Named points at the borders between a record and the act that follows it, for tests
//! that kill the engine at each of them. A build without debug assertions has none.
//!
//! `BENCHTOP_FAILPOINTS` names a file. While it says `kill NAME N`, whoever reaches the
//! point of that name for the Nth time takes the file away and dies as by `kill -9`. While
//! it says `trace`, the names of the points that are reached are appended to it.

/// The engine dies here where a test asks for it.
#[cfg(debug_assertions)]
pub(crate) fn reach(point: &str) {
    use std::path::PathBuf;
    use std::sync::{LazyLock, Mutex, PoisonError};
    static FILE: LazyLock<Option<PathBuf>> =
        LazyLock::new(|| std::env::var_os("BENCHTOP_FAILPOINTS").map(PathBuf::from));
    // One at a time: counting down is reading and writing.
    static TURN: Mutex<()> = Mutex::new(());
    let Some(file) = &*FILE else { return };
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let Ok(order) = std::fs::read_to_string(file) else {
        return;
    };
    match decide(&order, point) {
        Decision::Pass => {}
        // Where it cannot be written, the test that waits for it fails.
        Decision::Write(order) => _ = std::fs::write(file, order),
        Decision::Note => {
            use std::io::Write as _;
            let file = std::fs::File::options().append(true).open(file);
            _ = file.and_then(|mut file| writeln!(file, "\n{point}"));
        }
        Decision::Die => {
            _ = std::fs::remove_file(file);
            let signal = nix::sys::signal::Signal::SIGKILL;
            _ = nix::sys::signal::kill(nix::unistd::Pid::this(), signal);
        }
    }
}

/// Nothing happens.
#[cfg(not(debug_assertions))]
#[inline(always)]
pub(crate) fn reach(_point: &str) {}

#[cfg(debug_assertions)]
#[derive(Debug, PartialEq, Eq)]
enum Decision {
    Pass,
    /// The order is this from now on.
    Write(String),
    /// The name is added to the order.
    Note,
    Die,
}

#[cfg(debug_assertions)]
fn decide(order: &str, point: &str) -> Decision {
    let mut words = order.split_whitespace();
    match (words.next(), words.next(), words.next()) {
        (Some("trace"), _, _) => Decision::Note,
        (Some("kill"), Some(name), left) if name == point => {
            match left.and_then(|left| left.parse().ok()).unwrap_or(1_u32) {
                0 | 1 => Decision::Die,
                left => Decision::Write(format!("kill {name} {}", left - 1)),
            }
        }
        _ => Decision::Pass,
    }
}

#[cfg(all(test, debug_assertions))]
mod tests {
    use super::*;

    #[test]
    fn the_nth_time_at_a_point_is_the_last() {
        assert_eq!(decide("", "a"), Decision::Pass);
        assert_eq!(decide("kill b 1", "a"), Decision::Pass);
        assert_eq!(decide("kill a 2", "a"), Decision::Write("kill a 1".into()));
        assert_eq!(decide("kill a 1", "a"), Decision::Die);
        assert_eq!(decide("trace\nb\n", "a"), Decision::Note);
    }
}
