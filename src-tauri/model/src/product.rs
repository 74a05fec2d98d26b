//! Known servers: what is in an image, at which port it speaks, and with which
//! login, as the variables say with which the server itself is set up.

use crate::plan::{Endpoint, HostPort, Protocol, Run, Service};
use crate::secret;
use serde::{Deserialize, Serialize};
use std::fmt;
use ts_rs::TS;

/// A server that is known by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Product {
    Postgres,
    Mysql,
    SqlServer,
    Redis,
    Amqp,
    Kafka,
    Elasticsearch,
    Mongodb,
    Flink,
    Prometheus,
    Grafana,
    OtelCollector,
    Temporal,
}

/// Last part of an image's name → what is in it. Whole names only, so that
/// `kafka-ui` is not taken for Kafka.
const IMAGES: [(&str, Product); 38] = [
    ("postgres", Product::Postgres),
    ("postgresql", Product::Postgres),
    ("postgis", Product::Postgres),
    ("pgvector", Product::Postgres),
    ("timescaledb", Product::Postgres),
    ("timescaledb-ha", Product::Postgres),
    ("mysql", Product::Mysql),
    ("mysql-server", Product::Mysql),
    ("mariadb", Product::Mysql),
    ("mariadb-galera", Product::Mysql),
    ("percona", Product::Mysql),
    ("percona-server", Product::Mysql),
    ("azure-sql-edge", Product::SqlServer),
    ("redis", Product::Redis),
    ("redis-stack", Product::Redis),
    ("redis-stack-server", Product::Redis),
    ("valkey", Product::Redis),
    ("keydb", Product::Redis),
    ("rabbitmq", Product::Amqp),
    ("kafka", Product::Kafka),
    ("cp-kafka", Product::Kafka),
    ("kafka-native", Product::Kafka),
    ("confluent-local", Product::Kafka),
    ("redpanda", Product::Kafka),
    ("elasticsearch", Product::Elasticsearch),
    ("elasticsearch-oss", Product::Elasticsearch),
    ("opensearch", Product::Elasticsearch),
    ("mongo", Product::Mongodb),
    ("mongodb", Product::Mongodb),
    ("flink", Product::Flink),
    ("prometheus", Product::Prometheus),
    ("grafana", Product::Grafana),
    ("grafana-oss", Product::Grafana),
    ("grafana-enterprise", Product::Grafana),
    ("opentelemetry-collector", Product::OtelCollector),
    ("opentelemetry-collector-contrib", Product::OtelCollector),
    ("temporal", Product::Temporal),
    ("auto-setup", Product::Temporal),
];

/// Where Flink offers metrics, and where its parts speak with each other.
const FLINK_ASIDE: [u16; 5] = [6121, 6122, 6123, 6124, 9249];

impl Product {
    /// By the image, or by the scheme of an endpoint.
    pub(crate) fn of(service: &Service) -> Option<Self> {
        let by_image = match &service.run {
            Run::Container(container) => Self::of_image(&container.image),
            Run::Process(_) | Run::External => None,
        };
        by_image.or_else(|| {
            service
                .endpoints
                .iter()
                .find_map(|endpoint| Self::of_scheme(&endpoint.scheme))
        })
    }

    pub(crate) fn of_image(image: &str) -> Option<Self> {
        let (name, _) = image.split_once('@').unwrap_or((image, ""));
        let last = name.rsplit('/').next().unwrap_or(name);
        let last = last.split(':').next().unwrap_or(last);
        if name.contains("mssql/") {
            return Some(Self::SqlServer);
        }
        // `server` alone may be anybody's.
        if last == "server" && name.contains("temporalio/") {
            return Some(Self::Temporal);
        }
        IMAGES
            .iter()
            .find(|(image, _)| *image == last)
            .map(|(_, product)| *product)
    }

    fn of_scheme(scheme: &str) -> Option<Self> {
        Some(match scheme {
            "postgres" | "postgresql" => Self::Postgres,
            "mysql" | "mariadb" => Self::Mysql,
            "sqlserver" | "mssql" => Self::SqlServer,
            "redis" | "rediss" => Self::Redis,
            "amqp" | "amqps" => Self::Amqp,
            "kafka" => Self::Kafka,
            "elasticsearch" => Self::Elasticsearch,
            "mongodb" => Self::Mongodb,
            _ => return None,
        })
    }

    /// The endpoint that speaks the protocol: by scheme, by usual port, one for
    /// HTTP where that is the protocol, or the first.
    pub(crate) fn endpoint(self, endpoints: &[Endpoint]) -> Option<&Endpoint> {
        let usable = || endpoints.iter().filter(|e| e.protocol == Protocol::Tcp);
        let by_scheme = usable().find(|e| Self::of_scheme(&e.scheme) == Some(self));
        let by_port = || usable().find(|e| listens_at(e) == Some(self.usual_port()));
        let by_http = || usable().find(|e| self.is_http() && e.is_http());
        by_scheme
            .or_else(by_port)
            .or_else(by_http)
            .or_else(|| usable().next())
    }

