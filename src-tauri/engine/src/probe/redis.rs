//! Redis and its kin: PING and INFO.

use super::Finding;
use super::tap::Tap;
use benchtop_model::probe::Verdict;
use benchtop_model::product::Login;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, ErrorKind, RedisConnectionInfo, RedisError};

/// Whether an answer can begin so.
pub(super) fn is_own(first: &[u8]) -> bool {
    first
        .first()
        .is_some_and(|b| b"+-$*:%_,#!=(~>|".contains(b))
}

pub(super) async fn ask(stream: Tap, login: &Login) -> Result<Finding, String> {
    let info = introduction(login);
    let (connection, driver) =
        MultiplexedConnection::new_with_config(&info, stream, without_deadlines())
            .await
            .map_err(|error| say(&error))?;
    tokio::select! {
        answer = exchange(connection) => answer,
        () = driver => Err("the server closed the connection".to_owned()),
    }
}

/// What a client of this login says first.
pub(crate) fn introduction(login: &Login) -> RedisConnectionInfo {
    let mut info = RedisConnectionInfo::default().set_skip_set_lib_name();
    if let Some(user) = &login.user {
        info = info.set_username(user);
    }
    if let Some(password) = &login.password {
        info = info.set_password(password);
    }
    info
}

/// The deadline of whoever asks is the only one.
pub(crate) fn without_deadlines() -> AsyncConnectionConfig {
    AsyncConnectionConfig::new()
        .set_response_timeout(None)
        .set_connection_timeout(None)
}

async fn exchange(mut connection: MultiplexedConnection) -> Result<Finding, String> {
    let (ping, info) = (redis::cmd("PING"), redis::cmd("INFO"));
    let loads = match ping.query_async::<String>(&mut connection).await {
        Ok(_) => false,
        Err(error) if error.code() == Some("LOADING") => true,
        Err(error) => return Err(say(&error)),
    };
    // A user without the right to ask this is no ill health.
    let info = info.query_async::<String>(&mut connection).await;
    let info = info.unwrap_or_default();
    Ok(finding(&info, loads))
}

/// What INFO says, which lists `key:value`.
fn finding(info: &str, loads: bool) -> Finding {
    let get = |key: &str| {
        let mut pairs = info.lines().filter_map(|line| line.split_once(':'));
        pairs
            .find(|(k, _)| *k == key)
            .map(|(_, value)| value.trim())
    };
    let (name, version) = match (get("valkey_version"), get("redis_version")) {
        (Some(version), _) => ("Valkey", version),
        (None, Some(version)) => ("Redis", version),
        (None, None) => ("Redis", "of an unknown version"),
    };
    let role = match get("role") {
        Some("slave") => "replica",
        Some(role) => role,
        None => "unknown",
    };
    let (verdict, state) = if loads || get("loading") == Some("1") {
        let percent = get("loading_loaded_perc").unwrap_or("?");
        (
            Verdict::Fail,
            format!(" is loading its data set ({percent} %)"),
        )
    } else if get("master_link_status") == Some("down") {
        (Verdict::Warn, ", a replica without its master".to_owned())
    } else {
        (Verdict::Pass, format!(", {role}"))
    };
    Finding::new(verdict, format!("{name} {version}{state}"))
        .detail("version", version)
        .detail("role", role)
}

/// What the server said: `NOAUTH Authentication required.`
pub(crate) fn say(error: &RedisError) -> String {
    if error.kind() == ErrorKind::AuthenticationFailed {
        return "the server refuses the password".to_owned();
    }
    match (error.code(), error.detail()) {
        (Some("NOAUTH"), _) => "the server wants a password".to_owned(),
        (_, Some(detail)) => detail.trim_end_matches('.').to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn info_tells_the_state() {
        let head = "# Server\r\nredis_version:7.0.15\r\n";
        let master = finding(&format!("{head}role:master\r\nloading:0\r\n"), false);
        assert_eq!(
            (master.verdict, master.text.as_str()),
            (Verdict::Pass, "Redis 7.0.15, master")
        );
        let loading = finding(
            &format!("{head}loading:1\r\nloading_loaded_perc:42.10\r\nrole:master\r\n"),
            true,
        );
        assert_eq!(loading.verdict, Verdict::Fail);
        assert_eq!(
            loading.text,
            "Redis 7.0.15 is loading its data set (42.10 %)"
        );
        let lost = finding(
            &format!("{head}role:slave\r\nmaster_link_status:down\r\n"),
            false,
        );
        assert_eq!(
            (lost.verdict, lost.details["role"].as_str()),
            (Verdict::Warn, "replica")
        );
        let valkey = finding(
            "redis_version:7.2.4\r\nvalkey_version:8.0.1\r\nrole:master",
            false,
        );
        assert_eq!(valkey.text, "Valkey 8.0.1, master");
        assert_eq!(finding("", false).verdict, Verdict::Pass);
    }
}
