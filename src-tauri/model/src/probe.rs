//! What a probe asks, and what it answers.

use crate::product::Login;
use crate::time::Millis;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use ts_rs::TS;

/// Which question a probe answers, with kubelet's meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum ProbeRole {
    /// "Has it finished starting?" Gates the other two until it passes once.
    Startup,
    /// "Is it there?" Failure makes the service Unhealthy.
    Live,
    /// "Can it serve?" Failure makes the service Degraded.
    Ready,
}

impl ProbeRole {
    /// All three, in the order in which they matter.
    pub const ALL: [Self; 3] = [Self::Startup, Self::Live, Self::Ready];

    /// The key in the environment file.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Startup => "startup",
            Self::Live => "live",
            Self::Ready => "ready",
        }
    }
}

/// The exchange that a probe performs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase", tag = "type")]
pub enum ProbeKind {
    /// A GET; passes on 200–399, and understands ASP.NET health JSON.
    Http {
        /// Name of the endpoint; the first HTTP endpoint where it is absent.
        endpoint: Option<String>,
        /// Path and query, beginning with `/`.
        path: String,
        /// The only status that passes, where one is demanded.
        status: Option<u16>,
        /// What the body must say, where anything is demanded.
        #[serde(default)]
        body: Option<BodyRule>,
    },
    /// A TCP connection that is accepted.
    Tcp {
        /// Name of the endpoint; the first where it is absent.
        endpoint: Option<String>,
    },
    /// A command that exits with 0: inside the container, or on the host with
    /// the environment and folder of the process.
    Exec {
        /// Program and arguments.
        command: Vec<String>,
    },
    /// A line that the service has written since it was started.
    Log {
        /// Which one.
        line: LinePattern,
    },
    /// The container's own health check, as the container runtime reports it.
    Container,
    /// PostgreSQL: a login and a query.
    Postgres {
        /// Name of the endpoint.
        endpoint: Option<String>,
        /// As written; the rest comes from the service's own variables.
        login: Login,
    },
    /// MySQL and MariaDB: a login and a query.
    Mysql {
        /// Name of the endpoint.
        endpoint: Option<String>,
        /// As written; the rest comes from the service's own variables.
        login: Login,
    },
    /// Redis and its kin: PING and INFO.
    Redis {
        /// Name of the endpoint.
        endpoint: Option<String>,
        /// As written; the rest comes from the service's own variables.
        login: Login,
    },
    /// RabbitMQ: the handshake, a login and a channel.
    Amqp {
        /// Name of the endpoint.
        endpoint: Option<String>,
        /// As written; the rest comes from the service's own variables.
        login: Login,
    },
    /// Kafka: the list of brokers and topics.
    Kafka {
        /// Name of the endpoint.
        endpoint: Option<String>,
        /// Who asks, where the listener wants to know (SASL PLAIN).
        login: Login,
        /// So many brokers must be there.
        min_brokers: Option<u32>,
        /// This topic must exist, with a leader for each partition.
        topic: Option<String>,
    },
    /// Elasticsearch or OpenSearch: the health of the cluster.
    Elasticsearch {
        /// Name of the endpoint.
        endpoint: Option<String>,
        /// As written; the rest comes from the service's own variables.
        login: Login,
    },
    /// Flink's job manager: the overview of the cluster.
    Flink {
        /// Name of the endpoint.
        endpoint: Option<String>,
        /// So many task managers must be there.
        min_task_managers: Option<u32>,
        /// So many slots must be there.
        min_slots: Option<u32>,
    },
    /// Prometheus: its page of readiness.
    Prometheus {
        /// Name of the endpoint.
        endpoint: Option<String>,
    },
    /// Grafana: its page of health, which knows of the database.
    Grafana {
        /// Name of the endpoint.
        endpoint: Option<String>,
    },
    /// The health check extension of an OpenTelemetry collector.
    #[serde(rename = "otel-collector")]
    OtelCollector {
        /// Name of the endpoint.
        endpoint: Option<String>,
    },
    /// The health service of gRPC.
    Grpc {
        /// Name of the endpoint.
        endpoint: Option<String>,
        /// Full name of the service that is asked about; the whole server where
        /// it is absent.
        service: Option<String>,
    },
    /// The frontend of a Temporal cluster: the health service of gRPC, its version.
    Temporal {
        /// Name of the endpoint.
        endpoint: Option<String>,
        /// This namespace must exist and be in use.
        namespace: Option<String>,
    },
}

impl ProbeKind {
    /// Whether asking costs next to nothing, so that a service may be asked often
    /// while it starts. A command is a program to start, and the container runtime
    /// checks when it likes.
    #[must_use]
    pub fn is_cheap(&self) -> bool {
        !matches!(self, Self::Exec { .. } | Self::Container)
    }

