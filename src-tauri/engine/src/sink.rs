//! What the engine tells the rest of the program. Implemented where history and
//! log book are known.

use benchtop_model::exit::Exit;
use benchtop_model::plan::Plan;
use benchtop_model::probe::{ProbeResult, ProbeRole};
use benchtop_model::status::{Health, Lifecycle, Status};
use benchtop_model::time::Timestamp;
use std::sync::Arc;

/// Receives what is worth keeping. Calls must return quickly: they are made on
/// the task that supervises.
pub trait Sink: Send + Sync + 'static {
    /// Something worth keeping happened.
    fn record(&self, event: EngineEvent);
    /// A service has written.
    fn logs(&self, service: &str, generation: u64, lines: Vec<LogLine>);
    /// The same, from a source that has been read up to a position. The two are kept
    /// together or not at all.
    fn logs_from(&self, service: &str, generation: u64, lines: Vec<LogLine>, position: String) {
        _ = position;
        self.logs(service, generation, lines);
    }
    /// The last position of a source that was kept for good: whoever reads it goes on
    /// there, without a gap and without repetition.
    fn log_position(&self, service: &str, generation: u64) -> Option<String> {
        _ = (service, generation);
        None
    }
    /// What services use was measured.
    fn measured(&self, measured: Vec<Measured>) {
        _ = measured;
    }
    /// The metrics that a service offers to Prometheus were fetched, or why not. Called on
    /// a thread that may block.
    fn scraped(&self, service: &str, at: Timestamp, page: Result<String, String>) {
        _ = (service, at, page);
    }
    /// The snapshot has changed.
    fn changed(&self, what: Changed);
}

/// What a service uses, at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// The service.
    pub service: String,
    /// How it was measured.
    pub kind: MeasuredKind,
    /// When.
    pub at: Timestamp,
    /// When the instance was started: what is counted is counted from there.
    pub started: Timestamp,
    /// Restarts of the service in this run.
    pub restarts: u32,
    /// Cores in use since the measurement before; absent at the first.
    pub cpu: Option<f64>,
    /// Memory in use, in bytes, without the page cache.
    pub memory: u64,
    /// Bytes received and sent.
    pub network: Option<(u64, u64)>,
    /// Bytes read from disks and written to them.
    pub disk: Option<(u64, u64)>,
    /// Living processes.
    pub processes: Option<u64>,
}

/// How a service was measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MeasuredKind {
    /// By the container runtime.
    Container,
    /// By the process table of this host: the main process and all below it.
    Process,
}

/// What of the snapshot has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changed {
    /// States, health, reasons.
    State,
    /// Only CPU and memory, as every few seconds.
    Usage,
}

/// One line of output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// When it was received, in microseconds since 1970-01-01 UTC.
    pub time_us: i64,
    /// Where it was written.
    pub origin: Origin,
    /// The text without its line end; invalid UTF-8 replaced.
    pub text: String,
}

/// Where a line was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
    /// By Benchtop, about the service.
    Benchtop,
}

/// Something worth keeping.
#[derive(Clone, Debug)]
pub enum EngineEvent {
    /// A run began.
    RunStarted {
        /// Its id.
        run: String,
        /// When.
        at: Timestamp,
        /// What is run.
        plan: Arc<Plan>,
    },
    /// For the first time in the run everything is Healthy or Completed.
    RunReady {
        /// Its id.
        run: String,
        /// When.
        at: Timestamp,
    },
    /// A run ended: nothing runs and nothing is wanted.
    RunEnded {
        /// Its id.
        run: String,
        /// When.
        at: Timestamp,
    },
    /// An instance came up.
    InstanceStarted {
        /// The run.
        run: String,
        /// The service.
        service: String,
        /// Number of the start.
        generation: u64,
        /// Container id or process id.
        identity: String,
        /// Hash of its definition.
        definition: String,
        /// When.
        at: Timestamp,
    },
    /// An instance was Healthy for the first time.
    InstanceReady {
        /// The run.
        run: String,
        /// The service.
        service: String,
        /// Number of the start.
        generation: u64,
        /// When.
        at: Timestamp,
    },
    /// An instance ended.
    InstanceEnded {
        /// The run.
        run: String,
        /// The service.
        service: String,
        /// Number of the start.
        generation: u64,
        /// How.
        exit: Exit,
        /// When.
        at: Timestamp,
    },
    /// A service changed its state.
    Transition {
        /// The run; empty where nothing runs.
        run: String,
        /// The service.
        service: String,
        /// Number of the start.
        generation: u64,
        /// State entered.
        lifecycle: Lifecycle,
        /// Health entered.
        health: Health,
        /// What a person saw before.
        from: Status,
        /// What a person sees now.
        to: Status,
        /// Why.
        cause: String,
        /// When.
        at: Timestamp,
    },
    /// A probe answered.
    Probed {
        /// The run.
        run: String,
        /// The service.
        service: String,
        /// Number of the start.
        generation: u64,
        /// Which probe.
        role: ProbeRole,
        /// The answer.
        result: ProbeResult,
        /// When.
        at: Timestamp,
    },
}
