//! `benchtop-desktop`: the window and the tray. A face like the others: all it
//! knows it asks the engine for, and quitting it changes nothing for services
//! unless the user says so. The only code that names Tauri.

mod arguments;
mod bridge;
mod engine_link;
mod failure;
mod link;
mod messages;
mod notification;
mod quit;
mod shell;
mod tray;
mod tray_model;
mod window;

use arguments::Arguments;
use std::process::ExitCode;
use tauri::{Manager as _, RunEvent};

fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_env("BENCHTOP_LOG")
                .unwrap_or_else(|_| "warn".into()),
        )
        .with_writer(std::io::stderr)
        .init();
    if let Some(advice) = missing_display() {
        tracing::error!("{advice}");
        return ExitCode::from(2);
    }
    match run(Arguments::parse(std::env::args().skip(1))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "the window could not be opened");
            ExitCode::FAILURE
        }
    }
}

/// Without a display the window system's library would panic.
fn missing_display() -> Option<&'static str> {
    let absent = |name| std::env::var_os(name).is_none_or(|value| value.is_empty());
    let none = cfg!(target_os = "linux") && absent("DISPLAY") && absent("WAYLAND_DISPLAY");
    none.then_some("there is no display here; `benchtop up` does the same in a terminal")
}

#[allow(
    clippy::disallowed_methods,
    reason = "what generate_context! makes may exit before anything was begun"
)]
fn run(arguments: Arguments) -> tauri::Result<()> {
    let app = tauri::Builder::default()
        // First, so that a second start ends before it has done anything.
        .plugin(tauri_plugin_single_instance::init(|app, argv, cwd| {
            shell::on_second_start(app, Arguments::parse(argv.into_iter().skip(1)).below(&cwd));
        }))
        .plugin(tauri_plugin_window_state::Builder::default().build())
        .plugin(tauri_plugin_dialog::init())
        // Off until a person switches it on in the settings.
        .plugin(
            tauri_plugin_autostart::Builder::new()
                .args(["--hidden"])
                .build(),
        )
        .plugin(tauri_plugin_opener::init())
        .invoke_handler(tauri::generate_handler![
            bridge::call,
            bridge::subscribe,
            bridge::startup,
            bridge::quit,
            bridge::autostart
        ])
        .setup(move |app| {
            let hidden = arguments.hidden;
            app.manage(shell::Shell::new(arguments.clone()));
            tray::create(app.handle());
            if hidden {
                window::stay_away(app.handle());
            } else {
                window::show(app.handle());
            }
            if let Some(link) = arguments.link {
                shell::follow(app.handle(), link);
            }
            engine_link::spawn(app.handle().clone());
            Ok(())
        })
        .build(tauri::generate_context!())?;
    app.run(|app, event| match event {
        // The last window is closed: the tray stays. Only `exit` has a code.
        RunEvent::ExitRequested {
            code: None, api, ..
        } => api.prevent_exit(),
        RunEvent::WindowEvent {
            event: tauri::WindowEvent::CloseRequested { api, .. },
            ..
        } => window::on_close(app, &api),
        RunEvent::WindowEvent {
            event: tauri::WindowEvent::DragDrop(event),
            ..
        } => window::on_drag(app, &event),
        // Elsewhere a file or a link is a word of the command line.
        #[cfg(target_os = "macos")]
        RunEvent::Opened { urls } => {
            let words = urls.into_iter().map(|url| match url.to_file_path() {
                Ok(path) => path.display().to_string(),
                Err(()) => url.to_string(),
            });
            shell::on_second_start(app, Arguments::parse(words));
        }
        _ => {}
    });
    Ok(())
}
