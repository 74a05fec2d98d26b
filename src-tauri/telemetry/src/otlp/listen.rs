//! Ports of the receiver, and its connections.

use super::receiver::Core;
use benchtop_model::inject::Telemetry;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::task::{AbortHandle, JoinHandle, JoinSet};

/// The ports of OTLP: gRPC, and HTTP on the next one.
const USUAL: u16 = 4317;

/// Pairs of ports that are tried before the system is asked for any.
const TRIES: u16 = 50;

/// What connections may take.
#[derive(Clone, Copy, Debug)]
pub struct Connections {
    /// So many of one listener at the same time. For one more the oldest that has shown no
    /// key is closed; where all have, the new one.
    pub most: usize,
    /// How long the head of a request may take to come, and how long a connection of HTTP/2
    /// may be silent before it is asked.
    pub head: Duration,
    /// How long a body may take to come.
    pub body: Duration,
}

impl Default for Connections {
    /// 512 connections, 15 s for a head and 30 s for a body.
    fn default() -> Self {
        Self {
            most: 512,
            head: Duration::from_secs(15),
            body: Duration::from_secs(30),
        }
    }
}

/// Calls of one connection at the same time.
const STREAMS: u32 = 64;

/// One port on both loopback addresses.
pub(super) struct Port {
    pub(super) port: u16,
    pub(super) listeners: Vec<TcpListener>,
}

/// What was found.
pub(super) struct Bound {
    pub(super) grpc: Port,
    pub(super) http: Port,
    /// What services that run already must be told.
    pub(super) problem: Option<String>,
}

/// The ports of `former` where they are free, else the usual ones, else others.
pub(super) fn bind(former: Option<&Telemetry>) -> io::Result<Bound> {
    let mut problem = None;
    if let Some(former) = former {
        match port(former.grpc_port).and_then(|grpc| Ok((grpc, port(former.http_port)?))) {
            Ok((grpc, http)) => {
                return Ok(Bound {
                    grpc,
                    http,
                    problem,
                });
            }
            Err(error) => {
                problem = Some(format!(
                    "the ports {} and {} are taken by another program ({error}); services that \
                     run already send their telemetry there: restart them",
                    former.grpc_port, former.http_port
                ));
            }
        }
    }
    let pairs = (0..TRIES).map(|step| (USUAL + 2 * step, USUAL + 2 * step + 1));
    for (grpc, http) in pairs {
        if let (Ok(grpc), Ok(http)) = (port(grpc), port(http)) {
            return Ok(Bound {
                grpc,
                http,
                problem,
            });
        }
    }
    let (grpc, http) = (any()?, any()?);
    Ok(Bound {
        grpc,
        http,
        problem,
    })
}

/// The port on both families, or on the only one that there is.
fn port(port: u16) -> io::Result<Port> {
    let mut listeners = vec![TcpListener::bind((Ipv4Addr::LOCALHOST, port))?];
    let port = listeners[0].local_addr()?.port();
    match TcpListener::bind((Ipv6Addr::LOCALHOST, port)) {
        Ok(listener) => listeners.push(listener),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => return Err(error),
        // This host has no such address.
        Err(_) => {}
    }
    Ok(Port { port, listeners })
}

