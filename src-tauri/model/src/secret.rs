//! Which values must not be shown, and how they look instead.

mod redact;

pub use redact::{Redactor, in_variables, names, values};

/// What stands in place of a secret value.
pub const MASK: &str = "••••••";

/// Words that make a variable's name look secret.
const SECRET_WORDS: [&str; 12] = [
    "PASSWORD",
    "PASSPHRASE",
    "PASSWD",
    "SECRET",
    "TOKEN",
    "APIKEY",
    "API_KEY",
    "PRIVATE_KEY",
    "CREDENTIAL",
    "ACCESS_KEY",
    "CONNECTIONSTRINGS__",
    "OTLP_HEADERS",
];

/// Whether the value of this variable is masked in every face, log and export.
#[must_use]
pub fn is_secret(key: &str) -> bool {
    let key = key.to_ascii_uppercase();
    let ends = ["_PASS", "_PWD"].iter().any(|end| key.ends_with(end));
    SECRET_WORDS.iter().any(|word| key.contains(word)) || key == "PGPASS" || ends
}

/// The value as it may be shown: masked where the key is secret, and with the
/// password of a URL (`scheme://user:password@host`) blanked everywhere else.
#[must_use]
pub fn mask(key: &str, value: &str) -> String {
    if is_secret(key) {
        return MASK.to_owned();
    }
    mask_url_password(value).unwrap_or_else(|| value.to_owned())
}

fn mask_url_password(value: &str) -> Option<String> {
    let (scheme, rest) = value.split_once("://")?;
    let (authority, _) = rest.split_once('/').unwrap_or((rest, ""));
    let (login, _) = authority.rsplit_once('@')?;
    let (user, _) = login.split_once(':')?;
    Some(format!("{scheme}://{user}:{MASK}{}", &rest[login.len()..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_look_secret_are_masked() {
        for key in [
            "POSTGRES_PASSWORD",
            "GITHUB_TOKEN",
            "ConnectionStrings__shop",
            "DB_PASS",
            "POSTGRES_PWD",
            "SSH_PASSPHRASE",
        ] {
            assert_eq!(mask(key, "x"), MASK, "{key}");
        }
        assert_eq!(mask("POSTGRES_USER", "app"), "app");
        assert_eq!(mask("COMPASS", "north"), "north");
        assert_eq!(mask("OLDPWD", "/home"), "/home");
    }

    #[test]
    fn the_password_in_a_url_is_blanked() {
        assert_eq!(
            mask("BROKER", "amqp://guest:guest@localhost:5672/v"),
            format!("amqp://guest:{MASK}@localhost:5672/v")
        );
        assert_eq!(
            mask("URL", "http://localhost:80/a:b@c"),
            "http://localhost:80/a:b@c"
        );
    }
}
