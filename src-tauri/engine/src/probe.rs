//! Performs probes: real exchanges, each with one deadline for everything.

pub(crate) mod amqp;
mod elasticsearch;
mod exec;
mod flink;
mod grafana;
pub(crate) mod grpc;
mod http;
mod http_body;
mod kafka;
mod mysql;
mod otel_collector;
pub(crate) mod postgres;
mod prometheus;
mod rabbitmq;
pub(crate) mod redis;
pub(crate) mod server;
mod stranger;
pub(crate) mod tap;
pub(crate) mod tcp;
mod temporal;

pub use http::Expected;
pub use kafka::Kafka;
pub use rabbitmq::Management;
pub use server::Question;

use crate::container::exec as container_exec;
use crate::container::runtime::Runtime;
use benchtop_model::inject::Ports;
use benchtop_model::plan::{Plan, Run, Service};
use benchtop_model::probe::{LinePattern, Probe, ProbeKind, ProbeResult, Verdict};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// No attempt takes longer, whatever the file says: a hung peer must not be
/// waited for.
const LONGEST: Duration = Duration::from_secs(60);

/// A probe with everything that it needs, independent of the environment.
#[derive(Clone, Debug)]
pub enum Exchange {
    /// A GET.
    Http {
        /// `http` or `https`.
        scheme: String,
        /// Host to ask.
        host: String,
        /// Its port.
        port: u16,
        /// Path and query.
        path: String,
        /// What is demanded of the answer.
        expected: Expected,
    },
    /// A line that the service has written.
    Log {
        /// The one that is waited for.
        wanted: LinePattern,
        /// The one that came.
        said: Option<String>,
    },
    /// A connection.
    Tcp {
        /// Host to connect to.
        host: String,
        /// Its port.
        port: u16,
    },
    /// A command on this host.
    Exec {
        /// Program and arguments.
        command: Vec<String>,
        /// Folder to run in.
        cwd: PathBuf,
        /// The whole environment.
        environment: BTreeMap<String, String>,
    },
    /// A command inside a container.
    ContainerExec {
        /// Container id.
        id: String,
        /// Program and arguments.
        command: Vec<String>,
    },
    /// The container's own health check.
    Container {
        /// Container id.
        id: String,
    },
    /// A question in the language of a known server.
    Server {
        /// What is asked.
        question: Question,
        /// Host to ask.
        host: String,
        /// Its port.
        port: u16,
    },
    /// It cannot be performed.
    Impossible(String),
}

/// What runs, as far as probes need to know.
#[derive(Clone, Debug)]
pub enum Subject {
    /// A container of this id.
    Container(String),
    /// A process with this folder and environment.
    Process(PathBuf, BTreeMap<String, String>),
    /// Something that is not ours.
    External,
}

