//! The one window.

use crate::messages::{Message, ShellEvent};
use crate::shell::Shell;
use crate::{quit, tray};
use tauri::{
    AppHandle, CloseRequestApi, DragDropEvent, Manager as _, WebviewWindow, WebviewWindowBuilder,
};

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

/// Starts without a window where the tray leads back to it; else the window is there,
/// but as small as the desktop allows.
pub(crate) fn stay_away(app: &AppHandle) {
    if tray::is_visible(app) {
        return;
    }
    show(app);
    if let Some(window) = app.get_webview_window(LABEL)
        && let Err(error) = window.minimize()
    {
        tracing::debug!(%error, "the window could not be minimised");
    }
}

/// A folder or a file that is dropped on the window is opened; of several, the first.
pub(crate) fn on_drag(app: &AppHandle, event: &DragDropEvent) {
    let shell = app.state::<Shell>();
    let over = match event {
        DragDropEvent::Enter { .. } => true,
        DragDropEvent::Leave => false,
        DragDropEvent::Drop { paths, .. } => {
            if let Some(path) = paths.first() {
                let path = path.display().to_string();
                shell.tell_surely(ShellEvent::Dropped { path });
            }
            false
        }
        _ => return,
    };
    // A page that is not there yet need not know.
    shell.tell(&Message::Shell(ShellEvent::Dragging { over }));
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
