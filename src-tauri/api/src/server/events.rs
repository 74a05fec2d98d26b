//! Events to one face, for as long as it listens.

use crate::host::Host;
use crate::schema::Event;
use axum::extract::State;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use std::sync::Arc;
use tokio::sync::broadcast::{Receiver, error::RecvError};

pub(super) async fn upgrade(State(host): State<Arc<Host>>, upgrade: WebSocketUpgrade) -> Response {
    let (events, stopped) = (host.subscribe(), host.stopped());
    upgrade.on_upgrade(async move |socket| {
        // Without this the engine would wait for its faces before it ends.
        stopped.run_until_cancelled(send(socket, events)).await;
    })
}

async fn send(mut socket: WebSocket, mut events: Receiver<Event>) {
    loop {
        tokio::select! {
            event = events.recv() => {
                let event = match event {
                    Ok(event) => event,
                    // Too slow: some were missed, so everything is looked at anew.
                    Err(RecvError::Lagged(_)) => Event::Environments,
                    Err(RecvError::Closed) => return,
                };
                let Ok(text) = serde_json::to_string(&event) else { continue };
                if socket.send(Message::Text(text.into())).await.is_err() {
                    return;
                }
            }
            received = socket.recv() => match received {
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                Some(Ok(_)) => {}
            },
        }
    }
}