/// What a probe asks of whom; `said` is the line of its instance that it waits for.
#[must_use]
pub fn exchange(
    plan: &Plan,
    service: &Service,
    probe: &Probe,
    ports: &Ports,
    subject: Subject,
    said: Option<&str>,
) -> Exchange {
    let address = |endpoint: Option<&str>| {
        let endpoint = service.endpoint(endpoint)?;
        benchtop_model::inject::address(
            plan,
            &service.name,
            &endpoint.name,
            ports,
            benchtop_model::inject::Viewpoint::Host,
        )
    };
    match (&probe.kind, subject) {
        (
            ProbeKind::Http {
                endpoint,
                path,
                status,
                body,
            },
            _,
        ) => {
            let endpoint = endpoint.as_deref().or_else(|| {
                service
                    .endpoints
                    .iter()
                    .find(|e| e.is_http())
                    .map(|e| e.name.as_str())
            });
            let scheme = service
                .endpoint(endpoint)
                .filter(|e| e.is_http())
                .map_or("http", |e| &e.scheme)
                .to_owned();
            match address(endpoint) {
                Some(at) => Exchange::Http {
                    scheme,
                    host: at.host,
                    port: at.port,
                    path: path.clone(),
                    expected: Expected {
                        status: *status,
                        body: body.clone(),
                    },
                },
                None => Exchange::Impossible(format!("GET {path}, once its port is assigned")),
            }
        }
        (ProbeKind::Tcp { endpoint }, _) => match address(endpoint.as_deref()) {
            Some(at) => Exchange::Tcp {
                host: at.host,
                port: at.port,
            },
            None => Exchange::Impossible("connect, once its port is assigned".to_owned()),
        },
        (ProbeKind::Exec { command }, Subject::Container(id)) => Exchange::ContainerExec {
            id,
            command: command.clone(),
        },
        (ProbeKind::Exec { command }, Subject::Process(cwd, environment)) => Exchange::Exec {
            command: command.clone(),
            cwd,
            environment,
        },
        (ProbeKind::Exec { command }, Subject::External) => Exchange::Exec {
            command: command.clone(),
            cwd: plan.project_dir.clone(),
            environment: std::env::vars().collect(),
        },
        (ProbeKind::Log { line }, _) => Exchange::Log {
            wanted: line.clone(),
            said: said.map(str::to_owned),
        },
        (ProbeKind::Container, Subject::Container(id)) => Exchange::Container { id },
        (ProbeKind::Container, _) => Exchange::Impossible("it is not a container".to_owned()),
        (kind, _) => {
            let scheme = service.endpoint(kind.endpoint()).map(|e| e.scheme.as_str());
            let management = rabbitmq::management(service, address);
            let question = Question::new(kind, service, scheme.unwrap_or_default(), management);
            match (question, address(kind.endpoint())) {
                (Some(question), Some(at)) => Exchange::Server {
                    question,
                    host: at.host,
                    port: at.port,
                },
                (Some(question), None) => {
                    Exchange::Impossible(format!("{question}, once its port is assigned"))
                }
                (None, _) => Exchange::Impossible(format!("no driver for `{}`", kind.word())),
            }
        }
    }
}

/// What a probe asks, for people, whether the service runs or not.
///
/// Cheap, for it is asked of every probe at every change: what a program would be started
/// with is not computed.
#[must_use]
pub fn target(plan: &Plan, service: &Service, probe: &Probe, ports: &Ports) -> String {
    let subject = match (&service.run, &probe.kind) {
        (Run::Container(_), _) | (_, ProbeKind::Exec { .. }) => Subject::Container(String::new()),
        _ => Subject::External,
    };
    exchange(plan, service, probe, ports, subject, None).describe()
}

impl Exchange {
    /// What it asks, for people: `GET http://localhost:5001/health/ready`.
    #[must_use]
    pub fn describe(&self) -> String {
        match self {
            Self::Http {
                scheme,
                host,
                port,
                path,
                ..
            } => format!("GET {scheme}://{host}:{port}{path}"),
            Self::Tcp { host, port } => format!("connect {host}:{port}"),
            Self::Server {
                question,
                host,
                port,
            } => format!("{question} at {host}:{port}"),
            Self::Exec { command, .. } | Self::ContainerExec { command, .. } => command.join(" "),
            Self::Log { wanted, .. } => wanted.to_string(),
            Self::Container { .. } => "the container's own health check".to_owned(),
            Self::Impossible(why) => why.clone(),
        }
    }

    /// Whether the container runtime answers this in place of the service.
    #[must_use]
    pub fn is_answered_by_runtime(&self) -> bool {
        matches!(self, Self::ContainerExec { .. } | Self::Container { .. })
    }

    /// Performs it within `timeout`.
    pub async fn perform(self, timeout: Duration, runtime: Option<Arc<Runtime>>) -> ProbeResult {
        self.perform_or_miss(timeout, runtime).await.0
    }

    /// Performs it within `timeout`, and tells whether the service itself has
    /// answered; otherwise whoever carries the question may be at fault.
    pub async fn perform_or_miss(
        self,
        timeout: Duration,
        runtime: Option<Arc<Runtime>>,
    ) -> (ProbeResult, bool) {
        let since = Instant::now();
        let timeout = timeout.min(LONGEST);
        let finding = match tokio::time::timeout(timeout, self.attempt(timeout, runtime)).await {
            Ok(finding) => finding,
            Err(_) => Finding::miss(format!(
                "no answer within {}",
                benchtop_model::time::Millis(timeout.as_millis() as u64)
            )),
        };
        let latency_us = u64::try_from(since.elapsed().as_micros()).unwrap_or(u64::MAX);
        let result = ProbeResult {
            verdict: finding.verdict,
            latency_us,
            text: finding.text,
            details: finding.details,
        };
        (result, finding.answered)
    }

