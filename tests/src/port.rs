//! Ports for tests.

use std::net::{Ipv4Addr, TcpListener};

/// A port that nobody listens on at this moment.
///
/// # Panics
/// Where there is none left.
#[must_use]
pub fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("it has an address").port()
}
