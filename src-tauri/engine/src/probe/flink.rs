//! Flink's job manager: the overview of the cluster.

use super::Finding;
use super::http::Page;
use benchtop_model::probe::Verdict;
use serde::Deserialize;

pub(super) const PATH: &str = "/overview";

/// Where the SQL gateway, which has no overview, tells of itself.
pub(super) const GATEWAY_PATH: &str = "/v1/info";

#[derive(Debug, Deserialize)]
struct Info {
    #[serde(rename = "productName")]
    product: String,
    version: String,
}

/// The SQL gateway; it has no task managers that could be counted.
pub(super) fn judge_gateway(page: &Page, counts: bool) -> Option<Finding> {
    let info: Info = serde_json::from_slice(&page.body).ok()?;
    let finding = match counts {
        true => Finding::fail(
            "this is the SQL gateway, which has no task managers: ask the job manager",
        ),
        false => Finding::new(
            Verdict::Pass,
            format!("SQL gateway of {} {}", info.product, info.version),
        ),
    };
    Some(finding.detail("version", info.version))
}

#[derive(Debug, Deserialize)]
struct Overview {
    taskmanagers: u32,
    #[serde(rename = "slots-total")]
    slots: u32,
    #[serde(rename = "slots-available")]
    free: u32,
    #[serde(rename = "jobs-running", default)]
    jobs: u32,
    #[serde(rename = "jobs-failed", default)]
    failed: u32,
    #[serde(rename = "flink-version", default)]
    version: String,
}

pub(super) fn judge(page: &Page, min_managers: Option<u32>, min_slots: Option<u32>) -> Finding {
    match serde_json::from_slice::<Overview>(&page.body) {
        Ok(overview) => overview.finding(min_managers, min_slots),
        Err(_) => page.unlike("a Flink job manager"),
    }
}

impl Overview {
    fn finding(&self, min_managers: Option<u32>, min_slots: Option<u32>) -> Finding {
        let lacks = |what: &str, has: u32, least: Option<u32>| {
            least
                .filter(|least| has < *least)
                .map(|least| format!("{has} of {least} {what}"))
        };
        let missing = [
            lacks("task managers", self.taskmanagers, min_managers),
            lacks("slots", self.slots, min_slots),
        ];
        let missing: Vec<String> = missing.into_iter().flatten().collect();
        let (verdict, text) = match missing.is_empty() {
            false => (Verdict::Fail, missing.join(", ")),
            true => (
                Verdict::Pass,
                format!(
                    "Flink {}, task managers: {}, slots: {} ({} free)",
                    self.version, self.taskmanagers, self.slots, self.free
                ),
            ),
        };
        Finding::new(verdict, text)
            .detail("version", &*self.version)
            .detail("task managers", self.taskmanagers.to_string())
            .detail("slots", self.slots.to_string())
            .detail("free slots", self.free.to_string())
            .detail("running jobs", self.jobs.to_string())
            .detail("failed jobs", self.failed.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_few_task_managers_or_slots_fail() {
        let overview: Overview = serde_json::from_str(
            r#"{"taskmanagers":2,"slots-total":8,"slots-available":5,"jobs-running":1,"jobs-finished":0,"jobs-cancelled":0,"jobs-failed":0,"flink-version":"2.0.0","flink-commit":"x"}"#,
        )
        .expect("an overview");
        let pass = overview.finding(Some(2), Some(8));
        assert_eq!(pass.verdict, Verdict::Pass);
        assert_eq!(
            pass.text,
            "Flink 2.0.0, task managers: 2, slots: 8 (5 free)"
        );
        assert_eq!(overview.finding(Some(3), None).text, "2 of 3 task managers");
        let both = overview.finding(Some(3), Some(12));
        assert_eq!(both.text, "2 of 3 task managers, 8 of 12 slots");
        let slots = overview.finding(None, Some(9));
        assert_eq!(
            (slots.verdict, slots.text.as_str()),
            (Verdict::Fail, "8 of 9 slots")
        );
    }
}
