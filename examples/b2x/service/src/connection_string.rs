//! Connection strings in the forms that .NET programs read: ADO.NET for PostgreSQL
//! (`Host=localhost;Port=5432;…`), StackExchange for Redis (`localhost:6379,…`).

use anyhow::{Context, Result, bail};

/// Where a PostgreSQL database is, and as whom to enter.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct PostgresTarget {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) user: String,
    pub(crate) password: String,
    pub(crate) database: String,
}

impl PostgresTarget {
    /// Reads the ADO.NET form. Keys are case-insensitive and have the usual
    /// second names; what this program has no use for is ignored.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let mut target = Self {
            host: String::new(),
            port: 5432,
            user: "postgres".into(),
            password: String::new(),
            database: String::new(),
        };
        for (key, value) in pairs(text)? {
            match key.as_str() {
                "host" | "server" | "data source" => target.host = value,
                "port" => {
                    target.port = value
                        .parse()
                        .with_context(|| format!("Port is \"{value}\", not a port"))?
                }
                "username" | "user name" | "user id" | "userid" | "user" | "uid" => {
                    target.user = value
                }
                "password" | "pwd" => target.password = value,
                "database" | "initial catalog" => target.database = value,
                _ => {}
            }
        }
        if target.host.is_empty() {
            bail!("Host is missing");
        }
        if target.database.is_empty() {
            target.database.clone_from(&target.user);
        }
        Ok(target)
    }
}

impl std::fmt::Debug for PostgresTarget {
    /// Without the password: this may end in a log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{}@{}:{}/{}",
            self.user, self.host, self.port, self.database
        )
    }
}

/// Where a Redis server is.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct RedisTarget {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) password: Option<String>,
}

impl RedisTarget {
    /// Reads `host:port,password=…,option=…`; a `redis://` in front is tolerated.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let text = text
            .trim()
            .trim_start_matches("redis://")
            .trim_end_matches('/');
        let mut parts = text.split(',').map(str::trim);
        let address = parts.next().unwrap_or_default();
        let (host, port) = match address.rsplit_once(':') {
            // A bare IPv6 address is full of colons; with a port it stands in brackets.
            Some((host, port)) if !host.contains(':') || host.ends_with(']') => (
                host,
                port.parse()
                    .with_context(|| format!("\"{port}\" is not a port"))?,
            ),
            _ => (address, 6379),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']');
        if host.is_empty() {
            bail!("the host is missing");
        }
        let password = parts
            .filter_map(|part| part.split_once('='))
            .find(|(key, _)| key.trim().eq_ignore_ascii_case("password"))
            .map(|(_, value)| value.to_owned());
        Ok(Self {
            host: host.to_owned(),
            port,
            password,
        })
    }
}

impl std::fmt::Debug for RedisTarget {
    /// Without the password: this may end in a log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

/// A host as it stands in an address: IPv6 in brackets.
pub(crate) fn bracketed(host: &str) -> String {
    if host.contains(':') {
        format!("[{host}]")
    } else {
        host.to_owned()
    }
}

/// The pairs of an ADO.NET string: `key=value;key="va;lue"`, a doubled quote inside
/// quotes standing for one. Keys come back in lower case.
fn pairs(text: &str) -> Result<Vec<(String, String)>> {
    let mut pairs = Vec::new();
    let mut rest = text.trim_start_matches([';', ' ']);
    while !rest.is_empty() {
        let Some((key, after)) = rest.split_once('=') else {
            bail!("\"{}\" has no value", rest.trim());
        };
        let key = key.trim().to_lowercase();
        let after = after.trim_start();
        let (value, after) = match after.chars().next() {
            Some(quote @ ('"' | '\'')) => quoted(&after[1..], quote)
                .with_context(|| format!("the quote of \"{key}\" is not closed"))?,
            _ => {
                let end = after.find(';').unwrap_or(after.len());
                (after[..end].trim().to_owned(), &after[end..])
            }
        };
        pairs.push((key, value));
        rest = after.trim_start_matches([';', ' ']);
    }
    Ok(pairs)
}

/// The text up to the closing quote, and what follows it.
fn quoted(text: &str, quote: char) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut letters = text.char_indices().peekable();
    while let Some((_, letter)) = letters.next() {
        if letter != quote {
            value.push(letter);
        } else if letters.next_if(|(_, next)| *next == quote).is_some() {
            value.push(quote);
        } else {
            let end = letters.peek().map_or(text.len(), |(position, _)| *position);
            return Some((value, &text[end..]));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn postgres(text: &str) -> PostgresTarget {
        PostgresTarget::parse(text).unwrap()
    }

    #[test]
    fn the_injected_form_is_read() {
        let target =
            postgres("Host=localhost;Port=15432;Username=b2x;Password=secret;Database=shop");
        let expected = PostgresTarget {
            host: "localhost".into(),
            port: 15432,
            user: "b2x".into(),
            password: "secret".into(),
            database: "shop".into(),
        };
        assert!(target == expected, "{target:?}");
    }

    #[test]
    fn other_names_and_spaces_are_read() {
        let target = postgres(" Server = db ; user id=me;PWD= x ;SSL Mode=Disable;; ");
        assert_eq!(
            (&*target.host, target.port, &*target.user, &*target.password),
            ("db", 5432, "me", "x")
        );
        assert_eq!(
            target.database, "me",
            "the database is called as the user where it is not given"
        );
    }

    #[test]
    fn quotes_protect_separators() {
        assert_eq!(postgres("Host=h;Password='a;b=c'").password, "a;b=c");
        assert_eq!(
            postgres("Host=h;Password=\"a\"\"b\";Port=1").password,
            "a\"b"
        );
        assert_eq!(postgres("Host=h;Password=\"a\"\"b\";Port=1").port, 1);
        assert_eq!(postgres("Host=h;Password=a=b=").password, "a=b=");
    }

    #[test]
    fn nonsense_is_refused_with_its_reason() {
        for (text, reason) in [
            ("", "Host is missing"),
            ("localhost", "\"localhost\" has no value"),
            ("Host=h;Port=many", "not a port"),
            ("Host=h;Password='open", "not closed"),
        ] {
            let complaint = format!("{:#}", PostgresTarget::parse(text).expect_err(text));
            assert!(complaint.contains(reason), "{text}: {complaint}");
        }
    }

    #[test]
    fn a_password_never_shows() {
        assert!(!format!("{:?}", postgres("Host=h;Password=secret")).contains("secret"));
        assert!(
            !format!("{:?}", RedisTarget::parse("h,password=secret").unwrap()).contains("secret")
        );
    }

    #[test]
    fn redis_addresses_are_read() {
        for (text, host, port) in [
            ("localhost:6379", "localhost", 6379),
            ("redis://cache:7000/", "cache", 7000),
            ("cache", "cache", 6379),
            ("[::1]:6380,abortConnect=false", "::1", 6380),
            ("::1", "::1", 6379),
        ] {
            let target = RedisTarget::parse(text).unwrap();
            assert_eq!((&*target.host, target.port), (host, port), "{text}");
        }
        assert_eq!(
            RedisTarget::parse("h:1, Password=a=b")
                .unwrap()
                .password
                .as_deref(),
            Some("a=b")
        );
        assert!(RedisTarget::parse("").is_err());
        assert!(RedisTarget::parse("h:port").is_err());
    }
}
