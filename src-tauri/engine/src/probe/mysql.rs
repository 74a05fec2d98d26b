//! MySQL and MariaDB: a login and a query.
//!
//! The messages and the ways to log in come from `mysql_common`. A whole client
//! (`mysql_async`) opens its connections itself, so that nobody could say who else
//! answers on the port.

use super::Finding;
use super::tap::Tap;
use benchtop_model::probe::Verdict;
use benchtop_model::product::Login;
use mysql_common::auth::plugins::{AuthProc, ChallengeResponsePlugin as _, Context};
use mysql_common::constants::CapabilityFlags as Can;
use mysql_common::io::ParseBuf;
use mysql_common::packets::{
    AuthPlugin, AuthSwitchRequest, ErrPacket, HandshakePacket, HandshakeResponse,
};
use mysql_common::proto::MySerialize as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

const QUERY: &[u8] = b"SELECT VERSION(), @@global.read_only";

/// Nothing that is asked here has a longer answer.
const LONGEST: usize = 64 * 1024;

/// So many packets may come before the login is decided, or as the head of a result.
const MOST_PACKETS: usize = 16;

/// What a packet begins with.
const OK: u8 = 0x00;
const MORE: u8 = 0x01;
const EOF: u8 = 0xfe;
const ERROR: u8 = 0xff;

/// The commands that are sent.
const COM_QUIT: u8 = 0x01;
const COM_QUERY: u8 = 0x03;

/// Whether a server can begin so: with packet 0, a greeting of version 10 or an
/// error.
pub(super) fn is_own(first: &[u8]) -> bool {
    let at = |index: usize, any: &[u8]| first.get(index).is_none_or(|byte| any.contains(byte));
    at(2, &[0]) && at(3, &[0]) && at(4, &[10, ERROR])
}

pub(super) async fn ask(stream: Tap, login: &Login) -> Result<Finding, String> {
    let mut server = Server {
        stream,
        sequence: 0,
    };
    server.log_in(login).await?;
    let row = server.query().await?;
    // Without a goodbye the server counts an aborted client.
    server.sequence = 0;
    _ = server.send(&[COM_QUIT]).await;
    let column = |index: usize| row.get(index).map(String::as_str).unwrap_or_default();
    Ok(finding(column(0), column(1)))
}

/// A connection: packets of a length and a number.
struct Server {
    stream: Tap,
    sequence: u8,
}

impl Server {
    async fn send(&mut self, payload: &[u8]) -> Result<(), String> {
        let length = u32::try_from(payload.len()).map_err(text_of)?;
        let [a, b, c, _] = length.to_le_bytes();
        let mut packet = vec![a, b, c, self.sequence];
        packet.extend_from_slice(payload);
        self.sequence = self.sequence.wrapping_add(1);
        self.stream.write_all(&packet).await.map_err(text_of)
    }

    /// The next packet; one that is an error has been said why.
    async fn receive(&mut self) -> Result<Vec<u8>, String> {
        let mut head = [0; 4];
        self.stream.read_exact(&mut head).await.map_err(text_of)?;
        let [a, b, c, sequence] = head;
        let length = u32::from_le_bytes([a, b, c, 0]) as usize;
        if length == 0 || length > LONGEST {
            return Err(format!("the server sent a packet of {length} bytes"));
        }
        self.sequence = sequence.wrapping_add(1);
        let mut payload = vec![0; length];
        self.stream
            .read_exact(&mut payload)
            .await
            .map_err(text_of)?;
        match payload.first() {
            Some(&ERROR) => Err(refusal(&payload)),
            _ => Ok(payload),
        }
    }

    async fn log_in(&mut self, login: &Login) -> Result<(), String> {
        let greeting = self.receive().await?;
        let greeting: HandshakePacket<'_> = ParseBuf(&greeting).parse(()).map_err(text_of)?;
        let mut secrets = Secrets {
            password: login.password.clone().unwrap_or_default().into_bytes(),
            scramble: greeting.nonce(),
        };
        // Whatever the server prefers; an account that wants another is told by a switch.
        let plugin = greeting
            .auth_plugin()
            .unwrap_or(AuthPlugin::MysqlNativePassword);
        let (plugin, mut way) = match plugin.init() {
            Ok(way) => (plugin, way),
            Err(_) => native()?,
        };
        let first = way.run(&secrets, &secrets.scramble).map_err(text_of)?;
        let first = first.data().unwrap_or_default().to_vec();
        let version = greeting.server_version_parsed().unwrap_or((5, 7, 0));
        let answer = HandshakeResponse::new(
            Some(first),
            version,
            login.user.as_deref().map(str::as_bytes),
            login.database.as_deref().map(str::as_bytes),
            Some(plugin),
            capabilities() & greeting.capabilities(),
            None,
            u32::try_from(LONGEST).unwrap_or(u32::MAX),
        );
        let mut bytes = Vec::new();
        answer.serialize(&mut bytes);
        self.send(&bytes).await?;
        for _ in 0..MOST_PACKETS {
            let packet = self.receive().await?;
            let reply = match packet.split_first() {
                Some((&OK, _)) => return Ok(()),
                Some((&MORE, more)) => way.run(&secrets, more).map_err(text_of)?,
                Some((&EOF, [_, ..])) => {
                    let other: AuthSwitchRequest<'_> =
                        ParseBuf(&packet).parse(()).map_err(text_of)?;
                    way = other.auth_plugin().init().map_err(text_of)?;
                    secrets.scramble = other.plugin_data().to_vec();
                    way.run(&secrets, &secrets.scramble).map_err(text_of)?
                }
                _ => return Err("the server wants a login that is not known".to_owned()),
            };
            if let Some(reply) = reply.data() {
                self.send(reply).await?;
            }
        }
        Err("the server does not come to an end of the login".to_owned())
    }

