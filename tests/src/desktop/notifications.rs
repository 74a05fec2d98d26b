//! The test as the desktop's notification service: keeps what is shown, and
//! clicks on its buttons.

use std::sync::{Arc, Mutex, PoisonError};
use tokio::runtime::{Handle, Runtime};
use zbus::Connection;
use zbus::connection::Builder;
use zbus::zvariant::OwnedValue;

const NAME: &str = "org.freedesktop.Notifications";
const PATH: &str = "/org/freedesktop/Notifications";

/// What was shown to the user.
#[derive(Debug)]
pub struct Notifications {
    shown: Shown,
    bus: Connection,
    runtime: Handle,
}

/// One notification.
#[derive(Clone, Debug)]
pub struct Notification {
    /// Its number.
    pub id: u32,
    /// Its headline.
    pub summary: String,
    /// Its text.
    pub body: String,
    /// Keys of its buttons.
    pub actions: Vec<String>,
}

type Shown = Arc<Mutex<Vec<Notification>>>;

impl Notifications {
    pub(super) fn new(runtime: &Runtime, address: &str) -> Self {
        let shown = Shown::default();
        let service = Service {
            shown: Arc::clone(&shown),
        };
        let bus = runtime.block_on(async {
            Builder::address(address)?
                .serve_at(PATH, service)?
                .name(NAME)?
                .build()
                .await
        });
        let bus = bus.expect("a notification service on the bus");
        Self {
            shown,
            bus,
            runtime: runtime.handle().clone(),
        }
    }

    /// All that were shown so far.
    #[must_use]
    pub fn shown(&self) -> Vec<Notification> {
        self.shown
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Clicks on a button.
    ///
    /// # Panics
    /// Where the bus is gone.
    pub fn click(&self, notification: &Notification, action: &str) {
        let body = (notification.id, action);
        let signal = self
            .bus
            .emit_signal(None::<&str>, PATH, NAME, "ActionInvoked", &body);
        self.runtime
            .block_on(signal)
            .expect("say which button was clicked");
    }
}

struct Service {
    shown: Shown,
}

#[zbus::interface(name = "org.freedesktop.Notifications")]
impl Service {
    #[expect(clippy::too_many_arguments, reason = "the specification has them")]
    fn notify(
        &self,
        _app_name: String,
        replaces_id: u32,
        _icon: String,
        summary: String,
        body: String,
        actions: Vec<String>,
        _hints: std::collections::HashMap<String, OwnedValue>,
        _expire_timeout: i32,
    ) -> u32 {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        let next = u32::try_from(shown.len()).expect("few notifications") + 1;
        let id = if replaces_id == 0 { next } else { replaces_id };
        // Each button has a key and a label.
        let actions = actions.into_iter().step_by(2).collect();
        shown.push(Notification {
            id,
            summary,
            body,
            actions,
        });
        id
    }

    fn close_notification(&self, _id: u32) {}

    fn get_capabilities(&self) -> Vec<&'static str> {
        vec!["actions", "body"]
    }

    fn get_server_information(&self) -> (&'static str, &'static str, &'static str, &'static str) {
        ("test", "Benchtop", "1", "1.2")
    }
}
