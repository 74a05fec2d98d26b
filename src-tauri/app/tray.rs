//! The tray icon and its menu.

use crate::messages::ShellEvent;
use crate::shell::{Shell, lock};
use crate::tray_model::{Section, TrayModel};
use crate::{failure, quit, window};
use benchtop_api::client::Client;
use benchtop_api::model::status::Status;
use benchtop_api::schema::{
    ApiError, Empty, EnvironmentDownRequest, EnvironmentUpRequest, ServiceRebuildRequest,
    ServiceRestartRequest, ServiceStartRequest, ServiceStopRequest,
};
use std::sync::Mutex;
use tauri::image::Image;
use tauri::menu::{IsMenuItem, Menu, MenuBuilder, MenuEvent, MenuItem, Submenu, SubmenuBuilder};
use tauri::tray::{TrayIcon, TrayIconBuilder};
use tauri::{AppHandle, Manager as _, Wry, include_image};

/// The tray, where there is one, and what it shows.
struct Tray {
    icon: TrayIcon,
    shown: Mutex<TrayModel>,
}

/// Makes the icon. Where that is impossible, the program works without.
pub(crate) fn create(app: &AppHandle) {
    let model = TrayModel::of(false, &[]);
    // A missing indicator library panics inside its binding.
    let built = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| build(app, &model)));
    match built {
        Ok(Ok(icon)) => drop(app.manage(Tray {
            icon,
            shown: Mutex::new(model),
        })),
        Ok(Err(error)) => tracing::warn!(%error, "no tray icon"),
        Err(_) => tracing::warn!("no tray icon: the system's indicator library cannot be loaded"),
    }
}

fn build(app: &AppHandle, model: &TrayModel) -> tauri::Result<TrayIcon> {
    TrayIconBuilder::with_id("benchtop")
        .icon(icon_of(model.status))
        .tooltip("Benchtop")
        .menu(&menu(app, model)?)
        .on_menu_event(|app, event| on_click(app, &event))
        .build(app)
}

/// Shows the latest state, if it differs from what is shown: a menu that is
/// rebuilt would close under the user's hand.
pub(crate) fn update(app: &AppHandle) {
    let on_main = app.clone();
    // Menus may only be touched on the main thread.
    let sent = app.run_on_main_thread(move || {
        let Some(tray) = on_main.try_state::<Tray>() else {
            return;
        };
        let shell = on_main.state::<Shell>();
        let model = TrayModel::of(shell.client().is_ok(), &lock(&shell.environments));
        let mut shown = lock(&tray.shown);
        if *shown != model {
            if let Err(error) = show(&on_main, &tray.icon, &shown, &model) {
                tracing::warn!(%error, "the tray could not be updated");
            }
            *shown = model;
        }
    });
    if let Err(error) = sent {
        tracing::debug!(%error, "the tray is gone");
    }
}

fn show(
    app: &AppHandle,
    icon: &TrayIcon,
    before: &TrayModel,
    model: &TrayModel,
) -> tauri::Result<()> {
    if before.status != model.status {
        icon.set_icon(Some(icon_of(model.status)))?;
    }
    icon.set_tooltip(Some(format!("Benchtop: {}", model.summary)))?;
    icon.set_menu(Some(menu(app, model)?))
}

fn icon_of(status: Option<Status>) -> Image<'static> {
    match status {
        Some(Status::Healthy) => include_image!("icons/tray/healthy@2x.png"),
        Some(Status::Degraded) => include_image!("icons/tray/degraded@2x.png"),
        Some(Status::Unhealthy) => include_image!("icons/tray/unhealthy@2x.png"),
        Some(Status::Starting) => include_image!("icons/tray/starting@2x.png"),
        Some(Status::Stopped) | None => include_image!("icons/tray/stopped@2x.png"),
    }
}

/// Ids are `verb` or `verb|environment|service`.
fn menu(app: &AppHandle, model: &TrayModel) -> tauri::Result<Menu<Wry>> {
    let mut menu = MenuBuilder::new(app)
        .item(&item(app, "summary", &model.summary, false)?)
        .separator();
    for section in &model.sections {
        menu = menu.item(&item(
            app,
            &format!("open|{}", section.id),
            &section.title,
            true,
        )?);
        if let Some(alerts) = &section.alerts {
            let id = format!("alerts|{}", section.id);
            menu = menu.item(&item(app, &id, alerts, true)?);
        }
        for service in services(app, section)? {
            menu = menu.item(&service);
        }
        let (start, stop) = (format!("up|{}", section.id), format!("down|{}", section.id));
        menu = menu.item(&item(app, &start, "Start all", section.can_start)?);
        menu = menu
            .item(&item(app, &stop, "Stop all", section.can_stop)?)
            .separator();
    }
    menu.item(&item(app, "open", "Open Benchtop", true)?)
        .item(&item(app, "quit", "Quit…", true)?)
        .build()
}

