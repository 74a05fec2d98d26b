//! Writes the file of a run.

use super::{End, FORMAT, Heading, Row, RunRow};
use benchtop_model::secret::Redactor;
use benchtop_model::time::Timestamp;
use benchtop_store::record::WholeRun;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;
use std::io::{self, BufWriter, Write};

/// Writes the rows of a run and then what `telemetry` writes, one value of JSON on a line.
pub(crate) fn write<T>(
    out: impl Write,
    whole: WholeRun,
    written: Timestamp,
    redactor: &Redactor,
    telemetry: impl FnOnce(&mut dyn Write) -> io::Result<T>,
) -> io::Result<T> {
    let packed = GzEncoder::new(BufWriter::new(out), Compression::fast());
    let mut lines = Redacting::new(packed, redactor);
    lines.row(&Row::BenchtopRun(Heading {
        format: FORMAT,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        written,
    }))?;
    lines.row(&Row::Run(Box::new(RunRow {
        // Only we wrote it; without it there is nothing to compare.
        definition: serde_json::from_str(&whole.definition).unwrap_or_default(),
        run: whole.run,
    })))?;
    for row in rows(whole.instances, Row::Instance)
        .chain(rows(whole.transitions, Row::Transition))
        .chain(rows(whole.probes, Row::Probe))
        .chain(rows(whole.alerts, Row::Alert))
        .chain(rows(whole.scenarios, Row::Scenario))
    {
        lines.row(&row)?;
    }
    let answer = telemetry(&mut lines)?;
    let end = End { lines: lines.count };
    lines.row(&Row::End(end))?;
    lines.finish()?.finish()?.flush()?;
    Ok(answer)
}

fn rows<T>(all: Vec<T>, row: fn(Box<T>) -> Row) -> impl Iterator<Item = Row> {
    all.into_iter().map(move |one| row(Box::new(one)))
}

/// Takes secrets out of lines of JSON on their way.
pub(crate) struct Redacting<'a, W> {
    out: W,
    redactor: &'a Redactor,
    /// The line that is being written.
    line: Vec<u8>,
    count: u64,
}

impl<'a, W: Write> Redacting<'a, W> {
    /// What is written to it goes to `out`, without what the redactor finds.
    pub(crate) fn new(out: W, redactor: &'a Redactor) -> Self {
        Self {
            out,
            redactor,
            line: Vec::new(),
            count: 0,
        }
    }

    /// For text that is no JSON.
    pub(crate) fn as_it_is(&mut self) -> &mut W {
        &mut self.out
    }

    fn row(&mut self, row: &Row) -> io::Result<()> {
        serde_json::to_writer(&mut *self, row)?;
        self.write_all(b"\n")
    }

    /// Writes a last line that has no end, and gives back what was written to.
    pub(crate) fn finish(mut self) -> io::Result<W> {
        if !self.line.is_empty() {
            self.end_line()?;
        }
        Ok(self.out)
    }

    fn end_line(&mut self) -> io::Result<()> {
        self.count += 1;
        let line = std::mem::take(&mut self.line);
        let text = std::str::from_utf8(&line).map_err(io::Error::other)?;
        let clean = match self.redactor.redact(text) {
            same if same == text => same,
            // Whatever stood there, it must be JSON afterwards: a password of digits
            // looks like a number.
            _ => {
                let mut value: Value = serde_json::from_str(text)?;
                redact(&mut value, self.redactor);
                value.to_string() + "\n"
            }
        };
        self.out.write_all(clean.as_bytes())
    }
}

impl<W: Write> Write for Redacting<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut rest = bytes;
        while let Some(at) = rest.iter().position(|byte| *byte == b'\n') {
            self.line.extend_from_slice(&rest[..=at]);
            self.end_line()?;
            rest = &rest[at + 1..];
        }
        self.line.extend_from_slice(rest);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Takes secrets out of all texts. Names of fields stay: they are ours, or stand for keys.
fn redact(value: &mut Value, redactor: &Redactor) {
    match value {
        Value::String(text) => *text = redactor.redact(text),
        Value::Array(all) => all.iter_mut().for_each(|value| redact(value, redactor)),
        Value::Object(all) => all.values_mut().for_each(|value| redact(value, redactor)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_go_and_the_lines_stay_json() {
        let redactor = Redactor::new(["hunter2!", "4711", "a\"b\\c-secret"]).expect("a redactor");
        let mut lines = Redacting::new(Vec::new(), &redactor);
        let text = concat!(
            r#"{"port":4711,"text":"login hunter2! at 4711"}"#,
            "\n",
            r#"{"fine":"nothing here"}"#,
            "\n",
            r#"{"escaped":["a\"b\\c-secret"]}"#,
            "\n"
        );
        // However the bytes come.
        for piece in text.as_bytes().chunks(7) {
            lines.write_all(piece).expect("written");
        }
        assert_eq!(lines.count, 3);
        let out = String::from_utf8(lines.finish().expect("finished")).expect("text");
        let lines: Vec<Value> = out
            .lines()
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .collect();
        assert_eq!(lines[0]["port"], 4711);
        assert_eq!(lines[0]["text"], "login •••••• at ••••••");
        assert_eq!(lines[1]["fine"], "nothing here");
        assert_eq!(lines[2]["escaped"][0], "••••••");
    }
}
