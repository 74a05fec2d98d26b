//! The `metrics` of a service as written: where it offers them to Prometheus.

use super::At;
use super::read::{Field, Keys, require};
use crate::file::findings::Findings;

/// `metrics: /metrics`, or `metrics: { scrape: /metrics, endpoint: http, interval: 15s }`.
#[derive(Debug, Default)]
pub(crate) struct Scrape {
    pub(crate) path: Option<At<String>>,
    pub(crate) endpoint: Option<At<String>>,
    pub(crate) interval: Option<At<String>>,
}

const KEYS: Keys<Scrape> = Keys {
    known: &[
        ("scrape", |m, field, findings| {
            m.path = field.filled(findings)
        }),
        ("endpoint", |m, field, findings| {
            m.endpoint = field.filled(findings)
        }),
        ("interval", |m, field, findings| {
            m.interval = field.filled(findings)
        }),
    ],
    later: &[],
};

impl Scrape {
    /// Nothing where nothing is written behind the key.
    pub(super) fn read(field: &Field<'_>, findings: &mut Findings) -> Option<Self> {
        if field.is_null() {
            return None;
        }
        let mut metrics = Self::default();
        if field.is_map() {
            require("scrape", "`metrics`", field.node, findings);
            KEYS.read("`metrics`", field.node, &mut metrics, findings);
        } else {
            metrics.path = field.filled(findings);
        }
        Some(metrics)
    }
}
