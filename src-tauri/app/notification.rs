//! Desktop notifications of alerts, with actions: one for each alert, gone when it is over.
//!
//! Straight over the session bus: Tauri's own plugin has no way to hear of a
//! click. Rate limited, because a crash loop must not fill the screen.

mod limit;

use crate::tray;
use benchtop_api::schema::{AlertNews, AlertNewsKind};
use limit::{Limiter, Verdict};
use std::collections::HashMap;
use std::sync::{LazyLock, Mutex};
use std::time::{Duration, Instant};
use tauri::AppHandle;

/// How long what is too much is gathered before it is told together.
const GATHER: Duration = Duration::from_secs(5);

static LIMITER: LazyLock<Mutex<Limiter>> = LazyLock::new(Mutex::default);

/// What each notification on the screen is about, by its number.
static SUBJECTS: LazyLock<Mutex<HashMap<u32, Subject>>> = LazyLock::new(Mutex::default);

/// What a notification is about.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Subject {
    environment: String,
    /// The service where the trouble began; absent where it is about several.
    service: Option<String>,
    /// Run and number of the alert.
    alert: (String, u32),
}

impl Subject {
    fn of(news: &AlertNews) -> Self {
        Self {
            environment: news.environment.clone(),
            service: Some(news.alert.service.clone()),
            alert: (news.alert.run.clone(), news.alert.number),
        }
    }
}

/// Shows, replaces or takes away the notification of an alert.
pub(crate) fn show(_app: &AppHandle, news: &AlertNews) {
    let subject = Subject::of(news);
    let shown = number_of(&subject);
    let act = match (news.news, shown) {
        (AlertNewsKind::Closed | AlertNewsKind::Withdrawn, None) => return,
        (AlertNewsKind::Closed | AlertNewsKind::Withdrawn, Some(number)) => Act::Close(number),
        _ if news.silenced => return,
        (AlertNewsKind::Moved, Some(number)) => Act::Show(number),
        (AlertNewsKind::Raised | AlertNewsKind::Moved, _) => {
            let key = format!("{}/{}", news.environment, news.alert.service);
            match crate::shell::lock(&LIMITER).admit(&key, Instant::now()) {
                Verdict::Show => Act::Show(0),
                Verdict::Known | Verdict::Gathered => return,
                Verdict::Gather => Act::Gather,
            }
        }
    };
    let news = news.clone();
    tauri::async_runtime::spawn(async move {
        if let Err(error) = perform(act, &news, subject).await {
            tracing::debug!(%error, "no desktop notification");
        }
    });
}

enum Act {
    /// In place of this one; 0 for a new one.
    Show(u32),
    Close(u32),
    /// Wait for more of the kind, and tell them together.
    Gather,
}

async fn perform(act: Act, news: &AlertNews, subject: Subject) -> bus::Outcome {
    match act {
        Act::Close(number) => bus::close(number).await,
        Act::Show(number) => {
            let alert = &news.alert;
            let summary = format!("{} is {}", alert.service, alert.status.word());
            let mut body = format!("{}: {}", news.name, alert.cause);
            if !alert.affected.is_empty() {
                body += &format!("\nAffects {}", alert.affected.join(", "));
            }
            bus::notify(number, &summary, &body, subject).await
        }
        Act::Gather => {
            tokio::time::sleep(GATHER).await;
            let names = crate::shell::lock(&LIMITER).take_gathered();
            let summary = format!("{} more alerts", names.len());
            let subject = Subject {
                service: None,
                ..subject
            };
            bus::notify(0, &summary, &names.join(", "), subject).await
        }
    }
}

/// The notification of the same alert that is on the screen.
fn number_of(subject: &Subject) -> Option<u32> {
    let subjects = crate::shell::lock(&SUBJECTS);
    let same = |known: &Subject| {
        known.environment == subject.environment
            && known.alert == subject.alert
            && known.service.is_some()
    };
    let found = subjects.iter().find(|(_, known)| same(known));
    found.map(|(number, _)| *number)
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
    let Some(subject) = crate::shell::lock(&SUBJECTS).remove(&id) else {
        return;
    };
    let environment = subject.environment;
    let Some(service) = subject.service else {
        return tray::go(app, format!("#/e/{environment}/alerts"));
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
    use super::{AppHandle, SUBJECTS, Subject, on_action};
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

    pub(super) type Outcome = Result<()>;

    /// Shows a notification in place of another one; 0 for a new one.
    pub(super) async fn notify(
        number: u32,
        summary: &str,
        body: &str,
        subject: Subject,
    ) -> Outcome {
        let actions: &[&str] = match subject.service {
            Some(_) => &["default", "Open", "logs", "Show logs", "restart", "Restart"],
            None => &["default", "Open"],
        };
        let hints = HashMap::from([
            ("desktop-entry", Value::from("dev.benchtop.Benchtop")),
            ("category", Value::from("device.error")),
        ]);
        // Some desktops read markup in the body; text from outside is text.
        let body = body.replace('&', "&amp;").replace('<', "&lt;");
        let arguments = (
            "Benchtop",
            number,
            "dev.benchtop.Benchtop",
            summary,
            body,
            actions,
            hints,
            -1_i32,
        );
        let id: u32 = proxy().await?.call("Notify", &arguments).await?;
        crate::shell::lock(&SUBJECTS).insert(id, subject);
        Ok(())
    }

    /// Takes a notification away.
    pub(super) async fn close(number: u32) -> Outcome {
        crate::shell::lock(&SUBJECTS).remove(&number);
        proxy().await?.call("CloseNotification", &number).await
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
    use super::{AppHandle, Subject};

    pub(super) type Outcome = Result<(), String>;

    pub(super) async fn notify(_: u32, _: &str, _: &str, _: Subject) -> Outcome {
        Ok(())
    }

    pub(super) async fn close(_: u32) -> Outcome {
        Ok(())
    }

    pub(super) async fn listen(_app: &AppHandle) -> Result<(), String> {
        Ok(())
    }
}