fn any() -> io::Result<Port> {
    let mut last = io::Error::other("no free port");
    for _ in 0..TRIES {
        match port(0) {
            Ok(port) => return Ok(port),
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// Addresses of this host on the default bridges of container runtimes: what containers
/// know as `host.docker.internal`.
pub(super) fn bridges() -> Vec<IpAddr> {
    let all = nix::ifaddrs::getifaddrs().into_iter().flatten();
    all.filter(|one| {
        matches!(
            one.interface_name.as_str(),
            "docker0" | "podman0" | "cni-podman0"
        )
    })
    .filter_map(|one| Some(IpAddr::V4(one.address?.as_sockaddr_in()?.ip())))
    .collect()
}

/// Accepts connections until the task is aborted.
pub(super) fn serve(listener: TcpListener, core: Arc<Core>) -> io::Result<JoinHandle<()>> {
    listener.set_nonblocking(true)?;
    let listener = tokio::net::TcpListener::from_std(listener)?;
    Ok(tokio::spawn(accept(listener, core)))
}

async fn accept(listener: tokio::net::TcpListener, core: Arc<Core>) {
    // Ends its connections when it is dropped with this task.
    let mut connections = JoinSet::new();
    let mut open: Vec<Open> = Vec::new();
    loop {
        while connections.try_join_next().is_some() {}
        let (stream, from) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of descriptors, say: others may give some back.
                tracing::debug!(%error, "no connection was accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        open.retain(|one| !one.task.is_finished());
        if open.len() >= core.connections.most && !make_room(&mut open) {
            tracing::warn!(%from, "there are too many connections of OTLP; this one is closed");
            continue;
        }
        // Answers are small, and each is waited for.
        _ = stream.set_nodelay(true);
        let shown = Arc::<Shown>::default();
        let task = connections.spawn(connection(stream, Arc::clone(&core), Arc::clone(&shown)));
        open.push(Open { shown, task });
    }
}

/// A connection, as its listener knows it.
struct Open {
    shown: Arc<Shown>,
    task: AbortHandle,
}

/// What came on a connection so far.
#[derive(Default)]
struct Shown {
    /// A whole head.
    head: AtomicBool,
    /// The key.
    key: AtomicBool,
}

impl Shown {
    /// Ends after this time, unless a head has come: nothing else bounds who says nothing at
    /// all, or not enough to tell the version of HTTP.
    async fn nothing(&self, limit: Duration) {
        tokio::time::sleep(limit).await;
        if self.head.load(Ordering::Relaxed) {
            std::future::pending().await
        }
    }
}

/// Closes the oldest that has shown no key; whether there was one.
fn make_room(open: &mut Vec<Open>) -> bool {
    let stranger = |one: &Open| !one.shown.key.load(Ordering::Relaxed);
    let Some(oldest) = open.iter().position(stranger) else {
        return false;
    };
    open.remove(oldest).task.abort();
    true
}

async fn connection(stream: tokio::net::TcpStream, core: Arc<Core>, shown: Arc<Shown>) {
    let head = core.connections.head;
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(head);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .keep_alive_interval(Some(head))
        .keep_alive_timeout(head);
    let service = service_fn(|request| {
        let core = Arc::clone(&core);
        shown.head.store(true, Ordering::Relaxed);
        if core.check_key(request.headers()).is_ok() {
            shown.key.store(true, Ordering::Relaxed);
        }
        async move { Ok::<_, Infallible>(core.answer(request).await) }
    });
    tokio::select! {
        ended = builder.serve_connection(TokioIo::new(stream), service) => {
            if let Err(error) = ended {
                tracing::debug!(%error, "a connection of OTLP ended");
            }
        }
        () = shown.nothing(head) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::SocketAddr;

    #[test]
    fn the_ports_of_last_time_are_taken_again() {
        let first = bind(None).expect("ports");
        let former = Telemetry {
            grpc_port: first.grpc.port,
            http_port: first.http.port,
            key: String::new(),
        };
        let other = bind(Some(&former)).expect("ports");
        assert_ne!(other.grpc.port, former.grpc_port, "they are held");
        assert!(
            other
                .problem
                .is_some_and(|text| text.contains("restart them"))
        );
        drop(first);
        let again = bind(Some(&former)).expect("ports");
        assert_eq!(
            (again.grpc.port, again.http.port),
            (former.grpc_port, former.http_port)
        );
        assert_eq!(again.problem, None);
        let address: SocketAddr = again.http.listeners[0].local_addr().expect("an address");
        assert!(address.ip().is_loopback());
    }
}
