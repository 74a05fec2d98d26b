//! Every request, response and event, once. Routes, client and TypeScript
//! bindings derive from the list at the end of this page.

use crate::compare::RunComparison;
use crate::view::*;
use benchtop_model::doctor::DoctorReport;
use benchtop_model::problem::Problem;
use benchtop_model::scenario::report::ScenarioReport;
use benchtop_store::row::Run;
use benchtop_telemetry::metrics::query::{MetricFrames, MetricList, PinnedChart};
use benchtop_telemetry::query::{LogHistogram, LogPage, LogPatterns, LogQuery, TimeRange};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use ts_rs::TS;

mod alerts;
mod doctor;
mod health;
mod metrics;
mod runs;
mod runtime;
mod scenarios;
mod systems;
mod traces;
mod updates;

pub use alerts::*;
pub use doctor::*;
pub use health::*;
pub use metrics::*;
pub use runs::*;
pub use runtime::*;
pub use scenarios::*;
pub use systems::*;
pub use traces::*;
pub use updates::*;

/// The version of this list. A face and an engine whose numbers differ say so
/// instead of guessing.
pub const PROTOCOL: u32 = 1;

/// One request: its name on the wire, its body and its answer.
pub trait Method: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// `noun.verb`, also the path: `POST /v1/noun.verb`.
    const NAME: &'static str;
    /// The body of a successful answer.
    type Response: Serialize + DeserializeOwned + Send + 'static;
}

/// Why a request failed, in a form that a face can act upon.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, thiserror::Error)]
#[error("{message}")]
pub struct ApiError {
    /// What kind of failure.
    pub code: ErrorCode,
    /// One sentence for people, without a full stop.
    pub message: String,
    /// What to do next, where there is something to say.
    pub hint: Option<String>,
    /// For [`ErrorCode::Definition`]: every finding in the file.
    #[serde(default)]
    pub problems: Vec<Problem>,
}

/// Kinds of failure. A variant exists because some face behaves differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// The environment file is missing or wrong; the CLI exits with 2.
    Definition,
    /// No environment, service or run of that name.
    NotFound,
    /// The request itself is malformed.
    Invalid,
    /// The engine of another version answers.
    Version,
    /// A container runtime is needed, and none can be used; the CLI exits with 3.
    NoRuntime,
    /// The engine does not answer.
    Unavailable,
    /// A fault of ours.
    Internal,
}

/// What the engine tells without being asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum Event {
    /// Something that views show has changed; they pull what they show. Sent at
    /// most once a frame (50 ms) per environment.
    Changed {
        /// The environment's identity.
        environment: String,
        /// What has changed.
        topics: Vec<Topic>,
    },
    /// The list of environments has changed.
    Environments,
    /// Trouble that people should know of, or its end.
    Alert(AlertNews),
}

/// Parts of an environment that change independently.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum Topic {
    /// States, health, reasons.
    Status,
    /// Only CPU and memory.
    Usage,
    /// New log records.
    Logs,
    /// The history.
    Runs,
    /// New spans.
    Traces,
    /// New points of metrics.
    Metrics,
    /// Alerts and silences.
    Alerts,
    /// A scenario began, went on or ended.
    Scenarios,
}

/// Nothing to say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Empty {}

/// `engine.info`: who answers.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct EngineInfoRequest {}

/// `engine.stop`: end the engine process.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct EngineStopRequest {
    /// Leave all services running, to be adopted by the next engine; otherwise
    /// stop them first.
    pub leave_running: bool,
}

/// `environment.list`: those that are open, then those that were, newest first.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct EnvironmentListRequest {}

/// `environment.open`: read a definition and make it known. Starts nothing.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct EnvironmentOpenRequest {
    /// A project folder or an environment file, absolute; absent for the
    /// built-in sample.
    pub path: Option<String>,
    /// Profiles to switch on.
    #[serde(default)]
    pub profiles: Vec<String>,
    /// Variables of the caller, for interpolation.
    #[serde(default)]
    #[ts(type = "Record<string, string>")]
    pub variables: std::collections::BTreeMap<String, String>,
}

/// `environment.check`: read a definition and report; nothing is remembered.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct EnvironmentCheckRequest {
    /// As in [`EnvironmentOpenRequest`].
    pub path: Option<String>,
    /// As in [`EnvironmentOpenRequest`].
    #[serde(default)]
    pub profiles: Vec<String>,
    /// As in [`EnvironmentOpenRequest`].
    #[serde(default)]
    #[ts(type = "Record<string, string>")]
    pub variables: std::collections::BTreeMap<String, String>,
}

