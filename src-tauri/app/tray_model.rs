//! What the tray shows, as plain data made from the engine's state. Pure.

use benchtop_api::model::status::{Lifecycle, Status, worst};
use benchtop_api::view::{EnvironmentView, ServiceView};

/// What the tray shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TrayModel {
    /// Shape and colour; `None` while the engine does not answer.
    pub(crate) status: Option<Status>,
    /// Counts, for the tooltip and the menu's first line.
    pub(crate) summary: String,
    /// One section per open environment.
    pub(crate) sections: Vec<Section>,
}

/// One environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Section {
    /// Its identity.
    pub(crate) id: String,
    /// Its name and status.
    pub(crate) title: String,
    /// How many alerts are open, where any are.
    pub(crate) alerts: Option<String>,
    /// Its services.
    pub(crate) services: Vec<Entry>,
    /// Something can be started.
    pub(crate) can_start: bool,
    /// Something can be stopped.
    pub(crate) can_stop: bool,
}

/// One service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Its name.
    pub(crate) name: String,
    /// Shape, name and status, because a menu has no colours.
    pub(crate) label: String,
    /// It runs, or is on its way.
    pub(crate) alive: bool,
    /// There is something to build.
    pub(crate) can_rebuild: bool,
}

impl TrayModel {
    pub(crate) fn of(connected: bool, environments: &[EnvironmentView]) -> Self {
        if !connected {
            return Self {
                summary: "The engine is being started".to_owned(),
                ..Self::default()
            };
        }
        let status = worst(environments.iter().map(|e| e.status));
        Self {
            status: Some(status),
            summary: summary(environments),
            sections: environments.iter().map(section).collect(),
        }
    }
}

fn summary(environments: &[EnvironmentView]) -> String {
    let sum = |count: fn(&EnvironmentView) -> u32| environments.iter().map(count).sum::<u32>();
    let counts = [
        (sum(|e| e.metrics.unhealthy), "unhealthy"),
        (sum(|e| e.metrics.degraded), "degraded"),
        (sum(|e| e.metrics.starting), "starting"),
        (sum(|e| e.metrics.healthy), "healthy"),
        (sum(|e| e.metrics.stopped), "stopped"),
    ];
    let alerts = sum(|e| e.alerts);
    let counted = counts
        .into_iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, word)| format!("{n} {word}"));
    let parts: Vec<String> = told(alerts).into_iter().chain(counted).collect();
    if parts.is_empty() {
        "No environment is open".to_owned()
    } else {
        parts.join(", ")
    }
}

fn told(alerts: u32) -> Option<String> {
    match alerts {
        0 => None,
        1 => Some("1 alert".to_owned()),
        many => Some(format!("{many} alerts")),
    }
}

fn section(environment: &EnvironmentView) -> Section {
    let services: Vec<Entry> = environment.services.iter().map(entry).collect();
    Section {
        id: environment.id.clone(),
        title: format!("{} — {}", environment.name, environment.status.word()),
        alerts: told(environment.alerts),
        can_start: services.iter().any(|s| !s.alive),
        can_stop: services.iter().any(|s| s.alive),
        services,
    }
}

fn entry(service: &ServiceView) -> Entry {
    let alive = !matches!(
        service.lifecycle,
        Lifecycle::Stopped | Lifecycle::Completed | Lifecycle::Failed
    );
    Entry {
        label: format!(
            "{} {} — {}",
            shape(service.status),
            service.name,
            service.status.word()
        ),
        name: service.name.clone(),
        alive,
        can_rebuild: service.can_rebuild,
    }
}

fn shape(status: Status) -> &'static str {
    match status {
        Status::Healthy => "●",
        Status::Degraded => "▲",
        Status::Unhealthy => "✖",
        Status::Starting => "◌",
        Status::Stopped => "○",
    }
}
