//! Credentials for a registry, from where `docker login` leaves them: the user's
//! `config.json`, or the helper program that it names.

use super::runtime::discover::Surroundings;
use super::runtime::docker_config::{Auth, ConfigFile};
use base64::Engine as _;
use bollard::auth::DockerCredentials;
use serde::Deserialize;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;

/// Docker's own name for Docker Hub.
const HUB: &str = "https://index.docker.io/v1/";

/// A helper may ask the user to unlock a store.
const PATIENCE: Duration = Duration::from_secs(60);

/// A helper calls a token this, in place of a user's name.
const TOKEN: &str = "<token>";

/// What a helper answers.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    username: String,
    secret: String,
}

/// Credentials for the registry of an image; `None` where there are none, and
/// the image must be public.
///
/// # Errors
/// One sentence, where a helper is named and cannot be asked.
pub(super) async fn of_image(
    surroundings: &Surroundings,
    image: &str,
) -> Result<Option<DockerCredentials>, String> {
    let file = surroundings.docker_config().file();
    let registry = registry_of(image);
    if let Some(helper) = helper_of(&file, registry) {
        return ask(surroundings, helper, registry).await;
    }
    let auth = file.auths.iter().find(|(key, _)| is_same(key, registry));
    Ok(auth.and_then(|(_, auth)| of_entry(auth, registry)))
}

/// The registry's key in the configuration: the first part of the name, where
/// that is a host.
fn registry_of(image: &str) -> &str {
    match image.split_once('/') {
        Some(("docker.io" | "index.docker.io", _)) => HUB,
        Some((host, _)) if host.contains(['.', ':']) || host == "localhost" => host,
        _ => HUB,
    }
}

fn helper_of<'a>(file: &'a ConfigFile, registry: &str) -> Option<&'a str> {
    let own = file
        .cred_helpers
        .iter()
        .find(|(key, _)| is_same(key, registry));
    let helper = own.map(|(_, helper)| helper).or(file.creds_store.as_ref());
    helper.map(String::as_str).filter(|name| !name.is_empty())
}

/// Older files have a scheme and a path around the host.
fn is_same(key: &str, registry: &str) -> bool {
    let host = |text: &str| {
        let text = text.split_once("://").map_or(text, |(_, rest)| rest);
        text.split('/').next().unwrap_or(text).to_owned()
    };
    key == registry || host(key) == host(registry)
}

fn of_entry(auth: &Auth, registry: &str) -> Option<DockerCredentials> {
    let decoded = auth.auth.as_ref().and_then(|auth| {
        let bytes = base64::engine::general_purpose::STANDARD.decode(auth.trim());
        let text = String::from_utf8(bytes.ok()?).ok()?;
        let (user, password) = text.split_once(':')?;
        Some((user.to_owned(), password.trim_end_matches('\0').to_owned()))
    });
    let (username, password) = match decoded {
        Some((user, password)) => (Some(user), Some(password)),
        None => (auth.username.clone(), auth.password.clone()),
    };
    let known = |value: &Option<String>| value.clone().filter(|value| !value.is_empty());
    let credentials = DockerCredentials {
        username: known(&username),
        password: known(&password),
        identitytoken: known(&auth.identity_token),
        registrytoken: known(&auth.registry_token),
        serveraddress: Some(registry.to_owned()),
        ..DockerCredentials::default()
    };
    let usable = credentials.username.is_some()
        || credentials.identitytoken.is_some()
        || credentials.registrytoken.is_some();
    usable.then_some(credentials)
}

/// Asks a helper by its protocol: the registry on standard input, the answer as
/// JSON on standard output.
async fn ask(
    surroundings: &Surroundings,
    helper: &str,
    registry: &str,
) -> Result<Option<DockerCredentials>, String> {
    let name = format!("docker-credential-{helper}");
    let program = surroundings.program(&[&name]).ok_or_else(|| {
        format!("the credential helper {name} is not installed; install it, or log in again with `docker login`")
    })?;
    let output = tokio::time::timeout(PATIENCE, run(&program, registry)).await;
    let output = output
        .map_err(|_| format!("the credential helper {name} does not answer; try `docker login`"))?
        .map_err(|error| format!("the credential helper {name} cannot be run: {error}"))?;
    if !output.status.success() {
        // So it says "none are known", too; the registry has the last word.
        return Ok(None);
    }
    let answer: Answer = serde_json::from_slice(&output.stdout)
        .map_err(|_| format!("the credential helper {name} answers in no known form"))?;
    Ok(Some(of_answer(answer, registry)))
}

