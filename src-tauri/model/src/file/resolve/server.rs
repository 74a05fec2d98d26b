//! Probes that speak the protocol of a server: as written, and as is usual for
//! what is known of an image.

use super::health::Subject;
use crate::file::findings::Findings;
use crate::file::written::At;
use crate::file::written::probes::Server;
use crate::plan::{Endpoint, Protocol};
use crate::probe::{Probe, ProbeKind};
use crate::problem::Place;
use crate::product::{Login, Product};

/// The probe as written, with the endpoint that speaks the protocol.
pub(super) fn resolve(
    written: &Server,
    subject: &Subject<'_>,
    place: &Place,
    findings: &mut Findings,
) -> Option<ProbeKind> {
    let named = written.key("endpoint");
    subject.check_endpoint(named, written.word, place, findings)?;
    let endpoint = match named {
        Some(named) => Some(named.value.clone()),
        None => fitting(written.word, subject.endpoints.unwrap_or_default()),
    };
    let login = Login {
        user: text(written, "user"),
        password: text(written, "password"),
        database: text(written, "database").or_else(|| text(written, "vhost")),
    };
    let mut number = |key| match written.key(key) {
        Some(text) => count(key, text, findings).map(Some),
        None => Some(None),
    };
    Some(match written.word {
        "postgres" => ProbeKind::Postgres { endpoint, login },
        "mysql" => ProbeKind::Mysql { endpoint, login },
        "redis" => ProbeKind::Redis { endpoint, login },
        "amqp" => ProbeKind::Amqp { endpoint, login },
        "kafka" => ProbeKind::Kafka {
            endpoint,
            login,
            min_brokers: number("min_brokers")?,
            topic: text(written, "topic"),
        },
        "elasticsearch" => ProbeKind::Elasticsearch { endpoint, login },
        "flink" => ProbeKind::Flink {
            endpoint,
            min_task_managers: number("min_task_managers")?,
            min_slots: number("min_slots")?,
        },
        "prometheus" => ProbeKind::Prometheus { endpoint },
        "grafana" => ProbeKind::Grafana { endpoint },
        "otel-collector" => ProbeKind::OtelCollector { endpoint },
        "grpc" => ProbeKind::Grpc {
            endpoint,
            service: text(written, "service"),
        },
        _ => ProbeKind::Temporal {
            endpoint,
            namespace: text(written, "namespace"),
        },
    })
}

/// What is asked of a known image where nobody said how to ask: nothing where it
/// has no endpoint.
pub(super) fn usual(subject: &Subject<'_>) -> Option<Probe> {
    let product = subject.product?;
    let found = product.endpoint(subject.endpoints?)?;
    let endpoint = Some(found.name.clone());
    let login = Login::default();
    let kind = match product {
        Product::Postgres => ProbeKind::Postgres { endpoint, login },
        Product::Mysql => ProbeKind::Mysql { endpoint, login },
        Product::Redis => ProbeKind::Redis { endpoint, login },
        Product::Amqp => ProbeKind::Amqp { endpoint, login },
        Product::Kafka => ProbeKind::Kafka {
            endpoint,
            login,
            min_brokers: None,
            topic: None,
        },
        Product::Elasticsearch => ProbeKind::Elasticsearch { endpoint, login },
        // A task manager has the same image and no page that could be asked.
        Product::Flink if product.is_aside(found) => return None,
        Product::Flink => ProbeKind::Flink {
            endpoint,
            min_task_managers: None,
            min_slots: None,
        },
        Product::Prometheus => ProbeKind::Prometheus { endpoint },
        Product::Grafana => ProbeKind::Grafana { endpoint },
        Product::Temporal => ProbeKind::Temporal {
            endpoint,
            namespace: None,
        },
        // The port of its health check is open only where its configuration says so.
        Product::OtelCollector => return None,
        // Nothing here speaks their language.
        Product::SqlServer | Product::Mongodb => return None,
    };
    Some(Probe {
        default: true,
        ..Probe::new(kind)
    })
}

/// The endpoint that speaks what a kind asks.
fn fitting(word: &str, endpoints: &[Endpoint]) -> Option<String> {
    let product = match word {
        "postgres" => Product::Postgres,
        "mysql" => Product::Mysql,
        "redis" => Product::Redis,
        "amqp" => Product::Amqp,
        "kafka" => Product::Kafka,
        "elasticsearch" => Product::Elasticsearch,
        "flink" => Product::Flink,
        "prometheus" => Product::Prometheus,
        "grafana" => Product::Grafana,
        "otel-collector" => Product::OtelCollector,
        "temporal" => Product::Temporal,
        _ => return grpc(endpoints).map(|endpoint| endpoint.name.clone()),
    };
    product.endpoint(endpoints).map(|found| found.name.clone())
}

fn grpc(endpoints: &[Endpoint]) -> Option<&Endpoint> {
    let usable = || endpoints.iter().filter(|e| e.protocol == Protocol::Tcp);
    let named = usable().find(|e| e.scheme == "grpc" || e.name == "grpc");
    named.or_else(|| usable().next())
}

fn text(written: &Server, key: &str) -> Option<String> {
    written.key(key).map(|text| text.value.clone())
}

fn count(key: &str, text: &At<String>, findings: &mut Findings) -> Option<u32> {
    let count = text.value.parse().ok().filter(|n| *n > 0);
    if count.is_none() {
        let message = format!(
            "`{key}` must be a whole number from 1 upwards, but is `{}`",
            text.value
        );
        findings.error(&text.place, message);
    }
    count
}
