//! Desktop notifications when a service turns for the worse, with actions.
//!
//! Straight over the session bus: Tauri's own plugin has no way to hear of a
//! click. Rate limited, because a crash loop must not fill the screen.

use crate::tray;
use benchtop_api::schema::Alert;
use std::collections::HashMap;
use std::sync::{LazyLock, Mutex};
use std::time::{Duration, Instant};
use tauri::AppHandle;

/// The same service is not reported again within this time.
const PER_SERVICE: Duration = Duration::from_secs(30);

/// At most so many in a minute, over all services.
const PER_MINUTE: usize = 6;

/// When what was shown.
static SHOWN: LazyLock<Mutex<Vec<(Instant, String)>>> = LazyLock::new(Mutex::default);

/// Which service each notification on the screen is about.
static SUBJECTS: LazyLock<Mutex<HashMap<u32, (String, String)>>> = LazyLock::new(Mutex::default);

/// Whether there is room for another one about this service.
fn admit(shown: &mut Vec<(Instant, String)>, service: &str, now: Instant) -> bool {
    shown.retain(|(at, _)| now.duration_since(*at) < Duration::from_secs(60));
    let recent = shown
        .iter()
        .any(|(at, known)| known == service && now.duration_since(*at) < PER_SERVICE);
    let room = !recent && shown.len() < PER_MINUTE;
    if room {
        shown.push((now, service.to_owned()));
    }
    room
}

/// Shows a notification of a change for the worse.
pub(crate) fn show(_app: &AppHandle, alert: &Alert) {
    let worse = alert.to > alert.from && alert.to != benchtop_api::model::status::Status::Starting;
    let key = format!("{}/{}", alert.environment, alert.service);
    if !worse || !admit(&mut crate::shell::lock(&SHOWN), &key, Instant::now()) {
        return;
    }
    let alert = alert.clone();
    tauri::async_runtime::spawn(async move {
        if let Err(error) = bus::notify(&alert).await {
            tracing::debug!(%error, "no desktop notification");
        }
    });
}

/// Hears of clicks for as long as the program runs.
pub(crate) fn listen(app: AppHandle) {
    tauri::async_runtime::spawn(async move {
        if let Err(error) = bus::listen(&app).await {
            tracing::debug!(%error, "clicks on notifications are not heard");
        }
    });
}

fn on_action(app: &AppHandle, id: u32, action: &str) {
    let Some((environment, service)) = crate::shell::lock(&SUBJECTS).remove(&id) else {
        return;
    };
    match action {
        "restart" => tray::act(app, "restart".to_owned(), environment, service),
        "logs" => tray::go(app, format!("#/e/{environment}/logs?service={service}")),
        _ => tray::go(app, format!("#/e/{environment}/resources?select={service}")),
    }
}

/// The desktop's notification service.
#[cfg(target_os = "linux")]
mod bus {
    use super::{Alert, AppHandle, SUBJECTS, on_action};
    use futures_util::StreamExt as _;
    use std::collections::HashMap;
    use tokio::sync::OnceCell;
    use zbus::zvariant::Value;
    use zbus::{Connection, Proxy, Result};

    const NAME: &str = "org.freedesktop.Notifications";
    const PATH: &str = "/org/freedesktop/Notifications";

    static BUS: OnceCell<Connection> = OnceCell::const_new();

    async fn proxy() -> Result<Proxy<'static>> {
        let bus = BUS.get_or_try_init(Connection::session).await?;
        Proxy::new(bus, NAME, PATH, NAME).await
    }

    pub(super) async fn notify(alert: &Alert) -> Result<()> {
        let summary = format!("{} is {}", alert.service, alert.to.word());
        let actions = ["default", "Open", "logs", "Show logs", "restart", "Restart"];
        let hints = HashMap::from([
            ("desktop-entry", Value::from("Benchtop")),
            ("category", Value::from("device.error")),
        ]);
        // Some desktops read markup in the body; text from outside is text.
        let body = alert.cause.replace('&', "&amp;").replace('<', "&lt;");
        let body = format!("{}: {body}", alert.name);
        let arguments = (
            "Benchtop",
            0_u32,
            "benchtop",
            summary,
            body,
            &actions[..],
            hints,
            -1_i32,
        );
        let id: u32 = proxy().await?.call("Notify", &arguments).await?;
        crate::shell::lock(&SUBJECTS)
            .insert(id, (alert.environment.clone(), alert.service.clone()));
        Ok(())
    }

    pub(super) async fn listen(app: &AppHandle) -> Result<()> {
        let proxy = proxy().await?;
        let mut actions = proxy.receive_signal("ActionInvoked").await?;
        let mut closed = proxy.receive_signal("NotificationClosed").await?;
        loop {
            tokio::select! {
                Some(message) = actions.next() => {
                    let (id, action): (u32, String) = message.body().deserialize()?;
                    on_action(app, id, &action);
                }
                Some(message) = closed.next() => {
                    let (id, _reason): (u32, u32) = message.body().deserialize()?;
                    crate::shell::lock(&SUBJECTS).remove(&id);
                }
                else => return Ok(()),
            }
        }
    }
}

/// Other systems show alerts in the window and the tray only, until they have a
/// way that was tried.
#[cfg(not(target_os = "linux"))]
mod bus {
    use super::{Alert, AppHandle};

    pub(super) async fn notify(_alert: &Alert) -> Result<(), String> {
        Ok(())
    }

    pub(super) async fn listen(_app: &AppHandle) -> Result<(), String> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crash_loop_does_not_fill_the_screen() {
        let (mut shown, start) = (Vec::new(), Instant::now());
        assert!(admit(&mut shown, "a", start));
        assert!(!admit(&mut shown, "a", start + Duration::from_secs(5)));
        assert!(admit(&mut shown, "a", start + Duration::from_secs(31)));
        let others = (0..20)
            .filter(|n| {
                admit(
                    &mut shown,
                    &format!("s{n}"),
                    start + Duration::from_secs(32),
                )
            })
            .count();
        assert_eq!(others, PER_MINUTE - 2);
    }
}
