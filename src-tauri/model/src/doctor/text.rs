//! A report as plain text: for a terminal without colours, the clipboard and a ticket.

use super::{DoctorCheck, DoctorGroup, DoctorReport, DoctorState};
use std::fmt::Write as _;

/// The whole report.
#[must_use]
pub fn as_text(report: &DoctorReport) -> String {
    let mut text = String::new();
    for group in DoctorGroup::ALL {
        let checks = report.checks.iter().filter(|check| check.group == group);
        let mut checks = checks.peekable();
        if checks.peek().is_none() {
            continue;
        }
        // Writing to a string cannot fail.
        _ = writeln!(text, "{}", group.heading());
        checks.for_each(|check| write_check(&mut text, check));
        text.push('\n');
    }
    let m = &report.metrics;
    _ = writeln!(
        text,
        "{} passed, {} warned, {} failed, {} skipped, in {}",
        m.passed, m.warned, m.failed, m.skipped, report.took
    );
    text
}

fn write_check(text: &mut String, check: &DoctorCheck) {
    _ = writeln!(
        text,
        "  {:<7}  {}: {}",
        check.state.word(),
        check.title,
        check.reason
    );
    if let Some(fix) = &check.fix {
        _ = writeln!(text, "           fix: {fix}");
    }
    // What is in order needs no evidence.
    if check.state > DoctorState::Pass {
        for [name, value] in &check.details {
            _ = writeln!(text, "           {name}: {value}");
        }
    }
}
