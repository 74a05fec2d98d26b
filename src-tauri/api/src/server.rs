//! Carries the list of [`crate::schema`] over HTTP: `POST /v1/NAME` with JSON
//! bodies, and events as text messages of the WebSocket `/v1/events`.

mod dispatch;
mod events;

use crate::host::Host;
use crate::paths::Paths;
use crate::schema::ErrorCode;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use std::fs::File;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;
use tokio::net::UnixListener;

/// No request of the list is larger.
const LARGEST_BODY: usize = 4 * 1024 * 1024;

/// The one engine of this user; there is no second while this is held.
pub struct EngineLock(#[expect(dead_code, reason = "held, not read")] nix::fcntl::Flock<File>);

/// Takes the lock of the engine; `None` where another engine lives. A file that
/// merely exists does not count: the kernel drops the lock with its holder.
///
/// # Errors
/// Where the folders cannot be made.
pub fn take_lock(paths: &Paths) -> io::Result<Option<EngineLock>> {
    paths.prepare()?;
    let file = File::options()
        .create(true)
        .append(true)
        .open(paths.lock())?;
    match nix::fcntl::Flock::lock(file, nix::fcntl::FlockArg::LockExclusiveNonblock) {
        Ok(lock) => Ok(Some(EngineLock(lock))),
        Err((_, nix::errno::Errno::EWOULDBLOCK)) => Ok(None),
        Err((_, errno)) => Err(errno.into()),
    }
}

/// Serves on the user's socket until the host is asked to stop.
///
/// # Errors
/// Where the socket cannot be made.
pub async fn serve(host: Arc<Host>, paths: &Paths, _lock: &EngineLock) -> io::Result<()> {
    let socket = paths.socket();
    // Left by an engine that was killed: we hold the lock, so nobody listens.
    match std::fs::remove_file(&socket) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(&socket)?;
    std::fs::set_permissions(&socket, std::fs::Permissions::from_mode(0o600))?;
    let stopped = host.stopped();
    let result = axum::serve(listener, router(Arc::clone(&host)))
        .with_graceful_shutdown(stopped.cancelled_owned())
        .await;
    host.leave().await;
    // The next engine removes it, too.
    _ = std::fs::remove_file(&socket);
    result
}

fn router(host: Arc<Host>) -> Router {
    Router::new()
        .route("/v1/events", get(events::upgrade))
        .route("/v1/{method}", post(call))
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .with_state(host)
}

async fn call(State(host): State<Arc<Host>>, Path(method): Path<String>, body: Bytes) -> Response {
    match dispatch::call(&host, &method, &body).await {
        Ok(answer) => ([(header::CONTENT_TYPE, "application/json")], answer).into_response(),
        Err(error) => (status_of(error.code), axum::Json(error)).into_response(),
    }
}

fn status_of(code: ErrorCode) -> StatusCode {
    match code {
        ErrorCode::Definition => StatusCode::UNPROCESSABLE_ENTITY,
        ErrorCode::NotFound => StatusCode::NOT_FOUND,
        ErrorCode::Invalid => StatusCode::BAD_REQUEST,
        ErrorCode::Version => StatusCode::CONFLICT,
        ErrorCode::NoRuntime | ErrorCode::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        ErrorCode::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}
