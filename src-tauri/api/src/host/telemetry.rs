//! The receiver of an environment's telemetry, and where it goes.

use super::notifier::Notifier;
use crate::schema::{ApiError, Topic};
use benchtop_engine::environment::EnvironmentHandle;
use benchtop_engine::record::EnvironmentRecord;
use benchtop_telemetry::book::LogBook;
use benchtop_telemetry::metrics::book::MetricBook;
use benchtop_telemetry::otlp::destination::Destination;
use benchtop_telemetry::otlp::intake::Sinks;
use benchtop_telemetry::otlp::logs::BookSink;
use benchtop_telemetry::otlp::metrics::MetricSink;
use benchtop_telemetry::otlp::receiver::Receiver;
use benchtop_telemetry::otlp::status::TelemetryStatus;
use benchtop_telemetry::spans::{Limits, SpanStore};
use std::sync::{Arc, OnceLock};

/// What an open environment has for telemetry.
pub(super) struct Telemetry {
    /// Its spans; absent where no thread could be started.
    pub(super) spans: Option<Arc<SpanStore>>,
    receiver: Result<Receiver, String>,
}

/// The state of the environment, which is known only after its receiver.
#[derive(Clone, Default)]
pub(super) struct Current(Arc<OnceLock<EnvironmentHandle>>);

impl Current {
    pub(super) fn set(&self, handle: EnvironmentHandle) {
        // It is set once.
        _ = self.0.set(handle);
    }

    /// The present start of a service; 0 where there is none.
    fn generation(&self, service: &str) -> u64 {
        let snapshot = self.0.get().map(EnvironmentHandle::snapshot);
        let services = snapshot.as_ref().map(|snapshot| &snapshot.services);
        let found = services.and_then(|all| all.iter().find(|state| state.name == service));
        found.map_or(0, |state| state.generation)
    }
}

/// Starts to listen, at the addresses that the record remembers where there are any, and
/// writes the present ones into it.
pub(super) fn start(
    record: &mut EnvironmentRecord,
    logs: &Arc<LogBook>,
    metrics: &Arc<MetricBook>,
    notifier: &Notifier,
    current: &Current,
) -> Telemetry {
    let spans = match SpanStore::new(Arc::clone(logs), Limits::default()) {
        Ok(spans) => Arc::new(spans),
        Err(error) => {
            let receiver = Err(format!("spans cannot be kept: {error}"));
            return Telemetry {
                spans: None,
                receiver,
            };
        }
    };
    tell(&spans, notifier);
    let current = current.clone();
    let told = notifier.clone();
    let book = BookSink::new(
        Arc::clone(logs),
        Box::new(move |service| current.generation(service)),
        move || told.mark(Topic::Logs),
    );
    let sinks = Sinks {
        spans: Arc::clone(&spans),
        metrics: Arc::clone(metrics) as Arc<dyn MetricSink>,
        logs: Arc::new(book),
    };
    let mut receiver = Receiver::start(sinks, record.telemetry.as_ref())
        .map_err(|error| format!("no port can be had for OTLP: {error}"));
    if let (Ok(receiver), None) = (&mut receiver, &record.run) {
        receiver.told_nobody();
    }
    match &receiver {
        Ok(receiver) => record.telemetry = Some(receiver.access().clone()),
        Err(error) => {
            tracing::error!("{error}; services send no telemetry");
            record.telemetry = None;
        }
    }
    Telemetry {
        spans: Some(spans),
        receiver,
    }
}

/// Tells faces of new spans until the store is closed.
fn tell(spans: &SpanStore, notifier: &Notifier) {
    let (mut changed, notifier) = (spans.subscribe(), notifier.clone());
    tokio::spawn(async move {
        while changed.changed().await.is_ok() {
            notifier.mark(Topic::Traces);
        }
    });
}

impl Telemetry {
    /// How the receiver fares.
    pub(super) fn status(&self) -> TelemetryStatus {
        match &self.receiver {
            Ok(receiver) => {
                receiver.reach_containers();
                receiver.status()
            }
            Err(problem) => TelemetryStatus {
                problem: Some(problem.clone()),
                ..TelemetryStatus::default()
            },
        }
    }

    /// A run begins: bridges to containers may be there by now.
    pub(super) fn on_start(&self) {
        if let Ok(receiver) = &self.receiver {
            receiver.reach_containers();
        }
    }

    /// From now on a copy of everything goes to this backend, or to none.
    pub(super) fn forward_to(&self, setting: Option<String>) {
        let Ok(receiver) = &self.receiver else { return };
        let destination = setting.as_deref().map(Destination::from_setting);
        let started = destination
            .transpose()
            .and_then(|destination| receiver.forward_to(destination));
        if let Err(error) = started {
            tracing::warn!("telemetry is not sent on: {error}");
        }
    }

    /// The spans.
    pub(super) fn spans(&self) -> Result<Arc<SpanStore>, ApiError> {
        let spans = self.spans.as_ref().map(Arc::clone);
        spans.ok_or_else(|| ApiError::internal("spans are not kept; see telemetry.status"))
    }
}
