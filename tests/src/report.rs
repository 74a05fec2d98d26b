//! What a scenario reported, as `--json` prints it.

use serde_json::Value;

/// The step with this id.
///
/// # Panics
/// Where there is none, with the whole report.
#[must_use]
pub fn step<'a>(report: &'a Value, id: &str) -> &'a Value {
    let steps = report["steps"].as_array().expect("steps");
    let found = steps.iter().find(|step| step["id"] == id);
    found.unwrap_or_else(|| panic!("no step {id} in {report:#}"))
}
