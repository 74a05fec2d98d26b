//! Runs a program of this host, told where the services are. Its output goes to the log;
//! lines of JSON with `progress` or `metrics` are understood:
//! `{"progress": {"done": 5, "total": 10, "rate": 2.5}}`, and, at last,
//! `{"status": "passed", "metrics": {"throughput": 61000}}`.

mod program;

use super::super::context::Attempt;
use super::super::leftovers::Note;
use super::super::outcome::Outcome;
use crate::clock;
use crate::sink::{LogLine, Origin};
use benchtop_model::exit::Exit;
use benchtop_model::scenario::report::Progress;
use program::Program;
use serde::Deserialize;
use std::collections::{BTreeMap, VecDeque};

/// So many of the last lines are kept beside the cause of a failure.
const LAST_LINES: usize = 10;

/// What a line of a program may tell.
#[derive(Debug, Default, Deserialize)]
struct Told {
    status: Option<String>,
    metrics: Option<BTreeMap<String, serde_json::Value>>,
    progress: Option<ToldProgress>,
    text: Option<String>,
}

#[derive(Debug, Deserialize)]
struct ToldProgress {
    done: f64,
    total: Option<f64>,
    rate: Option<f64>,
    #[serde(default)]
    what: String,
}

/// What is known of the output.
#[derive(Default)]
struct Heard {
    last: VecDeque<String>,
    metrics: BTreeMap<String, f64>,
    /// The program's own word on its outcome.
    status: Option<String>,
    text: Option<String>,
}

pub(super) async fn perform(attempt: &Attempt<'_>) -> Result<Outcome, String> {
    let context = attempt.context;
    let mut environment = context.variables(attempt.index);
    environment.extend(attempt.map("environment"));
    let folder = context
        .plan
        .project_dir
        .join(attempt.text("working_dir").unwrap_or("."));
    let mut program = Program::start(attempt.list("command"), &folder, &environment)?;
    let _note = Note::of(context.handle.dir(), program.leader());
    let mut heard = Heard::default();
    let mut cancelled = false;
    loop {
        let lines = tokio::select! {
            lines = program.lines() => lines,
            () = attempt.halt.cancelled(), if !cancelled => {
                cancelled = true;
                program.ask_to_end();
                continue;
            }
        };
        if lines.is_empty() {
            break;
        }
        for (_, line) in &lines {
            heard.hear(line, attempt);
        }
        context.log(lines.into_iter().map(record).collect());
    }
    let exit = program.wait().await?;
    Ok(heard.outcome(exit))
}

fn record((origin, text): (Origin, String)) -> LogLine {
    LogLine {
        time_us: clock::micros(),
        origin,
        text,
    }
}

impl Heard {
    fn hear(&mut self, line: &str, attempt: &Attempt<'_>) {
        if let Some(told) = read(line) {
            let numbers = told.metrics.into_iter().flatten();
            self.metrics
                .extend(numbers.filter_map(|(name, value)| Some((name, value.as_f64()?))));
            self.status = told.status.or(self.status.take());
            self.text = told.text.or(self.text.take());
            if let Some(progress) = told.progress {
                attempt.progress(|| Progress {
                    done: progress.done,
                    total: progress.total,
                    rate: progress.rate,
                    what: progress.what.chars().take(200).collect(),
                });
            }
            return;
        }
        if self.last.len() == LAST_LINES {
            self.last.pop_front();
        }
        self.last.push_back(line.to_owned());
    }

    fn outcome(self, exit: Exit) -> Outcome {
        let word = self.status.as_deref().map(str::to_ascii_lowercase);
        let refuses = matches!(word.as_deref(), Some("failed" | "failure" | "error"));
        let said = self.text.or_else(|| self.last.back().cloned());
        let mut outcome = match (exit.code, refuses) {
            (Some(0), false) => {
                Outcome::passed(self.status.unwrap_or_else(|| "exit code 0".to_owned()))
            }
            (Some(0), true) => Outcome::failed(
                said.unwrap_or_else(|| "the program says that it failed".to_owned()),
            ),
            _ => Outcome::failed(match said {
                Some(said) => format!("{}: {said}", exit.describe()),
                None => exit.describe(),
            }),
        };
        if !outcome.passed && !self.last.is_empty() {
            let lines: Vec<String> = self.last.into();
            outcome = outcome.detail("last lines", lines.join("\n"));
        }
        for (name, value) in self.metrics {
            outcome = outcome.metric(&name, value);
        }
        outcome
    }
}

/// What a line tells us, where it is one of ours.
fn read(line: &str) -> Option<Told> {
    let line = line.trim();
    let ours =
        line.starts_with('{') && (line.contains("\"metrics\"") || line.contains("\"progress\""));
    let told: Option<Told> = ours.then(|| serde_json::from_str(line).ok()).flatten();
    told.filter(|told| told.metrics.is_some() || told.progress.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_lines_of_ours_are_read() {
        let told = read(r#" {"status": "passed", "metrics": {"throughput": 61000, "x": "y"}} "#);
        let told = told.expect("ours");
        assert_eq!(told.status.as_deref(), Some("passed"));
        assert_eq!(told.metrics.expect("metrics").len(), 2);
        let progress = read(r#"{"progress": {"done": 5, "total": 10}}"#).expect("ours");
        assert_eq!(progress.progress.map(|p| p.done), Some(5.0));
        for line in [
            "{}",
            "metrics",
            r#"{"level": "info"}"#,
            r#"{"metrics": 5}"#,
            "{\"metrics\"",
        ] {
            assert!(read(line).is_none(), "{line}");
        }
    }

    #[test]
    fn the_program_has_the_last_word_on_its_outcome() {
        let heard = |status: Option<&str>| Heard {
            status: status.map(str::to_owned),
            last: ["almost".to_owned()].into(),
            ..Heard::default()
        };
        assert!(heard(None).outcome(Exit::with_code(0)).passed);
        assert!(!heard(Some("Failed")).outcome(Exit::with_code(0)).passed);
        let bad = heard(Some("passed")).outcome(Exit::with_code(3));
        assert!(!bad.passed && bad.text.contains("almost"), "{}", bad.text);
    }
}