    async fn attempt(self, timeout: Duration, runtime: Option<Arc<Runtime>>) -> Finding {
        match self {
            Self::Http {
                scheme,
                host,
                port,
                path,
                expected,
            } => http::get(&scheme, &host, port, &path, expected).await,
            Self::Log { wanted, said } => match said {
                Some(line) => Finding::new(Verdict::Pass, shorten(&line)),
                None => Finding::fail(format!("not yet written: {wanted}")),
            },
            Self::Tcp { host, port } => tcp::probe(&host, port).await,
            Self::Server {
                question,
                host,
                port,
            } => server::ask(question, &host, port, timeout).await,
            Self::Exec {
                command,
                cwd,
                environment,
            } => exec::run(&command, &cwd, &environment).await,
            Self::Impossible(why) => Finding::fail(why),
            Self::ContainerExec { id, command } => match runtime {
                Some(runtime) => exec::finding(container_exec::run(&runtime, &id, &command).await),
                None => Finding::miss("the container runtime does not answer"),
            },
            Self::Container { id } => match runtime {
                Some(runtime) => container_health(&runtime, &id).await,
                None => Finding::miss("the container runtime does not answer"),
            },
        }
    }
}

/// What an attempt found.
#[derive(Clone, Debug)]
struct Finding {
    verdict: Verdict,
    text: String,
    details: BTreeMap<String, String>,
    /// The service has answered, well or badly.
    answered: bool,
}

impl Finding {
    fn new(verdict: Verdict, text: impl Into<String>) -> Self {
        Self {
            verdict,
            text: text.into(),
            details: BTreeMap::new(),
            answered: true,
        }
    }

    /// No answer came.
    fn miss(text: impl Into<String>) -> Self {
        Self {
            answered: false,
            ..Self::fail(text)
        }
    }

    fn fail(text: impl Into<String>) -> Self {
        Self::new(Verdict::Fail, text)
    }

    fn detail(mut self, key: &str, value: impl Into<String>) -> Self {
        self.details.insert(key.to_owned(), value.into());
        self
    }
}

/// The engine's own verdict on a container, with the output of its last check.
async fn container_health(runtime: &Runtime, id: &str) -> Finding {
    use bollard::models::HealthStatusEnum as Status;
    let found = match crate::container::look::inspect(runtime, id).await {
        Ok(found) => found,
        Err(error) => return Finding::miss(crate::container::instance::say(&error)),
    };
    let Some(health) = found.state.and_then(|state| state.health) else {
        return Finding::fail("the container has no health check");
    };
    let last = health.log.as_ref().and_then(|log| log.last());
    let output = last
        .and_then(|entry| entry.output.clone())
        .unwrap_or_default();
    let (verdict, text) = match health.status {
        Some(Status::HEALTHY) => (Verdict::Pass, "healthy".to_owned()),
        Some(Status::STARTING) => (Verdict::Fail, "still starting".to_owned()),
        Some(Status::UNHEALTHY) => (Verdict::Fail, format!("unhealthy: {}", first_line(&output))),
        _ => (
            Verdict::Fail,
            "the container has no health check".to_owned(),
        ),
    };
    let finding = Finding::new(verdict, text);
    match last.and_then(|entry| entry.exit_code) {
        Some(code) => finding
            .detail("exit code", code.to_string())
            .detail("output", shorten(&output)),
        None => finding,
    }
}

fn first_line(text: &str) -> &str {
    text.trim().lines().next().unwrap_or("no output")
}

/// As much of a text as a details pane can use.
fn shorten(text: &str) -> String {
    text.trim().chars().take(500).collect()
}

/// Gets a page, never through a proxy, of at most so many bytes.
pub(crate) async fn page(
    scheme: &str,
    host: &str,
    port: u16,
    path: &str,
    most: usize,
) -> Result<Vec<u8>, String> {
    http::page(scheme, host, port, path, most).await
}
