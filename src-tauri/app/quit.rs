//! Quitting: asks where something runs, because both answers are right sometimes.

use crate::messages::ShellEvent;
use crate::shell::{Shell, lock};
use crate::window;
use benchtop_api::schema::{ApiError, EngineStopRequest};
use tauri::{AppHandle, Manager as _};

/// What becomes of the services.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// They are stopped, and the engine ends.
    Stop,
    /// They go on, and so does the engine.
    Leave,
}

/// The user wants to quit.
pub(crate) fn request(app: &AppHandle) {
    let shell = app.state::<Shell>();
    let something_runs = lock(&shell.environments)
        .iter()
        .any(|environment| environment.run.is_some());
    if something_runs {
        window::show(app);
        shell.tell_surely(ShellEvent::QuitRequested);
        return;
    }
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        if let Err(error) = quit(&app, Mode::Stop).await {
            tracing::warn!(%error, "the engine did not end");
            app.exit(0);
        }
    });
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
