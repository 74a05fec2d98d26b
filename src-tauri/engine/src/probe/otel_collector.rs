//! An OpenTelemetry collector: its health check extension.

use super::Finding;
use super::http::Page;
use benchtop_model::probe::Verdict;
use serde::Deserialize;

pub(super) const PATH: &str = "/";

#[derive(Debug, Deserialize)]
struct Health {
    status: String,
    #[serde(default)]
    uptime: String,
}

/// `Server available`, or `StatusOK` of the second version of the extension.
pub(super) fn judge(page: &Page) -> Finding {
    let Ok(health) = serde_json::from_slice::<Health>(&page.body) else {
        return page.unlike("a collector with the health_check extension");
    };
    let finding = match page.status.is_success() {
        true => Finding::new(Verdict::Pass, health.status),
        false => Finding::fail(health.status),
    };
    finding.detail("uptime", health.uptime)
}
