//! Probes and Compose's health check as written.

use super::At;
use super::read::{Field, Keys, expected, quoted};
use super::values::Words;
use crate::file::findings::Findings;
use crate::file::yaml::{Node, Value};
use crate::probe::ProbeRole;
use crate::problem::{Place, Problem, nearest};
use std::collections::BTreeMap;

/// Kinds that speak the protocol of a server, each with its keys.
const SERVERS: [(&str, &[&str]); 12] = [
    ("postgres", &["endpoint", "user", "password", "database"]),
    ("mysql", &["endpoint", "user", "password", "database"]),
    ("redis", &["endpoint", "user", "password"]),
    ("amqp", &["endpoint", "user", "password", "vhost"]),
    (
        "kafka",
        &["endpoint", "user", "password", "min_brokers", "topic"],
    ),
    ("elasticsearch", &["endpoint", "user", "password"]),
    ("flink", &["endpoint", "min_task_managers", "min_slots"]),
    ("prometheus", &["endpoint"]),
    ("grafana", &["endpoint"]),
    ("otel-collector", &["endpoint"]),
    ("grpc", &["endpoint", "service"]),
    ("temporal", &["endpoint", "namespace"]),
];

/// All other kinds.
const PLAIN: [&str; 5] = ["http", "tcp", "exec", "log", "container"];

/// The keys that every kind of probe has.
const FIELDS: [&str; 5] = [
    "interval",
    "timeout",
    "failure_threshold",
    "success_threshold",
    "initial_delay",
];

/// An entry of `probes`.
#[derive(Debug)]
pub(crate) struct Probe {
    pub(crate) role: ProbeRole,
    /// Place of the role's key.
    pub(crate) place: Place,
    pub(crate) kind: Option<At<Kind>>,
    pub(crate) interval: Option<At<String>>,
    pub(crate) timeout: Option<At<String>>,
    pub(crate) initial_delay: Option<At<String>>,
    pub(crate) failure_threshold: Option<u32>,
    pub(crate) success_threshold: Option<u32>,
}

/// What a probe does.
#[derive(Debug)]
pub(crate) enum Kind {
    Http {
        path: Option<At<String>>,
        endpoint: Option<At<String>>,
        status: Option<At<String>>,
        body: Option<Box<At<Body>>>,
    },
    Tcp {
        endpoint: Option<At<String>>,
    },
    Exec(Words),
    Log(Log),
    Container,
    Server(Server),
}

/// What the body of an answer must say, as written.
#[derive(Debug, Default)]
pub(crate) struct Body {
    pub(crate) path: Option<At<String>>,
    pub(crate) equals: Option<At<String>>,
    pub(crate) contains: Option<At<String>>,
}

/// The line that is waited for, as written.
#[derive(Debug, Default)]
pub(crate) struct Log {
    pub(crate) text: Option<At<String>>,
    pub(crate) regex: Option<At<String>>,
}

impl Body {
    fn read(field: &Field<'_>, findings: &mut Findings) -> Option<At<Self>> {
        const KEYS: Keys<Body> = Keys {
            known: &[
                ("path", |body, field, findings| {
                    body.path = field.filled(findings)
                }),
                ("equals", |body, field, findings| {
                    body.equals = field.text(findings)
                }),
                ("contains", |body, field, findings| {
                    body.contains = field.filled(findings)
                }),
            ],
            later: &[],
        };
        let mut body = Self::default();
        KEYS.read("`body`", field.node, &mut body, findings);
        Some(At {
            value: body,
            place: field.key.place.clone(),
        })
    }
}

impl Log {
    /// A text, or a map.
    fn read(field: &Field<'_>, findings: &mut Findings) -> Option<Self> {
        const KEYS: Keys<Log> = Keys {
            known: &[
                ("text", |log, field, findings| {
                    log.text = field.filled(findings)
                }),
                ("regex", |log, field, findings| {
                    log.regex = field.filled(findings)
                }),
            ],
            later: &[],
        };
        let mut log = Self::default();
        match &field.node.value {
            Value::Map(_) => KEYS.read("the `log` probe", field.node, &mut log, findings),
            _ => log.text = Some(field.text(findings)?),
        }
        Some(log)
    }
}

