//! Calls the list of [`crate::schema`] on the engine's socket.

use crate::launch;
use crate::paths::Paths;
use crate::schema::{ApiError, EngineInfoRequest, ErrorCode, Event, Method, PROTOCOL};
use crate::view::EngineInfo;
use futures_util::{Stream, StreamExt as _};
use std::path::Path;
use std::time::Duration;
use tokio::net::UnixStream;
use tokio_tungstenite::tungstenite::Message;

/// Longer than any answer takes; only `engine.stop` waits for services.
const PATIENCE: Duration = Duration::from_secs(120);

/// How long an engine may take to say who it is; it does nothing else for that.
const FIRST_WORD: Duration = Duration::from_secs(5);

/// The engine of this user.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    paths: Paths,
}

impl Client {
    /// Connects to the running engine, or starts one.
    ///
    /// # Errors
    /// Why no engine answers, or that one of another version does.
    pub async fn connect_or_start(paths: Paths, program: &Path) -> Result<Self, ApiError> {
        let client = Self::new(paths)?;
        match client.info().await {
            Err(error) if error.code == ErrorCode::Unavailable => {
                launch::start_engine(&client.paths, program).await?;
                let info = client.info().await?;
                client.check_version(info)
            }
            info => client.check_version(info?),
        }
    }

    /// Connects to the running engine.
    ///
    /// # Errors
    /// [`ErrorCode::Unavailable`] where there is none.
    pub async fn connect(paths: Paths) -> Result<Self, ApiError> {
        let client = Self::new(paths)?;
        let info = client.info().await?;
        client.check_version(info)
    }

    /// A client that says nothing of its own accord.
    ///
    /// # Errors
    /// Where no HTTP client can be made.
    pub fn new(paths: Paths) -> Result<Self, ApiError> {
        // A second installation is refused, and that is fine.
        _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .unix_socket(paths.socket())
            .no_proxy()
            // Nothing here speaks TLS, and looking for the system's certificates fails on a
            // machine that has none.
            .tls_certs_only([])
            .timeout(PATIENCE)
            .build()
            .map_err(|error| ApiError::internal(format!("no HTTP client: {error}")))?;
        Ok(Self { http, paths })
    }

    /// Who answers.
    ///
    /// # Errors
    /// [`ErrorCode::Unavailable`] where nobody listens, [`ErrorCode::Internal`] where
    /// somebody does and says nothing for 5 s.
    pub async fn info(&self) -> Result<EngineInfo, ApiError> {
        match tokio::time::timeout(FIRST_WORD, self.call(&EngineInfoRequest {})).await {
            Ok(answer) => answer,
            Err(_) => Err(self.hangs().await),
        }
    }

    /// The kernel takes connections for an engine that hangs, and knows whose they are.
    async fn hangs(&self) -> ApiError {
        let stream = UnixStream::connect(self.paths.socket()).await.ok();
        let peer = stream.and_then(|stream| stream.peer_cred().ok()?.pid());
        let who = peer.map_or_else(String::new, |pid| format!(" (pid {pid})"));
        let seconds = FIRST_WORD.as_secs();
        ApiError {
            hint: Some(
                "services run without it: end it, and whatever asks next starts another that takes them over"
                    .to_owned(),
            ),
            ..ApiError::internal(format!("the engine{who} has not answered for {seconds} s"))
        }
    }

    fn check_version(self, info: EngineInfo) -> Result<Self, ApiError> {
        if info.protocol == PROTOCOL {
            return Ok(self);
        }
        Err(ApiError {
            code: ErrorCode::Version,
            message: format!(
                "the running engine is version {}, this is {}",
                info.version,
                env!("CARGO_PKG_VERSION")
            ),
            hint: Some(
                "restart it with `benchtop engine stop --leave-running`; services keep running"
                    .to_owned(),
            ),
            problems: Vec::new(),
        })
    }

    /// Calls one method.
    ///
    /// # Errors
    /// What the engine says, or that it does not answer.
    pub async fn call<M: Method>(&self, request: &M) -> Result<M::Response, ApiError> {
        let body =
            serde_json::to_vec(request).map_err(|error| ApiError::internal(error.to_string()))?;
        let answer = self.call_raw(M::NAME, body).await?;
        serde_json::from_slice(&answer).map_err(|error| {
            ApiError::internal(format!(
                "the engine's answer to {} is not as expected: {error}",
                M::NAME
            ))
        })
    }

    /// Calls one method by name, with JSON in and out: for faces that pass on.
    ///
    /// # Errors
    /// What the engine says, or that it does not answer.
    pub async fn call_raw(&self, method: &str, body: Vec<u8>) -> Result<Vec<u8>, ApiError> {
        let silent = |error: reqwest::Error| {
            ApiError::unavailable(format!(
                "the engine does not answer: {}",
                root_cause(&error)
            ))
        };
        let url = format!("http://localhost/v1/{method}");
        let response = self
            .http
            .post(url)
            .header("content-type", "application/json")
            .body(body)
            .send()
            .await
            .map_err(silent)?;
        let ok = response.status().is_success();
        let body = response.bytes().await.map_err(silent)?;
        match ok {
            true => Ok(body.into()),
            false => Err(serde_json::from_slice(&body).unwrap_or_else(|_| {
                ApiError::internal(String::from_utf8_lossy(&body).into_owned())
            })),
        }
    }

    /// What happens in the engine from now on. Ends when the engine does.
    ///
    /// # Errors
    /// Where the engine does not answer.
    pub async fn events(&self) -> Result<impl Stream<Item = Event> + Unpin + use<>, ApiError> {
        let silent = |error: &dyn std::fmt::Display| {
            ApiError::unavailable(format!("the engine does not answer: {error}"))
        };
        let stream = UnixStream::connect(self.paths.socket())
            .await
            .map_err(|e| silent(&e))?;
        let (socket, _) = tokio_tungstenite::client_async("ws://localhost/v1/events", stream)
            .await
            .map_err(|e| silent(&e))?;
        let events = socket
            .take_while(|message| std::future::ready(message.is_ok()))
            .filter_map(|message| {
                let event = match message {
                    Ok(Message::Text(text)) => serde_json::from_str(&text).ok(),
                    _ => None,
                };
                std::future::ready(event)
            });
        Ok(Box::pin(events))
    }
}

/// The innermost cause, which says most.
pub(crate) fn root_cause(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(inner) => root_cause(inner),
        None => error.to_string(),
    }
}
