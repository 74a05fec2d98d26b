//! PostgreSQL: a login and a query.

use super::Finding;
use super::tap::Tap;
use benchtop_model::probe::Verdict;
use benchtop_model::product::Login;
use std::time::Duration;
use tokio_postgres::config::SslMode;
use tokio_postgres::{Client, Config, Error, NoTls, SimpleQueryMessage};

const QUERY: &str = "SELECT 1, current_setting('server_version'), pg_is_in_recovery()";

/// Saying goodbye takes no longer.
const GOODBYE: Duration = Duration::from_millis(200);

/// Whether PostgreSQL can begin so: a message of its own of less than 16 MiB.
pub(super) fn is_own(first: &[u8]) -> bool {
    matches!(
        first,
        [b'R' | b'E' | b'N' | b'v'] | [b'R' | b'E' | b'N' | b'v', 0, ..]
    )
}

pub(super) async fn ask(stream: Tap, login: &Login) -> Result<Finding, String> {
    let (client, connection) = config(login)
        .connect_raw(stream, NoTls)
        .await
        .map_err(|error| say(&error))?;
    tokio::pin!(connection);
    let answer = tokio::select! {
        answer = query(&client) => answer,
        end = &mut connection => Err(end.err().map_or_else(
            || "the server closed the connection".to_owned(),
            |error| say(&error),
        )),
    };
    // Without a goodbye some versions write a line into their log.
    drop(client);
    _ = tokio::time::timeout(GOODBYE, connection).await;
    answer
}

/// What a client of this login says first.
pub(crate) fn config(login: &Login) -> Config {
    let mut config = Config::new();
    config
        .application_name("benchtop")
        .ssl_mode(SslMode::Disable);
    if let Some(user) = &login.user {
        config.user(user);
    }
    if let Some(password) = &login.password {
        config.password(password);
    }
    if let Some(database) = &login.database {
        config.dbname(database);
    }
    config
}

async fn query(client: &Client) -> Result<Finding, String> {
    let answer = client
        .simple_query(QUERY)
        .await
        .map_err(|error| say(&error))?;
    let row = answer.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    let column = |index| row.and_then(|row| row.try_get(index).ok().flatten());
    if column(0) != Some("1") {
        return Err("the answer to SELECT 1 is not 1".to_owned());
    }
    Ok(finding(
        column(1).unwrap_or("of an unknown version"),
        column(2) == Some("t"),
    ))
}

/// `15.9 (Debian 15.9-0+deb12u1)` is shown as `15.9`.
fn finding(version: &str, recovers: bool) -> Finding {
    let short = version.split(' ').next().unwrap_or(version);
    let role = if recovers { "standby" } else { "primary" };
    let text = match recovers {
        true => format!("PostgreSQL {short}, a standby in recovery"),
        false => format!("PostgreSQL {short}"),
    };
    Finding::new(Verdict::Pass, text)
        .detail("version", version)
        .detail("role", role)
}

/// What the server said, or the innermost cause: the outer ones only repeat the
/// kind of error.
pub(crate) fn say(error: &Error) -> String {
    if let Some(said) = error.as_db_error() {
        return said.message().to_owned();
    }
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_standby_is_told_from_a_primary() {
        let primary = finding("15.9 (Debian 15.9-0+deb12u1)", false);
        assert_eq!(primary.text, "PostgreSQL 15.9");
        assert_eq!(primary.details["role"], "primary");
        let standby = finding("17.2", true);
        assert_eq!(standby.text, "PostgreSQL 17.2, a standby in recovery");
        assert_eq!(standby.verdict, Verdict::Pass);
    }

    #[test]
    fn only_its_own_messages_are_taken() {
        assert!(is_own(b"R") && is_own(b"R\0\0\0\x17") && is_own(b"E\0\0"));
        assert!(!is_own(b"HTTP/1.1") && !is_own(b"RTSP/1.0") && !is_own(b"-ERR"));
    }
}
