//! Telemetry that goes elsewhere: a run's as a file and back, and a copy of everything to
//! another backend.

use super::Host;
use super::export::{self, failed};
use super::handlers::Answer;
use super::open::OpenEnvironment;
use super::secrets;
use crate::run_file::Redacting;
use crate::schema::*;
use benchtop_model::time::Timestamp;
use benchtop_store::history::History;
use benchtop_store::record::NewRun;
use benchtop_store::row::Annotation;
use benchtop_telemetry::otlp::destination::Destination;
use benchtop_telemetry::spans::{Limits, SpanStore};
use benchtop_telemetry::transfer::{self, Contents, Stores};
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Write as _};
use std::path::Path;
use std::sync::Arc;

/// Key of the setting for environments without an address of their own. An empty value
/// is none.
const FORWARD: &str = "telemetry.forward";

fn forward_key(environment: &str) -> String {
    format!("{FORWARD}/{environment}")
}

impl Host {
    pub(crate) async fn telemetry_export(
        self: &Arc<Self>,
        request: TelemetryExportRequest,
    ) -> Answer<TelemetryExported> {
        let open = self.get(&request.environment).await?;
        let run = request.run.clone().or_else(|| open.metrics.run());
        let run = run.ok_or_else(|| ApiError {
            hint: Some("start the environment once".to_owned()),
            ..ApiError::not_found("there is no run that could be written to a file")
        })?;
        let from = stores(&open)?;
        blocking(move || {
            let (_, redactor) = secrets::redactor(&open)?;
            let (counts, bytes) =
                export::to_file(&request.path, request.overwrite, |file, path| {
                    let mut out = Redacting::new(BufWriter::new(file), &redactor);
                    let counts = transfer::export(&from, &run, &mut out).and_then(|counts| {
                        out.finish()?.flush()?;
                        Ok(counts)
                    });
                    counts.map_err(|error| failed(path, &error))
                })?;
            Ok(TelemetryExported {
                counts,
                bytes,
                path: request.path,
            })
        })
        .await
    }

    pub(crate) async fn telemetry_import(
        self: &Arc<Self>,
        request: TelemetryImportRequest,
    ) -> Answer<TelemetryImported> {
        let open = self.get(&request.environment).await?;
        let history = self.history.clone();
        let imported = blocking(move || import(&open, &history, Path::new(&request.path))).await?;
        // Nobody listening is fine.
        _ = self.events.send(Event::Changed {
            environment: request.environment,
            topics: vec![Topic::Runs],
        });
        Ok(imported)
    }

    pub(crate) async fn telemetry_forward(
        self: &Arc<Self>,
        request: TelemetryForwardRequest,
    ) -> Answer<Empty> {
        let setting = match request.address.as_deref() {
            None | Some("") => String::new(),
            Some(address) => setting_of(address, &request.headers)?,
        };
        let key = match &request.environment {
            Some(id) => {
                self.get(id).await?;
                forward_key(id)
            }
            None => FORWARD.to_owned(),
        };
        self.keep_setting(&key, &setting).await;
        for open in self.all() {
            open.telemetry.forward_to(self.forward_of(&open.id));
        }
        Ok(Empty {})
    }

    /// Where a copy of an environment's telemetry is sent on to.
    pub(super) fn forward_of(&self, environment: &str) -> Option<String> {
        self.setting(&forward_key(environment))
            .or_else(|| self.setting(FORWARD))
    }
}

fn setting_of(address: &str, headers: &[String]) -> Answer<String> {
    let destination = Destination::new(address, headers.iter().map(String::as_str));
    let destination = destination.map_err(|message| ApiError {
        hint: Some("for example http://localhost:14318".to_owned()),
        ..ApiError::invalid(message)
    })?;
    Ok(destination.to_setting())
}

pub(super) fn stores(open: &OpenEnvironment) -> Answer<Stores> {
    Ok(Stores {
        logs: Arc::clone(&open.logs),
        spans: open.telemetry.spans()?,
        metrics: Arc::clone(&open.metrics),
    })
}

pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Answer<T> + Send + 'static,
) -> Answer<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(ApiError::internal(error.to_string())))
}

/// Makes a run of a file.
fn import(open: &OpenEnvironment, history: &History, path: &Path) -> Answer<TelemetryImported> {
    let contents = inspect(path)?;
    let now = benchtop_engine::clock::now();
    let (first, last) = contents.range.unwrap_or((now, now));
    // Sorted by its begin, like all; and another one each time that a file is read.
    let run = format!("{:x}-i{:x}", first.0, now.0);
    if let Err(error) = fill(open, &run, first, path, &contents) {
        open.logs.discard(&run);
        return Err(unreadable(path, &error));
    }
    open.logs.include(&run);
    remember(open, history, &run, (first, last), path, &contents);
    Ok(TelemetryImported {
        run,
        counts: contents.counts,
        rejected: contents.rejected,
    })
}

fn inspect(path: &Path) -> Answer<Contents> {
    if !path.is_absolute() {
        return Err(ApiError {
            hint: Some("name the file with its whole path".to_owned()),
            ..ApiError::invalid(format!("`{}` is no absolute path", path.display()))
        });
    }
    let contents = File::open(path).and_then(|file| transfer::inspect(BufReader::new(file)));
    let contents = contents.map_err(|error| unreadable(path, &error))?;
    let counts = contents.counts;
    if counts.spans + counts.points + counts.logs == 0 {
        return Err(ApiError {
            hint: Some("`benchtop telemetry export` writes such files".to_owned()),
            ..ApiError::invalid(format!("{} has no telemetry", path.display()))
        });
    }
    Ok(contents)
}

fn unreadable(path: &Path, error: &io::Error) -> ApiError {
    ApiError {
        hint: Some("it must have one request of OTLP in JSON on each line".to_owned()),
        ..ApiError::invalid(format!("{} cannot be imported: {error}", path.display()))
    }
}

/// Writes what is in the file into the file of the new run.
fn fill(
    open: &OpenEnvironment,
    run: &str,
    at: Timestamp,
    path: &Path,
    contents: &Contents,
) -> io::Result<()> {
    let into = beside(open, run, at, contents.counts.logs)?;
    transfer::import(BufReader::new(File::open(path)?), &into)
}

/// A file of its own for a run that comes from elsewhere, with so many log records.
pub(super) fn beside(
    open: &OpenEnvironment,
    run: &str,
    at: Timestamp,
    records: u64,
) -> io::Result<Stores> {
    let logs = Arc::new(open.logs.beside(run, at, records)?);
    Ok(Stores {
        spans: Arc::new(SpanStore::new(Arc::clone(&logs), Limits::default())?),
        metrics: Arc::new(open.metrics.beside(run, at)?),
        logs,
    })
}

fn remember(
    open: &OpenEnvironment,
    history: &History,
    run: &str,
    (first, last): (Timestamp, Timestamp),
    path: &Path,
    contents: &Contents,
) {
    let plan = &open.handle.snapshot().plan;
    history.run_started(NewRun {
        id: run.to_owned(),
        environment: open.id.clone(),
        name: plan.name.clone(),
        project_dir: plan.project_dir.display().to_string(),
        started: first,
        services: u32::try_from(contents.services.len()).unwrap_or(u32::MAX),
        git_commit: None,
        git_dirty: false,
        host: None,
        definition_json: "{}".to_owned(),
    });
    history.run_ended(run, last);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    history.annotate(
        run,
        Annotation {
            label: Some(format!("imported: {name}")),
            ..Annotation::default()
        },
    );
    history.flush();
}
