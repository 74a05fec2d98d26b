//! Connection strings for services whose kind is known by the image or by the
//! scheme of an endpoint. Users and passwords come from the variables with which
//! the service itself is set up.

use super::Address;
use crate::plan::{Endpoint, Service};
use crate::product::{Login, Product};

/// The connection string of a service, where its kind has one. `reach` tells
/// where an endpoint is reached.
pub(super) fn string(
    service: &Service,
    reach: impl Fn(&Endpoint) -> Option<Address>,
) -> Option<String> {
    let product = Product::of(service)?;
    let endpoint = product.endpoint(&service.endpoints)?;
    let address = reach(endpoint)?;
    Some(match product {
        Product::Postgres => database("Host", "Username", &address, &Login::postgres(service)),
        Product::Mysql => database("Server", "User ID", &address, &Login::mysql(service)),
        Product::SqlServer => sql_server(&address, service),
        Product::Redis => redis(&address, &Login::redis(service)),
        Product::Amqp => amqp(&address, endpoint, &Login::amqp(service)),
        Product::Kafka => address.to_string(),
        Product::Elasticsearch => elasticsearch(&address, endpoint, &Login::elasticsearch(service)),
        Product::Mongodb => mongodb(&address, service),
        Product::Flink
        | Product::Prometheus
        | Product::Grafana
        | Product::OtelCollector
        | Product::Temporal => return None,
    })
}

/// The first of these variables that is set and not empty.
fn first<'s>(service: &'s Service, names: &[&str]) -> Option<&'s str> {
    names
        .iter()
        .find_map(|name| service.environment.get(*name))
        .map(String::as_str)
        .filter(|value| !value.is_empty())
}

/// PostgreSQL and MySQL, which name two of the keys differently.
fn database(host: &str, user: &str, address: &Address, login: &Login) -> String {
    ado(&[
        (host, Some(&address.host)),
        ("Port", Some(&address.port.to_string())),
        (user, login.user.as_deref()),
        ("Password", login.password.as_deref()),
        ("Database", login.database.as_deref()),
    ])
}

fn sql_server(address: &Address, service: &Service) -> String {
    let password = first(service, &["MSSQL_SA_PASSWORD", "SA_PASSWORD"]);
    ado(&[
        (
            "Server",
            Some(&format!("{},{}", address.host, address.port)),
        ),
        ("User ID", Some("sa")),
        ("Password", password),
        ("TrustServerCertificate", Some("true")),
    ])
}

fn redis(address: &Address, login: &Login) -> String {
    match &login.password {
        Some(password) => format!("{address},password={password}"),
        None => address.to_string(),
    }
}

fn amqp(address: &Address, endpoint: &Endpoint, login: &Login) -> String {
    let scheme = if endpoint.scheme == "amqps" {
        "amqps"
    } else {
        "amqp"
    };
    let part = |text: &Option<String>| percent(text.as_deref().unwrap_or_default());
    let path = match login.database.as_deref() {
        None | Some("/") => String::new(),
        Some(host) => format!("/{}", percent(host)),
    };
    format!(
        "{scheme}://{}:{}@{address}{path}",
        part(&login.user),
        part(&login.password)
    )
}

fn elasticsearch(address: &Address, endpoint: &Endpoint, login: &Login) -> String {
    let scheme = if endpoint.scheme == "https" {
        "https"
    } else {
        "http"
    };
    match &login.password {
        Some(password) => format!("{scheme}://elastic:{}@{address}", percent(password)),
        None => format!("{scheme}://{address}"),
    }
}

fn mongodb(address: &Address, service: &Service) -> String {
    let database = first(service, &["MONGO_INITDB_DATABASE"])
        .map(percent)
        .unwrap_or_default();
    let user = first(service, &["MONGO_INITDB_ROOT_USERNAME"]);
    match (user, first(service, &["MONGO_INITDB_ROOT_PASSWORD"])) {
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
