//! The health service of gRPC, and calls of one message and one answer.
//!
//! The frame of such a call is five bytes, and HTTP/2 is here already: a library for
//! gRPC would add a dozen crates for three calls.

use super::Finding;
use super::tap::Tap;
use benchtop_model::probe::Verdict;
use bytes::{BufMut as _, Bytes, BytesMut};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http2::{self, SendRequest};
use hyper::header::{self, HeaderMap};
use hyper::{Request, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo};
use prost::Message;
use std::net::SocketAddr;

/// Bytes before a message: whether it is compressed, and its length.
const FRAME: usize = 5;

/// No answer is longer; servers have the same limit for a message.
const MOST: usize = 4 * 1024 * 1024;

/// The codes of a call that are told apart.
const OK: u32 = 0;
const NOT_FOUND: u32 = 5;
const UNIMPLEMENTED: u32 = 12;
const PERMISSION_DENIED: u32 = 7;
const DEADLINE_EXCEEDED: u32 = 4;
const RESOURCE_EXHAUSTED: u32 = 8;
const UNAVAILABLE: u32 = 14;
const UNAUTHENTICATED: u32 = 16;

/// Whether a server can begin so: with the settings of HTTP/2.
pub(crate) fn is_own(first: &[u8]) -> bool {
    let at = |index: usize, byte: u8| first.get(index).is_none_or(|found| *found == byte);
    at(0, 0) && at(1, 0) && at(3, 4) && at(4, 0)
}

/// What a service says of itself.
#[derive(Clone, PartialEq, Message)]
struct HealthRequest {
    #[prost(string, tag = "1")]
    service: String,
}

#[derive(Clone, PartialEq, Message)]
struct HealthResponse {
    #[prost(enumeration = "Answer", tag = "1")]
    status: i32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, prost::Enumeration)]
#[repr(i32)]
enum Answer {
    Unknown = 0,
    Serving = 1,
    NotServing = 2,
    ServiceUnknown = 3,
}

pub(super) async fn ask(
    stream: Tap,
    address: SocketAddr,
    service: Option<&str>,
) -> Result<Finding, String> {
    let asks = async |channel: &mut Channel| channel.health(service.unwrap_or_default()).await;
    Ok(match talk(stream, address, asks).await? {
        Ok(said) => finding(said, service),
        Err(refusal) => refusal.finding(),
    })
}

/// Opens a channel and has the calls made on it.
pub(crate) async fn talk<T>(
    stream: Tap,
    address: SocketAddr,
    calls: impl AsyncFnOnce(&mut Channel) -> Result<T, Refusal>,
) -> Result<Result<T, Refusal>, String> {
    let (sender, connection) = http2::Builder::new(TokioExecutor::new())
        .handshake(TokioIo::new(stream))
        .await
        .map_err(innermost)?;
    let mut channel = Channel { sender, address };
    let answer = tokio::select! {
        answer = calls(&mut channel) => answer,
        end = connection => return Err(end.err().map_or_else(
            || "the server closed the connection".to_owned(),
            innermost,
        )),
    };
    match answer {
        Err(Refusal { code: None, text }) => Err(text),
        answer => Ok(answer),
    }
}

/// Why a call has no answer.
#[derive(Debug)]
pub(crate) struct Refusal {
    /// The server's code; nothing where it said none.
    code: Option<u32>,
    text: String,
}

impl Refusal {
    fn broken(text: impl Into<String>) -> Self {
        Self {
            code: None,
            text: text.into(),
        }
    }

    /// The server has no such thing.
    pub(crate) fn is_not_found(&self) -> bool {
        self.code == Some(NOT_FOUND)
    }

    /// The server cannot just now, and may later.
    pub(crate) fn is_passing(&self) -> bool {
        let passing = [DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, UNAVAILABLE];
        self.code.is_some_and(|code| passing.contains(&code))
    }

    /// What the server said.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The server knows no such call.
    pub(super) fn is_unimplemented(&self) -> bool {
        self.code == Some(UNIMPLEMENTED)
    }

