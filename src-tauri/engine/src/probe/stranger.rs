//! Who else may answer on a port: a program tells itself by the first bytes that
//! it sends.

use super::Finding;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A program that is there answers a greeting within this time.
const PATIENCE: Duration = Duration::from_secs(1);

/// What a greeting in the commonest of all languages is answered with.
pub(super) async fn greet(address: SocketAddr) -> Vec<u8> {
    let exchange = async {
        let mut stream = TcpStream::connect(address).await.ok()?;
        stream.write_all(b"GET / HTTP/1.0\r\n\r\n").await.ok()?;
        let mut answer = vec![0; 256];
        let read = stream.read(&mut answer).await.ok()?;
        answer.truncate(read);
        Some(answer)
    };
    let answer = tokio::time::timeout(PATIENCE, exchange).await;
    answer.ok().flatten().unwrap_or_default()
}

/// The finding about a program that does not belong on the port.
pub(super) fn finding(first: &[u8]) -> Finding {
    let name = name(first);
    Finding::fail(format!("something else answers on this port: {name}"))
        .detail("first bytes", printable(first, 80))
}

/// Who begins with these bytes.
fn name(first: &[u8]) -> String {
    match first {
        [b'H', b'T', b'T', b'P', b'/', ..] | [b'S', b'S', b'H', b'-', ..] => printable(first, 60),
        [b'A', b'M', b'Q', b'P', ..] => "an AMQP broker".to_owned(),
        [b'-', b'E', b'R', b'R', ..] | [b'-', b'N', b'O', b'A', b'U', b'T', b'H', ..] => {
            "Redis".to_owned()
        }
        [b'E' | b'R', 0, ..] => "PostgreSQL".to_owned(),
        [_, _, _, _, 10, version @ ..] => format!("MySQL {}", text_of(version)),
        [21 | 22, 3, ..] => "a server that wants TLS".to_owned(),
        [0, 0, _, 4, ..] => "an HTTP/2 server".to_owned(),
        _ => printable(first, 60),
    }
}

/// Up to the zero byte that ends a text in many protocols.
fn text_of(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|b| *b == 0).unwrap_or(bytes.len());
    printable(&bytes[..end], 40)
}

/// The first line, with everything escaped that is not plain text.
fn printable(bytes: &[u8], most: usize) -> String {
    let line = bytes.split(|b| *b == b'\n').next().unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    line[..line.len().min(most)].escape_ascii().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_named_by_their_first_bytes() {
        for (first, expected) in [
            (
                &b"HTTP/1.1 400 Bad Request\r\nServer: x"[..],
                "HTTP/1.1 400 Bad Request",
            ),
            (b"SSH-2.0-OpenSSH_9.2\r\n", "SSH-2.0-OpenSSH_9.2"),
            (b"AMQP\x00\x00\x09\x01", "an AMQP broker"),
            (b"-ERR wrong number of arguments\r\n", "Redis"),
            (b"E\x00\x00\x00\x20SFATAL", "PostgreSQL"),
            (b"J\x00\x00\x00\n8.0.36\x00\x08", "MySQL 8.0.36"),
            (b"\x15\x03\x01\x00\x02", "a server that wants TLS"),
            (b"hello \x1b[31m\xff", "hello \\x1b[31m\\xff"),
        ] {
            assert_eq!(name(first), expected);
        }
    }
}
