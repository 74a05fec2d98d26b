//! Connection strings for services whose kind is known by the image or by the
//! scheme of an endpoint. Users and passwords come from the variables with which
//! the service itself is set up.

use super::Address;
use crate::plan::{Endpoint, Protocol, Run, Service};

/// Services that have a usual form of connection string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Postgres,
    Mysql,
    SqlServer,
    Redis,
    Amqp,
    Kafka,
    Elasticsearch,
    Mongodb,
}

/// Last part of an image's name → what is in it. Whole names only, so that
/// `kafka-ui` is not taken for Kafka.
const IMAGES: [(&str, Kind); 24] = [
    ("postgres", Kind::Postgres),
    ("postgresql", Kind::Postgres),
    ("postgis", Kind::Postgres),
    ("pgvector", Kind::Postgres),
    ("timescaledb", Kind::Postgres),
    ("timescaledb-ha", Kind::Postgres),
    ("mysql", Kind::Mysql),
    ("mysql-server", Kind::Mysql),
    ("mariadb", Kind::Mysql),
    ("percona", Kind::Mysql),
    ("azure-sql-edge", Kind::SqlServer),
    ("redis", Kind::Redis),
    ("redis-stack", Kind::Redis),
    ("redis-stack-server", Kind::Redis),
    ("valkey", Kind::Redis),
    ("keydb", Kind::Redis),
    ("rabbitmq", Kind::Amqp),
    ("kafka", Kind::Kafka),
    ("cp-kafka", Kind::Kafka),
    ("confluent-local", Kind::Kafka),
    ("redpanda", Kind::Kafka),
    ("elasticsearch", Kind::Elasticsearch),
    ("mongo", Kind::Mongodb),
    ("mongodb", Kind::Mongodb),
];

/// The connection string of a service, where its kind has one. `reach` tells
/// where an endpoint is reached.
pub(super) fn string(
    service: &Service,
    reach: impl Fn(&Endpoint) -> Option<Address>,
) -> Option<String> {
    let kind = Kind::of(service)?;
    let endpoint = kind.endpoint(service)?;
    let address = reach(endpoint)?;
    let env = Variables(service);
    Some(match kind {
        Kind::Postgres => postgres(&address, &env),
        Kind::Mysql => mysql(&address, &env),
        Kind::SqlServer => sql_server(&address, &env),
        Kind::Redis => redis(&address, &env),
        Kind::Amqp => amqp(&address, endpoint, &env),
        Kind::Kafka => address.to_string(),
        Kind::Elasticsearch => elasticsearch(&address, endpoint, &env),
        Kind::Mongodb => mongodb(&address, &env),
    })
}

impl Kind {
    fn of(service: &Service) -> Option<Self> {
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

    fn of_image(image: &str) -> Option<Self> {
        let (name, _) = image.split_once('@').unwrap_or((image, ""));
        let last = name.rsplit('/').next().unwrap_or(name);
        let last = last.split(':').next().unwrap_or(last);
        if name.contains("mssql/") {
            return Some(Self::SqlServer);
        }
        IMAGES
            .iter()
            .find(|(image, _)| *image == last)
            .map(|(_, kind)| *kind)
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

    /// The endpoint that speaks the protocol: by scheme, by usual port, or the first.
    fn endpoint(self, service: &Service) -> Option<&Endpoint> {
        let usable = || {
            service
                .endpoints
                .iter()
                .filter(|endpoint| endpoint.protocol == Protocol::Tcp)
        };
        let by_scheme = usable().find(|endpoint| Self::of_scheme(&endpoint.scheme) == Some(self));
        let by_port = || usable().find(|endpoint| endpoint.target == Some(self.usual_port()));
        by_scheme.or_else(by_port).or_else(|| usable().next())
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
        }
    }
}

/// The variables of the referenced service.
struct Variables<'s>(&'s Service);

impl Variables<'_> {
    /// The first of these that is set and not empty.
    fn first(&self, names: &[&str]) -> Option<&str> {
        names
            .iter()
            .find_map(|name| self.0.environment.get(*name))
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }
}

