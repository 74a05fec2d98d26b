//! A run as one file: lines of JSON, compressed with gzip.
//!
//! The first line says what the file is, the second has the run, and then each has one row
//! of the history or a piece of telemetry. The last line counts them, so that a file that
//! was cut is not taken for a whole one. Reading is bounded in every direction: the file
//! may have been made by somebody who means harm.

mod read;
mod write;

pub(crate) use read::{Piece, Reader};
pub(crate) use write::{Redacting, write};

use benchtop_model::alert::Alert;
use benchtop_model::scenario::report::ScenarioReport;
use benchtop_model::time::Timestamp;
use benchtop_store::row::{Instance, ProbeSpan, Run, Transition};
use serde::{Deserialize, Serialize};

/// The version of the form of the file.
const FORMAT: u32 = 1;

/// The longest line that is not telemetry, in bytes: a definition of 10 000 services fits.
const LONGEST: usize = 16 << 20;

/// Rows of the history in one file: of each of its lists at most 5000 are read.
const MOST_ROWS: usize = 30_000;

/// Bytes of these rows together.
const MOST_ROW_BYTES: usize = 64 << 20;

/// Bytes of a whole file once it is unpacked: two days of a chatty environment. What
/// compresses a thousandfold is no telemetry.
const MOST_BYTES: u64 = 64 << 30;

/// A line that is not telemetry.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Row {
    /// The first one.
    BenchtopRun(Heading),
    /// The second one.
    Run(Box<RunRow>),
    Instance(Box<Instance>),
    Transition(Box<Transition>),
    Probe(Box<ProbeSpan>),
    Alert(Box<Alert>),
    Scenario(Box<ScenarioReport>),
    /// The last one.
    End(End),
}

/// What the file is.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Heading {
    pub(crate) format: u32,
    /// The version of Benchtop that has written it.
    pub(crate) version: String,
    pub(crate) written: Timestamp,
}

/// The run itself.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct RunRow {
    pub(crate) run: Run,
    /// As resolved, secrets masked.
    pub(crate) definition: serde_json::Value,
}

/// What proves that nothing is missing.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct End {
    /// Lines before this one.
    pub(crate) lines: u64,
}
