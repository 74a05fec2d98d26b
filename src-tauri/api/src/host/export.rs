//! Writes the records of a query into a file.

use super::handlers::Answer;
use super::logs::invalid;
use crate::run_file::Redacting;
use crate::schema::{ApiError, ExportFormat, LogsExportRequest, LogsExported};
use benchtop_model::secret::Redactor;
use benchtop_telemetry::book::{Cancel, LogBook};
use benchtop_telemetry::log::LogRecord;
use benchtop_telemetry::query::LogQuery;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Records that are asked for at a time.
const PAGE: u32 = 5000;

/// Writes what a query finds, without secrets.
pub(super) fn export(
    logs: &LogBook,
    request: &LogsExportRequest,
    redactor: &Redactor,
    cancel: &Cancel,
) -> Answer<LogsExported> {
    let (records, bytes) = to_file(&request.path, request.overwrite, |file, path| {
        let mut lines = Lines {
            out: Redacting::new(BufWriter::new(file), redactor),
            format: request.format,
            redactor,
        };
        write_all(logs, &request.query, &mut lines, path, cancel)
            .and_then(|records| lines.end().map(|()| records).map_err(|e| failed(path, &e)))
    })?;
    Ok(LogsExported {
        records,
        bytes,
        path: request.path.clone(),
    })
}

/// Lets somebody write a file; answers what that answers, and the file's size. It is
/// written beside its place and renamed, so that there is never half of it.
pub(super) fn to_file<T>(
    path: &str,
    overwrite: bool,
    write: impl FnOnce(File, &Path) -> Answer<T>,
) -> Answer<(T, u64)> {
    let path = PathBuf::from(path);
    if !path.is_absolute() {
        return Err(ApiError {
            hint: Some("name the file with its whole path".to_owned()),
            ..ApiError::invalid(format!("`{}` is no absolute path", path.display()))
        });
    }
    if path.exists() && !overwrite {
        return Err(ApiError {
            hint: Some("choose another name, or allow that it is replaced".to_owned()),
            ..ApiError::invalid(format!("{} exists already", path.display()))
        });
    }
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    let part = path.with_file_name(name);
    let written = File::create(&part)
        .map_err(|error| failed(&path, &error))
        .and_then(|file| write(file, &path))
        .and_then(|answer| {
            let bytes = fs::metadata(&part).map_or(0, |file| file.len());
            fs::rename(&part, &path).map_err(|error| failed(&path, &error))?;
            Ok((answer, bytes))
        });
    if written.is_err() {
        // Whatever the reason was, half a file helps nobody.
        _ = fs::remove_file(&part);
    }
    written
}

fn write_all(
    logs: &LogBook,
    query: &LogQuery,
    lines: &mut Lines<'_>,
    path: &Path,
    cancel: &Cancel,
) -> Answer<u64> {
    let mut query = LogQuery {
        limit: PAGE,
        after: Some(query.after.unwrap_or(0)),
        ..query.clone()
    };
    let mut records = 0;
    loop {
        let page = logs.query_until(&query, cancel).map_err(invalid)?;
        for record in &page.records {
            lines.write(record).map_err(|error| failed(path, &error))?;
        }
        records += page.records.len() as u64;
        if !page.more {
            return Ok(records);
        }
        query.after = Some(page.reached);
    }
}

/// Records on their way into a file, without secrets.
struct Lines<'a> {
    out: Redacting<'a, BufWriter<File>>,
    format: ExportFormat,
    redactor: &'a Redactor,
}

impl Lines<'_> {
    fn write(&mut self, record: &LogRecord) -> io::Result<()> {
        match self.format {
            ExportFormat::Ndjson => {
                serde_json::to_writer(&mut self.out, record)?;
                self.out.write_all(b"\n")
            }
            ExportFormat::Text => {
                let text = self.redactor.redact(&record.to_text());
                writeln!(self.out.as_it_is(), "{text}")
            }
        }
    }

    fn end(self) -> io::Result<()> {
        self.out.finish()?.flush()
    }
}

pub(super) fn failed(path: &Path, error: &io::Error) -> ApiError {
    ApiError {
        hint: Some("check that its folder exists, may be written and has space".to_owned()),
        ..ApiError::invalid(format!("{} cannot be written: {error}", path.display()))
    }
}