fn postgres(address: &Address, env: &Variables<'_>) -> String {
    let user = env
        .first(&["POSTGRES_USER", "POSTGRESQL_USERNAME"])
        .unwrap_or("postgres");
    let password = env.first(&["POSTGRES_PASSWORD", "POSTGRESQL_PASSWORD"]);
    let database = env
        .first(&["POSTGRES_DB", "POSTGRESQL_DATABASE"])
        .unwrap_or(user);
    ado(&[
        ("Host", Some(&address.host)),
        ("Port", Some(&address.port.to_string())),
        ("Username", Some(user)),
        ("Password", password),
        ("Database", Some(database)),
    ])
}

fn mysql(address: &Address, env: &Variables<'_>) -> String {
    let user = env.first(&["MYSQL_USER", "MARIADB_USER"]);
    let password = match user {
        Some(_) => env.first(&["MYSQL_PASSWORD", "MARIADB_PASSWORD"]),
        None => env.first(&["MYSQL_ROOT_PASSWORD", "MARIADB_ROOT_PASSWORD"]),
    };
    ado(&[
        ("Server", Some(&address.host)),
        ("Port", Some(&address.port.to_string())),
        ("User ID", Some(user.unwrap_or("root"))),
        ("Password", password),
        (
            "Database",
            env.first(&["MYSQL_DATABASE", "MARIADB_DATABASE"]),
        ),
    ])
}

fn sql_server(address: &Address, env: &Variables<'_>) -> String {
    ado(&[
        (
            "Server",
            Some(&format!("{},{}", address.host, address.port)),
        ),
        ("User ID", Some("sa")),
        ("Password", env.first(&["MSSQL_SA_PASSWORD", "SA_PASSWORD"])),
        ("TrustServerCertificate", Some("true")),
    ])
}

fn redis(address: &Address, env: &Variables<'_>) -> String {
    match env.first(&["REDIS_PASSWORD"]) {
        Some(password) => format!("{address},password={password}"),
        None => address.to_string(),
    }
}

fn amqp(address: &Address, endpoint: &Endpoint, env: &Variables<'_>) -> String {
    let scheme = if endpoint.scheme == "amqps" {
        "amqps"
    } else {
        "amqp"
    };
    let user = env
        .first(&["RABBITMQ_DEFAULT_USER", "RABBITMQ_USERNAME"])
        .unwrap_or("guest");
    let password = env
        .first(&["RABBITMQ_DEFAULT_PASS", "RABBITMQ_PASSWORD"])
        .unwrap_or("guest");
    let host = env
        .first(&["RABBITMQ_DEFAULT_VHOST"])
        .filter(|host| *host != "/");
    let path = host
        .map(|host| format!("/{}", percent(host)))
        .unwrap_or_default();
    format!(
        "{scheme}://{}:{}@{address}{path}",
        percent(user),
        percent(password)
    )
}

fn elasticsearch(address: &Address, endpoint: &Endpoint, env: &Variables<'_>) -> String {
    let scheme = if endpoint.scheme == "https" {
        "https"
    } else {
        "http"
    };
    match env.first(&["ELASTIC_PASSWORD"]) {
        Some(password) => format!("{scheme}://elastic:{}@{address}", percent(password)),
        None => format!("{scheme}://{address}"),
    }
}

fn mongodb(address: &Address, env: &Variables<'_>) -> String {
    let database = env
        .first(&["MONGO_INITDB_DATABASE"])
        .map(percent)
        .unwrap_or_default();
    let user = env.first(&["MONGO_INITDB_ROOT_USERNAME"]);
    match (user, env.first(&["MONGO_INITDB_ROOT_PASSWORD"])) {
        // The root user lives in the database `admin`.
        (Some(user), Some(password)) => {
            format!(
                "mongodb://{}:{}@{address}/{database}?authSource=admin",
                percent(user),
                percent(password)
            )
        }
        _ => format!("mongodb://{address}/{database}"),
    }
}

/// `Key=Value;…` of ADO.NET, without those that have no value.
fn ado(parts: &[(&str, Option<&str>)]) -> String {
    let part = |(key, value): &(&str, Option<&str>)| {
        value.map(|value| format!("{key}={}", ado_value(value)))
    };
    parts.iter().filter_map(part).collect::<Vec<_>>().join(";")
}

/// In quotes where a character has a meaning of its own.
fn ado_value(value: &str) -> String {
    let plain = !value.contains([';', '"', '\'', '=', '{']) && value.trim() == value;
    if plain {
        value.to_owned()
    } else {
        format!("\"{}\"", value.replace('"', "\"\""))
    }
}

/// A part of a URL with everything escaped that is not plain.
fn percent(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}
