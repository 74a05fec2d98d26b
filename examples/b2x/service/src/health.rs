//! The health report, in the form of ASP.NET's health checks.

use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, time::Duration};

/// The verdict on one thing, or on all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Status {
    Healthy,
    Unhealthy,
}

/// One line of a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) status: Status,
    /// What is wrong, where something is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
}

/// The body of every `/health` answer.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Report {
    pub(crate) status: Status,
    /// As .NET prints a time span.
    pub(crate) total_duration: String,
    pub(crate) entries: BTreeMap<String, Entry>,
}

/// What one check found; `Err` says why the thing is not healthy.
pub(crate) type Finding = (String, Result<(), String>);

impl Report {
    /// Unhealthy as soon as one entry is.
    pub(crate) fn new(findings: impl IntoIterator<Item = Finding>, took: Duration) -> Self {
        let entries: BTreeMap<_, _> = findings
            .into_iter()
            .map(|(name, found)| (name, Entry::from(found)))
            .collect();
        let all_well = entries
            .values()
            .all(|entry| entry.status == Status::Healthy);
        Self {
            status: if all_well {
                Status::Healthy
            } else {
                Status::Unhealthy
            },
            total_duration: time_span(took),
            entries,
        }
    }

    /// 200 or 503, so that a probe need not read the body.
    pub(crate) fn http_status(&self) -> u16 {
        match self.status {
            Status::Healthy => 200,
            Status::Unhealthy => 503,
        }
    }

    /// The names of the entries that are not healthy, for a sentence.
    pub(crate) fn culprits(&self) -> String {
        let names = self
            .entries
            .iter()
            .filter(|(_, entry)| entry.status != Status::Healthy);
        names
            .map(|(name, _)| name.as_str())
            .collect::<Vec<_>>()
            .join(", ")
    }
}

impl From<Result<(), String>> for Entry {
    fn from(found: Result<(), String>) -> Self {
        match found {
            Ok(()) => Self {
                status: Status::Healthy,
                description: None,
            },
            Err(reason) => Self {
                status: Status::Unhealthy,
                description: Some(reason),
            },
        }
    }
}

/// `hh:mm:ss.fffffff`, in .NET's ticks of 100 ns.
fn time_span(took: Duration) -> String {
    let seconds = took.as_secs();
    format!(
        "{:02}:{:02}:{:02}.{:07}",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60,
        took.subsec_nanos() / 100
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn report(findings: &[(&str, Result<(), &str>)]) -> Report {
        let findings = findings
            .iter()
            .map(|(name, found)| ((*name).to_owned(), found.map_err(str::to_owned)));
        Report::new(findings, Duration::from_nanos(123_456_789))
    }

    #[test]
    fn a_healthy_report_looks_as_aspnet_writes_it() {
        let report = report(&[("postgres", Ok(())), ("service", Ok(()))]);
        let expected = json!({
            "status": "Healthy",
            "totalDuration": "00:00:00.1234567",
            "entries": { "postgres": { "status": "Healthy" }, "service": { "status": "Healthy" } },
        });
        assert_eq!(serde_json::to_value(&report).unwrap(), expected);
        assert_eq!(report.http_status(), 200);
    }

    #[test]
    fn one_bad_entry_spoils_the_report_and_is_named() {
        let report = report(&[("postgres", Err("connection refused")), ("redis", Ok(()))]);
        let value = serde_json::to_value(&report).unwrap();
        assert_eq!(value["status"], "Unhealthy");
        assert_eq!(
            value["entries"]["postgres"],
            json!({ "status": "Unhealthy", "description": "connection refused" })
        );
        assert_eq!(report.http_status(), 503);
        assert_eq!(report.culprits(), "postgres");
    }

    #[test]
    fn a_report_can_be_read_back() {
        let report = report(&[("rabbitmq", Err("gone"))]);
        let text = serde_json::to_string(&report).unwrap();
        assert_eq!(serde_json::from_str::<Report>(&text).unwrap(), report);
    }

    #[test]
    fn nothing_to_check_is_healthy() {
        assert_eq!(report(&[]).status, Status::Healthy);
    }

    #[test]
    fn time_spans_carry_over() {
        assert_eq!(time_span(Duration::ZERO), "00:00:00.0000000");
        assert_eq!(time_span(Duration::from_millis(61_500)), "00:01:01.5000000");
        assert_eq!(
            time_span(Duration::from_secs(3 * 3600 + 59)),
            "03:00:59.0000000"
        );
    }
}
