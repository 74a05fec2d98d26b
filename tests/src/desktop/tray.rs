//! The test as the panel: takes the tray icon's registration, reads its picture
//! and its menu, and clicks, all by the interfaces that real panels use.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::runtime::{Handle, Runtime};
use zbus::connection::Builder;
use zbus::message::Header;
use zbus::zvariant::{OwnedValue, Value};
use zbus::{Connection, Proxy};

const WATCHER: &str = "org.kde.StatusNotifierWatcher";

/// A panel for status icons.
#[derive(Debug)]
pub struct Tray {
    items: Items,
    bus: Connection,
    runtime: Handle,
}

/// An entry of a menu, with those below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    id: i32,
    /// What it says; empty for a line between entries.
    pub label: String,
    /// It can be clicked on.
    pub enabled: bool,
    /// The entries of its submenu.
    pub below: Vec<Entry>,
}

/// Who registered, and at which path its icon is.
type Items = Arc<Mutex<Vec<(String, String)>>>;

/// What a menu's service sends: an id, properties, and the entries below.
type Layout = (i32, HashMap<String, OwnedValue>, Vec<OwnedValue>);

impl Tray {
    /// Listens on the bus; as a panel, or as somebody whom nobody knows.
    pub(super) fn new(runtime: &Runtime, address: &str, panel: bool) -> Self {
        let items = Items::default();
        let watcher = Watcher {
            items: Arc::clone(&items),
        };
        let bus = runtime.block_on(async {
            let mut bus = Builder::address(address)?;
            if panel {
                bus = bus
                    .serve_at("/StatusNotifierWatcher", watcher)?
                    .name(WATCHER)?;
            }
            bus.build().await
        });
        let bus = bus.expect("a panel on the bus");
        Self {
            items,
            bus,
            runtime: runtime.handle().clone(),
        }
    }

    /// The file of the picture that the icon shows now.
    ///
    /// # Errors
    /// Where there is no icon, or it does not answer.
    pub fn icon(&self) -> Result<PathBuf, String> {
        let (owner, path) = self.item()?;
        // Not by a cached property: the picture changes.
        let name: String = self.asked(async {
            let properties =
                Proxy::new(&self.bus, owner, path, "org.freedesktop.DBus.Properties").await?;
            let value: OwnedValue = properties
                .call("Get", &("org.kde.StatusNotifierItem", "IconName"))
                .await?;
            Ok(String::try_from(value)?)
        })?;
        Ok(PathBuf::from(name))
    }

    /// The whole menu.
    ///
    /// # Errors
    /// Where there is no icon, or it does not answer.
    pub fn menu(&self) -> Result<Vec<Entry>, String> {
        let (owner, path) = self.item()?;
        let (_, root): (u32, Layout) = self.asked(async {
            let menu = format!("{path}/Menu");
            let menu = Proxy::new(&self.bus, owner, menu, "com.canonical.dbusmenu").await?;
            menu.call("GetLayout", &(0_i32, -1_i32, Vec::<&str>::new()))
                .await
        })?;
        Ok(root.2.into_iter().filter_map(entry).collect())
    }

    /// Clicks on an entry, once it is there and can be clicked on: each word is
    /// looked for in the labels one level deeper than the one before.
    ///
    /// # Panics
    /// Where there is no such entry.
    pub fn click(&self, words: &[&str]) {
        crate::eventually(&format!("click on {words:?}"), || {
            let menu = self.menu()?;
            let entry = find(&menu, words).ok_or_else(|| format!("the menu has {menu:?}"))?;
            if !entry.enabled {
                return Err(format!("{} cannot be clicked on", entry.label));
            }
            let (owner, path) = self.item()?;
            self.asked(async {
                let menu = format!("{path}/Menu");
                let menu = Proxy::new(&self.bus, owner, menu, "com.canonical.dbusmenu").await?;
                menu.call::<_, _, ()>("Event", &(entry.id, "clicked", Value::from(""), 0_u32))
                    .await
            })
        });
    }

    /// Bus name and path of the icon that registered last.
    fn item(&self) -> Result<(String, String), String> {
        let items = self.items.lock().unwrap_or_else(PoisonError::into_inner);
        items
            .last()
            .cloned()
            .ok_or_else(|| "no icon has registered".to_owned())
    }

    fn asked<T>(&self, question: impl Future<Output = zbus::Result<T>>) -> Result<T, String> {
        let bounded = async { tokio::time::timeout(Duration::from_secs(20), question).await };
        match self.runtime.block_on(bounded) {
            Ok(answer) => answer.map_err(|e| e.to_string()),
            Err(_) => Err("the icon does not answer".to_owned()),
        }
    }
}

/// The entry that this way leads to.
#[must_use]
pub fn find<'a>(menu: &'a [Entry], words: &[&str]) -> Option<&'a Entry> {
    let (first, rest) = words.split_first()?;
    let found = menu.iter().find(|entry| entry.label.contains(first))?;
    if rest.is_empty() {
        Some(found)
    } else {
        find(&found.below, rest)
    }
}

fn entry(value: OwnedValue) -> Option<Entry> {
    let (id, properties, below) = Layout::try_from(value).ok()?;
    let text = |name: &str| {
        properties
            .get(name)
            .and_then(|v| String::try_from(v.clone()).ok())
    };
    let enabled = properties
        .get("enabled")
        .and_then(|v| bool::try_from(v.clone()).ok());
    Some(Entry {
        id,
        label: text("label").unwrap_or_default(),
        // What is not said is so by default.
        enabled: enabled.unwrap_or(true),
        below: below.into_iter().filter_map(entry).collect(),
    })
}

struct Watcher {
    items: Items,
}

#[zbus::interface(name = "org.kde.StatusNotifierWatcher")]
impl Watcher {
    fn register_status_notifier_item(&self, path: String, #[zbus(header)] header: Header<'_>) {
        let sender = header.sender().map(ToString::to_string).unwrap_or_default();
        let mut items = self.items.lock().unwrap_or_else(PoisonError::into_inner);
        items.push((sender, path));
    }

    fn register_status_notifier_host(&self, _service: String) {}

    #[zbus(property)]
    fn is_status_notifier_host_registered(&self) -> bool {
        true
    }

    #[zbus(property)]
    fn protocol_version(&self) -> i32 {
        0
    }

    #[zbus(property)]
    fn registered_status_notifier_items(&self) -> Vec<String> {
        let items = self.items.lock().unwrap_or_else(PoisonError::into_inner);
        items
            .iter()
            .map(|(owner, path)| format!("{owner}{path}"))
            .collect()
    }
}
