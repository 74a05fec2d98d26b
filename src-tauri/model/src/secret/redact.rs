//! Takes secret values out of text that was written by others: logs, errors, definitions. By
//! its key a secret is known only in a list of variables; elsewhere it is known by its value.

use super::{MASK, is_secret, mask};
use crate::plan::{Plan, Run};
use crate::scenario::{Item, Scenario, Setting};
use regex::{Regex, RegexBuilder};
use std::collections::{BTreeMap, BTreeSet};

/// Values shorter than this are taken out only where they stand alone: `dev` is a password,
/// and a part of many words.
const SHORT: usize = 5;

/// A line of a key in several lines is worth hiding by itself from this length on.
const LINE: usize = 12;

/// Most bytes of the compiled pattern: some thousand values.
const MOST_PATTERN: usize = 64 << 20;

/// Finds values and puts the mask in their places.
#[derive(Clone, Debug)]
pub struct Redactor {
    pattern: Option<Regex>,
}

impl Redactor {
    /// One that hides these values, also as JSON and URLs write them.
    ///
    /// # Errors
    /// Where they are too many to be looked for; then nothing may be shown.
    pub fn new<'a>(values: impl IntoIterator<Item = &'a str>) -> Result<Self, String> {
        let mut forms: BTreeSet<String> = BTreeSet::new();
        for value in values {
            let lines = value
                .lines()
                .map(str::trim)
                .filter(|line| line.len() >= LINE);
            for text in [value.trim()].into_iter().chain(lines) {
                forms.extend(written(text));
            }
        }
        forms.retain(|form| !form.is_empty() && form != MASK);
        if forms.is_empty() {
            return Ok(Self { pattern: None });
        }
        // The longest first: one value may begin with another.
        let mut forms: Vec<String> = forms.into_iter().collect();
        forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
        let all: Vec<String> = forms.iter().map(|form| alternative(form)).collect();
        let pattern = RegexBuilder::new(&all.join("|"))
            .size_limit(MOST_PATTERN)
            .build();
        let pattern = pattern.map_err(|error| format!("secrets cannot be looked for: {error}"))?;
        Ok(Self {
            pattern: Some(pattern),
        })
    }

    /// The text without them.
    #[must_use]
    pub fn redact(&self, text: &str) -> String {
        match &self.pattern {
            Some(pattern) => pattern.replace_all(text, MASK).into_owned(),
            None => text.to_owned(),
        }
    }
}

fn alternative(form: &str) -> String {
    let escaped = regex::escape(form);
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    if form.chars().count() >= SHORT || !form.chars().all(is_word) {
        return escaped;
    }
    format!(r"\b{escaped}\b")
}

/// A value as it is, inside a JSON text, and inside a URL.
fn written(value: &str) -> [String; 3] {
    let json = serde_json::to_string(value).unwrap_or_default();
    let json = json.trim_matches('"').to_owned();
    let url = value.bytes().fold(String::new(), |mut url, byte| {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                url.push(char::from(byte))
            }
            other => url += &format!("%{other:02X}"),
        }
        url
    });
    [value.to_owned(), json, url]
}

/// The secrets of an environment: the keys that hold them, and their values. `variables`
/// are those of its services at their start and those that processes begin with.
#[must_use]
pub fn values<'a>(
    plan: &Plan,
    variables: impl IntoIterator<Item = &'a BTreeMap<String, String>>,
) -> (BTreeSet<String>, BTreeSet<String>) {
    let mut found = in_variables(variables);
    let mut take = |key: &str, value: &str| add_secrets(&mut found, key, value);
    for service in plan.services.values() {
        service
            .environment
            .iter()
            .for_each(|(key, value)| take(key, value));
        if let Run::Container(container) = &service.run {
            for file in &container.settings.files {
                take("SECRET file", &file.content);
            }
            let args = container.build.iter().flat_map(|build| &build.args);
            args.for_each(|(key, value)| take(key, value));
        }
        let mut service = service.clone();
        for probe in service.probes.iter_mut() {
            if let Some(password) = probe.kind.password_mut() {
                take("PASSWORD of a probe", password);
            }
        }
    }
    for scenario in plan.scenarios.values() {
        written_in(scenario).for_each(|(key, value)| take(key, value));
    }
    found
}

/// Keys and values of the secrets among variables.
#[must_use]
pub fn in_variables<'a>(
    variables: impl IntoIterator<Item = &'a BTreeMap<String, String>>,
) -> (BTreeSet<String>, BTreeSet<String>) {
    let mut found = (BTreeSet::new(), BTreeSet::new());
    for (key, value) in variables.into_iter().flatten() {
        add_secrets(&mut found, key, value);
    }
    found
}

fn add_secrets((keys, values): &mut (BTreeSet<String>, BTreeSet<String>), key: &str, value: &str) {
    for secret in secrets_in(key, value) {
        keys.insert(key.to_owned());
        values.insert(secret);
    }
}

/// Variables and options of a scenario, but for those that come from elsewhere.
fn written_in(scenario: &Scenario) -> impl Iterator<Item = (&str, &str)> {
    let steps = scenario.steps.iter().flat_map(Item::steps);
    let options = steps.flat_map(|step| &step.options);
    let options = options.flat_map(|(key, setting)| match setting {
        Setting::Text(text) => vec![(key.as_str(), text.as_str())],
        Setting::Map(all) => all.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect(),
        Setting::List(_) => Vec::new(),
    });
    let vars = scenario.vars.iter().map(|(k, v)| (k.as_str(), v.as_str()));
    let all = vars.chain(options);
    all.filter(|(_, value)| !value.contains("${{"))
}

