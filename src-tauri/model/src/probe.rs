//! What a probe asks, and what it answers.

use crate::time::Millis;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use ts_rs::TS;

/// Which question a probe answers, with kubelet's meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum ProbeRole {
    /// "Has it finished starting?" Gates the other two until it passes once.
    Startup,
    /// "Is it there?" Failure makes the service Unhealthy.
    Live,
    /// "Can it serve?" Failure makes the service Degraded.
    Ready,
}

impl ProbeRole {
    /// All three, in the order in which they matter.
    pub const ALL: [Self; 3] = [Self::Startup, Self::Live, Self::Ready];

    /// The key in the environment file.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Startup => "startup",
            Self::Live => "live",
            Self::Ready => "ready",
        }
    }
}

/// The exchange that a probe performs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase", tag = "type")]
pub enum ProbeKind {
    /// A GET; passes on 200–399, and understands ASP.NET health JSON.
    Http {
        /// Name of the endpoint; the first HTTP endpoint where it is absent.
        endpoint: Option<String>,
        /// Path and query, beginning with `/`.
        path: String,
        /// The only status that passes, where one is demanded.
        status: Option<u16>,
    },
    /// A TCP connection that is accepted.
    Tcp {
        /// Name of the endpoint; the first where it is absent.
        endpoint: Option<String>,
    },
    /// A command that exits with 0: inside the container, or on the host with
    /// the environment and folder of the process.
    Exec {
        /// Program and arguments.
        command: Vec<String>,
    },
    /// The container's own health check, as the container runtime reports it.
    Container,
}

impl ProbeKind {
    /// The key in the environment file.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Http { .. } => "http",
            Self::Tcp { .. } => "tcp",
            Self::Exec { .. } => "exec",
            Self::Container => "container",
        }
    }
}

/// One probe as resolved. Field names and meanings follow kubelet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Probe {
    /// What is asked.
    pub kind: ProbeKind,
    /// Time between two probes once the service is up.
    pub interval: Millis,
    /// Deadline of one attempt, for everything in it.
    pub timeout: Millis,
    /// So many failures in a row change the verdict to failing.
    pub failure_threshold: u32,
    /// So many successes in a row change it back.
    pub success_threshold: u32,
    /// Time after the start before the first attempt.
    pub initial_delay: Millis,
    /// Only for `startup`: how long the whole start may take.
    pub deadline: Millis,
}

impl Probe {
    /// A probe with the defaults of the design: every 30 s, 5 s each, three
    /// failures to fall, one success to rise; a start may take 5 minutes.
    #[must_use]
    pub fn new(kind: ProbeKind) -> Self {
        Self {
            kind,
            interval: Millis::from_secs(30),
            timeout: Millis::from_secs(5),
            failure_threshold: 3,
            success_threshold: 1,
            initial_delay: Millis(0),
            deadline: Millis::from_secs(300),
        }
    }
}

/// The probes of one service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Probes {
    /// See [`ProbeRole::Startup`].
    pub startup: Option<Probe>,
    /// See [`ProbeRole::Live`].
    pub live: Option<Probe>,
    /// See [`ProbeRole::Ready`].
    pub ready: Option<Probe>,
}

impl Probes {
    /// The probe in this role.
    #[must_use]
    pub fn get(&self, role: ProbeRole) -> Option<&Probe> {
        match role {
            ProbeRole::Startup => self.startup.as_ref(),
            ProbeRole::Live => self.live.as_ref(),
            ProbeRole::Ready => self.ready.as_ref(),
        }
    }

    /// Every probe there is, with its role.
    pub fn iter(&self) -> impl Iterator<Item = (ProbeRole, &Probe)> {
        ProbeRole::ALL
            .into_iter()
            .filter_map(|role| Some((role, self.get(role)?)))
    }
}

/// What one attempt found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// As it should be.
    Pass,
    /// Answers, and says of itself that it is degraded.
    Warn,
    /// No answer, or a bad one.
    Fail,
}

/// The answer of one attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ProbeResult {
    /// What it means.
    pub verdict: Verdict,
    /// How long the exchange took, in microseconds.
    #[ts(type = "number")]
    pub latency_us: u64,
    /// One line for people: `200 OK`, `connection refused`.
    pub text: String,
    /// Named findings, such as the address that answered or the entries of a
    /// health report.
    pub details: BTreeMap<String, String>,
}
