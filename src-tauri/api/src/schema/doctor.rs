//! Requests about the examination of this machine.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// `doctor.run`: examine this machine. Takes 6 s at the most.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct DoctorRunRequest {
    /// With what this environment needs; absent: the machine alone.
    pub environment: Option<String>,
}

/// `doctor.clean`: remove what nobody owns. Each item is judged again before it goes.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct DoctorCleanRequest {
    /// Identities as the check `leftovers` names them.
    pub items: Vec<String>,
}

/// `report.preview`: what a report for a ticket would hold.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct ReportPreviewRequest {
    /// The environment's identity.
    pub environment: String,
}

/// What a report would hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ReportPreview {
    /// Its files.
    pub entries: Vec<ReportEntry>,
    /// Keys of variables whose values are taken out wherever they stand.
    pub masked: Vec<String>,
}

/// One file of a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ReportEntry {
    /// Its name in the archive.
    pub name: String,
    /// Its size before it is packed.
    #[ts(type = "number")]
    pub bytes: u64,
    /// What it holds, a few words.
    pub what: String,
}

/// `report.write`: write a report for a ticket, a `.tar.gz` that only the user may read.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct ReportWriteRequest {
    /// The environment's identity.
    pub environment: String,
    /// The file, as an absolute path.
    pub path: String,
    /// Replace the file where it exists; otherwise that is an error.
    #[serde(default)]
    pub overwrite: bool,
}

/// A report that was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ReportWritten {
    /// The file.
    pub path: String,
    /// Its size.
    #[ts(type = "number")]
    pub bytes: u64,
}

/// `file.open`: open a file of the project in the user's editor.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct FileOpenRequest {
    /// The environment's identity; absent where it could not be opened.
    pub environment: Option<String>,
    /// Without an environment: the folder or the environment file that was to be opened.
    pub tried: Option<String>,
    /// The file as a program named it; only files of the project are opened.
    pub path: String,
    /// 1-based, where a line is meant.
    pub line: Option<u32>,
}

/// What became of leftovers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DoctorCleaned {
    /// Identities of those that are gone.
    pub removed: Vec<String>,
    /// Those that are not, each with the reason.
    pub kept: Vec<KeptLeftover>,
}

/// Something that was not removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct KeptLeftover {
    /// Its identity.
    pub id: String,
    /// Why it stays, one sentence without a full stop.
    pub why: String,
}