/// `folder.inspect`: what in a folder can be opened or imported. Nothing is
/// remembered.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct FolderInspectRequest {
    /// The folder, absolute.
    pub path: String,
}

/// `definition.import`: make an environment file of an Aspire manifest or of a
/// Compose file.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct DefinitionImportRequest {
    /// The manifest or the Compose file, absolute.
    pub path: String,
    /// Where to write the result, absolute; absent: it is only returned.
    pub output: Option<String>,
    /// Replace what is there; otherwise that is an error.
    #[serde(default)]
    pub overwrite: bool,
}

/// `environment.status`: all that the Resources panel shows.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct EnvironmentStatusRequest {
    /// The environment's identity.
    pub environment: String,
}

/// `environment.up`: start what is not running.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct EnvironmentUpRequest {
    /// The environment's identity.
    pub environment: String,
    /// Only these and what they depend on; all where it is empty.
    #[serde(default)]
    pub services: Vec<String>,
    /// From now on apply changes of the environment file at once; absent: as it
    /// was before.
    #[serde(default)]
    #[ts(optional)]
    pub watch: Option<bool>,
}

/// `environment.changes`: what lies between the definition that runs and the one
/// on disk.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct EnvironmentChangesRequest {
    /// The environment's identity.
    pub environment: String,
}

/// `environment.apply`: act on these changes; services without one are left
/// alone.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct EnvironmentApplyRequest {
    /// The environment's identity.
    pub environment: String,
}

/// `environment.down`: stop everything, dependants first.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct EnvironmentDownRequest {
    /// The environment's identity.
    pub environment: String,
    /// Remove the containers and the network too, as `docker compose down`
    /// does; volumes stay. Absent: everything is kept for the next start.
    #[serde(default)]
    #[ts(optional)]
    pub remove: Option<bool>,
}

/// `service.start`: start one service.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct ServiceStartRequest {
    /// The environment's identity.
    pub environment: String,
    /// Name of the service.
    pub service: String,
    /// Start what it depends on, too; otherwise it waits for them.
    #[serde(default)]
    pub with_dependencies: bool,
}

/// `service.stop`: stop one service, and nothing else.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct ServiceStopRequest {
    /// The environment's identity.
    pub environment: String,
    /// Name of the service.
    pub service: String,
}

/// `service.restart`: stop one service and start it anew.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct ServiceRestartRequest {
    /// The environment's identity.
    pub environment: String,
    /// Name of the service.
    pub service: String,
}

/// `service.rebuild`: build one service anew and replace what runs by the result;
/// a service that builds nothing is restarted.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct ServiceRebuildRequest {
    /// The environment's identity.
    pub environment: String,
    /// Name of the service.
    pub service: String,
}

/// `service.cancel`: end what is under way for one service: a pull, a build, a
/// wait. What is up already stays; of a rebuild that builds first, only the build
/// ends.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct ServiceCancelRequest {
    /// The environment's identity.
    pub environment: String,
    /// Name of the service.
    pub service: String,
}

/// `service.probe`: run its probes now.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct ServiceProbeRequest {
    /// The environment's identity.
    pub environment: String,
    /// Name of the service.
    pub service: String,
}

/// `service.details`: all that the details pane shows.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct ServiceDetailsRequest {
    /// The environment's identity.
    pub environment: String,
    /// Name of the service.
    pub service: String,
}

/// `environment.diagnosis`: why services are not as they should be.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct EnvironmentDiagnosisRequest {
    /// The environment's identity.
    pub environment: String,
}

/// `port.free`: ask the program that holds a port to end. Never done without a
/// person's consent.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct PortFreeRequest {
    /// The port.
    pub port: u16,
    /// Process id of the holder, as it was shown; another holder is left alone.
    pub pid: u32,
}

/// `service.use_port`: let an endpoint whose fixed port is held use another one
/// until the run ends, and start its service. The file stays as it is.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct ServiceUsePortRequest {
    /// The environment's identity.
    pub environment: String,
    /// The service's name.
    pub service: String,
    /// The port of the endpoint.
    pub port: u16,
    /// The one to use.
    pub instead: u16,
}

/// `logs.query`: a window of an environment's log.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct LogsQueryRequest {
    /// The environment's identity.
    pub environment: String,
    /// Which window.
    pub query: LogQuery,
}

/// `logs.histogram`: how the records of a query are spread over time.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct LogsHistogramRequest {
    /// The environment's identity.
    pub environment: String,
    /// Which records; its window is of no account.
    pub query: LogQuery,
    /// At most so many buckets; the server's limit is 2000.
    pub buckets: u32,
}

