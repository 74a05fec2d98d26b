//! Questions in the language of a known server: one connection, one exchange, and
//! a clear word about who answers where it is somebody else.

use super::http::{self, Page};
use super::kafka::Kafka;
use super::rabbitmq::Management;
use super::tap::{Heard, Own, Tap};
use super::{
    Finding, amqp, elasticsearch, flink, grafana, grpc, kafka, mysql, otel_collector, postgres,
    prometheus, rabbitmq, redis, stranger, tcp, temporal,
};
use benchtop_model::plan::Service;
use benchtop_model::probe::ProbeKind;
use benchtop_model::product::Login;
use reqwest::StatusCode;
use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

/// What is asked of a server.
#[derive(Clone, Debug)]
pub enum Question {
    /// In a protocol of its own.
    Wire(Wire),
    /// By HTTP.
    Page {
        /// `http` or `https`.
        scheme: String,
        /// Who asks.
        login: Login,
        /// What is asked for.
        page: Kind,
    },
}

/// A server with a protocol of its own.
#[derive(Clone, Debug)]
pub enum Wire {
    /// PostgreSQL.
    Postgres(Login),
    /// MySQL and MariaDB.
    Mysql(Login),
    /// Redis and its kin.
    Redis(Login),
    /// RabbitMQ, and its management API where there is one.
    Amqp(Login, Option<Management>),
    /// Kafka.
    Kafka(Kafka),
    /// The health service of gRPC, asked about one service or the whole server.
    Grpc(Option<String>),
    /// Temporal, with the namespace that must be there.
    Temporal(Option<String>),
}

/// A page that tells the health of its server.
#[derive(Clone, Debug)]
pub enum Kind {
    /// Elasticsearch or OpenSearch.
    Elasticsearch,
    /// Flink's job manager, with the fewest task managers and slots.
    Flink(Option<u32>, Option<u32>),
    /// Prometheus.
    Prometheus,
    /// Grafana.
    Grafana,
    /// OpenTelemetry collector.
    OtelCollector,
}

impl Question {
    /// The question of a probe; `scheme` is that of its endpoint, `management` only
    /// matters to RabbitMQ.
    pub(super) fn new(
        kind: &ProbeKind,
        service: &Service,
        scheme: &str,
        management: Option<Management>,
    ) -> Option<Self> {
        let wire = |wire| Some(Self::Wire(wire));
        let page = |page, login| {
            Some(Self::Page {
                scheme: if scheme == "https" { "https" } else { "http" }.to_owned(),
                login,
                page,
            })
        };
        match kind.clone() {
            ProbeKind::Postgres { login, .. } => {
                wire(Wire::Postgres(postgres_login(login, service)))
            }
            ProbeKind::Mysql { login, .. } => wire(Wire::Mysql(mysql_login(login, service))),
            ProbeKind::Redis { login, .. } => wire(Wire::Redis(login.or(Login::redis(service)))),
            ProbeKind::Amqp { login, .. } => {
                wire(Wire::Amqp(login.or(Login::amqp(service)), management))
            }
            ProbeKind::Kafka {
                login,
                min_brokers,
                topic,
                ..
            } => wire(Wire::Kafka(Kafka {
                login,
                min_brokers,
                topic,
            })),
            ProbeKind::Grpc { service, .. } => wire(Wire::Grpc(service)),
            ProbeKind::Temporal { namespace, .. } => wire(Wire::Temporal(namespace)),
            ProbeKind::Elasticsearch { login, .. } => {
                page(Kind::Elasticsearch, login.or(Login::elasticsearch(service)))
            }
            ProbeKind::Flink {
                min_task_managers,
                min_slots,
                ..
            } => page(Kind::Flink(min_task_managers, min_slots), Login::default()),
            ProbeKind::Prometheus { .. } => page(Kind::Prometheus, Login::default()),
            ProbeKind::Grafana { .. } => page(Kind::Grafana, Login::default()),
            ProbeKind::OtelCollector { .. } => page(Kind::OtelCollector, Login::default()),
            _ => None,
        }
    }
}

/// Who asks without a database of its own is asked into the one of its user, as
/// every client of PostgreSQL does.
pub(crate) fn postgres_login(written: Login, service: &Service) -> Login {
    let mut usual = Login::postgres(service);
    if written.user.is_some() && written.user != usual.user {
        usual.password = None;
    }
    written.or(usual)
}

/// The password of the image belongs to the user of the image.
fn mysql_login(written: Login, service: &Service) -> Login {
    let mut usual = Login::mysql(service);
    if written.user.is_some() && written.user != usual.user {
        usual.password = None;
    }
    written.or(usual)
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wire(Wire::Postgres(_)) => f.write_str("SELECT 1"),
            Self::Wire(Wire::Mysql(_)) => f.write_str("SELECT VERSION()"),
            Self::Wire(Wire::Kafka(Kafka {
                topic: Some(topic), ..
            })) => write!(f, "ask for brokers and `{topic}`"),
            Self::Wire(Wire::Kafka(_)) => f.write_str("ask for brokers and topics"),
            Self::Wire(Wire::Grpc(Some(service))) => write!(f, "check {service}"),
            Self::Wire(Wire::Grpc(None)) => f.write_str("check the server"),
            Self::Wire(Wire::Temporal(Some(namespace))) => {
                write!(f, "check the frontend and `{namespace}`")
            }
            Self::Wire(Wire::Temporal(None)) => f.write_str("check the frontend"),
            Self::Wire(Wire::Redis(_)) => f.write_str("PING"),
            Self::Wire(Wire::Amqp(..)) => f.write_str("open a channel"),
            Self::Page { page, .. } => write!(f, "GET {}", page.path()),
        }
    }
}

