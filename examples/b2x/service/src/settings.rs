//! Reads the variables that Benchtop injects: the own port, and the address of
//! everything that the role references.

use crate::{
    connection_string::{self, PostgresTarget, RedisTarget},
    role::{Need, Role},
};
use anyhow::{Context, Result, bail};

/// Looks a variable up by its name. A parameter, so that tests need no process environment.
pub(crate) type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Everything from outside that decides how the program behaves.
#[derive(Debug)]
pub(crate) struct Settings {
    /// Where to listen.
    pub(crate) port: u16,
    pub(crate) postgres: Option<PostgresTarget>,
    pub(crate) redis: Option<RedisTarget>,
    /// AMQP address.
    pub(crate) rabbitmq: Option<String>,
    /// Name and base address of each referenced service.
    pub(crate) upstreams: Vec<(&'static str, String)>,
}

impl Settings {
    /// Reads what `role` needs; a missing variable is an error that names it.
    pub(crate) fn from_variables(role: Role, variable: Lookup<'_>) -> Result<Self> {
        let mut settings = Self {
            port: own_port(variable)?,
            postgres: None,
            redis: None,
            rabbitmq: None,
            upstreams: Vec::new(),
        };
        for need in role.needs() {
            match need {
                Need::Postgres => settings.postgres = Some(postgres(variable)?),
                Need::Redis => settings.redis = Some(redis(variable)?),
                Need::Rabbitmq => settings.rabbitmq = Some(rabbitmq(variable)?),
                Need::Service(name) => settings
                    .upstreams
                    .push((name, base_address(name, variable)?)),
            }
        }
        Ok(settings)
    }
}

fn own_port(variable: Lookup<'_>) -> Result<u16> {
    let Some((name, text)) = ["PORT", "HTTP_PORT"]
        .iter()
        .find_map(|name| Some((name, variable(name)?)))
    else {
        bail!("neither PORT nor HTTP_PORT is set: give the service an http endpoint");
    };
    text.trim()
        .parse()
        .with_context(|| format!("{name} is \"{text}\", not a port"))
}

fn postgres(variable: Lookup<'_>) -> Result<PostgresTarget> {
    if let Some(text) = connection_string("postgres", variable) {
        return PostgresTarget::parse(&text).context("ConnectionStrings__postgres");
    }
    let (host, port) = host_and_port("postgres", variable)?;
    let user = variable("POSTGRES_USER").unwrap_or_else(|| "postgres".into());
    Ok(PostgresTarget {
        host,
        port,
        database: variable("POSTGRES_DB").unwrap_or_else(|| user.clone()),
        user,
        password: variable("POSTGRES_PASSWORD").unwrap_or_default(),
    })
}

fn redis(variable: Lookup<'_>) -> Result<RedisTarget> {
    if let Some(text) = connection_string("redis", variable) {
        return RedisTarget::parse(&text).context("ConnectionStrings__redis");
    }
    let (host, port) = host_and_port("redis", variable)?;
    Ok(RedisTarget {
        host,
        port,
        password: None,
    })
}

fn rabbitmq(variable: Lookup<'_>) -> Result<String> {
    if let Some(text) = connection_string("rabbitmq", variable) {
        return Ok(text);
    }
    let (host, port) = host_and_port("rabbitmq", variable)?;
    Ok(format!(
        "amqp://guest:guest@{}:{port}",
        connection_string::bracketed(&host)
    ))
}

fn connection_string(name: &str, variable: Lookup<'_>) -> Option<String> {
    variable(&format!("ConnectionStrings__{name}"))
}

/// `http://host:port` of another service, without a slash at the end.
fn base_address(name: &str, variable: Lookup<'_>) -> Result<String> {
    let stem = stem(name);
    let whole = [
        format!("{stem}_URL"),
        format!("services__{name}__http__0"),
        format!("ASPNETCORE_{stem}_URL"),
    ]
    .iter()
    .find_map(|key| variable(key));
    if let Some(address) = whole {
        return Ok(address.trim_end_matches('/').to_owned());
    }
    let (host, port) = host_and_port(name, variable)?;
    Ok(format!(
        "http://{}:{port}",
        connection_string::bracketed(&host)
    ))
}

/// `NAME_HOST` and `NAME_PORT`, the last resort for every kind of dependency.
fn host_and_port(name: &str, variable: Lookup<'_>) -> Result<(String, u16)> {
    let stem = stem(name);
    let (host, port) = (format!("{stem}_HOST"), format!("{stem}_PORT"));
    let (Some(host), Some(text)) = (variable(&host), variable(&port)) else {
        bail!(
            "no address for {name}, e.g. {host} and {port}: add it to the references of this service"
        );
    };
    let port = text
        .parse()
        .with_context(|| format!("{port} is \"{text}\", not a port"))?;
    Ok((host, port))
}

/// How a service's name begins the names of its variables.
fn stem(name: &str) -> String {
    name.to_uppercase().replace('-', "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(role: Role, variables: &[(&str, &str)]) -> Result<Settings> {
        Settings::from_variables(role, &|name| {
            variables
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).to_owned())
        })
    }

    fn complaint(role: Role, variables: &[(&str, &str)]) -> String {
        format!(
            "{:#}",
            settings(role, variables).expect_err("must be refused")
        )
    }

    #[test]
    fn the_port_is_port_or_http_port() {
        let address = ("API_GATEWAY_URL", "http://localhost:5000");
        assert_eq!(
            settings(Role::Frontend, &[("HTTP_PORT", "5173"), address])
                .unwrap()
                .port,
            5173
        );
        assert_eq!(
            settings(
                Role::Frontend,
                &[("HTTP_PORT", "1"), ("PORT", "2"), address]
            )
            .unwrap()
            .port,
            2
        );
        assert!(complaint(Role::Frontend, &[address]).contains("PORT"));
        assert!(
            complaint(Role::Frontend, &[("PORT", "http"), address]).contains("PORT is \"http\"")
        );
    }

    #[test]
    fn an_upstream_is_found_by_each_of_its_variables() {
        let own = ("PORT", "5173");
        for variables in [
            &[own, ("API_GATEWAY_URL", "http://localhost:5000/")][..],
            &[
                own,
                ("services__api-gateway__http__0", "http://localhost:5000"),
            ],
            &[own, ("ASPNETCORE_API_GATEWAY_URL", "http://localhost:5000")],
            &[
                own,
                ("API_GATEWAY_HOST", "localhost"),
                ("API_GATEWAY_PORT", "5000"),
            ],
        ] {
            let upstreams = settings(Role::Frontend, variables).unwrap().upstreams;
            assert_eq!(
                upstreams,
                [("api-gateway", "http://localhost:5000".to_owned())]
            );
        }
    }

    #[test]
    fn stores_are_found_without_connection_strings() {
        let own = ("PORT", "5003");
        let both = [
            own,
            ("POSTGRES_HOST", "localhost"),
            ("POSTGRES_PORT", "5432"),
            ("REDIS_HOST", "::1"),
            ("REDIS_PORT", "6379"),
        ];
        let settings = settings(Role::ShopService, &both).unwrap();
        assert_eq!(settings.postgres.unwrap().database, "postgres");
        assert_eq!(settings.redis.unwrap().host, "::1");
    }

    #[test]
    fn a_missing_reference_is_named() {
        let complaint = complaint(
            Role::OrderService,
            &[("PORT", "5004"), ("ConnectionStrings__postgres", "Host=h")],
        );
        assert!(complaint.contains("rabbitmq"), "{complaint}");
    }
}
