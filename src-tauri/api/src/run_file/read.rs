//! Reads the file of a run, whatever is in it.

use super::{End, FORMAT, LONGEST, MOST_BYTES, MOST_ROW_BYTES, MOST_ROWS, Row, RunRow};
use benchtop_store::record::WholeRun;
use benchtop_telemetry::transfer::{LONGEST_LINE, Line, parse};
use flate2::read::MultiGzDecoder;
use std::io::{self, BufRead, BufReader, Read};

/// Characters of a run's number. It becomes a part of a file's name.
const MOST_ID: usize = 64;

/// One piece of the file.
pub(crate) enum Piece {
    /// All that is not telemetry; comes first, and once.
    Run(Box<WholeRun>),
    /// Some telemetry.
    Telemetry(Box<Line>),
}

/// A line, read.
enum Item {
    Row(Row),
    Telemetry(Box<Line>),
}

/// Reads pieces until the end of the file.
pub(crate) struct Reader<R: Read> {
    input: BufReader<io::Take<MultiGzDecoder<R>>>,
    text: Vec<u8>,
    /// Lines so far.
    lines: u64,
    /// What is known of the run, until it is handed over.
    whole: Option<WholeRun>,
    /// A line that comes after the run.
    next: Option<Line>,
    rows: usize,
    row_bytes: usize,
    ended: bool,
}

impl<R: Read> Reader<R> {
    /// Reads the first two lines.
    ///
    /// # Errors
    /// One sentence, where it is no file of a run, or one of a later version.
    pub(crate) fn new(input: R) -> Result<Self, String> {
        let unpacked = MultiGzDecoder::new(input).take(MOST_BYTES);
        let mut reader = Self {
            input: BufReader::new(unpacked),
            text: Vec::new(),
            lines: 0,
            whole: None,
            next: None,
            rows: 0,
            row_bytes: 0,
            ended: false,
        };
        let heading = match reader.line()? {
            Some(true) => serde_json::from_slice::<Row>(&reader.text).ok(),
            _ => None,
        };
        match heading {
            Some(Row::BenchtopRun(heading)) if heading.format == FORMAT => {}
            Some(Row::BenchtopRun(heading)) => {
                return Err(format!(
                    "it was written by Benchtop {}, in a form that this version does not know",
                    printable(&heading.version)
                ));
            }
            _ => return Err("it is not the file of a run".to_owned()),
        }
        reader.line()?;
        let row = serde_json::from_slice::<Row>(&reader.text);
        let Ok(Row::Run(row)) = row else {
            return Err("line 2 does not have the run".to_owned());
        };
        reader.whole = Some(begin(*row)?);
        Ok(reader)
    }

    /// The next piece; nothing at the end of a whole file.
    ///
    /// # Errors
    /// One sentence that names the line.
    pub(crate) fn next(&mut self) -> Result<Option<Piece>, String> {
        if let Some(whole) = self.whole.take() {
            return self.run(whole).map(Some);
        }
        if let Some(line) = self.next.take() {
            return Ok(Some(Piece::Telemetry(Box::new(line))));
        }
        if self.ended {
            return Ok(None);
        }
        match self.item()? {
            Item::Telemetry(line) => Ok(Some(Piece::Telemetry(line))),
            Item::Row(Row::End(end)) => self.end(&end).map(|()| None),
            Item::Row(_) => Err(self.wrong("the history ended before")),
        }
    }

    /// All rows up to the first telemetry.
    fn run(&mut self, mut whole: WholeRun) -> Result<Piece, String> {
        while self.next.is_none() && !self.ended {
            match self.item()? {
                Item::Telemetry(line) => self.next = Some(*line),
                Item::Row(Row::End(end)) => self.end(&end)?,
                Item::Row(row) => {
                    self.count_row()?;
                    add(&mut whole, row).map_err(|why| self.wrong(why))?;
                }
            }
        }
        Ok(Piece::Run(Box::new(whole)))
    }

    /// The next line, read. What is no row has another first word, so that looking twice
    /// costs nothing.
    fn item(&mut self) -> Result<Item, String> {
        match self.line()? {
            Some(true) => {}
            Some(false) => return Err(self.wrong("it has no end; the file was cut")),
            None => {
                return Err(format!(
                    "it ends after {} lines; the file was cut",
                    self.lines
                ));
            }
        }
        if let Ok(row) = serde_json::from_slice(&self.text) {
            return Ok(Item::Row(row));
        }
        let line = parse(&self.text).map_err(|why| self.wrong(&why))?;
        Ok(Item::Telemetry(Box::new(line)))
    }