/// A kind that speaks the protocol of a server, with its keys as written.
#[derive(Debug)]
pub(crate) struct Server {
    /// The kind's word in the file.
    pub(crate) word: &'static str,
    keys: BTreeMap<&'static str, At<String>>,
}

impl Server {
    /// What is written behind a key of the kind.
    pub(crate) fn key(&self, name: &str) -> Option<&At<String>> {
        self.keys.get(name)
    }

    /// `true`, the name of an endpoint, or a map.
    fn read(
        word: &'static str,
        known: &'static [&'static str],
        field: &Field<'_>,
        findings: &mut Findings,
    ) -> Option<Self> {
        let mut server = Self {
            word,
            keys: BTreeMap::new(),
        };
        match &field.node.value {
            Value::Null => {}
            Value::Scalar(text) if text == "true" => {}
            Value::Map(_) => {
                for entry in field.entries(findings) {
                    server.take(known, &entry, findings);
                }
            }
            _ => _ = server.keys.insert("endpoint", field.text(findings)?),
        }
        Some(server)
    }

    fn take(&mut self, known: &'static [&'static str], entry: &Field<'_>, findings: &mut Findings) {
        let text = entry.key.text.as_str();
        if let Some(name) = known.iter().find(|name| **name == text) {
            self.keys
                .extend(entry.text(findings).map(|text| (*name, text)));
        } else if !text.starts_with("x-") {
            let message = format!("unknown key `{text}` in the `{}` probe", self.word);
            let problem = Problem::error(&entry.key.place, message);
            findings.push(match nearest(text, known.iter().copied()) {
                Some(name) => problem.hint(format!("did you mean `{name}`?")),
                None => problem.hint(format!("known keys: {}", quoted(known.iter().copied()))),
            });
        }
    }
}

impl Probe {
    pub(super) fn read_all(field: &Field<'_>, findings: &mut Findings) -> Vec<Self> {
        field
            .entries(findings)
            .filter_map(|entry| Self::read(&entry, findings))
            .collect()
    }

    fn read(entry: &Field<'_>, findings: &mut Findings) -> Option<Self> {
        let Some(role) = ProbeRole::ALL
            .into_iter()
            .find(|role| role.word() == entry.key.text)
        else {
            findings.push(unknown_role(entry));
            return None;
        };
        if let Some(kind) = Kind::short(entry.node) {
            let mut probe = Self::new(role, entry.key.place.clone());
            probe.kind = Some(At {
                value: kind,
                place: entry.place().clone(),
            });
            return Some(probe);
        }
        if !entry.is_map() {
            expected(
                &format!("the {} probe", role.word()),
                "a map or the name of a kind, such as `tcp` or `redis`",
                entry.node,
                findings,
            );
            return None;
        }
        let mut probe = Self::new(role, entry.key.place.clone());
        for field in entry.entries(findings) {
            probe.take(&field, findings);
        }
        let mut keys = entry.entries(findings).map(|field| &field.key.text);
        if !keys.any(|key| is_kind(key)) {
            let message = format!("the {} probe does not say what it does", role.word());
            findings.push(
                Problem::error(&probe.place, message)
                    .hint(format!("add one of {}", quoted(kinds()))),
            );
        }
        Some(probe)
    }

    fn new(role: ProbeRole, place: Place) -> Self {
        Self {
            role,
            place,
            kind: None,
            interval: None,
            timeout: None,
            initial_delay: None,
            failure_threshold: None,
            success_threshold: None,
        }
    }

