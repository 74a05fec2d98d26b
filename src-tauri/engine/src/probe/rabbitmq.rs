//! RabbitMQ's management API: what a login cannot see. A node whose memory or disk runs
//! out accepts connections and channels as ever, and blocks whoever publishes.

use super::Finding;
use super::http;
use benchtop_model::inject::Address;
use benchtop_model::plan::{Endpoint, HostPort, Service};
use benchtop_model::probe::Verdict;
use benchtop_model::product::Login;
use serde::Deserialize;
use std::time::Duration;

/// Where the management plugin listens unless it is told otherwise.
const PORT: u16 = 15672;

/// Only a supplement: without an answer in this time, the login alone decides.
const PATIENCE: Duration = Duration::from_secs(1);

/// With columns, because the whole answers grow with the broker.
const NODES: &str = "/api/nodes?columns=name,running,mem_alarm,disk_free_alarm";
const TOTALS: &str = "/api/overview?columns=queue_totals,object_totals";

/// Where a broker's management API is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Management {
    /// `http` or `https`.
    pub scheme: String,
    /// Host to ask.
    pub host: String,
    /// Its port.
    pub port: u16,
}

/// The management API of a broker, if it has an endpoint for it; `address` says where
/// an endpoint is reached.
pub(super) fn management(
    service: &Service,
    address: impl Fn(Option<&str>) -> Option<Address>,
) -> Option<Management> {
    let endpoint = service.endpoints.iter().find(|e| is_management(e))?;
    let at = address(Some(&endpoint.name))?;
    let scheme = if endpoint.scheme == "https" {
        "https"
    } else {
        "http"
    };
    Some(Management {
        scheme: scheme.to_owned(),
        host: at.host,
        port: at.port,
    })
}

fn is_management(endpoint: &Endpoint) -> bool {
    endpoint.target == Some(PORT)
        || endpoint.port == HostPort::Fixed(PORT)
        || (endpoint.is_http() && endpoint.name.contains("management"))
}

#[derive(Debug, Deserialize)]
struct Node {
    name: String,
    #[serde(default = "yes")]
    running: bool,
    #[serde(default)]
    mem_alarm: bool,
    #[serde(default)]
    disk_free_alarm: bool,
}

fn yes() -> bool {
    true
}

#[derive(Debug, Deserialize)]
struct Totals {
    #[serde(default)]
    queue_totals: Messages,
    #[serde(default)]
    object_totals: Objects,
}

#[derive(Debug, Default, Deserialize)]
struct Messages {
    #[serde(default)]
    messages_ready: u64,
    #[serde(default)]
    messages_unacknowledged: u64,
}

#[derive(Debug, Default, Deserialize)]
struct Objects {
    #[serde(default)]
    connections: u64,
    #[serde(default)]
    queues: u64,
    #[serde(default)]
    consumers: u64,
}

/// Adds what the API knows to the finding of a successful login.
pub(super) async fn supplement(finding: Finding, at: &Management, login: &Login) -> Finding {
    match tokio::time::timeout(PATIENCE, ask(at, login)).await {
        Ok(Ok((nodes, totals))) => totals.told(judge(finding, &nodes)),
        Ok(Err(text)) => finding.detail("management API", text),
        Err(_) => finding.detail("management API", "no answer within 1 s"),
    }
}

async fn ask(at: &Management, login: &Login) -> Result<(Vec<Node>, Totals), String> {
    let (nodes, totals) = tokio::join!(page(at, NODES, login), page(at, TOTALS, login));
    Ok((nodes?, totals?))
}

async fn page<T: for<'de> Deserialize<'de>>(
    at: &Management,
    path: &str,
    login: &Login,
) -> Result<T, String> {
    let page = http::fetch(&at.scheme, &at.host, at.port, path, login).await;
    let page = page.map_err(|finding| finding.text)?;
    if !page.status.is_success() {
        return Err(page.status.to_string());
    }
    serde_json::from_slice(&page.body).map_err(|_| "something else answers there".to_owned())
}

/// An alarm blocks all publishers of the whole cluster, so one node is enough.
fn judge(mut finding: Finding, nodes: &[Node]) -> Finding {
    let of = |what: &str, is: fn(&Node) -> bool| {
        let names: Vec<&str> = nodes
            .iter()
            .filter(|node| is(node))
            .map(|n| &*n.name)
            .collect();
        (!names.is_empty()).then(|| format!("{what} ({})", names.join(", ")))
    };
    let alarms = [
        of("memory alarm, publishers are blocked", |node| {
            node.mem_alarm
        }),
        of("disk alarm, publishers are blocked", |node| {
            node.disk_free_alarm
        }),
        of("node is down", |node| !node.running),
    ];
    let alarms: Vec<String> = alarms.into_iter().flatten().collect();
    if !alarms.is_empty() {
        (finding.verdict, finding.text) = (Verdict::Warn, alarms.join("; "));
    }
    finding.detail("nodes", nodes.len().to_string())
}

impl Totals {
    fn told(&self, finding: Finding) -> Finding {
        let Self {
            queue_totals: messages,
            object_totals: objects,
        } = self;
        finding
            .detail("queues", objects.queues.to_string())
            .detail("messages ready", messages.messages_ready.to_string())
            .detail(
                "messages unacknowledged",
                messages.messages_unacknowledged.to_string(),
            )
            .detail("consumers", objects.consumers.to_string())
            .detail("connections", objects.connections.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(nodes: &str) -> Finding {
        let nodes: Vec<Node> = serde_json::from_str(nodes).expect("nodes");
        judge(Finding::new(Verdict::Pass, "RabbitMQ 3.10.8"), &nodes)
    }

    #[test]
    fn an_alarm_is_said_in_place_of_the_version() {
        let well =
            judged(r#"[{"name":"a","running":true,"mem_alarm":false,"disk_free_alarm":false}]"#);
        assert_eq!(
            (well.verdict, &*well.text),
            (Verdict::Pass, "RabbitMQ 3.10.8")
        );
        let ill = judged(r#"[{"name":"a","mem_alarm":true},{"name":"b","running":false}]"#);
        assert_eq!(ill.verdict, Verdict::Warn);
        assert_eq!(
            ill.text,
            "memory alarm, publishers are blocked (a); node is down (b)"
        );
        assert_eq!(ill.details["nodes"], "2");
    }
}
