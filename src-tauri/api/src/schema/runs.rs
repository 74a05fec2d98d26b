//! Requests about runs.

use super::SignalCounts;
use benchtop_store::row::{Annotation, Run};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// `runs.list`: newest first.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct RunsListRequest {
    /// Only runs of this environment.
    pub environment: Option<String>,
    /// At most so many.
    pub limit: u32,
}

/// `runs.show`: one run with its instances and transitions.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct RunsShowRequest {
    /// The run.
    pub run: String,
}

/// `runs.annotate`: say something of a run; what was said before is replaced.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct RunsAnnotateRequest {
    /// The run.
    pub run: String,
    /// All that is said of it now.
    pub annotation: Annotation,
}

/// `runs.compare`: two runs side by side. Logs are compared where their environment is
/// open and both are still kept.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct RunsCompareRequest {
    /// The run to compare with.
    pub a: String,
    /// The run in question.
    pub b: String,
}

/// `runs.export`: write a run with all that is known of it, its telemetry included, into
/// one file. Values of secrets are masked wherever they stand.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct RunsExportRequest {
    /// The environment's identity.
    pub environment: String,
    /// The run.
    pub run: String,
    /// The file, as an absolute path.
    pub path: String,
    /// Replace the file where it exists; otherwise that is an error.
    #[serde(default)]
    pub overwrite: bool,
}

/// What was exported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RunExported {
    /// The run.
    pub run: Run,
    /// How much telemetry of each kind.
    pub counts: SignalCounts,
    /// Size of the file.
    #[ts(type = "number")]
    pub bytes: u64,
    /// The file.
    pub path: String,
    /// Keys of the secrets that were looked for and masked.
    pub masked: Vec<String>,
}

/// `runs.import`: make a run of this environment of such a file. It is marked as imported
/// and pinned, so that no retention takes it away.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct RunsImportRequest {
    /// The environment's identity.
    pub environment: String,
    /// The file, as an absolute path.
    pub path: String,
}

/// What was imported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RunImported {
    /// The run as it is now.
    pub run: Run,
    /// How much telemetry of each kind it has.
    pub counts: SignalCounts,
}
