//! RabbitMQ: the handshake of AMQP 0-9-1, a login and a channel.

use super::Finding;
use super::tap::Tap;
use amq_protocol::frame::{AMQPFrame, WriteContext, gen_frame, parse_frame};
use amq_protocol::protocol::connection::{AMQPMethod as Method, Close, Open, StartOk, TuneOk};
use amq_protocol::protocol::{AMQPClass, channel};
use amq_protocol::types::{AMQPValue, FieldTable};
use benchtop_model::probe::Verdict;
use benchtop_model::product::Login;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

const HEADER: &[u8] = b"AMQP\x00\x00\x09\x01";

/// Longer frames are not sent before a client has allowed them.
const LONGEST_FRAME: usize = 128 * 1024;

/// The code of a close that is nobody's fault.
const SUCCESS: u16 = 200;

/// Whether a broker can begin so: with a method, or with the version that it
/// speaks instead.
pub(super) fn is_own(first: &[u8]) -> bool {
    let length = first.len().min(4);
    first.starts_with(&[1]) || first[..length] == HEADER[..length]
}

pub(super) async fn ask(mut stream: Tap, login: &Login) -> Result<Finding, String> {
    let stream = &mut stream;
    let properties = open(stream, login).await?;
    close(stream, "probed").await?;
    Ok(finding(&properties, virtual_host(login)))
}

fn virtual_host(login: &Login) -> &str {
    login.database.as_deref().unwrap_or("/")
}

/// The handshake, a login and channel 1; answers with what the broker says of itself.
pub(crate) async fn open(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    login: &Login,
) -> Result<FieldTable, String> {
    stream.write_all(HEADER).await.map_err(text_of)?;
    let AMQPClass::Connection(Method::Start(start)) = receive(stream).await? else {
        return Err("the broker does not begin the handshake".to_owned());
    };
    send(stream, 0, Method::StartOk(start_ok(login))).await?;
    let AMQPClass::Connection(Method::Tune(tune)) = receive(stream).await? else {
        return Err("the broker does not go on after the login".to_owned());
    };
    let tuned = TuneOk {
        channel_max: tune.channel_max,
        frame_max: tune.frame_max,
        heartbeat: 0,
    };
    send(stream, 0, Method::TuneOk(tuned)).await?;
    let open = Open {
        virtual_host: virtual_host(login).into(),
    };
    send(stream, 0, Method::Open(open)).await?;
    receive(stream).await?;
    send_class(
        stream,
        1,
        AMQPClass::Channel(channel::AMQPMethod::Open(channel::Open {})),
    )
    .await?;
    let AMQPClass::Channel(channel::AMQPMethod::OpenOk(_)) = receive(stream).await? else {
        return Err("the broker does not open a channel".to_owned());
    };
    Ok(start.server_properties)
}

/// Says goodbye.
pub(crate) async fn close(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    why: &str,
) -> Result<(), String> {
    let close = Close {
        reply_code: SUCCESS,
        reply_text: why.into(),
        class_id: 0,
        method_id: 0,
    };
    send(stream, 0, Method::Close(close)).await?;
    // Its farewell is awaited, or the broker notes an unexpected end; what it
    // says no longer matters.
    _ = receive(stream).await;
    Ok(())
}

fn start_ok(login: &Login) -> StartOk {
    let part = |text: &Option<String>| text.clone().unwrap_or_default();
    let mut capabilities = FieldTable::default();
    // Otherwise a wrong password is answered by silence and a closed connection.
    capabilities.insert(
        "authentication_failure_close".into(),
        AMQPValue::Boolean(true),
    );
    let mut properties = FieldTable::default();
    properties.insert("product".into(), AMQPValue::LongString("benchtop".into()));
    properties.insert("capabilities".into(), AMQPValue::FieldTable(capabilities));
    StartOk {
        client_properties: properties,
        mechanism: "PLAIN".into(),
        response: format!("\0{}\0{}", part(&login.user), part(&login.password)).into(),
        locale: "en_US".into(),
    }
}

async fn send(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    channel: u16,
    method: Method,
) -> Result<(), String> {
    send_class(stream, channel, AMQPClass::Connection(method)).await
}

pub(crate) async fn send_class(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    channel: u16,
    class: AMQPClass,
) -> Result<(), String> {
    let frame = AMQPFrame::Method(channel, class);
    let bytes = gen_frame(&frame)(WriteContext::from(Vec::new()))
        .map_err(text_of)?
        .into_inner()
        .0;
    stream.write_all(&bytes).await.map_err(text_of)
}

/// The next method; a broker that closes instead has said why.
async fn receive(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> Result<AMQPClass, String> {
    loop {
        match frame(stream).await? {
            AMQPFrame::Method(_, AMQPClass::Connection(Method::Close(close))) => {
                return Err(refusal(close.reply_code, close.reply_text.as_str()));
            }
            AMQPFrame::Method(_, method) => return Ok(method),
            AMQPFrame::Heartbeat => {}
            other => return Err(format!("the broker sent {other:?} instead of a method")),
        }
    }
}

/// One frame: type, channel, length, content, and the byte that ends it.
pub(crate) async fn frame(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
) -> Result<AMQPFrame, String> {
    let mut bytes = vec![0; 7];
    stream.read_exact(&mut bytes).await.map_err(text_of)?;
    if bytes.starts_with(b"AMQP") {
        return Err("the broker does not speak AMQP 0-9-1".to_owned());
    }
    let length = u32::from_be_bytes([bytes[3], bytes[4], bytes[5], bytes[6]]) as usize;
    if length > LONGEST_FRAME {
        return Err("the broker sent a frame that is too long".to_owned());
    }
    bytes.resize(7 + length + 1, 0);
    stream.read_exact(&mut bytes[7..]).await.map_err(text_of)?;
    let (_, frame) = parse_frame(bytes.as_slice())
        .map_err(|_| "the broker sent a malformed frame".to_owned())?;
    Ok(frame)
}

/// `ACCESS_REFUSED - Login was refused using …` is shortened to its meaning.
pub(crate) fn refusal(code: u16, text: &str) -> String {
    let text = match text.split_once(" - ") {
        Some((_, sentence)) => sentence,
        None => text,
    };
    let sentence = text.split(". ").next().unwrap_or(text);
    format!("{sentence} (code {code})")
}

fn finding(properties: &FieldTable, virtual_host: &str) -> Finding {
    let get = |key: &str| match properties.inner().get(key) {
        Some(AMQPValue::LongString(text)) => String::from_utf8_lossy(text.as_bytes()).into_owned(),
        _ => "unknown".to_owned(),
    };
    let (product, version) = (get("product"), get("version"));
    Finding::new(Verdict::Pass, format!("{product} {version}"))
        .detail("product", product)
        .detail("version", version)
        .detail("cluster", get("cluster_name"))
        .detail("virtual host", virtual_host)
}

fn text_of(error: impl std::fmt::Display) -> String {
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_said_in_one_sentence() {
        assert_eq!(
            refusal(
                403,
                "ACCESS_REFUSED - Login was refused using authentication mechanism PLAIN. For details see the broker logfile."
            ),
            "Login was refused using authentication mechanism PLAIN (code 403)"
        );
        assert_eq!(
            refusal(320, "CONNECTION_FORCED"),
            "CONNECTION_FORCED (code 320)"
        );
    }

    #[test]
    fn only_a_broker_begins_so() {
        assert!(is_own(b"\x01\0\0") && is_own(b"AMQP\0\0\x09\x01") && is_own(b"AM"));
        assert!(!is_own(b"HTTP/1.0") && !is_own(b"-ERR") && !is_own(b"A!"));
    }
}
