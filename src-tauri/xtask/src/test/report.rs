//! What came out: one row per stage while it goes, a table at the end, and the count as
//! the very last line.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use super::counts::Counts;

/// How a stage ended.
pub(crate) enum Outcome {
    Ok,
    /// A sentence that says why.
    Failed(String),
    /// It needs another stage, which failed.
    NotRun(String),
}

/// One stage with its result.
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) time: Duration,
    pub(crate) outcome: Outcome,
    /// None for a check that has no tests of its own.
    pub(crate) counts: Option<Counts>,
    /// `NAME: REASON` of each skipped test.
    pub(crate) skipped: Vec<String>,
}

impl Row {
    pub(crate) fn new(name: &str, started: Instant, outcome: Outcome) -> Self {
        Self {
            name: name.to_owned(),
            time: started.elapsed(),
            outcome,
            counts: None,
            skipped: Vec::new(),
        }
    }

    /// A stage that failed without a failing test counts as one failure.
    fn total(&self) -> Counts {
        let mut total = self.counts.unwrap_or_default();
        if matches!(self.outcome, Outcome::Failed(_)) {
            total.failed = total.failed.max(1);
        }
        total
    }

    fn result(&self) -> String {
        let word = match &self.outcome {
            Outcome::Ok => "ok".to_owned(),
            Outcome::Failed(_) => "FAILED".to_owned(),
            Outcome::NotRun(other) => format!("not run, because `{other}` failed"),
        };
        match self.counts {
            Some(_) => format!("{word}: {}", self.total()),
            None => word,
        }
    }
}

/// All stages so far.
#[derive(Default)]
pub(crate) struct Report {
    rows: Vec<Row>,
}

impl Report {
    /// Runs a stage that is a function and adds its row.
    pub(crate) fn time(&mut self, name: &str, stage: impl FnOnce() -> Result<(), String>) {
        println!("=== {name}");
        let started = Instant::now();
        let outcome = stage().map_or_else(Outcome::Failed, |()| Outcome::Ok);
        self.add(Row::new(name, started, outcome));
    }

    pub(crate) fn add(&mut self, row: Row) {
        if let Outcome::Failed(reason) = &row.outcome {
            println!("error: {reason}");
        }
        println!(
            "stage {} {} ({})",
            row.name,
            row.result(),
            seconds(row.time)
        );
        self.rows.push(row);
    }

    pub(crate) fn is_ok(&self, name: &str) -> bool {
        self.rows
            .iter()
            .any(|row| row.name == name && matches!(row.outcome, Outcome::Ok))
    }

    /// Whether tests were asked for and none was there. A check has no tests to count.
    pub(crate) fn counted_nothing(&self) -> bool {
        let only_checks = self.rows.iter().all(|row| row.counts.is_none());
        self.rows.is_empty() || (!only_checks && self.total() == Counts::default())
    }

    /// Prints the table and the count; the exit code says whether all is well.
    pub(crate) fn print(&self) -> ExitCode {
        let skipped: Vec<&String> = self.rows.iter().flat_map(|row| &row.skipped).collect();
        if !skipped.is_empty() {
            println!("\nSkipped:");
            skipped.iter().for_each(|line| println!("  {line}"));
        }
        println!("\n{}", self.table());
        println!("{}", self.total());
        if self.total().failed == 0 {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }
    }

    fn table(&self) -> String {
        let width = self
            .rows
            .iter()
            .map(|row| row.name.len())
            .max()
            .unwrap_or(0);
        let mut table = String::new();
        for row in &self.rows {
            let time = seconds(row.time);
            table += &format!("{:width$}  {time:>8}  {}\n", row.name, row.result());
        }
        table
    }

    fn total(&self) -> Counts {
        let mut total = Counts::default();
        self.rows.iter().for_each(|row| total += row.total());
        total
    }
}

fn seconds(time: Duration) -> String {
    let tenths = time.as_millis() / 100;
    if tenths < 100 {
        format!("{}.{} s", tenths / 10, tenths % 10)
    } else {
        format!("{} s", tenths / 10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, outcome: Outcome, counts: Option<Counts>) -> Row {
        Row {
            counts,
            ..Row::new(name, Instant::now(), outcome)
        }
    }

    #[test]
    fn a_stage_that_fails_without_a_failing_test_counts_once() {
        let mut report = Report::default();
        let counts = |passed, failed, skipped| {
            Some(Counts {
                passed,
                failed,
                skipped,
            })
        };
        report.add(row("lints", Outcome::Failed("clippy says no".into()), None));
        report.add(row(
            "unit tests",
            Outcome::Failed("two of them".into()),
            counts(7, 2, 1),
        ));
        report.add(row(
            "crashing tests",
            Outcome::Failed("a signal".into()),
            counts(3, 0, 0),
        ));
        report.add(row("ui build", Outcome::NotRun("ui install".into()), None));
        report.add(row("tidy", Outcome::Ok, None));
        assert_eq!(report.total().to_string(), "10 passed, 4 failed, 1 skipped");
        assert!(report.is_ok("tidy"));
        assert!(!report.is_ok("lints"));
    }

    #[test]
    fn the_table_lines_up() {
        let mut report = Report::default();
        report.add(row("tidy", Outcome::Ok, None));
        report.add(row("ui build", Outcome::NotRun("ui install".into()), None));
        assert_eq!(
            report.table(),
            "tidy         0.0 s  ok\nui build     0.0 s  not run, because `ui install` failed\n"
        );
        assert_eq!(seconds(Duration::from_millis(12_345)), "12 s");
    }

    #[test]
    fn a_selection_that_matches_nothing_is_noticed() {
        let mut report = Report::default();
        assert!(report.counted_nothing());
        report.add(row("tidy", Outcome::Ok, None));
        assert!(!report.counted_nothing(), "a check was asked for and done");
        report.add(row("unit tests", Outcome::Ok, Some(Counts::default())));
        assert!(report.counted_nothing(), "no test had that name");
    }
}