    fn count_row(&mut self) -> Result<(), String> {
        self.rows += 1;
        self.row_bytes += self.text.len();
        if self.text.len() > LONGEST || self.rows > MOST_ROWS || self.row_bytes > MOST_ROW_BYTES {
            return Err(self.wrong("it has more of the history than any run has"));
        }
        Ok(())
    }

    /// The last line: it must tell the truth, and nothing may follow.
    fn end(&mut self, end: &End) -> Result<(), String> {
        let before = self.lines - 1;
        if end.lines != before {
            let told = end.lines;
            return Err(format!(
                "it says that it has {told} lines, but has {before}"
            ));
        }
        self.ended = true;
        match self.line()? {
            None => Ok(()),
            Some(_) => Err(self.wrong("something follows the end")),
        }
    }

    /// Reads a line; whether it has an end. Nothing at the end of the file.
    fn line(&mut self) -> Result<Option<bool>, String> {
        self.text.clear();
        let most = LONGEST_LINE as u64 + 1;
        let read = (&mut self.input)
            .take(most)
            .read_until(b'\n', &mut self.text);
        let read = read.map_err(|error| match error.kind() {
            // What gzip's decoder says of other things than gzip.
            _ if self.lines == 0 => "it is not the file of a run".to_owned(),
            io::ErrorKind::UnexpectedEof => {
                format!("it ends after {} lines; the file was cut", self.lines)
            }
            _ => format!("it is damaged after {} lines: {error}", self.lines),
        })?;
        if read == 0 {
            return Ok(None);
        }
        self.lines += 1;
        if self.text.len() > LONGEST_LINE {
            return Err(self.wrong("it is too long"));
        }
        Ok(Some(self.text.ends_with(b"\n")))
    }

    fn wrong(&self, why: &str) -> String {
        format!("line {}: {why}", self.lines)
    }
}

/// What cannot have come from us is refused before it goes anywhere.
fn begin(row: RunRow) -> Result<WholeRun, String> {
    let RunRow { run, definition } = row;
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if run.id.is_empty() || run.id.len() > MOST_ID || !run.id.chars().all(fits) {
        return Err("the number of the run is none".to_owned());
    }
    let ended = run.ended.map_or(run.started.0, |at| at.0);
    if run.started.0 < 0 || ended < 0 {
        return Err("the run began before 1970".to_owned());
    }
    Ok(WholeRun {
        definition: definition.to_string(),
        run,
        instances: Vec::new(),
        transitions: Vec::new(),
        probes: Vec::new(),
        alerts: Vec::new(),
        scenarios: Vec::new(),
    })
}

fn add(whole: &mut WholeRun, row: Row) -> Result<(), &'static str> {
    match row {
        Row::Instance(one) => whole.instances.push(*one),
        Row::Transition(one) => whole.transitions.push(*one),
        Row::Probe(one) => whole.probes.push(*one),
        Row::Alert(one) => whole.alerts.push(*one),
        Row::Scenario(one) => whole.scenarios.push(*one),
        Row::BenchtopRun(_) | Row::Run(_) => return Err("a file has one run"),
        Row::End(_) => {}
    }
    Ok(())
}

