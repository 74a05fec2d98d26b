//! The one window.

use crate::shell::Shell;
use crate::{quit, tray};
use tauri::{AppHandle, CloseRequestApi, Manager as _, WebviewWindow, WebviewWindowBuilder};

const LABEL: &str = "main";

/// Shows the window, made if need be, in front of the others.
pub(crate) fn show(app: &AppHandle) {
    let window = app.get_webview_window(LABEL).or_else(|| create(app));
    let Some(window) = window else { return };
    for result in [window.show(), window.unminimize(), window.set_focus()] {
        if let Err(error) = result {
            tracing::debug!(%error, "the window could not be brought forward");
        }
    }
}

fn create(app: &AppHandle) -> Option<WebviewWindow> {
    let config = app.config().app.windows.first()?;
    let window =
        WebviewWindowBuilder::from_config(app, config).and_then(WebviewWindowBuilder::build);
    let window = window
        .inspect_err(|error| tracing::error!(%error, "the window could not be made"))
        .ok()?;
    reload_after_crash(&window);
    Some(window)
}

/// Closing keeps the tray; without a tray there would be no way back, so it is
/// taken for quitting.
pub(crate) fn on_close(app: &AppHandle, api: &CloseRequestApi) {
    api.prevent_close();
    if !tray::is_visible(app) {
        return quit::request(app);
    }
    if let Some(window) = app.get_webview_window(LABEL)
        && let Err(error) = window.hide()
    {
        tracing::warn!(%error, "the window could not be hidden");
    }
}

/// The web process can crash by itself; the window would keep a dead picture.
/// Tauri has no hook for this on Linux.
#[cfg(target_os = "linux")]
fn reload_after_crash(window: &WebviewWindow) {
    use webkit2gtk::WebViewExt as _;
    let app = window.app_handle().clone();
    let connected = window.with_webview(move |webview| {
        webview
            .inner()
            .connect_web_process_terminated(move |view, reason| {
                tracing::warn!(
                    ?reason,
                    "the web process has ended; the page is loaded anew"
                );
                app.state::<Shell>().forget_page();
                view.reload();
            });
    });
    if let Err(error) = connected {
        tracing::warn!(%error, "a crash of the web process will not be noticed");
    }
}

#[cfg(not(target_os = "linux"))]
fn reload_after_crash(_window: &WebviewWindow) {}
