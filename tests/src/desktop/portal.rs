//! The test as the desktop's settings: says whether the person likes it dark, and tells
//! those who listen when that changes.

use tokio::runtime::{Handle, Runtime};
use zbus::Connection;
use zbus::connection::Builder;
use zbus::object_server::SignalEmitter;
use zbus::zvariant::Value;

const PATH: &str = "/org/freedesktop/portal/desktop";
const NAMESPACE: &str = "org.freedesktop.appearance";
const KEY: &str = "color-scheme";

/// The portal for settings.
#[derive(Debug)]
pub struct Portal {
    bus: Connection,
    runtime: Handle,
}

impl Portal {
    pub(super) fn new(runtime: &Runtime, address: &str) -> Self {
        let bus = runtime.block_on(async {
            Builder::address(address)?
                .serve_at(PATH, Settings { scheme: 0 })?
                .name("org.freedesktop.portal.Desktop")?
                .build()
                .await
        });
        Self {
            bus: bus.expect("a portal on the bus"),
            runtime: runtime.handle().clone(),
        }
    }

    /// The person now likes it dark, or light.
    ///
    /// # Panics
    /// Where the bus does not take it.
    pub fn prefer_dark(&self, dark: bool) {
        let scheme = if dark { 1_u32 } else { 2 };
        let told = self.runtime.block_on(async {
            let settings = self
                .bus
                .object_server()
                .interface::<_, Settings>(PATH)
                .await?;
            settings.get_mut().await.scheme = scheme;
            Settings::setting_changed(
                settings.signal_emitter(),
                NAMESPACE,
                KEY,
                &Value::from(scheme),
            )
            .await
        });
        told.expect("the change is told");
    }
}

struct Settings {
    /// 0 no wish, 1 dark, 2 light.
    scheme: u32,
}

#[zbus::interface(name = "org.freedesktop.portal.Settings")]
impl Settings {
    /// A value in a value, as the first version of the portal answered.
    fn read(&self, namespace: &str, key: &str) -> zbus::fdo::Result<Value<'static>> {
        if (namespace, key) != (NAMESPACE, KEY) {
            return Err(zbus::fdo::Error::Failed(
                "there is no such setting".to_owned(),
            ));
        }
        Ok(Value::new(Value::from(self.scheme)))
    }

    #[zbus(signal)]
    async fn setting_changed(
        emitter: &SignalEmitter<'_>,
        namespace: &str,
        key: &str,
        value: &Value<'_>,
    ) -> zbus::Result<()>;
}