/// A few characters of what somebody else wrote.
fn printable(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::super::write::write;
    use super::*;
    use benchtop_model::secret::Redactor;
    use benchtop_model::time::Timestamp;
    use benchtop_store::row::{Annotation, Run, RunResult};
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use std::io::Write as _;

    fn whole(id: &str) -> WholeRun {
        WholeRun {
            run: Run {
                id: id.to_owned(),
                environment: "/shop".to_owned(),
                name: "shop".to_owned(),
                project_dir: "/shop".to_owned(),
                started: Timestamp(1000),
                ended: Some(Timestamp(2000)),
                result: RunResult::Clean,
                services: 1,
                restarts: 0,
                time_to_ready: None,
                git_commit: None,
                git_dirty: false,
                host: None,
                imported: None,
                annotation: Annotation::default(),
            },
            definition: r#"{"services":{}}"#.to_owned(),
            instances: Vec::new(),
            transitions: Vec::new(),
            probes: Vec::new(),
            alerts: Vec::new(),
            scenarios: Vec::new(),
        }
    }

    const LOGS: &str = r#"{"logs":{"service":"api","generation":1,"records":[{"time":1500,"stream":"stderr","level":"error","text":"no"}]}}"#;

    fn file(id: &str) -> Vec<u8> {
        let redactor = Redactor::new([]).expect("none");
        let mut out = Vec::new();
        write(&mut out, whole(id), Timestamp(1), &redactor, |out| {
            out.write_all(LOGS.as_bytes())?;
            out.write_all(b"\n")
        })
        .expect("written");
        out
    }

    /// Everything in a file; or why it is refused.
    fn read(bytes: &[u8]) -> Result<(WholeRun, usize), String> {
        let mut reader = Reader::new(bytes)?;
        let (mut run, mut telemetry) = (None, 0);
        while let Some(piece) = reader.next()? {
            match piece {
                Piece::Run(whole) => run = Some(*whole),
                Piece::Telemetry(_) => telemetry += 1,
            }
        }
        Ok((run.expect("the run"), telemetry))
    }

    fn packed(lines: &[&str]) -> Vec<u8> {
        let mut out = GzEncoder::new(Vec::new(), Compression::fast());
        for line in lines {
            writeln!(out, "{line}").expect("written");
        }
        out.finish().expect("finished")
    }

    fn unpacked(bytes: &[u8]) -> String {
        let mut text = String::new();
        let mut decoder = MultiGzDecoder::new(bytes);
        decoder.read_to_string(&mut text).expect("text");
        text
    }

    #[test]
    fn what_was_written_is_read_back() {
        assert_eq!(read(&file("1a-b")), Ok((whole("1a-b"), 1)));
    }

    #[test]
    fn a_file_that_was_cut_anywhere_is_refused() {
        let bytes = file("1a-b");
        for length in 0..bytes.len() {
            let read = read(&bytes[..length]);
            assert!(read.is_err(), "{length} of {}", bytes.len());
        }
        let text = unpacked(&bytes);
        let lines: Vec<&str> = text.lines().collect();
        for left in 0..lines.len() {
            assert!(read(&packed(&lines[..left])).is_err(), "{left} lines");
        }
        let without_one = [&lines[..2], &lines[3..]].concat();
        let said = read(&packed(&without_one)).expect_err("a line is missing");
        assert!(
            said.contains("it says that it has 3 lines, but has 2"),
            "{said}"
        );
    }

    #[test]
    fn what_cannot_come_from_us_is_refused() {
        let text = unpacked(&file("1a-b"));
        let lines: Vec<&str> = text.lines().collect();
        let with = |at: usize, line: &str| {
            let mut changed = lines.clone();
            changed[at] = line;
            read(&packed(&changed)).expect_err(line)
        };
        let said = |text: &str, part: &str| assert!(text.contains(part), "{text}");
        for id in ["../../etc/x", "", "a/b", "a b", &"a".repeat(65)] {
            let hostile = lines[1].replace("1a-b", id);
            said(&with(1, &hostile), "the number of the run is none");
        }
        said(
            &with(
                0,
                r#"{"benchtop_run":{"format":9,"version":"9.1","written":0}}"#,
            ),
            "9.1",
        );
        said(&with(0, "{}"), "not the file of a run");
        said(&with(1, "{}"), "line 2");
        said(&with(2, lines[1]), "line 3: a file has one run");
        said(&with(2, r#"{"logs":{"service":5}}"#), "line 3: ");
        said(&with(2, "[[[["), "line 3: ");
        let mut longer = lines.clone();
        longer.push(lines[3]);
        said(&read(&packed(&longer)).expect_err("longer"), "follows");
        said(
            &read(b"PK\x03\x04").expect_err("a zip"),
            "not the file of a run",
        );
        said(&read(b"").expect_err("empty"), "not the file of a run");
    }

    #[test]
    fn a_flood_of_rows_ends_early() {
        let text = unpacked(&file("1a-b"));
        let lines: Vec<&str> = text.lines().collect();
        let row = r#"{"transition":{"run":"x","service":"s","generation":1,"at":1,"lifecycle":"Running","health":"Healthy","status":"Healthy","cause":""}}"#;
        let mut flood = lines[..2].to_vec();
        flood.resize(MOST_ROWS + 10, row);
        let said = read(&packed(&flood)).expect_err("too many");
        assert!(
            said.contains("more of the history than any run has"),
            "{said}"
        );
    }
}