    /// The key in the environment file.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Http { .. } => "http",
            Self::Tcp { .. } => "tcp",
            Self::Exec { .. } => "exec",
            Self::Log { .. } => "log",
            Self::Container => "container",
            Self::Postgres { .. } => "postgres",
            Self::Mysql { .. } => "mysql",
            Self::Redis { .. } => "redis",
            Self::Amqp { .. } => "amqp",
            Self::Kafka { .. } => "kafka",
            Self::Elasticsearch { .. } => "elasticsearch",
            Self::Flink { .. } => "flink",
            Self::Prometheus { .. } => "prometheus",
            Self::Grafana { .. } => "grafana",
            Self::OtelCollector { .. } => "otel-collector",
            Self::Grpc { .. } => "grpc",
            Self::Temporal { .. } => "temporal",
        }
    }

    /// The endpoint that it asks, where one is named.
    #[must_use]
    pub fn endpoint(&self) -> Option<&str> {
        match self {
            Self::Exec { .. } | Self::Log { .. } | Self::Container => None,
            Self::Http { endpoint, .. }
            | Self::Tcp { endpoint }
            | Self::Postgres { endpoint, .. }
            | Self::Mysql { endpoint, .. }
            | Self::Redis { endpoint, .. }
            | Self::Amqp { endpoint, .. }
            | Self::Kafka { endpoint, .. }
            | Self::Elasticsearch { endpoint, .. }
            | Self::Flink { endpoint, .. }
            | Self::Prometheus { endpoint }
            | Self::Grafana { endpoint }
            | Self::OtelCollector { endpoint }
            | Self::Grpc { endpoint, .. }
            | Self::Temporal { endpoint, .. } => endpoint.as_deref(),
        }
    }

    /// The password that is written for it.
    pub fn password_mut(&mut self) -> Option<&mut String> {
        match self {
            Self::Postgres { login, .. }
            | Self::Mysql { login, .. }
            | Self::Kafka { login, .. }
            | Self::Redis { login, .. }
            | Self::Amqp { login, .. }
            | Self::Elasticsearch { login, .. } => login.password.as_mut(),
            _ => None,
        }
    }
}

/// What the body of an answer must say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct BodyRule {
    /// Where in the JSON: keys and indexes with dots between; the whole body as text
    /// where it is absent.
    pub path: Option<String>,
    /// The value, as text.
    pub equals: Option<String>,
    /// A part of the value.
    pub contains: Option<String>,
}

/// Which line is meant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum LinePattern {
    /// One that contains this.
    Text(String),
    /// One that this matches.
    Regex(String),
}

impl fmt::Display for LinePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "a line with `{text}`"),
            Self::Regex(regex) => write!(f, "a line that matches `{regex}`"),
        }
    }
}

/// One probe as resolved. Field names and meanings follow kubelet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Probe {
    /// What is asked.
    pub kind: ProbeKind,
    /// Time between two probes once the service is up.
    pub interval: Millis,
    /// Deadline of one attempt, for everything in it.
    pub timeout: Millis,
    /// So many failures in a row change the verdict to failing.
    pub failure_threshold: u32,
    /// So many successes in a row change it back.
    pub success_threshold: u32,
    /// Time after the start before the first attempt.
    pub initial_delay: Millis,
    /// Only for `startup`: how long the whole start may take.
    pub deadline: Millis,
    /// Nobody wrote it: it stands for what is known of the image.
    #[serde(default)]
    pub default: bool,
}

impl Probe {
    /// A probe with the defaults of the design: every 30 s, 5 s each, three
    /// failures to fall, one success to rise; a start may take 5 minutes.
    #[must_use]
    pub fn new(kind: ProbeKind) -> Self {
        Self {
            kind,
            interval: Millis::from_secs(30),
            timeout: Millis::from_secs(5),
            failure_threshold: 3,
            success_threshold: 1,
            initial_delay: Millis(0),
            deadline: Millis::from_secs(300),
            default: false,
        }
    }
}

/// The probes of one service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Probes {
    /// See [`ProbeRole::Startup`].
    pub startup: Option<Probe>,
    /// See [`ProbeRole::Live`].
    pub live: Option<Probe>,
    /// See [`ProbeRole::Ready`].
    pub ready: Option<Probe>,
}

impl Probes {
    /// The probe in this role.
    #[must_use]
    pub fn get(&self, role: ProbeRole) -> Option<&Probe> {
        match role {
            ProbeRole::Startup => self.startup.as_ref(),
            ProbeRole::Live => self.live.as_ref(),
            ProbeRole::Ready => self.ready.as_ref(),
        }
    }

    /// Every probe there is, to be changed.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Probe> {
        [&mut self.startup, &mut self.live, &mut self.ready]
            .into_iter()
            .flatten()
    }

    /// Every probe there is, with its role.
    pub fn iter(&self) -> impl Iterator<Item = (ProbeRole, &Probe)> {
        ProbeRole::ALL
            .into_iter()
            .filter_map(|role| Some((role, self.get(role)?)))
    }
}

/// What one attempt found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// As it should be.
    Pass,
    /// Answers, and says of itself that it is degraded.
    Warn,
    /// No answer, or a bad one.
    Fail,
}

/// The answer of one attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ProbeResult {
    /// What it means.
    pub verdict: Verdict,
    /// How long the exchange took, in microseconds.
    #[ts(type = "number")]
    pub latency_us: u64,
    /// One line for people: `200 OK`, `connection refused`.
    pub text: String,
    /// Named findings, such as the address that answered or the entries of a
    /// health report.
    pub details: BTreeMap<String, String>,
}