pub(super) async fn ask(question: Question, host: &str, port: u16, timeout: Duration) -> Finding {
    match question {
        Question::Wire(wire) => wire.ask(host, port, timeout).await,
        Question::Page {
            scheme,
            login,
            page,
        } => match http::fetch(&scheme, host, port, page.path(), &login).await {
            Ok(answer) if answer.status == StatusCode::NOT_FOUND => {
                let other = page.elsewhere(&scheme, host, port, &login).await;
                answer.located(other.unwrap_or_else(|| page.judge(&answer)))
            }
            Ok(answer) => answer.located(page.judge(&answer)),
            Err(finding) => finding,
        },
    }
}

impl Kind {
    fn path(&self) -> &'static str {
        match self {
            Self::Elasticsearch => elasticsearch::PATH,
            Self::Flink(..) => flink::PATH,
            Self::Prometheus => prometheus::PATH,
            Self::Grafana => grafana::PATH,
            Self::OtelCollector => otel_collector::PATH,
        }
    }

    /// What a relative of the server says, which has another page.
    async fn elsewhere(
        &self,
        scheme: &str,
        host: &str,
        port: u16,
        login: &Login,
    ) -> Option<Finding> {
        let Self::Flink(managers, slots) = self else {
            return None;
        };
        let page = http::fetch(scheme, host, port, flink::GATEWAY_PATH, login).await;
        flink::judge_gateway(&page.ok()?, managers.or(*slots).is_some())
    }

    fn judge(&self, page: &Page) -> Finding {
        match self {
            Self::Elasticsearch => elasticsearch::judge(page),
            Self::Flink(managers, slots) => flink::judge(page, *managers, *slots),
            Self::Prometheus => prometheus::judge(page),
            Self::Grafana => grafana::judge(page),
            Self::OtelCollector => otel_collector::judge(page),
        }
    }
}

impl Wire {
    async fn ask(self, host: &str, port: u16, timeout: Duration) -> Finding {
        let (stream, address) = match tcp::connect(host, port).await {
            Ok(connected) => connected,
            Err(error) => return Finding::fail(format!("{} (port {port})", tcp::say(&error))),
        };
        let heard = Heard::default();
        let own = self.own();
        let stream = Tap::new(stream, own, heard.clone());
        let finding = tokio::select! {
            answer = self.speak(stream, address) => match answer {
                Ok(finding) => finding,
                Err(text) => explain(text, own, &heard, address).await,
            },
            finding = after_silence(own, &heard, address, timeout) => finding,
        };
        finding.detail("address", address.to_string())
    }

    async fn speak(&self, stream: Tap, address: SocketAddr) -> Result<Finding, String> {
        match self {
            Self::Postgres(login) => postgres::ask(stream, login).await,
            Self::Mysql(login) => mysql::ask(stream, login).await,
            Self::Kafka(question) => kafka::ask(stream, question).await,
            Self::Grpc(service) => grpc::ask(stream, address, service.as_deref()).await,
            Self::Temporal(namespace) => temporal::ask(stream, address, namespace.as_deref()).await,
            Self::Redis(login) => redis::ask(stream, login).await,
            Self::Amqp(login, management) => {
                let finding = amqp::ask(stream, login).await?;
                Ok(match management {
                    Some(at) => rabbitmq::supplement(finding, at, login).await,
                    None => finding,
                })
            }
        }
    }

    /// Whether its answers can begin with these bytes.
    fn own(&self) -> Own {
        match self {
            Self::Postgres(_) => postgres::is_own,
            Self::Mysql(_) => mysql::is_own,
            Self::Kafka(_) => kafka::is_own,
            Self::Grpc(_) => grpc::is_own,
            Self::Temporal(_) => temporal::is_own,
            Self::Redis(_) => redis::is_own,
            Self::Amqp(..) => amqp::is_own,
        }
    }
}

/// What a broken exchange means.
async fn explain(text: String, own: Own, heard: &Heard, address: SocketAddr) -> Finding {
    let first = heard.bytes();
    if !first.is_empty() {
        return if own(&first) {
            Finding::fail(text)
        } else {
            stranger::finding(&first)
        };
    }
    let greeting = stranger::greet(address).await;
    if greeting.is_empty() || own(&greeting) {
        Finding::fail("the connection was closed without an answer")
    } else {
        stranger::finding(&greeting)
    }
}

/// Some programs wait for more when they are spoken to in a strange language.
/// Shortly before the deadline they are greeted in another one; comes to an end
/// only where that helps.
async fn after_silence(own: Own, heard: &Heard, address: SocketAddr, timeout: Duration) -> Finding {
    tokio::time::sleep(timeout * 3 / 4).await;
    if heard.bytes().is_empty() {
        let greeting = stranger::greet(address).await;
        if !greeting.is_empty() && !own(&greeting) {
            return stranger::finding(&greeting);
        }
    }
    std::future::pending().await
}
