//! The course of a scenario on standard error: a line for each step that has ended, and,
//! on a terminal, one line that is written over.

use crate::color;
use benchtop_api::model::scenario::report::{Progress, ScenarioReport, StepReport, StepStatus};
use std::io::IsTerminal as _;

/// Cells of the bar.
const CELLS: usize = 20;

/// What was told so far.
pub(super) struct Live {
    silent: bool,
    terminal: bool,
    told: Vec<StepStatus>,
    shown: bool,
}

impl Live {
    pub(super) fn new(silent: bool) -> Self {
        Self {
            silent,
            terminal: std::io::stderr().is_terminal(),
            told: Vec::new(),
            shown: false,
        }
    }

    pub(super) fn tell(&mut self, report: &ScenarioReport) {
        if self.silent {
            return;
        }
        self.told.resize(report.steps.len(), StepStatus::Pending);
        for (at, step) in report.steps.iter().enumerate() {
            let ended = !matches!(step.status, StepStatus::Pending | StepStatus::Running);
            if ended && self.told[at] != step.status {
                self.clear();
                eprintln!("{}", line(step));
            }
            self.told[at] = step.status;
        }
        if self.terminal {
            self.clear();
            if let Some(line) = going_on(report) {
                eprint!("{line}");
                self.shown = true;
            }
        }
    }

    pub(super) fn notice(&mut self, text: &str) {
        self.clear();
        eprintln!("{}", color::dim(text));
    }

    pub(super) fn end(&mut self) {
        self.clear();
    }

    fn clear(&mut self) {
        if std::mem::take(&mut self.shown) {
            eprint!("\r\x1b[2K");
        }
    }
}

fn line(step: &StepReport) -> String {
    let outcome = match step.status {
        StepStatus::Passed => color::Outcome::Good,
        StepStatus::Failed => color::Outcome::Bad,
        StepStatus::Pending | StepStatus::Running => color::Outcome::Open,
        StepStatus::Skipped | StepStatus::Cancelled => color::Outcome::Off,
    };
    let took = step
        .duration
        .map_or_else(String::new, |took| format!(" {took}"));
    let again = match step.attempts {
        0 | 1 => String::new(),
        n => format!(", {n} attempts"),
    };
    let text = step.text.as_deref().unwrap_or_default();
    format!(
        "{}  {}{}  {}",
        color::outcome(outcome, step.status.word()),
        step.name,
        color::dim(&format!("{took}{again}")),
        color::dim(text)
    )
}

/// `[3/7] Load ████░░░░ 43 % 4300/10000 requests, 512/s`.
fn going_on(report: &ScenarioReport) -> Option<String> {
    let (ended, all) = report.ended_steps();
    let step = report
        .steps
        .iter()
        .find(|step| step.status == StepStatus::Running)?;
    let progress = step.progress.as_ref().map(shown).unwrap_or_default();
    let line = format!("[{}/{all}] {} {progress}", ended + 1, step.name);
    // One that is longer than the terminal could not be written over.
    Some(line.chars().take(78).collect())
}

fn shown(progress: &Progress) -> String {
    let rate = progress.rate.filter(|rate| rate.is_finite());
    let rate = rate.map_or_else(String::new, |rate| format!(", {rate:.0}/s"));
    match progress.total.filter(|total| *total > 0.0) {
        Some(total) => {
            let share = (progress.done / total).clamp(0.0, 1.0);
            let full = (share * CELLS as f64).round() as usize;
            let bar = "█".repeat(full) + &"░".repeat(CELLS - full);
            let percent = share * 100.0;
            format!(
                "{bar} {percent:.0} % {:.0}/{total:.0} {}{rate}",
                progress.done, progress.what
            )
        }
        None => format!("{:.0} {}{rate}", progress.done, progress.what),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_as_full_as_the_step() {
        let progress = |done, total| Progress {
            done,
            total,
            rate: Some(512.4),
            what: "requests".to_owned(),
        };
        let half = shown(&progress(50.0, Some(100.0)));
        assert_eq!(half.matches('█').count(), CELLS / 2);
        assert!(half.ends_with("50 % 50/100 requests, 512/s"), "{half}");
        assert_eq!(shown(&progress(500.0, Some(100.0))).matches('░').count(), 0);
        assert_eq!(shown(&progress(7.0, None)), "7 requests, 512/s");
    }
}