    pub(super) fn finding(&self) -> Finding {
        let text = match self.code {
            Some(NOT_FOUND) => "the server does not know this service".to_owned(),
            Some(UNIMPLEMENTED) => {
                "the server has no health service (grpc.health.v1): use `tcp`, or add one"
                    .to_owned()
            }
            Some(UNAUTHENTICATED | PERMISSION_DENIED) => {
                format!("the server refuses the call: {}", self.text)
            }
            _ => self.text.clone(),
        };
        let finding = Finding::fail(text);
        match self.code {
            Some(code) => finding.detail("code", code.to_string()),
            None => finding,
        }
    }
}

/// A connection on which calls are made.
#[derive(Debug)]
pub(crate) struct Channel {
    sender: SendRequest<Full<Bytes>>,
    address: SocketAddr,
}

impl Channel {
    /// What a service, or with an empty name the whole server, says of its health.
    pub(super) async fn health(&mut self, service: &str) -> Result<Health, Refusal> {
        let request = HealthRequest {
            service: service.to_owned(),
        };
        let answer: HealthResponse = self.call("grpc.health.v1.Health/Check", &request).await?;
        Ok(match answer.status() {
            Answer::Serving => Health::Serving,
            Answer::NotServing => Health::NotServing,
            Answer::ServiceUnknown => Health::NoService,
            Answer::Unknown => Health::Unknown,
        })
    }

    /// Makes a call: one message, one answer.
    pub(crate) async fn call<A: Message + Default>(
        &mut self,
        method: &str,
        message: &impl Message,
    ) -> Result<A, Refusal> {
        let request = Request::post(format!("http://{}/{method}", self.address))
            .header(header::CONTENT_TYPE, "application/grpc")
            .header(header::TE, "trailers")
            .header(
                header::USER_AGENT,
                concat!("benchtop/", env!("CARGO_PKG_VERSION")),
            )
            .body(Full::new(framed(message)))
            .map_err(|error| Refusal::broken(error.to_string()))?;
        let broken = |error| Refusal::broken(innermost(error));
        let answer = self.sender.send_request(request).await.map_err(broken)?;
        let (head, body) = answer.into_parts();
        let is_grpc = head.headers.get(header::CONTENT_TYPE);
        let is_grpc = is_grpc.is_some_and(|kind| kind.as_bytes().starts_with(b"application/grpc"));
        if head.status != StatusCode::OK || !is_grpc {
            let text = format!("{} by HTTP/2, but not as gRPC", head.status);
            return Err(Refusal::broken(text));
        }
        let body = Limited::new(body, MOST).collect().await;
        let body = body.map_err(|error| Refusal::broken(error.to_string()))?;
        // A call that fails at once has its code in the head.
        check(body.trailers().unwrap_or(&head.headers))?;
        message_of(&body.to_bytes())
    }
}

/// What a service says of itself, as far as it is told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Health {
    Serving,
    NotServing,
    NoService,
    Unknown,
}

impl Health {
    /// As the protocol calls it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Serving => "SERVING",
            Self::NotServing => "NOT_SERVING",
            Self::NoService => "SERVICE_UNKNOWN",
            Self::Unknown => "UNKNOWN",
        }
    }
}

fn finding(said: Health, service: Option<&str>) -> Finding {
    let verdict = match said {
        Health::Serving => Verdict::Pass,
        _ => Verdict::Fail,
    };
    let text = match (said, service) {
        (Health::Serving, None) => "serving".to_owned(),
        (Health::Serving, Some(name)) => format!("{name} is serving"),
        (Health::NotServing, None) => "the server says that it does not serve".to_owned(),
        (Health::NotServing, Some(name)) => format!("{name} does not serve"),
        _ => format!("the server says {}", said.word()),
    };
    let finding = Finding::new(verdict, text).detail("status", said.word());
    match service {
        Some(name) => finding.detail("service", name),
        None => finding,
    }
}

