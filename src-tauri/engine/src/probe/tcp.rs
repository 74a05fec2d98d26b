//! A connection that is accepted.

use super::Finding;
use benchtop_model::probe::Verdict;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use tokio::net::TcpStream;

/// Connects to the first address that answers. `localhost` means both loopback
/// families, tried in turn: a server may listen on either.
pub(crate) async fn connect(host: &str, port: u16) -> io::Result<(TcpStream, SocketAddr)> {
    let addresses = match host {
        "localhost" => vec![
            SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port),
            SocketAddr::new(IpAddr::V6(Ipv6Addr::LOCALHOST), port),
        ],
        host => tokio::net::lookup_host((host, port)).await?.collect(),
    };
    let mut error = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => return Ok((stream, address)),
            // The first refusal says more than a missing second family.
            Err(e) if error.kind() == io::ErrorKind::NotFound => error = e,
            Err(_) => {}
        }
    }
    Err(error)
}

/// A short sentence for a failed connection.
pub(crate) fn say(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "connection refused".to_owned(),
        io::ErrorKind::ConnectionReset => "connection reset".to_owned(),
        _ => error.to_string(),
    }
}

pub(super) async fn probe(host: &str, port: u16) -> Finding {
    match connect(host, port).await {
        Ok((_, address)) => {
            Finding::new(Verdict::Pass, "connected").detail("address", address.to_string())
        }
        Err(error) => Finding::fail(format!("{} (port {port})", say(&error))),
    }
}
