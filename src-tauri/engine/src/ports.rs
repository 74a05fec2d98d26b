//! Ports of this host: assigns free ones, and says who holds a taken one.

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::ops::RangeInclusive;
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long a port may stay held by what has just ended.
const RELEASE: Duration = Duration::from_millis(1500);

/// How long a program may take to end once it was asked: the default grace period.
const OBEYING: Duration = Duration::from_secs(10);

static IPV6_LOOPBACK: LazyLock<bool> =
    LazyLock::new(|| TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok());

/// Whether this host has the loopback address `::1`.
#[must_use]
pub fn has_ipv6_loopback() -> bool {
    *IPV6_LOOPBACK
}

/// Who holds a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// The port.
    pub port: u16,
    /// Process id and program, where the system tells.
    pub owner: Option<(u32, String)>,
}

impl std::fmt::Display for Taken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.owner {
            Some((pid, name)) => write!(f, "port {} is held by pid {pid} ({name})", self.port),
            None => write!(f, "port {} is held by another program", self.port),
        }
    }
}

/// Waits a moment for the port to be free on both address families.
///
/// # Errors
/// Who holds it.
pub async fn wait_free(port: u16) -> Result<(), Taken> {
    let deadline = tokio::time::Instant::now() + RELEASE;
    let mut wait = Duration::from_millis(25);
    while !is_free(port) {
        if tokio::time::Instant::now() >= deadline {
            return Err(Taken {
                port,
                owner: owner(port),
            });
        }
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(Duration::from_millis(250));
    }
    Ok(())
}

/// Whether a program could listen on this port, on every address.
#[must_use]
pub fn is_free(port: u16) -> bool {
    taken_at(port).next().is_none()
}

/// The addresses of this host at which somebody listens on this port.
///
/// Each address is tried by itself: 127.0.0.1:P and [::1]:P can belong to two
/// programs at once.
pub fn taken_at(port: u16) -> impl Iterator<Item = IpAddr> {
    let addresses = [
        IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(Ipv6Addr::LOCALHOST),
        IpAddr::V4(Ipv4Addr::UNSPECIFIED),
    ];
    addresses.into_iter().filter(move |address| {
        match TcpListener::bind(SocketAddr::new(*address, port)) {
            Ok(_) => false,
            // No IPv6 here, or no right to this port: not held by anybody.
            Err(e) => e.kind() == ErrorKind::AddrInUse,
        }
    })
}

/// The process that listens on this port, where the system tells.
#[must_use]
pub fn owner(port: u16) -> Option<(u32, String)> {
    listeners::get_process_by_port(port, listeners::Protocol::TCP)
        .ok()
        .map(|process| (process.pid, process.name))
}

/// Asks the program that holds a port to end, and waits until the port is free.
///
/// # Errors
/// Why not: somebody else holds it, it may not be asked, or it does not end.
pub async fn free(port: u16, pid: u32) -> Result<(), String> {
    match owner(port) {
        None if is_free(port) => return Ok(()),
        Some((holder, _)) if holder == pid => {}
        Some((holder, name)) => {
            return Err(format!("port {port} is held by pid {holder} ({name}) now"));
        }
        None => return Err(format!("it cannot be told who holds port {port}")),
    }
    if pid == std::process::id() {
        return Err(format!("port {port} is held by Benchtop itself"));
    }
    let target = i32::try_from(pid).map_err(|_| format!("{pid} is no process id"))?;
    kill(Pid::from_raw(target), Signal::SIGTERM)
        .map_err(|error| format!("pid {pid} cannot be asked to end: {error}"))?;
    let deadline = tokio::time::Instant::now() + OBEYING;
    while !is_free(port) {
        if tokio::time::Instant::now() >= deadline {
            return Err(format!(
                "pid {pid} was asked to end and still holds port {port}"
            ));
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}

/// Where ports are looked for: below what Linux and macOS give to outgoing
/// connections (32768 and 49152 upwards), above what well-known programs use.
const ASSIGNABLE: RangeInclusive<u16> = 20_000..=32_000;

/// How long an assigned port is not given to anybody else: a slow program's time
/// from its start to its `listen`.
const CLAIM: Duration = Duration::from_secs(120);

/// Ports that were assigned lately, and when. Nobody may listen on them yet.
static CLAIMED: LazyLock<Mutex<HashMap<u16, Instant>>> = LazyLock::new(Mutex::default);

/// A port that is free now: the preferred one if possible.
///
/// Not one of the system's choice: that range also serves outgoing connections, and
/// one of them can take the port between this answer and the service's `listen`.
#[must_use]
pub fn assign(preferred: Option<u16>) -> Option<u16> {
    if let Some(port) = preferred.filter(|port| is_free(*port)) {
        claim(port, true);
        return Some(port);
    }
    let size = u32::from(ASSIGNABLE.end() - ASSIGNABLE.start()) + 1;
    let first = RandomState::new().hash_one(std::process::id()) % u64::from(size);
    (0..u64::from(size))
        .filter_map(|n| u16::try_from((first + n) % u64::from(size)).ok())
        .map(|offset| ASSIGNABLE.start() + offset)
        .find(|port| is_free(*port) && claim(*port, false))
}

/// Notes that a port has a taker. `false` where it has another one already.
fn claim(port: u16, again: bool) -> bool {
    let mut claimed = CLAIMED.lock().unwrap_or_else(PoisonError::into_inner);
    claimed.retain(|_, since| since.elapsed() < CLAIM);
    if claimed.contains_key(&port) && !again {
        return false;
    }
    claimed.insert(port, Instant::now());
    true
}

/// How far from a port that is taken a free one is looked for.
const NEAR: u16 = 100;

/// The next port above one that is taken at which nobody listens.
#[must_use]
pub fn near(port: u16) -> Option<u16> {
    (1..=NEAR)
        .filter_map(|step| port.checked_add(step))
        .find(|port| is_free(*port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_free_port_is_found_near_one_that_is_taken() {
        let holder = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("bind");
        let port = holder.local_addr().expect("address").port();
        let Some(free) = near(port) else {
            assert!(port > u16::MAX - NEAR, "{port}");
            return;
        };
        assert!(free > port && free - port <= NEAR, "{free} for {port}");
        assert_eq!(near(u16::MAX), None);
    }

    #[test]
    fn a_port_is_taken_whichever_family_holds_it() {
        for address in [
            IpAddr::V4(Ipv4Addr::LOCALHOST),
            IpAddr::V6(Ipv6Addr::LOCALHOST),
        ] {
            let Ok(listener) = TcpListener::bind((address, 0)) else {
                continue;
            };
            let port = listener.local_addr().expect("address").port();
            assert!(!is_free(port), "{address}");
            assert_eq!(owner(port).map(|(pid, _)| pid), Some(std::process::id()));
        }
    }

    #[test]
    fn the_preferred_port_is_kept_where_it_is_free() {
        let port = assign(None).expect("a free port");
        assert_eq!(assign(Some(port)), Some(port));
        let holder = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).expect("bind");
        assert_ne!(assign(Some(port)), Some(port));
        drop(holder);
    }

    #[test]
    fn no_two_ask_and_get_the_same_port_and_none_is_one_of_outgoing_connections() {
        let mut ports: Vec<u16> = (0..20).filter_map(|_| assign(None)).collect();
        assert_eq!(ports.len(), 20);
        assert!(ports.iter().all(|port| ASSIGNABLE.contains(port)));
        ports.sort_unstable();
        ports.dedup();
        assert_eq!(ports.len(), 20);
    }
}
