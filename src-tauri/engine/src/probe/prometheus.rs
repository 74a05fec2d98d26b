//! Prometheus: its page of readiness.

use super::Finding;
use super::http::Page;
use benchtop_model::probe::Verdict;

pub(super) const PATH: &str = "/-/ready";

/// 503 while the log of the last run is replayed.
pub(super) fn judge(page: &Page) -> Finding {
    let body = String::from_utf8_lossy(&page.body);
    let text = super::first_line(&body);
    match page.status.as_u16() {
        200 if text.contains("is Ready") => Finding::new(Verdict::Pass, "ready"),
        503 => Finding::fail(format!("not ready: {text}")),
        _ => page.unlike("Prometheus"),
    }
}