/// `logs.context`: what was written around a record, whatever the filter that found it.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct LogsContextRequest {
    /// The environment's identity.
    pub environment: String,
    /// Number of the record.
    #[ts(type = "number")]
    pub seq: u64,
    /// So many records before it.
    pub before: u32,
    /// So many records after it.
    pub after: u32,
    /// Only records of its service.
    pub same_service: bool,
}

/// `logs.patterns`: what is new in the range of a query against another range of time,
/// and what has vanished.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct LogsPatternsRequest {
    /// The environment's identity.
    pub environment: String,
    /// Which records, with their range of time.
    pub query: LogQuery,
    /// The range to compare with.
    pub baseline: TimeRange,
}

/// `logs.export`: write every record of a query into a file.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct LogsExportRequest {
    /// The environment's identity.
    pub environment: String,
    /// Which records; its window is of no account.
    pub query: LogQuery,
    /// The form of the file.
    pub format: ExportFormat,
    /// The file, as an absolute path.
    pub path: String,
    /// Replace the file where it exists; otherwise that is an error.
    #[serde(default)]
    pub overwrite: bool,
}

/// The form of exported records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum ExportFormat {
    /// Time, service, level and text, without colours.
    Text,
    /// One JSON object for each record.
    Ndjson,
}

/// What was exported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LogsExported {
    /// Records written.
    #[ts(type = "number")]
    pub records: u64,
    /// Size of the file.
    #[ts(type = "number")]
    pub bytes: u64,
    /// The file.
    pub path: String,
}

