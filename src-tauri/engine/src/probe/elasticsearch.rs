//! Elasticsearch and OpenSearch: the health of the cluster.

use super::Finding;
use super::http::Page;
use benchtop_model::probe::Verdict;
use serde::Deserialize;

pub(super) const PATH: &str = "/_cluster/health";

#[derive(Debug, Deserialize)]
struct Health {
    cluster_name: String,
    status: Status,
    number_of_nodes: u32,
    #[serde(default)]
    unassigned_shards: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    Green,
    Yellow,
    Red,
}

pub(super) fn judge(page: &Page) -> Finding {
    match serde_json::from_slice::<Health>(&page.body) {
        Ok(health) => health.finding(),
        Err(_) => page.unlike("an Elasticsearch cluster"),
    }
}

impl Health {
    fn finding(&self) -> Finding {
        let (verdict, word) = match self.status {
            Status::Green => (Verdict::Pass, "green"),
            Status::Yellow => (Verdict::Warn, "yellow"),
            Status::Red => (Verdict::Fail, "red"),
        };
        let nodes = self.number_of_nodes;
        let mut text = format!("{word}, {nodes} node{}", if nodes == 1 { "" } else { "s" });
        if self.unassigned_shards > 0 {
            text += &format!(", {} unassigned shards", self.unassigned_shards);
        }
        Finding::new(verdict, text)
            .detail("status", word)
            .detail("cluster", &*self.cluster_name)
            .detail("nodes", nodes.to_string())
            .detail("unassigned shards", self.unassigned_shards.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_colour_decides() {
        let finding = |status: &str, unassigned: u32| {
            let json = format!(
                r#"{{"cluster_name":"logs","status":"{status}","timed_out":false,"number_of_nodes":1,"unassigned_shards":{unassigned}}}"#
            );
            serde_json::from_str::<Health>(&json)
                .expect("a health")
                .finding()
        };
        assert_eq!(finding("green", 0).verdict, Verdict::Pass);
        assert_eq!(finding("green", 0).text, "green, 1 node");
        assert_eq!(finding("yellow", 3).verdict, Verdict::Warn);
        assert_eq!(
            finding("yellow", 3).text,
            "yellow, 1 node, 3 unassigned shards"
        );
        assert_eq!(finding("red", 9).verdict, Verdict::Fail);
    }
}
