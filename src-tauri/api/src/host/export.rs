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
        if cancel.is_cancelled() {
            return Err(ApiError::invalid("the export was called off"));
        }
        // A search that was cut short has got on, if only by a block.
        query.after = query.after.max(Some(page.reached));
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

#[cfg(test)]
mod tests {
    use super::*;
    use benchtop_telemetry::book::RawLine;
    use benchtop_telemetry::log::Stream;

    #[test]
    fn an_export_that_is_called_off_ends_and_leaves_no_half_file() {
        let book = LogBook::new(1 << 20);
        let line = |n: i64| RawLine {
            time: benchtop_model::time::Timestamp(n),
            stream: Stream::Stdout,
            text: format!("line {n}"),
            marks: Vec::new(),
        };
        book.push("api", 1, (0..100).map(line).collect());
        let folder = tempfile::tempdir().expect("a folder");
        let request = LogsExportRequest {
            environment: String::new(),
            query: LogQuery::default(),
            format: ExportFormat::Text,
            path: folder.path().join("log.txt").display().to_string(),
            overwrite: false,
        };
        let redactor = Redactor::new([]).expect("a redactor");
        let cancel = Cancel::default();
        cancel.cancel();
        let error = export(&book, &request, &redactor, &cancel).expect_err("no answer");
        assert!(error.message.contains("called off"), "{error:?}");
        let left = fs::read_dir(folder.path()).expect("the folder").count();
        assert_eq!(left, 0, "nothing is left");
    }
}
