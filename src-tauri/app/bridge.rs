//! The commands that the page may invoke: one door to the engine, and the few
//! things that only the shell can do.
#![allow(
    clippy::let_underscore_must_use,
    reason = "the macro of a command writes such code"
)]

use crate::messages::Message;
use crate::quit::{self, Mode};
use crate::shell::Shell;
use benchtop_api::schema::{ApiError, ErrorCode};
use serde::Serialize;
use serde_json::Value;
use tauri::ipc::Channel;
use tauri::{AppHandle, State};

/// Passes a call on to the engine.
#[tauri::command]
pub(crate) async fn call(
    shell: State<'_, Shell>,
    method: String,
    mut request: Value,
) -> Result<Value, ApiError> {
    lend_environment(&method, &mut request);
    let client = shell.wait_for_client().await?;
    let answer = client
        .call_raw(&method, request.to_string().into_bytes())
        .await?;
    serde_json::from_slice(&answer).map_err(|error| ApiError::internal(error.to_string()))
}

/// A page cannot read the environment, which a definition may refer to.
fn lend_environment(method: &str, request: &mut Value) {
    let opens = matches!(method, "environment.open" | "environment.check");
    if opens
        && request["variables"]
            .as_object()
            .is_none_or(serde_json::Map::is_empty)
    {
        request["variables"] = std::env::vars()
            .collect::<std::collections::BTreeMap<_, _>>()
            .into_iter()
            .collect();
    }
}

/// From now on the page is told what happens.
#[tauri::command]
pub(crate) fn subscribe(shell: State<'_, Shell>, channel: Channel<Message>) {
    shell.subscribe(channel);
}

/// What a page needs to know first.
#[derive(Debug, Serialize)]
pub(crate) struct Startup {
    /// The environment to show; none for the start page.
    environment: Option<String>,
    /// Version of the program.
    version: &'static str,
}

/// What to show first.
#[tauri::command]
pub(crate) async fn startup(app: AppHandle, shell: State<'_, Shell>) -> Result<Startup, ApiError> {
    Ok(Startup {
        environment: shell.first_environment(&app).await?,
        version: env!("CARGO_PKG_VERSION"),
    })
}

/// The answer to the question that quitting asks.
#[tauri::command]
pub(crate) async fn quit(app: AppHandle, mode: String) -> Result<(), ApiError> {
    let mode = match mode.as_str() {
        "stop" => Mode::Stop,
        "leave" => Mode::Leave,
        "cancel" => return Ok(()),
        other => {
            return Err(ApiError {
                code: ErrorCode::Invalid,
                ..ApiError::internal(format!("there is no way `{other}` to quit"))
            });
        }
    };
    quit::quit(&app, mode).await
}

/// Whether the program starts with the person's session; changed where that is asked.
#[tauri::command]
pub(crate) fn autostart(app: AppHandle, wanted: Option<bool>) -> Result<bool, ApiError> {
    use tauri_plugin_autostart::ManagerExt as _;
    let entry = app.autolaunch();
    let changed = match wanted {
        Some(true) => entry.enable(),
        // There is nothing to remove where it never was.
        Some(false) if entry.is_enabled().unwrap_or(true) => entry.disable(),
        Some(false) | None => Ok(()),
    };
    let now = changed.and_then(|()| entry.is_enabled());
    now.map_err(|error| {
        ApiError::internal(format!(
            "the start with the session cannot be changed: {error}"
        ))
    })
}
