//! Asks a container runtime who it is.
//!
//! The answer to a ping bears make and version of the runtime and of its API in its
//! headers. The request `/version` says the same and takes milliseconds with Docker, but
//! Podman asks the package manager about each of its programs for it, which takes half a
//! second on an idle machine and half a minute on a busy one: longer than the patience
//! with a daemon that hangs. The client library pings, but keeps the headers to itself.

use super::RuntimeKind;
use bollard::{API_DEFAULT_VERSION, ClientVersion};
use bytes::Bytes;
use http_body_util::Empty;
use hyper::client::conn::http1;
use hyper::header::{self, HeaderMap};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};

/// Who answers at an address.
#[derive(Debug, PartialEq)]
pub(super) struct Introduction {
    pub(super) kind: RuntimeKind,
    /// `Docker 20.10.24`.
    pub(super) name: String,
    /// The newest version of the API that both sides speak.
    pub(super) api: ClientVersion,
}

/// Asks at an address; the caller has the patience.
///
/// # Errors
/// Why nothing useful was answered.
pub(super) async fn ask(address: &str) -> Result<Introduction, String> {
    let headers = match address.split_once("://") {
        Some(("unix", path)) => ping(UnixStream::connect(path).await).await?,
        Some((_, host)) => ping(TcpStream::connect(host.trim_end_matches('/')).await).await?,
        None => return Err("it is no address".to_owned()),
    };
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let api = text("api-version").and_then(version_of);
    let api = api.ok_or("it does not say which version of the API it speaks")?;
    let server = headers
        .get(header::SERVER)
        .and_then(|value| value.to_str().ok());
    let is_podman = headers.contains_key("libpod-api-version");
    let (kind, name) = who(server.unwrap_or_default(), is_podman);
    Ok(Introduction {
        kind,
        name,
        api: older(api, *API_DEFAULT_VERSION),
    })
}

async fn ping<S>(stream: std::io::Result<S>) -> Result<HeaderMap, String>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let stream = stream.map_err(|error| error.to_string())?;
    let opened = http1::handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = opened.map_err(|error| error.to_string())?;
    // It ends when the sender goes; what went wrong, the sender says.
    tokio::spawn(async move { _ = connection.await });
    let request = Request::get("/_ping")
        .header(header::HOST, "localhost")
        .body(Empty::<Bytes>::new())
        .map_err(|error| error.to_string())?;
    let response = sender.send_request(request).await;
    let response = response.map_err(|error| error.to_string())?;
    match response.status() {
        StatusCode::OK => Ok(response.headers().clone()),
        other => Err(format!("it answers a ping with {other}")),
    }
}

/// `1.41`.
fn version_of(text: &str) -> Option<ClientVersion> {
    let (major, minor) = text.trim().split_once('.')?;
    Some(ClientVersion {
        major_version: major.parse().ok()?,
        minor_version: minor.parse().ok()?,
    })
}

fn older(one: ClientVersion, other: ClientVersion) -> ClientVersion {
    let number = |v: &ClientVersion| (v.major_version, v.minor_version);
    match number(&one) < number(&other) {
        true => one,
        false => other,
    }
}

/// The make and the name, of `Docker/20.10.24 (linux)` or `Libpod/4.3.1 (linux)`.
fn who(server: &str, is_podman: bool) -> (RuntimeKind, String) {
    let program = server.split_whitespace().next().unwrap_or_default();
    let (make, number) = program.split_once('/').unwrap_or((program, ""));
    let (kind, word) = match is_podman || make == "Libpod" {
        true => (RuntimeKind::Podman, "Podman"),
        false => (RuntimeKind::Docker, "Docker"),
    };
    (kind, format!("{word} {number}").trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    /// What is made of this answer to a ping.
    async fn introduced(head: &str) -> Result<Introduction, String> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.expect("a port");
        let address = format!("tcp://{}", listener.local_addr().expect("an address"));
        let answer = format!("HTTP/1.1 {head}\r\nContent-Length: 2\r\n\r\nOK");
        let server = async {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            let mut asked = [0; 10];
            stream.read_exact(&mut asked).await.expect("a request");
            assert_eq!(&asked, b"GET /_ping");
            stream.write_all(answer.as_bytes()).await.expect("sent");
            stream
        };
        tokio::join!(ask(&address), server).0
    }

    #[tokio::test]
    async fn the_headers_of_a_ping_tell_make_and_versions() {
        let docker = "200 OK\r\nApi-Version: 1.41\r\nServer: Docker/20.10.24 (linux)";
        let docker = introduced(docker).await.expect("it is Docker");
        assert_eq!(docker.kind, RuntimeKind::Docker);
        assert_eq!(
            (docker.name.as_str(), docker.api.to_string().as_str()),
            ("Docker 20.10.24", "1.41")
        );
        let podman = "200 OK\r\nApi-Version: 1.41\r\nLibpod-Api-Version: 4.3.1\r\nServer: Libpod/4.3.1 (linux)";
        let podman = introduced(podman).await.expect("it is Podman");
        assert_eq!(
            (podman.kind, podman.name.as_str()),
            (RuntimeKind::Podman, "Podman 4.3.1")
        );
    }

    #[tokio::test]
    async fn one_that_is_newer_than_we_are_is_spoken_to_in_our_version() {
        let newer = introduced("200 OK\r\nApi-Version: 9.9").await.expect("ok");
        assert_eq!(newer.api.to_string(), API_DEFAULT_VERSION.to_string());
        assert_eq!(newer.name, "Docker", "without a name");
    }

    #[tokio::test]
    async fn another_server_is_told_from_a_runtime() {
        let refused = introduced("404 Not Found").await.expect_err("a web server");
        assert!(refused.contains("404"), "{refused}");
        let silent = introduced("200 OK").await.expect_err("a web server");
        assert!(silent.contains("version of the API"), "{silent}");
    }
}
