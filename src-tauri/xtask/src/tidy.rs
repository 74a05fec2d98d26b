//! `cargo xtask tidy`: the rules of the house that no compiler knows.
//!
//! Each rule says why it exists wherever it is broken. A rule is a function from the
//! text of a file to findings; this module only hands out the files.

mod borders;
mod code;
pub(crate) mod manifest;
mod source;
mod text;
mod ui;

use std::fmt;
use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use crate::project;
use crate::sh::Cmd;

/// One place where a rule is broken.
#[derive(Debug, PartialEq)]
pub(crate) struct Finding {
    pub(crate) path: String,
    /// Counted from 1; 0 stands for the file as a whole.
    pub(crate) line: usize,
    pub(crate) message: String,
    pub(crate) why: &'static str,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            path,
            line,
            message,
            why,
        } = self;
        match line {
            0 => write!(f, "{path}: {message} ({why})"),
            line => write!(f, "{path}:{line}: {message} ({why})"),
        }
    }
}

pub(crate) fn run() -> Result<ExitCode, String> {
    let findings = check(&project::root()?)?;
    if findings.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    Err(describe(&findings))
}

/// All findings of a checkout, in the order of the files.
pub(crate) fn check(root: &Path) -> Result<Vec<Finding>, String> {
    let mut findings = Vec::new();
    for path in files(root)? {
        let file = root.join(&path);
        // Listed but gone: removed and not yet committed.
        let Ok(about) = fs::metadata(&file) else {
            continue;
        };
        findings.extend(text::size(&path, about.len()));
        if let Ok(text) = fs::read_to_string(&file) {
            findings.extend(check_text(&path, &text));
        }
    }
    Ok(findings)
}

/// The findings as lines for a person, with their number. Where one rule is broken
/// all over a file, a few places stand for all.
pub(crate) fn describe(findings: &[Finding]) -> String {
    const SHOWN: usize = 5;
    let places = if findings.len() == 1 {
        "place"
    } else {
        "places"
    };
    let mut lines = vec![format!("{} {places} to tidy up", findings.len())];
    for group in findings.chunk_by(|a, b| a.path == b.path && a.why == b.why) {
        lines.extend(group.iter().take(SHOWN).map(Finding::to_string));
        if let Some(more @ 1..) = group.len().checked_sub(SHOWN) {
            lines.push(format!("{}: and {more} more of these", group[0].path));
        }
    }
    lines.join("\n")
}

/// Everything that can be said of one file.
fn check_text(path: &str, text: &str) -> Vec<Finding> {
    let mut findings = text::check(path, text);
    if path.ends_with(".rs") {
        findings.extend(source::check(path, text));
    }
    if path.ends_with("Cargo.toml") {
        findings.extend(borders::check(path, text));
    }
    if path.starts_with("ui/src/") {
        findings.extend(ui::check(path, text));
    }
    findings
}

/// What git tracks, and what it would track if it were added now.
fn files(root: &Path) -> Result<Vec<String>, String> {
    let list = Cmd::new("git")
        .args(&[
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ])
        .dir(root)
        .output(Duration::from_secs(30))
        .ok_or("git cannot list the files of this checkout")?;
    let mut files: Vec<String> = list
        .trim_end()
        .split('\0')
        .filter(|path| !path.is_empty())
        .map(str::to_owned)
        .collect();
    files.sort();
    files.dedup();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_checkout_is_tidy() {
        let root = project::root().expect("the tests run inside a checkout");
        let findings = check(&root).expect("git lists the files");
        assert!(findings.is_empty(), "{}", describe(&findings));
    }

    #[test]
    fn a_finding_names_its_place_and_its_reason() {
        let mut finding = Finding {
            path: "src-tauri/model/src/plan.rs".into(),
            line: 7,
            message: "the model reads a clock".into(),
            why: "time is an argument",
        };
        assert_eq!(
            finding.to_string(),
            "src-tauri/model/src/plan.rs:7: the model reads a clock (time is an argument)"
        );
        finding.line = 0;
        assert_eq!(
            finding.to_string(),
            "src-tauri/model/src/plan.rs: the model reads a clock (time is an argument)"
        );
    }
    #[test]
    fn many_findings_of_one_kind_do_not_hide_the_others() {
        let finding = |line, why| Finding {
            path: "a.md".into(),
            line,
            message: "blanks".into(),
            why,
        };
        let mut findings: Vec<Finding> = (1..=8).map(|line| finding(line, "one")).collect();
        findings.push(finding(3, "two"));
        let text = describe(&findings);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "9 places to tidy up");
        assert_eq!(
            lines[5..],
            [
                "a.md:5: blanks (one)",
                "a.md: and 3 more of these",
                "a.md:3: blanks (two)"
            ]
        );
    }
}