fn services(app: &AppHandle, section: &Section) -> tauri::Result<Vec<Submenu<Wry>>> {
    let submenu = |service: &crate::tray_model::Entry| {
        let id = |verb: &str| format!("{verb}|{}|{}", section.id, service.name);
        let (verb, label) = if service.alive {
            ("stop", "Stop")
        } else {
            ("start", "Start")
        };
        let mut items = vec![item(app, &id("restart"), "Restart", service.alive)?];
        if service.can_rebuild {
            items.push(item(app, &id("rebuild"), "Rebuild", true)?);
        }
        items.push(item(app, &id(verb), label, true)?);
        items.push(item(app, &id("logs"), "Logs", true)?);
        let items: Vec<&dyn IsMenuItem<Wry>> =
            items.iter().map(|i| i as &dyn IsMenuItem<Wry>).collect();
        SubmenuBuilder::new(app, &service.label)
            .items(&items)
            .build()
    };
    section.services.iter().map(submenu).collect()
}

fn item(app: &AppHandle, id: &str, label: &str, enabled: bool) -> tauri::Result<MenuItem<Wry>> {
    MenuItem::with_id(app, id, label, enabled, None::<&str>)
}

fn on_click(app: &AppHandle, event: &MenuEvent) {
    let mut words = event.id().as_ref().splitn(3, '|').map(str::to_owned);
    let verb = words.next().unwrap_or_default();
    let (environment, service) = (words.next(), words.next());
    match (verb.as_str(), environment, service) {
        ("quit", ..) => quit::request(app),
        ("open", None, _) => window::show(app),
        ("open", Some(environment), _) => go(app, format!("#/e/{environment}/resources")),
        ("alerts", Some(environment), _) => go(app, format!("#/e/{environment}/alerts")),
        ("logs", Some(environment), Some(service)) => {
            go(app, format!("#/e/{environment}/logs?service={service}"))
        }
        (_, Some(environment), service) => act(app, verb, environment, service.unwrap_or_default()),
        _ => {}
    }
}

/// Shows a view in the window.
pub(crate) fn go(app: &AppHandle, to: String) {
    window::show(app);
    app.state::<Shell>()
        .tell_surely(ShellEvent::Navigate { to });
}

/// Asks the engine for something on behalf of the tray or a notification.
pub(crate) fn act(app: &AppHandle, verb: String, environment: String, service: String) {
    let client = app.state::<Shell>().client();
    let app = app.clone();
    let title = match verb.as_str() {
        "up" => "Cannot start all".to_owned(),
        "down" => "Cannot stop all".to_owned(),
        _ => format!("Cannot {verb} {service}"),
    };
    tauri::async_runtime::spawn(async move {
        let outcome = match client {
            Ok(client) => request(&client, &verb, environment, service).await,
            Err(error) => Err(error),
        };
        if let Err(error) = outcome {
            failure::show(&app, &title, &error);
        }
    });
}

async fn request(
    client: &Client,
    verb: &str,
    environment: String,
    service: String,
) -> Result<(), ApiError> {
    match verb {
        "restart" => {
            client
                .call(&ServiceRestartRequest {
                    environment,
                    service,
                })
                .await
        }
        "rebuild" => {
            client
                .call(&ServiceRebuildRequest {
                    environment,
                    service,
                })
                .await
        }
        "stop" => {
            client
                .call(&ServiceStopRequest {
                    environment,
                    service,
                })
                .await
        }
        "start" => {
            client
                .call(&ServiceStartRequest {
                    environment,
                    service,
                    with_dependencies: false,
                })
                .await
        }
        "up" => client
            .call(&EnvironmentUpRequest {
                environment,
                services: Vec::new(),
                watch: None,
            })
            .await
            .map(|_| Empty {}),
        _ => {
            client
                .call(&EnvironmentDownRequest {
                    environment,
                    remove: None,
                })
                .await
        }
    }
    .map(|_| ())
}

/// Whether a user can see the icon: it was made, and some panel shows such icons.
pub(crate) fn is_visible(app: &AppHandle) -> bool {
    app.try_state::<Tray>().is_some() && has_host()
}

/// Asks the session bus whether a panel shows status icons.
#[cfg(target_os = "linux")]
fn has_host() -> bool {
    tauri::async_runtime::block_on(async {
        let bus = zbus::Connection::session().await?;
        let watcher = "org.kde.StatusNotifierWatcher";
        let proxy = zbus::Proxy::new(&bus, watcher, "/StatusNotifierWatcher", watcher).await?;
        proxy
            .get_property::<bool>("IsStatusNotifierHostRegistered")
            .await
    })
    .unwrap_or(false)
}

#[cfg(not(target_os = "linux"))]
fn has_host() -> bool {
    true
}
