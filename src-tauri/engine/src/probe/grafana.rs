//! Grafana: its page of health, which knows of the database.

use super::Finding;
use super::http::Page;
use benchtop_model::probe::Verdict;
use serde::Deserialize;

pub(super) const PATH: &str = "/api/health";

#[derive(Debug, Deserialize)]
struct Health {
    database: String,
    /// Hidden from strangers by a setting.
    #[serde(default)]
    version: String,
}

pub(super) fn judge(page: &Page) -> Finding {
    match serde_json::from_slice::<Health>(&page.body) {
        Ok(health) => health.finding(),
        Err(_) => page.unlike("Grafana"),
    }
}

impl Health {
    fn finding(&self) -> Finding {
        let finding = match self.database.as_str() {
            "ok" => Finding::new(Verdict::Pass, format!("Grafana {}", self.version).trim()),
            trouble => Finding::fail(format!("the database is {trouble}")),
        };
        finding
            .detail("version", &*self.version)
            .detail("database", &*self.database)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_database_decides() {
        let finding = |json: &str| {
            serde_json::from_str::<Health>(json)
                .expect("a health")
                .finding()
        };
        let good = finding(r#"{"commit":"x","database":"ok","version":"11.2.0"}"#);
        assert_eq!(
            (good.verdict, good.text.as_str()),
            (Verdict::Pass, "Grafana 11.2.0")
        );
        let bad = finding(r#"{"database":"failing"}"#);
        assert_eq!(
            (bad.verdict, bad.text.as_str()),
            (Verdict::Fail, "the database is failing")
        );
    }
}