    /// The columns of the one row that is asked for.
    async fn query(&mut self) -> Result<Vec<String>, String> {
        self.sequence = 0;
        self.send(&[&[COM_QUERY], QUERY].concat()).await?;
        // The count of columns, each column, and what ends them.
        self.receive().await?;
        for _ in 0..MOST_PACKETS {
            if is_end(&self.receive().await?) {
                let row = self.receive().await?;
                self.receive().await?;
                return Ok(columns(&row));
            }
        }
        Err("the server does not come to an end of the columns".to_owned())
    }
}

/// What nearly every account takes, for a greeting that names a way that is unknown.
fn native() -> Result<(AuthPlugin<'static>, AuthProc), String> {
    let plugin = AuthPlugin::MysqlNativePassword;
    let way = plugin.init().map_err(text_of)?;
    Ok((plugin, way))
}

fn capabilities() -> Can {
    Can::CLIENT_PROTOCOL_41
        | Can::CLIENT_SECURE_CONNECTION
        | Can::CLIENT_LONG_PASSWORD
        | Can::CLIENT_TRANSACTIONS
        | Can::CLIENT_PLUGIN_AUTH
        | Can::CLIENT_CONNECT_WITH_DB
}

/// What the ways to log in ask of us.
struct Secrets {
    password: Vec<u8>,
    scramble: Vec<u8>,
}

impl Context for &Secrets {
    fn pass(&self) -> &[u8] {
        &self.password
    }

    fn is_ipc_transport(&self) -> bool {
        false
    }

    fn is_tls_transport(&self) -> bool {
        false
    }

    fn scramble(&self) -> &[u8] {
        &self.scramble
    }

    fn server_key_pem(&self) -> Option<&[u8]> {
        None
    }
}

fn is_end(packet: &[u8]) -> bool {
    packet.first() == Some(&EOF) && packet.len() < 9
}

/// The texts of a row; nothing where a column is NULL.
fn columns(row: &[u8]) -> Vec<String> {
    let mut rest = ParseBuf(row);
    let mut columns = Vec::new();
    while !rest.is_empty() {
        match rest.checked_eat_lenenc_str() {
            Some(text) => columns.push(String::from_utf8_lossy(text).into_owned()),
            None => break,
        }
    }
    columns
}

/// `Access denied for user 'shop'@'172.17.0.1' (using password: YES) (code 1045)`.
fn refusal(packet: &[u8]) -> String {
    // Before the login is sent, nobody has agreed on the longer form yet.
    let state = packet.get(3) == Some(&b'#');
    let can = if state {
        Can::CLIENT_PROTOCOL_41
    } else {
        Can::empty()
    };
    match ParseBuf(packet).parse::<ErrPacket<'_>>(can) {
        Ok(ErrPacket::Error(error)) => {
            format!("{} (code {})", error.message_str(), error.error_code())
        }
        _ => "the server sent a malformed error".to_owned(),
    }
}

/// `10.11.6-MariaDB-0+deb12u1` is shown as `MariaDB 10.11.6`.
fn finding(version: &str, read_only: &str) -> Finding {
    let product = match version.contains("MariaDB") {
        true => "MariaDB",
        false => "MySQL",
    };
    let short = version.split('-').next().unwrap_or(version);
    let is_read_only = matches!(read_only, "1" | "ON");
    let text = match is_read_only {
        true => format!("{product} {short}, read only"),
        false => format!("{product} {short}"),
    };
    Finding::new(Verdict::Pass, text)
        .detail("version", version)
        .detail("read only", if is_read_only { "yes" } else { "no" })
}

fn text_of(error: impl std::fmt::Display) -> String {
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_products_are_told_apart() {
        let maria = finding("10.11.6-MariaDB-0+deb12u1", "0");
        assert_eq!(maria.text, "MariaDB 10.11.6");
        assert_eq!(maria.details["read only"], "no");
        let replica = finding("8.0.36", "1");
        assert_eq!(replica.text, "MySQL 8.0.36, read only");
        assert_eq!(replica.details["read only"], "yes");
    }

    #[test]
    fn a_refusal_is_said_in_the_words_of_the_server() {
        assert_eq!(
            refusal(b"\xff\x15\x04#28000Access denied for user 'me'@'here' (using password: YES)"),
            "Access denied for user 'me'@'here' (using password: YES) (code 1045)"
        );
        assert_eq!(
            refusal(b"\xff\x10\x04Too many connections"),
            "Too many connections (code 1040)"
        );
        assert_eq!(refusal(b"\xff"), "the server sent a malformed error");
    }

    #[test]
    fn a_row_is_read_as_far_as_it_is_whole() {
        assert_eq!(columns(b"\x068.0.36\x011"), ["8.0.36", "1"]);
        assert_eq!(columns(b"\x068.0.36\x09x"), ["8.0.36"]);
    }

    #[test]
    fn only_a_server_begins_so() {
        assert!(is_own(b"J\0\0\0\n8.0.36") && is_own(b"\x17\0\0\0\xff") && is_own(b"J"));
        assert!(!is_own(b"HTTP/1.1") && !is_own(b"-ERR") && !is_own(b"\0\0\x1e\x04\0"));
    }
}