/// Not compressed, its length, and the message.
fn framed(message: &impl Message) -> Bytes {
    let length = message.encoded_len();
    let mut frame = BytesMut::with_capacity(FRAME + length);
    frame.put_u8(0);
    frame.put_u32(u32::try_from(length).unwrap_or(u32::MAX));
    frame.extend_from_slice(&message.encode_to_vec());
    frame.freeze()
}

fn message_of<A: Message + Default>(body: &[u8]) -> Result<A, Refusal> {
    let malformed = || Refusal::broken("the server sent a malformed answer");
    let (head, message) = body.split_first_chunk::<FRAME>().ok_or_else(malformed)?;
    let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize;
    if head[0] != 0 || message.len() != length {
        return Err(malformed());
    }
    A::decode(message).map_err(|_| malformed())
}

/// The code of the call, which is said in text.
fn check(trailers: &HeaderMap) -> Result<(), Refusal> {
    let text = |name: &str| trailers.get(name).and_then(|value| value.to_str().ok());
    let code = text("grpc-status").and_then(|code| code.parse().ok());
    match code {
        Some(OK) => Ok(()),
        None => Err(Refusal::broken("the server ended the call without a word")),
        Some(code) => {
            let said = text("grpc-message").unwrap_or_default();
            let said = unescaped(said);
            let text = match said.is_empty() {
                true => format!("the call fails with code {code}"),
                false => format!("{said} (code {code})"),
            };
            Err(Refusal {
                code: Some(code),
                text,
            })
        }
    }
}

/// Percent signs stand for bytes.
fn unescaped(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, more)) = rest.split_first() {
        let hex = more.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        let byte = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match (first, byte) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &more[2..];
            }
            _ => {
                bytes.push(*first);
                rest = more;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The innermost cause: the outer ones only repeat that something failed.
fn innermost(error: hyper::Error) -> String {
    let mut cause: &dyn std::error::Error = &error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::header::HeaderValue;

    #[test]
    fn a_message_survives_its_frame() {
        let message = HealthResponse { status: 2 };
        let body = framed(&message);
        assert_eq!(&body[..], b"\0\0\0\0\x02\x08\x02");
        assert_eq!(message_of::<HealthResponse>(&body).expect("whole"), message);
        assert!(message_of::<HealthResponse>(&body[..6]).is_err(), "cut off");
        assert!(
            message_of::<HealthResponse>(b"\x01\0\0\0\0").is_err(),
            "compressed"
        );
    }

    #[test]
    fn only_serving_passes() {
        assert_eq!(finding(Health::Serving, None).verdict, Verdict::Pass);
        let ill = finding(Health::NotServing, Some("shop.Orders"));
        assert_eq!(ill.verdict, Verdict::Fail);
        assert_eq!(ill.text, "shop.Orders does not serve");
        assert_eq!(ill.details["status"], "NOT_SERVING");
        assert_eq!(finding(Health::Unknown, None).verdict, Verdict::Fail);
    }

    #[test]
    fn the_code_of_a_call_is_read_from_its_trailers() {
        let trailers = |pairs: &[(&'static str, &'static str)]| {
            let mut map = HeaderMap::new();
            for (key, value) in pairs {
                map.insert(*key, HeaderValue::from_static(value));
            }
            check(&map)
        };
        assert!(trailers(&[("grpc-status", "0")]).is_ok());
        let unknown = trailers(&[("grpc-status", "5"), ("grpc-message", "no%20such thing")]);
        let unknown = unknown.expect_err("an error");
        assert!(unknown.is_not_found());
        assert_eq!(unknown.text, "no such thing (code 5)");
        assert_eq!(trailers(&[]).expect_err("an error").code, None);
    }

    #[test]
    fn only_http2_begins_so() {
        assert!(is_own(b"\0\0\x1e\x04\0") && is_own(b"\0\0") && is_own(b""));
        assert!(!is_own(b"HTTP/1.1") && !is_own(b"J\0\0\0\n"));
    }
}
