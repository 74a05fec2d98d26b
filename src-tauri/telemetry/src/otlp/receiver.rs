//! The receiver of one environment: its listeners, its key, and what a request goes
//! through on both protocols.

use super::budget::{Budget, Lease};
use super::decode::{self, Compression, Encoding, Fault, Request, Signal, too_many_bytes};
use super::destination::Destination;
use super::forward::Forwarder;
use super::intake::{Intake, Sinks, busy};
use super::limits::MOST_BYTES;
pub use super::listen::Connections;
use super::listen::{self, Bound};
use super::reply::{Body, Reason, Refusal, Taken};
use super::status::{OtlpEndpoint, OtlpProtocol, SignalCounts, TelemetryStatus};
use super::{grpc, http as over_http};
use benchtop_model::inject::Telemetry;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use prost::bytes::BytesMut;
use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, PoisonError};
use subtle::ConstantTimeEq as _;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

/// The header that has the key.
pub const KEY_HEADER: &str = "x-otlp-api-key";

/// Bodies up to this size are decoded where they arrive, in bytes.
const DECODED_AT_ONCE: usize = 32 << 10;

/// Larger ones that are decoded at the same time: each takes a core.
const DECODERS: usize = 2;

/// What every connection of the receiver needs.
#[derive(Debug)]
pub(super) struct Core {
    key: String,
    pub(super) intake: Arc<Intake>,
    pub(super) connections: Connections,
    budget: Budget,
    decoders: Semaphore,
}

/// How a message lies in its body.
#[derive(Clone, Copy, Debug)]
pub(super) enum Framing {
    /// It is all of it.
    Whole(Compression),
    /// Behind a byte that says whether it is compressed, and four of its length.
    Grpc(Compression),
}

impl Framing {
    fn open(self, body: &[u8]) -> Result<(&[u8], Compression), Refusal> {
        match self {
            Self::Whole(compression) => Ok((body, compression)),
            Self::Grpc(compression) => grpc::message(body, compression),
        }
    }
}

/// A running receiver. It ends when it is dropped.
#[derive(Debug)]
pub struct Receiver {
    core: Arc<Core>,
    access: Telemetry,
    problem: Option<String>,
    listening: Mutex<Listening>,
}

#[derive(Debug, Default)]
struct Listening {
    endpoints: Vec<OtlpEndpoint>,
    hosts: BTreeSet<IpAddr>,
    tasks: Vec<JoinHandle<()>>,
}

impl Receiver {
    /// Listens on loopback, at the ports of `former` where they are free, with its key.
    /// Must be called inside of a runtime.
    ///
    /// # Errors
    /// Where no port can be had.
    pub fn start(sinks: Sinks, former: Option<&Telemetry>) -> std::io::Result<Self> {
        Self::start_with(sinks, former, Connections::default())
    }

    /// The same with other bounds on connections.
    ///
    /// # Errors
    /// Where no port can be had.
    pub fn start_with(
        sinks: Sinks,
        former: Option<&Telemetry>,
        connections: Connections,
    ) -> std::io::Result<Self> {
        let Bound {
            grpc,
            http,
            problem,
        } = listen::bind(former)?;
        let key = match former {
            Some(former) => former.key.clone(),
            None => new_key()?,
        };
        let core = Arc::new(Core {
            key: key.clone(),
            intake: Arc::new(Intake::new(sinks)),
            connections,
            budget: Budget::default(),
            decoders: Semaphore::new(DECODERS),
        });
        let access = Telemetry {
            grpc_port: grpc.port,
            http_port: http.port,
            key,
        };
        let receiver = Self {
            core,
            access,
            problem,
            listening: Mutex::default(),
        };
        receiver.serve(OtlpProtocol::Grpc, grpc.listeners)?;
        receiver.serve(OtlpProtocol::Http, http.listeners)?;
        receiver.reach_containers();
        Ok(receiver)
    }

    /// Sends a copy of everything that is taken on to this backend, or to nobody. Must be
    /// called inside of a runtime.
    ///
    /// # Errors
    /// One sentence, where it cannot; then all stays as it was.
    pub fn forward_to(&self, destination: Option<Destination>) -> Result<(), String> {
        let forwarder = destination.map(Forwarder::start).transpose()?;
        self.core.intake.forward_to(forwarder);
        Ok(())
    }

    /// Nobody was told the former ports: that they are taken is no problem.
    pub fn told_nobody(&mut self) {
        self.problem = None;
    }

    /// What services are told.
    #[must_use]
    pub fn access(&self) -> &Telemetry {
        &self.access
    }

    /// Listens on the bridges by which containers reach this host, as far as there are
    /// any now and they have the ports free.
    pub fn reach_containers(&self) {
        for address in listen::bridges() {
            if !self.lock().hosts.insert(address) {
                continue;
            }
            for (protocol, port) in [
                (OtlpProtocol::Grpc, self.access.grpc_port),
                (OtlpProtocol::Http, self.access.http_port),
            ] {
                let bound = TcpListener::bind(SocketAddr::new(address, port))
                    .and_then(|listener| self.serve(protocol, vec![listener]));
                if let Err(error) = bound {
                    tracing::warn!(%error, %address, port, "containers cannot send telemetry here");
                }
            }
        }
    }

