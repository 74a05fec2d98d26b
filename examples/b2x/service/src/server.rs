//! Listens on both loopback addresses, and stops within a second when asked to.

use crate::{log::Logger, routes, service::Service};
use anyhow::{Context, Result};
use std::{
    io::ErrorKind,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};
use tokio::{net::TcpListener, sync::watch};

/// How long open requests may take to end after a stop was asked for.
const GRACE: Duration = Duration::from_millis(700);

/// Takes the port on 127.0.0.1 and on ::1. A machine without IPv6 is served all
/// the same; a port that somebody else holds on either is an error.
pub(crate) async fn listen(port: u16, log: &Logger) -> Result<Vec<TcpListener>> {
    let mut listeners = Vec::new();
    for address in [
        SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
        SocketAddr::from((Ipv6Addr::LOCALHOST, port)),
    ] {
        match TcpListener::bind(address).await {
            Ok(listener) => listeners.push(listener),
            Err(error) if address.is_ipv6() && error.kind() != ErrorKind::AddrInUse => {
                log.warn(
                    "no IPv6 on this machine",
                    &[("error", error.to_string().into())],
                );
            }
            Err(error) => return Err(error).with_context(|| format!("cannot listen on {address}")),
        }
    }
    log.info(
        "listening",
        &[("address", format!("http://localhost:{port}").into())],
    );
    Ok(listeners)
}

/// Answers until a signal comes; then lets open requests end, for a while.
pub(crate) async fn serve(listeners: Vec<TcpListener>, service: &Arc<Service>) -> Result<()> {
    let (stop, stopped) = watch::channel(false);
    let mut servers = tokio::task::JoinSet::new();
    for listener in listeners {
        let mut stopped = stopped.clone();
        let server = axum::serve(listener, routes::router(Arc::clone(service)));
        servers.spawn(
            server
                .with_graceful_shutdown(async move {
                    // An error means that the sender is gone, which is a stop too.
                    stopped.wait_for(|stop| *stop).await.ok();
                })
                .into_future(),
        );
    }
    let signal = tokio::select! {
        signal = stop_signal() => signal?,
        Some(ended) = servers.join_next() => return Ok(ended??),
    };
    service.log.info("stopping", &[("signal", signal.into())]);
    stop.send_replace(true);
    let all_ended = async { while servers.join_next().await.is_some() {} };
    if tokio::time::timeout(GRACE, all_ended).await.is_err() {
        service.log.warn("open requests were cut off", &[]);
    }
    service.log.info("stopped", &[]);
    Ok(())
}

/// Waits for the request to stop, and names it.
#[cfg(unix)]
async fn stop_signal() -> Result<&'static str> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(tokio::select! {
        _ = terminate.recv() => "SIGTERM",
        _ = interrupt.recv() => "SIGINT",
    })
}

/// Waits for the request to stop, and names it.
#[cfg(not(unix))]
async fn stop_signal() -> Result<&'static str> {
    tokio::signal::ctrl_c().await?;
    Ok("Ctrl-C")
}