    fn take(&mut self, field: &Field<'_>, findings: &mut Findings) {
        match field.key.text.as_str() {
            "interval" => self.interval = field.text(findings),
            "timeout" => self.timeout = field.text(findings),
            "initial_delay" => self.initial_delay = field.text(findings),
            "failure_threshold" => self.failure_threshold = field.count(findings),
            "success_threshold" => self.success_threshold = field.count(findings),
            key if is_kind(key) => self.take_kind(field, findings),
            key if key.starts_with("x-") => {}
            _ => findings.push(unknown_key(field)),
        }
    }

    fn take_kind(&mut self, field: &Field<'_>, findings: &mut Findings) {
        let key = field.key.text.as_str();
        let Some(kind) = Kind::read(field, findings) else {
            return;
        };
        if self.kind.is_some() {
            let message = format!(
                "the {} probe has a second kind, `{key}`, but does exactly one thing",
                self.role.word()
            );
            findings.push(Problem::error(&field.key.place, message).hint("keep one of the two"));
            return;
        }
        self.kind = Some(At {
            value: kind,
            place: field.key.place.clone(),
        });
    }
}

impl Kind {
    /// One word, for a kind that needs no more.
    fn short(node: &Node) -> Option<Self> {
        let Value::Scalar(word) = &node.value else {
            return None;
        };
        Some(match word.as_str() {
            "http" => Self::Http {
                path: None,
                endpoint: None,
                status: None,
                body: None,
            },
            "tcp" => Self::Tcp { endpoint: None },
            "container" => Self::Container,
            word => Self::Server(Server {
                word: server(word)?.0,
                keys: BTreeMap::new(),
            }),
        })
    }

    fn read(field: &Field<'_>, findings: &mut Findings) -> Option<Self> {
        match field.key.text.as_str() {
            "http" => Self::http(field, findings),
            "tcp" => Self::tcp(field, findings),
            "exec" => match Words::read(field, findings) {
                Some(words) => Some(Self::Exec(words.value)),
                None if field.is_null() => {
                    findings.error(field.place(), "`exec` has no command");
                    None
                }
                None => None,
            },
            "log" => Log::read(field, findings).map(Self::Log),
            "container" => Self::container(field, findings),
            word => {
                let (word, known) = server(word)?;
                Server::read(word, known, field, findings).map(Self::Server)
            }
        }
    }

    fn http(field: &Field<'_>, findings: &mut Findings) -> Option<Self> {
        #[derive(Default)]
        struct Http {
            path: Option<At<String>>,
            endpoint: Option<At<String>>,
            status: Option<At<String>>,
            body: Option<At<Body>>,
        }
        const KEYS: Keys<Http> = Keys {
            known: &[
                ("path", |http, field, findings| {
                    http.path = field.text(findings)
                }),
                ("endpoint", |http, field, findings| {
                    http.endpoint = field.text(findings)
                }),
                ("status", |http, field, findings| {
                    http.status = field.text(findings)
                }),
                ("body", |http, field, findings| {
                    http.body = Body::read(field, findings)
                }),
            ],
            later: &[],
        };
        let mut http = Http::default();
        match &field.node.value {
            Value::Map(_) => KEYS.read("the `http` probe", field.node, &mut http, findings),
            // `http: true` asks for `/`.
            Value::Scalar(text) if text == "true" => {}
            _ => http.path = Some(field.text(findings)?),
        }
        Some(Self::Http {
            path: http.path,
            endpoint: http.endpoint,
            status: http.status,
            body: http.body.map(Box::new),
        })
    }

    fn tcp(field: &Field<'_>, findings: &mut Findings) -> Option<Self> {
        const KEYS: Keys<Option<At<String>>> = Keys {
            known: &[("endpoint", |endpoint, field, findings| {
                *endpoint = field.text(findings)
            })],
            later: &[],
        };
        let mut endpoint = None;
        match &field.node.value {
            Value::Map(_) => KEYS.read("the `tcp` probe", field.node, &mut endpoint, findings),
            Value::Scalar(text) if text == "true" => {}
            _ => endpoint = Some(field.text(findings)?),
        }
        Some(Self::Tcp { endpoint })
    }