    /// Whether an endpoint is for something else: metrics, or parts of itself.
    pub(crate) fn is_aside(self, endpoint: &Endpoint) -> bool {
        let port = listens_at(endpoint);
        self == Self::Flink && port.is_some_and(|port| FLINK_ASIDE.contains(&port))
    }

    fn is_http(self) -> bool {
        matches!(
            self,
            Self::Elasticsearch
                | Self::Flink
                | Self::Prometheus
                | Self::Grafana
                | Self::OtelCollector
        )
    }

    fn usual_port(self) -> u16 {
        match self {
            Self::Postgres => 5432,
            Self::Mysql => 3306,
            Self::SqlServer => 1433,
            Self::Redis => 6379,
            Self::Amqp => 5672,
            Self::Kafka => 9092,
            Self::Elasticsearch => 9200,
            Self::Mongodb => 27017,
            Self::Flink => 8081,
            Self::Prometheus => 9090,
            Self::Grafana => 3000,
            Self::OtelCollector => 13133,
            Self::Temporal => 7233,
        }
    }
}

/// The port that the program itself listens at.
fn listens_at(endpoint: &Endpoint) -> Option<u16> {
    endpoint.target.or(match endpoint.port {
        HostPort::Fixed(port) => Some(port),
        HostPort::Auto => None,
    })
}

/// Who asks a server.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Login {
    /// Name of the user.
    pub user: Option<String>,
    /// The password; never shown.
    pub password: Option<String>,
    /// The database; RabbitMQ's virtual host.
    pub database: Option<String>,
}

impl fmt::Debug for Login {
    /// Without the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login")
            .field("user", &self.user)
            .field("password", &self.password.as_ref().map(|_| secret::MASK))
            .field("database", &self.database)
            .finish()
    }
}

impl Login {
    /// What is given here, and the rest from `other`.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            user: self.user.or(other.user),
            password: self.password.or(other.password),
            database: self.database.or(other.database),
        }
    }

    /// PostgreSQL, as its images are set up.
    #[must_use]
    pub fn postgres(service: &Service) -> Self {
        let user = first(service, &["POSTGRES_USER", "POSTGRESQL_USERNAME"])
            .unwrap_or_else(|| "postgres".to_owned());
        let database = first(service, &["POSTGRES_DB", "POSTGRESQL_DATABASE"]);
        Self {
            database: Some(database.unwrap_or_else(|| user.clone())),
            user: Some(user),
            password: first(service, &["POSTGRES_PASSWORD", "POSTGRESQL_PASSWORD"]),
        }
    }

    /// MySQL and MariaDB, as their images are set up; `root` where no other user is.
    #[must_use]
    pub fn mysql(service: &Service) -> Self {
        let user = first(service, &["MYSQL_USER", "MARIADB_USER"]);
        let password: &[&str] = match user {
            Some(_) => &["MYSQL_PASSWORD", "MARIADB_PASSWORD"],
            None => &["MYSQL_ROOT_PASSWORD", "MARIADB_ROOT_PASSWORD"],
        };
        Self {
            password: first(service, password),
            user: Some(user.unwrap_or_else(|| "root".to_owned())),
            database: first(service, &["MYSQL_DATABASE", "MARIADB_DATABASE"]),
        }
    }

    /// Redis and its kin: a variable, or the server's own option.
    #[must_use]
    pub fn redis(service: &Service) -> Self {
        Self {
            password: first(service, &["REDIS_PASSWORD"]).or_else(|| required_pass(service)),
            ..Self::default()
        }
    }

    /// RabbitMQ, as its images are set up.
    #[must_use]
    pub fn amqp(service: &Service) -> Self {
        let guest = || "guest".to_owned();
        let user = first(service, &["RABBITMQ_DEFAULT_USER", "RABBITMQ_USERNAME"]);
        let password = first(service, &["RABBITMQ_DEFAULT_PASS", "RABBITMQ_PASSWORD"]);
        let host = first(service, &["RABBITMQ_DEFAULT_VHOST"]);
        Self {
            user: Some(user.unwrap_or_else(guest)),
            password: Some(password.unwrap_or_else(guest)),
            database: Some(host.unwrap_or_else(|| "/".to_owned())),
        }
    }

    /// Elasticsearch; nobody where it has no password.
    #[must_use]
    pub fn elasticsearch(service: &Service) -> Self {
        let password = first(service, &["ELASTIC_PASSWORD"]);
        Self {
            user: password.as_ref().map(|_| "elastic".to_owned()),
            password,
            database: None,
        }
    }
}

/// The first of these variables that is set and not empty.
fn first(service: &Service, names: &[&str]) -> Option<String> {
    names
        .iter()
        .find_map(|name| service.environment.get(*name))
        .filter(|value| !value.is_empty())
        .cloned()
}

/// What stands behind `--requirepass`.
fn required_pass(service: &Service) -> Option<String> {
    let words = match &service.run {
        Run::Container(container) => container.command.as_deref()?,
        Run::Process(process) => &process.command,
        Run::External => return None,
    };
    let at = words.iter().position(|word| word == "--requirepass")?;
    words.get(at + 1).cloned()
}
