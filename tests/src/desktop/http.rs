//! Just enough HTTP to talk to the driver and to a service of the sample.

use serde_json::Value;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

/// Longer than a page may take to answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// Sends one request to this port of the machine; a body where the answer's
/// status is good.
///
/// # Errors
/// What is wrong, or what was answered.
pub fn request(
    method: &str,
    port: u16,
    path: &str,
    body: Option<&Value>,
) -> Result<String, String> {
    let body = body.map(Value::to_string).unwrap_or_default();
    let answer =
        exchange(method, port, path, &body).map_err(|e| format!("{method} {path}: {e}"))?;
    let (head, rest) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.split(' ').nth(1).unwrap_or_default();
    match status.starts_with('2') {
        true => Ok(rest.to_owned()),
        false => Err(format!("{method} {path}: {status} {rest}")),
    }
}

fn exchange(method: &str, port: u16, path: &str, body: &str) -> std::io::Result<String> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    )?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}
