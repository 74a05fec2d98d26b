//! Where the engine's news goes: history, log book, faces.

use super::alerts::Alerts;
use super::git;
use super::measured;
use super::notifier::Notifier;
use super::turns::Turns;
use crate::definition;
use crate::schema::Topic;
use benchtop_engine::process::log_file::GAP;
use benchtop_engine::sink::{Changed, EngineEvent, LogLine, Measured, Origin, Sink};
use benchtop_model::alert::Observed;
use benchtop_model::plan::Plan;
use benchtop_model::time::Timestamp;
use benchtop_store::history::History;
use benchtop_store::record::{NewRun, ProbeRow};
use benchtop_store::row::{Instance, Transition};
use benchtop_telemetry::book::{LogBook, RawLine};
use benchtop_telemetry::log::{Mark, Stream};
use benchtop_telemetry::metrics::book::MetricBook;
use benchtop_telemetry::metrics::builtin::Builtin;
use benchtop_telemetry::metrics::prometheus;
use std::sync::Arc;
use tokio::runtime::{Handle, RuntimeFlavor};

/// The sink of one environment.
pub(super) struct HostSink {
    environment: String,
    history: History,
    logs: Arc<LogBook>,
    metrics: Arc<MetricBook>,
    notifier: Notifier,
    alerts: Arc<Alerts>,
    turns: Arc<Turns>,
}

impl HostSink {
    pub(super) fn new(
        environment: String,
        history: History,
        logs: Arc<LogBook>,
        metrics: Arc<MetricBook>,
        notifier: Notifier,
        alerts: Arc<Alerts>,
        turns: Arc<Turns>,
    ) -> Self {
        Self {
            environment,
            history,
            logs,
            metrics,
            notifier,
            alerts,
            turns,
        }
    }

    /// The run is recorded at once, because others refer to it, and again with
    /// its commit and machine: asking git takes a while on a large checkout.
    fn run_started(&self, run: String, at: Timestamp, plan: &Arc<Plan>) {
        let mut record = NewRun {
            id: run,
            environment: self.environment.clone(),
            name: plan.name.clone(),
            project_dir: plan.project_dir.display().to_string(),
            started: at,
            services: u32::try_from(plan.services.len()).unwrap_or(u32::MAX),
            git_commit: None,
            git_dirty: false,
            host: None,
            definition_json: definition::masked(plan).to_string(),
        };
        self.logs.begin_run(&record.id, at);
        self.metrics.begin_run(&record.id, at);
        self.history.run_started(record.clone());
        self.alerts.begin_run(&record.id, plan);
        let (history, dir) = (self.history.clone(), plan.project_dir.clone());
        tokio::task::spawn_blocking(move || {
            record.host = Some(benchtop_engine::host::facts());
            if let Some((commit, dirty)) = git::state(&dir) {
                record.git_commit = Some(commit);
                record.git_dirty = dirty;
            }
            history.run_started(record);
        });
    }

    fn keep(&self, service: &str, generation: u64, lines: Vec<LogLine>, position: Option<String>) {
        let lines = lines.into_iter().map(raw_line).collect();
        let push = || self.logs.push_from(service, generation, lines, position);
        // A flood waits for the disk here, and must not hold up a thread that others need.
        match Handle::try_current().map(|runtime| runtime.runtime_flavor()) {
            Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(push),
            _ => push(),
        }
        self.notifier.mark(Topic::Logs);
    }
}

/// A line in the log book's words.
fn raw_line(line: LogLine) -> RawLine {
    let gap = line.origin == Origin::Benchtop && line.text.starts_with(GAP);
    RawLine {
        time: Timestamp(line.time_us / 1000),
        stream: match line.origin {
            Origin::Stdout => Stream::Stdout,
            Origin::Stderr => Stream::Stderr,
            Origin::Benchtop => Stream::Benchtop,
        },
        text: line.text,
        marks: if gap { vec![Mark::Gap] } else { Vec::new() },
    }
}

impl Sink for HostSink {
    fn record(&self, event: EngineEvent) {
        match event {
            EngineEvent::RunStarted { run, at, plan } => self.run_started(run, at, &plan),
            EngineEvent::RunReady { run, at } => self.history.run_ready(&run, at),
            EngineEvent::RunEnded { run, at } => self.history.run_ended(&run, at),
            EngineEvent::InstanceStarted {
                run,
                service,
                generation,
                identity,
                definition,
                at,
            } => {
                let started = Instance {
                    run,
                    service,
                    generation,
                    identity,
                    definition,
                    started: at,
                    time_to_ready: None,
                    ended: None,
                    exit: None,
                };
                self.history.instance_started(started);
            }
            EngineEvent::InstanceReady {
                run,
                service,
                generation,
                at,
            } => self.history.instance_ready(&run, &service, generation, at),
            EngineEvent::InstanceEnded {
                run,
                service,
                generation,
                exit,
                at,
            } => self
                .history
                .instance_ended(&run, &service, generation, at, exit),
            EngineEvent::Transition {
                run,
                service,
                generation,
                lifecycle,
                health,
                to,
                cause,
                at,
                ..
            } => {
                let observed = Observed {
                    service: &service,
                    lifecycle,
                    status: to,
                    cause: &cause,
                    at,
                };
                self.alerts.observe(&observed);
                self.turns.note(&service, to, at);
                self.history.transition(Transition {
                    run,
                    service,
                    generation,
                    at,
                    lifecycle,
                    health,
                    status: to,
                    cause,
                });
            }
            EngineEvent::Probed {
                run,
                service,
                generation,
                role,
                result,
                at,
            } => {
                let took = measured::probe(&service, role, &result, at);
                self.metrics.push(vec![took]);
                return self.history.probe_result(ProbeRow {
                    run,
                    service,
                    generation,
                    role,
                    at,
                    result,
                });
            }
        }
        self.notifier.mark(Topic::Runs);
    }

    fn logs(&self, service: &str, generation: u64, lines: Vec<LogLine>) {
        self.keep(service, generation, lines, None);
    }

    fn logs_from(&self, service: &str, generation: u64, lines: Vec<LogLine>, position: String) {
        self.keep(service, generation, lines, Some(position));
    }

    fn log_position(&self, service: &str, generation: u64) -> Option<String> {
        self.logs.position(service, generation)
    }

    fn measured(&self, measured: Vec<Measured>) {
        let samples = measured.iter().flat_map(measured::samples);
        self.metrics.push(samples.collect());
    }

    fn scraped(&self, service: &str, at: Timestamp, page: Result<String, String>) {
        let up = Builtin::ScrapeUp.sample(service, &[], at, if page.is_ok() { 1.0 } else { 0.0 });
        let mut samples = vec![up];
        if let Ok(text) = page {
            let mut page = prometheus::read(service, &text, at);
            if let Some(problem) = &page.problem {
                tracing::debug!(
                    service,
                    refused = page.refused,
                    problem,
                    "lines of metrics were not understood"
                );
            }
            samples.append(&mut page.samples);
        }
        self.metrics.push(samples);
    }

    fn changed(&self, what: Changed) {
        self.notifier.mark(match what {
            Changed::State => Topic::Status,
            Changed::Usage => Topic::Usage,
        });
    }
}
