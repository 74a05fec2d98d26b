//! A report for a ticket: one archive with all that somebody needs who was not there, and
//! without the secrets of the environment.

use super::Host;
use super::handlers::Answer;
use super::open::OpenEnvironment;
use super::{diagnosis, secrets, views};
use crate::definition::masked;
use crate::schema::{
    ApiError, DoctorRunRequest, ReportEntry, ReportPreview, ReportPreviewRequest,
    ReportWriteRequest, ReportWritten,
};
use benchtop_engine::clock;
use benchtop_model::doctor::as_text;
use benchtop_store::history::History;
use benchtop_telemetry::query::LogQuery;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Serialize;
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Last lines of each service.
const LINES: u32 = 500;

/// Last runs that are listed; of the newest one all state changes.
const RUNS: u32 = 20;

/// Most bytes of the engine's own log, from its end.
const ENGINE_LOG: u64 = 256 * 1024;

/// One file of the archive.
struct Entry {
    name: String,
    what: &'static str,
    text: String,
}

/// The whole archive before it is written.
struct Report {
    entries: Vec<Entry>,
    /// Keys whose values were taken out.
    masked: BTreeSet<String>,
}

impl Host {
    pub(crate) async fn report_preview(
        self: &Arc<Self>,
        request: ReportPreviewRequest,
    ) -> Answer<ReportPreview> {
        let report = self.report(&request.environment).await?;
        let entry = |entry: Entry| ReportEntry {
            bytes: entry.text.len() as u64,
            name: entry.name,
            what: entry.what.to_owned(),
        };
        Ok(ReportPreview {
            entries: report.entries.into_iter().map(entry).collect(),
            masked: report.masked.into_iter().collect(),
        })
    }

    pub(crate) async fn report_write(
        self: &Arc<Self>,
        request: ReportWriteRequest,
    ) -> Answer<ReportWritten> {
        let path = PathBuf::from(&request.path);
        if !path.is_absolute() {
            return Err(refused(
                format!("`{}` is no absolute path", request.path),
                "name the file with its whole path",
            ));
        }
        if path.exists() && !request.overwrite {
            return Err(refused(
                format!("{} exists already", path.display()),
                "choose another name, or allow that it is replaced",
            ));
        }
        let report = self.report(&request.environment).await?;
        let written = tokio::task::spawn_blocking(move || write(&report, &path)).await;
        let bytes = written
            .map_err(|error| ApiError::internal(error.to_string()))?
            .map_err(|error| {
                refused(
                    format!("{} cannot be written: {error}", request.path),
                    "check that its folder exists, may be written and has space",
                )
            })?;
        Ok(ReportWritten {
            path: request.path,
            bytes,
        })
    }

    async fn report(self: &Arc<Self>, environment: &str) -> Answer<Report> {
        let open = self.get(environment).await?;
        let doctor = DoctorRunRequest {
            environment: Some(environment.to_owned()),
        };
        let doctor = self.doctor_run(doctor).await?;
        let (history, engine_log) = (self.history.clone(), self.paths.engine_log());
        let gather = move || {
            let mut entries = vec![
                entry(
                    "doctor.txt",
                    "what `benchtop doctor` says",
                    as_text(&doctor),
                ),
                json("doctor.json", "the same for programs", &doctor),
            ];
            entries.extend(of_environment(&open));
            entries.extend(of_history(&open, &history));
            entries.extend(logs(&open));
            entries.push(entry(
                "engine.log",
                "the end of the engine's own log",
                end_of(&engine_log),
            ));
            without_secrets(&open, entries)
        };
        let report = tokio::task::spawn_blocking(gather).await;
        report.map_err(|error| ApiError::internal(error.to_string()))?
    }
}

fn of_environment(open: &OpenEnvironment) -> Vec<Entry> {
    let (_, definition) = open.definition();
    vec![
        json(
            "definition.json",
            "the environment file as it was understood",
            &definition.plan.as_ref().map(masked),
        ),
        json(
            "problems.json",
            "findings in the environment file",
            &definition.problems,
        ),
        json(
            "status.json",
            "every service as it is now",
            &views::environment(open),
        ),
        json(
            "diagnosis.json",
            "why services are not as they should be",
            &diagnosis::report(open),
        ),
    ]
}

/// What cannot be read is left out: a damaged history is one reason for a report.
fn of_history(open: &OpenEnvironment, history: &History) -> Vec<Entry> {
    let runs = history.runs(Some(&open.id), RUNS).unwrap_or_default();
    let newest = runs.first().map(|run| run.id.clone());
    let mut entries = vec![json("runs.json", "the last runs", &runs)];
    if let Some(run) = newest {
        let transitions = history.transitions(&run).unwrap_or_default();
        entries.push(json(
            "transitions.json",
            "every change of state of the newest run",
            &transitions,
        ));
        let instances = history.instances(&run).unwrap_or_default();
        entries.push(json(
            "instances.json",
            "every start and end of the newest run",
            &instances,
        ));
    }
    entries
}

