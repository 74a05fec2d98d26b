//! The services of the built-in sample: small HTTP servers that really call each
//! other, log at several levels and fail on demand.
//!
//! `POST /fault/crash` ends the process, `/fault/hang` stops it answering,
//! `/fault/unready` and `/fault/degraded` make its readiness say so, and
//! `/fault/none` mends it.

mod server;
mod trace;
mod work;

use crate::exit::{Code, Failure};
use std::net::Ipv4Addr;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

/// Plays one role until it is asked to end.
pub(crate) async fn run(role: &str) -> Result<Code, Failure> {
    // Plain HTTP only, but the client will not be made without.
    _ = rustls::crypto::ring::default_provider().install_default();
    let port: u16 = std::env::var("PORT")
        .ok()
        .and_then(|port| port.parse().ok())
        .unwrap_or(0);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    let state = Arc::new(server::Service::new(role));
    work::log(
        "info",
        &format!("{role} listens on {}", listener.local_addr()?),
    );
    tokio::spawn(work::run(Arc::clone(&state)));
    let mut terminate = signal(SignalKind::terminate())?;
    let ended = async move {
        tokio::select! {
            _ = terminate.recv() => {}
            // Nothing else to do with a failed handler than to end.
            _ = tokio::signal::ctrl_c() => {}
        }
        work::log("info", "asked to end, good bye");
    };
    axum::serve(listener, server::router(state))
        .with_graceful_shutdown(ended)
        .await?;
    Ok(Code::Fine)
}
