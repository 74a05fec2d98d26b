//! Quitting: asks where something runs, because both answers are right sometimes.

use crate::engine_link::open_environments;
use crate::messages::ShellEvent;
use crate::shell::{Shell, lock};
use crate::window;
use benchtop_api::schema::{ApiError, EngineStopRequest};
use benchtop_api::view::EnvironmentView;
use std::time::Duration;
use tauri::{AppHandle, Manager as _};

/// What becomes of the services.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// They are stopped, and the engine ends.
    Stop,
    /// They go on, and so does the engine.
    Leave,
}

/// How long the engine may take to say what runs.
const PATIENCE: Duration = Duration::from_secs(2);

/// The user wants to quit.
pub(crate) fn request(app: &AppHandle) {
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        if something_runs(&app).await {
            window::show(&app);
            app.state::<Shell>().tell_surely(ShellEvent::QuitRequested);
        } else if let Err(error) = quit(&app, Mode::Stop).await {
            tracing::warn!(%error, "the engine did not end");
            app.exit(0);
        }
    });
}

/// Asks anew, because what the tray shows may be older than the last start or
/// stop; where the engine is silent, that must do.
async fn something_runs(app: &AppHandle) -> bool {
    let shell = app.state::<Shell>();
    let client = shell.client();
    let asked = async { open_environments(&client?).await };
    match tokio::time::timeout(PATIENCE, asked).await {
        Ok(Ok(environments)) => any_runs(&environments),
        _ => any_runs(&lock(&shell.environments)),
    }
}

fn any_runs(environments: &[EnvironmentView]) -> bool {
    environments.iter().any(|e| e.run.is_some())
}

/// Quits.
pub(crate) async fn quit(app: &AppHandle, mode: Mode) -> Result<(), ApiError> {
    if let (Mode::Stop, Ok(client)) = (mode, app.state::<Shell>().client()) {
        client
            .call(&EngineStopRequest {
                leave_running: false,
            })
            .await?;
    }
    app.exit(0);
    Ok(())
}
