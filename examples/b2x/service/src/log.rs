//! One line a record on standard output: logfmt, or JSON as Serilog's compact
//! formatter writes it (`LOG_FORMAT=json`). `LOG_LEVEL` leaves the quieter ones out.

use crate::{settings::Lookup, trace};
use jiff::Timestamp;
use serde_json::{Map, Value};
use std::io::Write;

/// How much a record matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    Debug,
    Info,
    Warn,
    Error,
    Fatal,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Logfmt,
    Json,
}

/// Writes the records of one service.
#[derive(Clone, Debug)]
pub(crate) struct Logger {
    service: &'static str,
    format: Format,
    threshold: Level,
}

/// What a record says besides its message.
pub(crate) type Fields<'a> = [(&'a str, Value)];

impl Logger {
    pub(crate) fn new(service: &'static str, variable: Lookup<'_>) -> Self {
        let format = match variable("LOG_FORMAT").as_deref() {
            Some("json") => Format::Json,
            _ => Format::Logfmt,
        };
        let threshold = match variable("LOG_LEVEL").as_deref() {
            Some("info") => Level::Info,
            Some("warn") => Level::Warn,
            Some("error") => Level::Error,
            _ => Level::Debug,
        };
        Self {
            service,
            format,
            threshold,
        }
    }

    pub(crate) fn debug(&self, message: &str, fields: &Fields<'_>) {
        self.write(Level::Debug, message, fields);
    }

    pub(crate) fn info(&self, message: &str, fields: &Fields<'_>) {
        self.write(Level::Info, message, fields);
    }

    pub(crate) fn warn(&self, message: &str, fields: &Fields<'_>) {
        self.write(Level::Warn, message, fields);
    }

    pub(crate) fn error(&self, message: &str, fields: &Fields<'_>) {
        self.write(Level::Error, message, fields);
    }

    pub(crate) fn fatal(&self, message: &str, fields: &Fields<'_>) {
        self.write(Level::Fatal, message, fields);
    }

    fn write(&self, level: Level, message: &str, fields: &Fields<'_>) {
        if level < self.threshold {
            return;
        }
        let time = Timestamp::now();
        let fields = [fields, &trace::ids()].concat();
        let fields = &fields[..];
        let line = match self.format {
            Format::Logfmt => logfmt(time, level, self.service, message, fields),
            Format::Json => compact_json(time, level, self.service, message, fields),
        };
        // With nobody left to read it, a log line has no other place to go.
        std::io::stdout().lock().write_all(line.as_bytes()).ok();
    }
}

fn logfmt(
    time: Timestamp,
    level: Level,
    service: &str,
    message: &str,
    fields: &Fields<'_>,
) -> String {
    let level = match level {
        Level::Debug => "debug",
        Level::Info => "info",
        Level::Warn => "warn",
        Level::Error => "error",
        Level::Fatal => "fatal",
    };
    let mut line = format!(
        "time={time:.3} level={level} service={service} msg={}",
        logfmt_value(message)
    );
    for (key, value) in fields {
        let text = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        line.push_str(&format!(" {key}={}", logfmt_value(&text)));
    }
    line.push('\n');
    line
}

/// Quoted where it would not read back as one value.
fn logfmt_value(text: &str) -> String {
    let plain = !text.is_empty()
        && text
            .chars()
            .all(|c| c.is_alphanumeric() || "-_./:@+".contains(c));
    if plain {
        text.to_owned()
    } else {
        Value::from(text).to_string()
    }
}

fn compact_json(
    time: Timestamp,
    level: Level,
    service: &str,
    message: &str,
    fields: &Fields<'_>,
) -> String {
    let level = match level {
        Level::Debug => "Debug",
        Level::Info => "Information",
        Level::Warn => "Warning",
        Level::Error => "Error",
        Level::Fatal => "Fatal",
    };
    let mut record = Map::new();
    record.insert("@t".into(), format!("{time:.3}").into());
    record.insert("@l".into(), level.into());
    record.insert("@m".into(), message.into());
    record.insert("Service".into(), service.into());
    for (key, value) in fields {
        record.insert((*key).to_owned(), value.clone());
    }
    format!("{}\n", Value::Object(record))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIELDS: &Fields<'static> = &[];

    #[test]
    fn logfmt_quotes_what_needs_it() {
        let fields = [
            ("count", Value::from(3)),
            ("error", Value::from("said \"no\"\nand left")),
        ];
        let line = logfmt(
            Timestamp::UNIX_EPOCH,
            Level::Warn,
            "auth-service",
            "postgres lost",
            &fields,
        );
        assert_eq!(
            line,
            "time=1970-01-01T00:00:00.000Z level=warn service=auth-service msg=\"postgres lost\" count=3 \
             error=\"said \\\"no\\\"\\nand left\"\n"
        );
    }

    #[test]
    fn json_is_what_serilog_would_write() {
        let line = compact_json(
            Timestamp::UNIX_EPOCH,
            Level::Info,
            "shop-service",
            "ready",
            FIELDS,
        );
        let value: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(value["@t"], "1970-01-01T00:00:00.000Z");
        assert_eq!(value["@l"], "Information");
        assert_eq!(value["@m"], "ready");
        assert!(line.ends_with('\n') && line.matches('\n').count() == 1);
    }
}