fn logs(open: &OpenEnvironment) -> Vec<Entry> {
    let snapshot = open.handle.snapshot();
    let lines = |service: &str| {
        let query = LogQuery {
            services: vec![service.to_owned()],
            limit: LINES,
            ..LogQuery::default()
        };
        // A query without text cannot be wrong.
        let page = open.logs.query(&query).unwrap_or_default();
        page.records
            .iter()
            .map(|record| record.to_text() + "\n")
            .collect::<String>()
    };
    let names = snapshot
        .services
        .iter()
        .map(|service| service.name.as_str());
    let log = |name: &str| {
        entry(
            &format!("logs/{}.log", safe(name)),
            "the last lines of a service",
            lines(name),
        )
    };
    names
        .map(log)
        .filter(|entry| !entry.text.is_empty())
        .collect()
}

/// The name of a service as the name of a file.
fn safe(name: &str) -> String {
    let keep = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let name: String = name
        .chars()
        .map(|c| if keep(c) { c } else { '_' })
        .collect();
    name.trim_start_matches('.').to_owned()
}

fn end_of(path: &Path) -> String {
    let read = || -> io::Result<String> {
        let mut file = File::open(path)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(ENGINE_LOG)))?;
        let mut bytes = Vec::new();
        file.take(ENGINE_LOG).read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    };
    read().unwrap_or_default()
}

/// Every value that its key calls secret, in whichever service, is taken out of every file.
fn without_secrets(open: &OpenEnvironment, mut entries: Vec<Entry>) -> Answer<Report> {
    let (keys, redactor) = secrets::redactor(open)?;
    for entry in &mut entries {
        entry.text = redactor.redact(&entry.text);
    }
    entries.insert(0, about(open, &entries, &keys));
    Ok(Report {
        entries,
        masked: keys,
    })
}

fn about(open: &OpenEnvironment, entries: &[Entry], keys: &BTreeSet<String>) -> Entry {
    let files: String = entries
        .iter()
        .map(|e| format!("  {:<24}  {}\n", e.name, e.what))
        .collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let text = format!(
        "A report on the environment {} by Benchtop {}.\n\n{files}\nTaken out wherever they stood: the values of {}.\n",
        open.handle.snapshot().plan.name,
        env!("CARGO_PKG_VERSION"),
        if keys.is_empty() {
            "no variable".to_owned()
        } else {
            keys.join(", ")
        },
    );
    entry("README.txt", "what is in this archive", text)
}

fn entry(name: &str, what: &'static str, text: String) -> Entry {
    Entry {
        name: name.to_owned(),
        what,
        text,
    }
}

fn json(name: &str, what: &'static str, value: &impl Serialize) -> Entry {
    // Plain data with string keys; what could not be written would say so.
    let text = serde_json::to_string_pretty(value).unwrap_or_else(|error| error.to_string());
    entry(name, what, text)
}

/// Writes beside the file and renames, so that there is never half of it. Only the user
/// may read it.
fn write(report: &Report, path: &Path) -> io::Result<u64> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    let part = path.with_file_name(name);
    let done = pack(report, &part).and_then(|()| {
        let bytes = fs::metadata(&part)?.len();
        fs::rename(&part, path)?;
        Ok(bytes)
    });
    if done.is_err() {
        // Whatever the reason was, half a file helps nobody.
        _ = fs::remove_file(&part);
    }
    done
}

fn pack(report: &Report, path: &Path) -> io::Result<()> {
    let file = File::options()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)?;
    let mut archive = tar::Builder::new(GzEncoder::new(file, Compression::default()));
    let at = u64::try_from(clock::now().0 / 1000).unwrap_or(0);
    for entry in &report.entries {
        let mut header = tar::Header::new_gnu();
        header.set_size(entry.text.len() as u64);
        header.set_mode(0o600);
        header.set_mtime(at);
        let name = format!("benchtop-report/{}", entry.name);
        archive.append_data(&mut header, name, entry.text.as_bytes())?;
    }
    archive.into_inner()?.finish()?.flush()
}

fn refused(message: String, hint: &str) -> ApiError {
    ApiError {
        hint: Some(hint.to_owned()),
        ..ApiError::invalid(message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_cannot_choose_where_its_log_is_unpacked() {
        assert_eq!(safe("../../etc/passwd"), "_.._etc_passwd");
        assert_eq!(safe("api-1.web_x"), "api-1.web_x");
    }
}