/// The list. Each line makes a [`Method`], a route, a handler that the host must
/// have, and an entry of the TypeScript map.
#[macro_export]
macro_rules! with_methods {
    ($callback:ident) => {
        $callback! {
            "engine.info" => engine_info(EngineInfoRequest) -> EngineInfo;
            "engine.stop" => engine_stop(EngineStopRequest) -> Empty;
            "environment.list" => environment_list(EnvironmentListRequest) -> Vec<Environment>;
            "environment.open" => environment_open(EnvironmentOpenRequest) -> Environment;
            "environment.check" => environment_check(EnvironmentCheckRequest) -> CheckReport;
            "folder.inspect" => folder_inspect(FolderInspectRequest) -> FolderReport;
            "definition.import" => definition_import(DefinitionImportRequest) -> ImportReport;
            "environment.status" => environment_status(EnvironmentStatusRequest) -> EnvironmentView;
            "environment.up" => environment_up(EnvironmentUpRequest) -> StartReport;
            "environment.changes" => environment_changes(EnvironmentChangesRequest) -> DefinitionChanges;
            "environment.apply" => environment_apply(EnvironmentApplyRequest) -> Empty;
            "environment.down" => environment_down(EnvironmentDownRequest) -> Empty;
            "service.start" => service_start(ServiceStartRequest) -> Empty;
            "service.stop" => service_stop(ServiceStopRequest) -> Empty;
            "service.restart" => service_restart(ServiceRestartRequest) -> Empty;
            "service.rebuild" => service_rebuild(ServiceRebuildRequest) -> Empty;
            "service.cancel" => service_cancel(ServiceCancelRequest) -> Empty;
            "service.probe" => service_probe(ServiceProbeRequest) -> Empty;
            "service.details" => service_details(ServiceDetailsRequest) -> ServiceDetails;
            "service.kafka" => service_kafka(ServiceKafkaRequest) -> KafkaView;
            "service.flink" => service_flink(ServiceFlinkRequest) -> FlinkView;
            "service.temporal" => service_temporal(ServiceTemporalRequest) -> TemporalView;
            "flink.submit" => flink_submit(FlinkSubmitRequest) -> FlinkSubmitted;
            "flink.cancel" => flink_cancel(FlinkCancelRequest) -> Empty;
            "environment.diagnosis" => environment_diagnosis(EnvironmentDiagnosisRequest) -> DiagnosisReport;
            "service.use_port" => service_use_port(ServiceUsePortRequest) -> Empty;
            "port.free" => port_free(PortFreeRequest) -> Empty;
            "doctor.run" => doctor_run(DoctorRunRequest) -> DoctorReport;
            "doctor.clean" => doctor_clean(DoctorCleanRequest) -> DoctorCleaned;
            "report.preview" => report_preview(ReportPreviewRequest) -> ReportPreview;
            "report.write" => report_write(ReportWriteRequest) -> ReportWritten;
            "file.open" => file_open(FileOpenRequest) -> Empty;
            "logs.query" => logs_query(LogsQueryRequest) -> LogPage;
            "logs.histogram" => logs_histogram(LogsHistogramRequest) -> LogHistogram;
            "logs.context" => logs_context(LogsContextRequest) -> LogPage;
            "logs.patterns" => logs_patterns(LogsPatternsRequest) -> LogPatterns;
            "logs.export" => logs_export(LogsExportRequest) -> LogsExported;
            "metrics.list" => metrics_list(MetricsListRequest) -> MetricList;
            "metrics.query" => metrics_query(MetricsQueryRequest) -> MetricFrames;
            "metrics.pins" => metrics_pins(MetricsPinsRequest) -> Vec<PinnedChart>;
            "metrics.pin" => metrics_pin(MetricsPinRequest) -> Empty;
            "traces.list" => traces_list(TracesListRequest) -> TracePage;
            "traces.get" => traces_get(TraceGetRequest) -> Trace;
            "traces.map" => traces_map(TracesMapRequest) -> ServiceMap;
            "telemetry.status" => telemetry_status(TelemetryStatusRequest) -> TelemetryStatus;
            "telemetry.export" => telemetry_export(TelemetryExportRequest) -> TelemetryExported;
            "telemetry.import" => telemetry_import(TelemetryImportRequest) -> TelemetryImported;
            "telemetry.forward" => telemetry_forward(TelemetryForwardRequest) -> Empty;
            "runs.list" => runs_list(RunsListRequest) -> Vec<Run>;
            "runs.show" => runs_show(RunsShowRequest) -> RunDetails;
            "runs.annotate" => runs_annotate(RunsAnnotateRequest) -> Run;
            "runs.export" => runs_export(RunsExportRequest) -> RunExported;
            "runs.import" => runs_import(RunsImportRequest) -> RunImported;
            "runs.compare" => runs_compare(RunsCompareRequest) -> RunComparison;
            "probes.history" => probes_history(ProbesHistoryRequest) -> HealthHistory;
            "alerts.list" => alerts_list(AlertsListRequest) -> AlertList;
            "alerts.silence" => alerts_silence(AlertsSilenceRequest) -> Empty;
            "scenarios.list" => scenarios_list(ScenariosListRequest) -> ScenarioList;
            "scenario.run" => scenario_run(ScenarioRunRequest) -> ScenarioReport;
            "scenario.cancel" => scenario_cancel(ScenarioCancelRequest) -> Empty;
            "scenario.history" => scenario_history(ScenarioHistoryRequest) -> Vec<ScenarioReport>;
            "runtime.list" => runtime_list(RuntimeListRequest) -> Vec<RuntimeChoice>;
            "runtime.choose" => runtime_choose(RuntimeChooseRequest) -> Empty;
            "updates.status" => updates_status(UpdatesStatusRequest) -> UpdatesStatus;
            "updates.automatic" => updates_automatic(UpdatesAutomaticRequest) -> Empty;
            "updates.check" => updates_check(UpdatesCheckRequest) -> UpdatesChecked;
        }
    };
}

macro_rules! declare_methods {
    ($($name:literal => $handler:ident($request:ident) -> $response:ty;)*) => {
        $(impl Method for $request {
            const NAME: &'static str = $name;
            type Response = $response;
        })*

        /// The TypeScript map from a method's name to its request and response.
        #[must_use]
        pub fn typescript_methods(config: &ts_rs::Config) -> String {
            let mut text = String::from("export type Methods = {\n");
            $(text += &format!(
                "  {:?}: {{ request: {}; response: {} }};\n",
                $name, <$request as TS>::name(config), <$response as TS>::name(config),
            );)*
            text + "};\n"
        }
    };
}
with_methods!(declare_methods);

impl ApiError {
    /// A fault of ours.
    #[must_use]
    pub fn internal(message: impl Into<String>) -> Self {
        Self {
            code: ErrorCode::Internal,
            message: message.into(),
            hint: None,
            problems: Vec::new(),
        }
    }

    /// Nothing of that name.
    #[must_use]
    pub fn not_found(message: impl Into<String>) -> Self {
        Self {
            code: ErrorCode::NotFound,
            ..Self::internal(message)
        }
    }

    /// The request itself is malformed.
    #[must_use]
    pub fn invalid(message: impl Into<String>) -> Self {
        Self {
            code: ErrorCode::Invalid,
            ..Self::internal(message)
        }
    }

    /// The engine does not answer.
    #[must_use]
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self {
            code: ErrorCode::Unavailable,
            ..Self::internal(message)
        }
    }
}
