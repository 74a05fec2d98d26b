//! A Temporal cluster: the health of its frontend, its version, and a namespace.
//!
//! Of Temporal's messages only the few fields are written out that are read here.

use super::Finding;
use super::grpc::{self, Channel, Health, Refusal};
use super::tap::Tap;
use benchtop_model::probe::Verdict;
use prost::Message;
use std::net::SocketAddr;

pub(super) use super::grpc::is_own;

const SERVICE: &str = "temporal.api.workflowservice.v1.WorkflowService";

/// The state of a namespace that can be used.
const REGISTERED: i32 = 1;

#[derive(Clone, PartialEq, Message)]
struct SystemInfoRequest {}

#[derive(Clone, PartialEq, Message)]
struct SystemInfo {
    #[prost(string, tag = "1")]
    server_version: String,
}

#[derive(Clone, PartialEq, Message)]
struct NamespaceRequest {
    #[prost(string, tag = "1")]
    namespace: String,
}

#[derive(Clone, PartialEq, Message)]
struct Namespace {
    #[prost(message, optional, tag = "1")]
    info: Option<NamespaceInfo>,
}

#[derive(Clone, PartialEq, Message)]
struct NamespaceInfo {
    #[prost(int32, tag = "2")]
    state: i32,
}

/// What was answered.
#[derive(Debug, Default)]
struct Cluster {
    health: Option<Health>,
    version: String,
    /// State of the namespace that is asked for; nothing where it does not exist.
    namespace: Option<i32>,
}

pub(super) async fn ask(
    stream: Tap,
    address: SocketAddr,
    namespace: Option<&str>,
) -> Result<Finding, String> {
    let asks = async |channel: &mut Channel| cluster(channel, namespace).await;
    Ok(match grpc::talk(stream, address, asks).await? {
        Ok(cluster) => cluster.finding(namespace),
        Err(refusal) if refusal.is_unimplemented() => {
            Finding::fail("a gRPC server answers, but it is not Temporal")
        }
        Err(refusal) => refusal.finding(),
    })
}

async fn cluster(channel: &mut Channel, namespace: Option<&str>) -> Result<Cluster, Refusal> {
    let mut cluster = Cluster {
        // A server with a health service that has never heard of Temporal.
        health: match channel.health(SERVICE).await {
            Err(refusal) if refusal.is_not_found() => None,
            said => Some(said?),
        },
        ..Cluster::default()
    };
    if cluster.health != Some(Health::Serving) {
        return Ok(cluster);
    }
    let method = format!("{SERVICE}/GetSystemInfo");
    let info: SystemInfo = channel.call(&method, &SystemInfoRequest {}).await?;
    cluster.version = info.server_version;
    if let Some(namespace) = namespace {
        let request = NamespaceRequest {
            namespace: namespace.to_owned(),
        };
        let method = format!("{SERVICE}/DescribeNamespace");
        cluster.namespace = match channel.call::<Namespace>(&method, &request).await {
            Err(refusal) if refusal.is_not_found() => None,
            found => Some(found?.info.unwrap_or_default().state),
        };
    }
    Ok(cluster)
}

impl Cluster {
    fn finding(&self, namespace: Option<&str>) -> Finding {
        let (verdict, text) = self.judge(namespace);
        let mut finding = Finding::new(verdict, text);
        if let Some(health) = self.health {
            finding = finding.detail("status", health.word());
        }
        if !self.version.is_empty() {
            finding = finding.detail("version", &*self.version);
        }
        match namespace {
            Some(name) => finding.detail("namespace", name),
            None => finding,
        }
    }

    fn judge(&self, namespace: Option<&str>) -> (Verdict, String) {
        let fail = |text: String| (Verdict::Fail, text);
        match (self.health, namespace, self.namespace) {
            (None, ..) => fail("a gRPC server answers, but it is not Temporal".to_owned()),
            (Some(Health::Serving), Some(name), None) => {
                fail(format!("there is no namespace `{name}`"))
            }
            (Some(Health::Serving), Some(name), Some(state)) if state != REGISTERED => {
                fail(format!("the namespace `{name}` is deprecated or deleted"))
            }
            (Some(Health::Serving), ..) => (
                Verdict::Pass,
                format!("Temporal {}", self.version).trim().to_owned(),
            ),
            (Some(health), ..) => fail(format!("the frontend says {}", health.word())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(health: Option<Health>, asked: Option<&str>, found: Option<i32>) -> (Verdict, String) {
        let cluster = Cluster {
            health,
            version: "1.29.1".to_owned(),
            namespace: found,
        };
        let finding = cluster.finding(asked);
        (finding.verdict, finding.text)
    }

    #[test]
    fn the_frontend_serves_and_the_namespace_is_there() {
        let serving = Some(Health::Serving);
        let pass = (Verdict::Pass, "Temporal 1.29.1".to_owned());
        assert_eq!(judge(serving, None, None), pass);
        assert_eq!(judge(serving, Some("shop"), Some(REGISTERED)), pass);
        let fails = |health, found, text: &str| {
            assert_eq!(
                judge(health, Some("shop"), found),
                (Verdict::Fail, text.to_owned())
            );
        };
        fails(serving, None, "there is no namespace `shop`");
        fails(
            serving,
            Some(3),
            "the namespace `shop` is deprecated or deleted",
        );
        fails(
            Some(Health::NotServing),
            None,
            "the frontend says NOT_SERVING",
        );
        fails(None, None, "a gRPC server answers, but it is not Temporal");
    }
}