/// Words that are no secret wherever they name something, though they may be somebody's
/// password as well: of the environment, its services and their images.
#[must_use]
pub fn names(plan: &Plan) -> BTreeSet<String> {
    let mut names: BTreeSet<String> = plan.services.keys().cloned().collect();
    names.insert(plan.name.clone());
    for service in plan.services.values() {
        if let Run::Container(container) = &service.run {
            let parts = container.image.split(['/', ':', '@', '.']);
            let words = parts.filter(|part| part.starts_with(char::is_alphabetic));
            names.extend(words.map(str::to_owned));
        }
    }
    names
}

/// The secret parts of a value: all of it where its key says so, with the password that
/// stands in it; else the password of a URL.
fn secrets_in(key: &str, value: &str) -> Vec<String> {
    let mut found: Vec<String> = url_password(value).into_iter().collect();
    if is_secret(key) {
        found.push(value.to_owned());
        found.extend(connection_password(value));
    } else if mask(key, value) == value {
        found.clear();
    }
    found.retain(|secret| !secret.is_empty());
    found
}

fn url_password(value: &str) -> Option<String> {
    let (_, rest) = value.split_once("://")?;
    let authority = rest
        .split_once('/')
        .map_or(rest, |(authority, _)| authority);
    let (login, _) = authority.rsplit_once('@')?;
    Some(login.split_once(':')?.1.to_owned())
}

/// The password in `Host=db;Username=app;Password=…`.
fn connection_password(value: &str) -> Option<String> {
    let parts = value.split(';').filter_map(|part| part.split_once('='));
    let mut passwords = parts
        .filter(|(key, _)| ["password", "pwd"].contains(&key.trim().to_ascii_lowercase().as_str()));
    passwords
        .next()
        .map(|(_, password)| password.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn redact(values: &[&str], text: &str) -> String {
        Redactor::new(values.iter().copied())
            .expect("few values")
            .redact(text)
    }

    #[test]
    fn a_value_is_hidden_wherever_it_stands_and_however_it_is_written() {
        let table = [
            (
                &["hunter2"][..],
                "login with hunter2 failed",
                format!("login with {MASK} failed"),
            ),
            (
                &["a\"b c"],
                r#"{"password":"a\"b c"}"#,
                format!(r#"{{"password":"{MASK}"}}"#),
            ),
            (
                &["p@ss/word"],
                "amqp://me:p%40ss%2Fword@host",
                format!("amqp://me:{MASK}@host"),
            ),
            (
                &["secret", "secret-longer"],
                "secret-longer",
                MASK.to_owned(),
            ),
            (
                &["dev"],
                "dev developed /dev/null",
                format!("{MASK} developed /{MASK}/null"),
            ),
            (&[""], "nothing to hide", "nothing to hide".to_owned()),
        ];
        for (values, text, expected) in table {
            assert_eq!(redact(values, text), expected, "{values:?}");
        }
    }

    #[test]
    fn each_line_of_a_key_is_hidden() {
        let key = "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0B\nAQEFAASCBKcwggSjAgEAAoIB\n-----END KEY-----\n";
        assert_eq!(redact(&[key], "AQEFAASCBKcwggSjAgEAAoIB"), MASK);
    }

    #[test]
    fn secrets_are_known_by_their_keys_and_by_the_form_of_their_values() {
        let of = |key: &str, value: &str| secrets_in(key, value);
        assert_eq!(of("DB_PASSWORD", "hunter2"), ["hunter2"]);
        assert_eq!(of("BROKER", "amqp://me:hunter2@host:5672/v"), ["hunter2"]);
        assert_eq!(
            of("ConnectionStrings__db", "Host=x;Password=hunter2"),
            ["Host=x;Password=hunter2", "hunter2"]
        );
        assert!(of("LOG_LEVEL", "debug").is_empty());
        assert!(of("DB_PASSWORD", "").is_empty());
    }

    #[test]
    fn a_definition_says_which_values_are_secret_and_which_words_are_names() {
        let text = "name: shop
services:
  db:
    image: docker.io/library/postgres:16-alpine
    environment: { POSTGRES_PASSWORD: right, POSTGRES_USER: app }
  cache: { process: redis-server }
scenarios:
  smoke:
    vars: { api_token: t0ken-of-a-scenario, messages: 5 }
    steps:
      - parallel:
          - sql: { service: db, query: select 1, password: of-a-step }
          - http: { url: 'http://localhost/', headers: { X-API_KEY: of-a-header } }
      - redis: { service: cache, command: ping, password: '${{ vars.api_token }}' }
";
        let plan = crate::file::load_alone(text).plan.expect("a plan");
        let (keys, secrets) = values(&plan, []);
        let expected = ["of-a-header", "of-a-step", "right", "t0ken-of-a-scenario"];
        assert!(secrets.iter().eq(expected), "{secrets:?}");
        assert!(keys.contains("X-API_KEY") && !keys.contains("POSTGRES_USER"));
        let names = names(&plan);
        for name in ["shop", "db", "cache", "postgres", "library"] {
            assert!(names.contains(name), "{name}: {names:?}");
        }
        assert!(!names.contains("right"), "{names:?}");
    }

    proptest! {
        #[test]
        fn no_value_of_some_length_survives_anywhere(
            values in proptest::collection::vec("[ -~]{5,24}", 1..6),
            around in proptest::collection::vec("[ -~\n]{0,20}", 7),
        ) {
            let values: Vec<&str> = values.iter().map(|value| value.trim()).filter(|value| value.len() >= SHORT).collect();
            let redactor = Redactor::new(values.iter().copied()).expect("few values");
            let mut text = around[0].clone();
            for (value, more) in values.iter().zip(&around[1..]) {
                text = format!("{text}{value}{more}");
            }
            let hidden = redactor.redact(&text);
            for value in &values {
                prop_assert!(!hidden.contains(value), "{value:?} in {hidden:?}");
            }
        }
    }
}