    fn container(field: &Field<'_>, findings: &mut Findings) -> Option<Self> {
        let plain = match &field.node.value {
            Value::Map(entries) => entries.is_empty(),
            Value::Scalar(text) => text == "true",
            _ => false,
        };
        if !plain && field.node.value != Value::Faulty {
            let problem = Problem::error(field.place(), "`container` can only be `true`");
            findings.push(
                problem.hint("the check itself is written under `healthcheck` or in the image"),
            );
        }
        plain.then_some(Self::Container)
    }
}

fn is_kind(key: &str) -> bool {
    PLAIN.contains(&key) || server(key).is_some()
}

fn server(word: &str) -> Option<(&'static str, &'static [&'static str])> {
    SERVERS.into_iter().find(|(name, _)| *name == word)
}

fn kinds() -> impl Iterator<Item = &'static str> {
    PLAIN
        .into_iter()
        .chain(SERVERS.into_iter().map(|(word, _)| word))
}

fn unknown_role(entry: &Field<'_>) -> Problem {
    let roles = || ProbeRole::ALL.into_iter().map(ProbeRole::word);
    let problem = Problem::error(
        &entry.key.place,
        format!("unknown probe `{}`", entry.key.text),
    );
    match nearest(&entry.key.text, roles()) {
        Some(role) => problem.hint(format!("did you mean `{role}`?")),
        None => problem.hint(format!("the probes of a service are {}", quoted(roles()))),
    }
}

fn unknown_key(field: &Field<'_>) -> Problem {
    let problem = Problem::error(
        &field.key.place,
        format!("unknown key `{}` in a probe", field.key.text),
    );
    match nearest(&field.key.text, FIELDS.into_iter().chain(kinds())) {
        Some(name) => problem.hint(format!("did you mean `{name}`?")),
        None => problem.hint(format!(
            "a probe has one of {} and may have {}",
            quoted(kinds()),
            quoted(FIELDS.into_iter())
        )),
    }
}

/// Compose's `healthcheck`.
#[derive(Debug, Default)]
pub(crate) struct Healthcheck {
    pub(crate) test: Option<At<Words>>,
    pub(crate) disable: bool,
    pub(crate) interval: Option<At<String>>,
    pub(crate) timeout: Option<At<String>>,
    pub(crate) start_period: Option<At<String>>,
    pub(crate) start_interval: Option<At<String>>,
    pub(crate) retries: Option<u32>,
}

impl Healthcheck {
    pub(super) fn read(field: &Field<'_>, findings: &mut Findings) -> Option<At<Self>> {
        const KEYS: Keys<Healthcheck> = Keys {
            known: &[
                ("test", |check, field, findings| {
                    check.test = Words::read(field, findings)
                }),
                ("disable", |check, field, findings| {
                    check.disable = field.flag(findings).is_some_and(|flag| flag.value);
                }),
                ("interval", |check, field, findings| {
                    check.interval = field.text(findings)
                }),
                ("timeout", |check, field, findings| {
                    check.timeout = field.text(findings)
                }),
                ("start_period", |check, field, findings| {
                    check.start_period = field.text(findings)
                }),
                ("start_interval", |check, field, findings| {
                    check.start_interval = field.text(findings)
                }),
                ("retries", Healthcheck::read_retries),
            ],
            later: &[],
        };
        if field.is_null() {
            return None;
        }
        let mut check = Self::default();
        KEYS.read("`healthcheck`", field.node, &mut check, findings);
        Some(At {
            value: check,
            place: field.key.place.clone(),
        })
    }

    /// 0 leaves the number to the container engine.
    fn read_retries(&mut self, field: &Field<'_>, findings: &mut Findings) {
        let zero = matches!(&field.node.value, Value::Scalar(text) if text == "0");
        self.retries = if zero { None } else { field.count(findings) };
    }
}
