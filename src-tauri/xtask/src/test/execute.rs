//! Running the stages: one after the other, with those in the background beside them.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use std::{panic, thread};

use super::counts::{self, CargoTests, Counts};
use super::plan::{Count, Stage, Work};
use super::report::{Outcome, Report, Row};
use crate::project;
use crate::sh::{Cmd, Ended};
use crate::tidy;

/// How much of a silent stage's output is shown when it fails.
const TAIL: usize = 80;

pub(crate) struct Executor<'a> {
    root: PathBuf,
    report: &'a mut Report,
    background: Vec<JoinHandle<Row>>,
}

impl<'a> Executor<'a> {
    pub(crate) fn new(root: &Path, report: &'a mut Report) -> Self {
        Self {
            root: root.to_path_buf(),
            report,
            background: Vec::new(),
        }
    }

    pub(crate) fn stage(&mut self, stage: Stage) {
        if stage.name.starts_with("tests: ") {
            self.finish();
        }
        if let Some(other) = stage.after.filter(|name| !self.report.is_ok(name)) {
            let outcome = Outcome::NotRun(other.to_owned());
            self.report
                .add(Row::new(&stage.name, Instant::now(), outcome));
            return;
        }
        println!("=== {}", stage.name);
        let started = Instant::now();
        let row = match stage.work {
            Work::Tidy => Row::new(&stage.name, started, tidy_outcome(&self.root)),
            Work::UpToDate => Row::new(&stage.name, started, Outcome::Ok),
            Work::Missing(reason) => Row::new(&stage.name, started, Outcome::Failed(reason)),
            Work::Command(cmd) => {
                let row = Running::new(&self.root, &stage.name, stage.count, stage.limit, true)
                    .and_then(|running| running.run(cmd))
                    .unwrap_or_else(|e| Row::new(&stage.name, started, Outcome::Failed(e)));
                note_success(row, stage.stamp.as_ref())
            }
            Work::Background(cmd) => {
                println!("$ {} &", cmd.shown());
                let root = self.root.clone();
                self.background.push(thread::spawn(move || {
                    Running::new(&root, &stage.name, stage.count, stage.limit, false)
                        .and_then(|running| running.run(cmd))
                        .unwrap_or_else(|e| Row::new(&stage.name, started, Outcome::Failed(e)))
                }));
                return;
            }
        };
        self.report.add(row);
    }

    /// Waits for what runs in the background.
    pub(crate) fn finish(&mut self) {
        for handle in self.background.drain(..) {
            let row = handle
                .join()
                .unwrap_or_else(|cause| panic::resume_unwind(cause));
            self.report.add(row);
        }
    }
}

/// One stage that is a command: its output goes to a log, and what matters of it to the
/// terminal.
struct Running {
    name: String,
    count: Count,
    limit: Duration,
    started: Instant,
    shown: bool,
    log: PathBuf,
}

impl Running {
    fn new(
        root: &Path,
        name: &str,
        count: Count,
        limit: Duration,
        shown: bool,
    ) -> Result<Self, String> {
        let folder = project::state_dir(root).join("logs");
        fs::create_dir_all(&folder)
            .map_err(|e| format!("cannot make {}: {e}", folder.display()))?;
        let file = name.replace(": ", "-").replace(' ', "-");
        let log = folder.join(format!("{file}.log"));
        let name = name.to_owned();
        Ok(Self {
            name,
            count,
            limit,
            started: Instant::now(),
            shown,
            log,
        })
    }

    fn run(self, cmd: Cmd) -> Result<Row, String> {
        if self.shown {
            println!("$ {}", cmd.shown());
        }
        if let Count::Vitest { report, .. } = &self.count {
            // An old report must not be taken for the result of a run that never began.
            fs::remove_file(report).ok();
        }
        let log = File::create(&self.log)
            .map_err(|e| format!("cannot write {}: {e}", self.log.display()))?;
        let mut log = BufWriter::new(log);
        let mut tests = CargoTests::default();
        let ended = cmd.stream(self.limit, |line| {
            writeln!(log, "{line}").ok();
            if self.count != Count::Cargo || tests.line(line) {
                self.show(line);
            }
        })?;
        log.flush().ok();

        let counts = match &self.count {
            Count::Nothing => Ok(None),
            Count::Cargo => Ok(Some(tests.counts())),
            Count::Vitest { report, filtered } => read(report, *filtered).map(Some),
        };
        let known = counts.as_ref().ok().copied().flatten();
        let outcome = match (ended.success(), counts) {
            (true, Ok(_)) => Outcome::Ok,
            (true, Err(reason)) => Outcome::Failed(reason),
            (false, _) => Outcome::Failed(self.why_failed(&ended, known)),
        };
        let mut row = Row::new(&self.name, self.started, outcome);
        row.counts = known;
        row.skipped = tests.skipped;
        Ok(row)
    }

    fn show(&self, line: &str) {
        if self.shown {
            println!("{line}");
        }
    }

    fn why_failed(&self, ended: &Ended, counts: Option<Counts>) -> String {
        let seen = match self.count {
            Count::Cargo => counts.is_some_and(|counts| counts.failed > 0),
            _ => self.shown,
        };
        let log = self.log.display();
        if seen && !matches!(ended, Ended::TooSlow(_)) {
            return format!("`{}` {ended}; all of its output: {log}", self.name);
        }
        let text = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        let tail = lines[lines.len().saturating_sub(TAIL)..].join("\n");
        format!(
            "`{}` {ended}; all of its output: {log}; its end:\n{tail}",
            self.name
        )
    }
}

fn read(report: &Path, filtered: bool) -> Result<Counts, String> {
    let mut counts = fs::read_to_string(report)
        .ok()
        .and_then(|json| counts::vitest(&json))
        .ok_or_else(|| format!("it ended without a readable report in {}", report.display()))?;
    if filtered {
        counts.skipped = 0;
    }
    Ok(counts)
}

fn tidy_outcome(root: &Path) -> Outcome {
    match tidy::check(root) {
        Ok(findings) if findings.is_empty() => Outcome::Ok,
        Ok(findings) => Outcome::Failed(tidy::describe(&findings)),
        Err(error) => Outcome::Failed(error),
    }
}

fn note_success(mut row: Row, stamp: Option<&project::Stamp>) -> Row {
    if let (Outcome::Ok, Some(stamp)) = (&row.outcome, stamp)
        && let Err(error) = stamp.write()
    {
        row.outcome = Outcome::Failed(error);
    }
    row
}