    fn serve(&self, protocol: OtlpProtocol, listeners: Vec<TcpListener>) -> std::io::Result<()> {
        for listener in listeners {
            let address = listener.local_addr()?.to_string();
            let task = listen::serve(listener, Arc::clone(&self.core))?;
            let mut listening = self.lock();
            listening.tasks.push(task);
            listening.endpoints.push(OtlpEndpoint { protocol, address });
        }
        Ok(())
    }

    /// How it fares.
    #[must_use]
    pub fn status(&self) -> TelemetryStatus {
        let intake = &self.core.intake;
        let refused = intake.refused.now();
        let shown: String = self.access.key.chars().take(4).collect();
        TelemetryStatus {
            endpoints: self.lock().endpoints.clone(),
            key: Some(format!("{shown}…")),
            received: intake.received.now(),
            rejected: intake.rejected.now(),
            dropped: SignalCounts {
                spans: refused.spans + intake.spans_dropped(),
                ..refused
            },
            forward: intake.forward().map(|forward| forward.status()),
            problem: self.problem.clone(),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Listening> {
        self.listening
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        for task in &self.lock().tasks {
            task.abort();
        }
    }
}

/// 128 bits from the system, in hexadecimal digits.
fn new_key() -> std::io::Result<String> {
    use std::io::Read as _;
    let mut bytes = [0; 16];
    std::fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(crate::spans::value::hex(&bytes))
}

impl Core {
    /// Answers a request of either protocol.
    pub(super) async fn answer(
        self: Arc<Self>,
        request: hyper::Request<Incoming>,
    ) -> hyper::Response<Body> {
        if grpc::is_grpc(&request) {
            grpc::answer(&self, request).await
        } else {
            over_http::answer(&self, request).await
        }
    }

    /// The key, compared in a time that does not depend on how much of it is right.
    pub(super) fn check_key(&self, headers: &hyper::HeaderMap) -> Result<(), Refusal> {
        let shown = headers
            .get(KEY_HEADER)
            .map_or(&b""[..], |value| value.as_bytes());
        if bool::from(shown.ct_eq(self.key.as_bytes())) {
            return Ok(());
        }
        Err(Refusal::new(
            Reason::Key,
            format!(
                "the key in the header {KEY_HEADER} is missing or wrong; services that Benchtop \
                 starts get it in OTEL_EXPORTER_OTLP_HEADERS"
            ),
        ))
    }

    /// Reads, decodes and takes a body.
    pub(super) async fn receive(
        self: &Arc<Self>,
        body: Incoming,
        encoding: Encoding,
        signal: Signal,
        framing: Framing,
    ) -> Result<Taken, Refusal> {
        let mut lease = self.budget.lease();
        let limit = self.connections.body;
        let body = tokio::time::timeout(limit, read(body, &mut lease)).await;
        let body = body.map_err(|_| {
            let text = format!("the body did not come within {limit:?}; send it at once");
            Refusal::new(Reason::Slow, text)
        })??;
        let large = body.len() > DECODED_AT_ONCE;
        let decode = move || {
            let (message, compression) = framing.open(&body)?;
            let decoded = decode::decode(message, compression, encoding, signal, &mut lease);
            // It stays held for as long as the message does.
            decoded.map(|request| (request, lease)).map_err(refusal)
        };
        let (request, _lease) = if large {
            // A closed semaphore there is none.
            let _turn = self.decoders.acquire().await;
            let decoded = tokio::task::spawn_blocking(decode).await;
            decoded
                .unwrap_or_else(|_| Err(Refusal::new(Reason::Invalid, "the body cannot be read")))?
        } else {
            decode()?
        };
        self.take(request).await
    }

    async fn take(self: &Arc<Self>, request: Request) -> Result<Taken, Refusal> {
        self.intake.take(request).await
    }
}

async fn read(mut body: Incoming, lease: &mut Lease) -> Result<BytesMut, Refusal> {
    let mut bytes = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Refusal::new(Reason::Invalid, "the body was broken off"))?;
        let Some(data) = frame.data_ref() else {
            continue;
        };
        // Five bytes are the frame of gRPC.
        if bytes.len() + data.len() > MOST_BYTES + 5 {
            return Err(refusal(too_many_bytes()));
        }
        lease.grow(data.len()).map_err(|_| busy())?;
        bytes.extend_from_slice(data);
    }
    Ok(bytes)
}

fn refusal(fault: Fault) -> Refusal {
    match fault {
        Fault::Malformed(message) => Refusal::new(Reason::Invalid, message),
        Fault::TooLarge(message) => Refusal::new(Reason::TooLarge, message),
        Fault::Busy => busy(),
    }
}