fn of_answer(answer: Answer, registry: &str) -> DockerCredentials {
    let is_token = answer.username == TOKEN;
    let secret = Some(answer.secret);
    let (password, identitytoken) = if is_token {
        (None, secret)
    } else {
        (secret, None)
    };
    DockerCredentials {
        username: (!is_token).then_some(answer.username),
        password,
        identitytoken,
        serveraddress: Some(registry.to_owned()),
        ..DockerCredentials::default()
    }
}

async fn run(program: &std::path::Path, registry: &str) -> std::io::Result<std::process::Output> {
    let mut child = tokio::process::Command::new(program)
        .arg("get")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    if let Some(mut input) = child.stdin.take() {
        input.write_all(registry.as_bytes()).await?;
    }
    child.wait_with_output().await
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use std::os::unix::fs::PermissionsExt as _;

    fn surroundings(dir: &std::path::Path, config: &str) -> Surroundings {
        std::fs::write(dir.join("config.json"), config).expect("a configuration");
        let path = dir.display().to_string();
        let variables = [
            ("DOCKER_CONFIG", path.clone()),
            ("PATH", format!("{path}:/bin:/usr/bin")),
        ];
        let owned = variables.map(|(key, value)| (key.to_owned(), value));
        Surroundings::of(&BTreeMap::from(owned))
    }

    #[test]
    fn the_registry_is_the_host_of_the_name() {
        assert_eq!(registry_of("postgres:16"), HUB);
        assert_eq!(registry_of("team/app"), HUB);
        assert_eq!(registry_of("docker.io/team/app"), HUB);
        assert_eq!(registry_of("localhost/app"), "localhost");
        assert_eq!(registry_of("host:5000/team/app"), "host:5000");
        assert_eq!(registry_of("ghcr.io/team/app@sha256:0"), "ghcr.io");
    }

    #[tokio::test]
    async fn a_login_in_the_file_is_found_whatever_its_form() {
        let dir = tempfile::tempdir().expect("a folder");
        // `user:pa:ss`
        let config = r#"{"auths":{"https://a.example/v1/":{"auth":"dXNlcjpwYTpzcw=="},"b.example":{"auth":"","identitytoken":"t"},"c.example":{}}}"#;
        let here = surroundings(dir.path(), config);
        let a = of_image(&here, "a.example/x")
            .await
            .expect("no helper")
            .expect("known");
        assert_eq!(
            (a.username.as_deref(), a.password.as_deref()),
            (Some("user"), Some("pa:ss"))
        );
        let b = of_image(&here, "b.example/x")
            .await
            .expect("no helper")
            .expect("known");
        assert_eq!(b.identitytoken.as_deref(), Some("t"));
        for unknown in ["c.example/x", "postgres"] {
            assert_eq!(of_image(&here, unknown).await, Ok(None));
        }
    }

    #[tokio::test]
    async fn helpers_come_first_and_their_absence_is_named() {
        let dir = tempfile::tempdir().expect("a folder");
        let config = r#"{"credsStore":"absent","credHelpers":{"a.example":"own"}}"#;
        let here = surroundings(dir.path(), config);
        let helper = dir.path().join("docker-credential-own");
        let script = "#!/bin/sh\nread -r url\nprintf '{\"ServerURL\":\"%s\",\"Username\":\"%s\",\"Secret\":\"s\"}' \"$url\" \"$1-$url\"\n";
        std::fs::write(&helper, script).expect("a helper");
        let mode = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(&helper, mode).expect("executable");
        let a = of_image(&here, "a.example/x")
            .await
            .expect("asked")
            .expect("known");
        assert_eq!(a.username.as_deref(), Some("get-a.example"));
        let cause = of_image(&here, "b.example/x")
            .await
            .err()
            .unwrap_or_default();
        assert!(
            cause.contains("docker-credential-absent is not installed"),
            "{cause}"
        );
    }

    #[test]
    fn a_helpers_token_is_no_password() {
        let answer = Answer {
            username: TOKEN.to_owned(),
            secret: "s".to_owned(),
        };
        let credentials = of_answer(answer, "a.example");
        assert_eq!(credentials.identitytoken.as_deref(), Some("s"));
        assert_eq!(credentials.username, None);
    }
}
