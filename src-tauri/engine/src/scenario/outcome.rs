//! What a step found.

use benchtop_model::scenario::report::{LONGEST_TEXT, MOST_METRICS};
use std::collections::BTreeMap;

/// What one attempt found.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) passed: bool,
    pub(super) text: String,
    pub(super) metrics: BTreeMap<String, f64>,
    pub(super) details: BTreeMap<String, String>,
}

impl Outcome {
    pub(super) fn passed(text: impl Into<String>) -> Self {
        Self {
            passed: true,
            text: shorten(text.into()),
            ..Self::default()
        }
    }

    pub(super) fn failed(text: impl Into<String>) -> Self {
        Self {
            passed: false,
            ..Self::passed(text)
        }
    }

    /// Adds a number; what is no number is left out, because no expression could use it.
    pub(super) fn metric(mut self, name: &str, value: f64) -> Self {
        if value.is_finite() && self.metrics.len() < MOST_METRICS {
            self.metrics.insert(name.to_owned(), value);
        }
        self
    }

    pub(super) fn detail(mut self, name: &str, text: impl Into<String>) -> Self {
        if self.details.len() < MOST_METRICS {
            self.details.insert(name.to_owned(), shorten(text.into()));
        }
        self
    }
}

/// As much of a text as a report keeps.
pub(super) fn shorten(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(LONGEST_TEXT) {
        text.truncate(end);
        text.push('…');
    }
    text
}
