//! The texts of a package: version, dates, changes in the forms that packers want.

use std::path::Path;
use std::time::Duration;

use super::read;
use crate::sh::Cmd;
use crate::tidy::manifest;

/// Who answers for the packages.
pub(super) const MAINTAINER: &str = "The Benchtop developers <packages@benchtop.dev>";

/// One line on the product.
pub(super) const SUMMARY: &str = "start, watch, test and repair a local test environment";

/// What it is, without line breaks.
pub(super) const DESCRIPTION: &str = "Benchtop starts the containers and host processes of a \
    project in dependency order, proves by real exchanges when each is ready, keeps every log \
    line, metric, trace and state change of every run, and restarts a single service in one \
    click. It opens Compose files as they stand. The same engine runs without a window in CI.";

/// The version of all packages of the workspace.
pub(super) fn version(root: &Path) -> Result<String, String> {
    let text = read(&root.join("Cargo.toml"))?;
    manifest::entries(&text)
        .into_iter()
        .find(|entry| entry.table == "workspace.package" && entry.key == "version")
        .map(|entry| entry.value.trim_matches('"').to_owned())
        .ok_or_else(|| "Cargo.toml has no [workspace.package] version".to_owned())
}

/// Day of the last commit, so that the same sources make the same package.
pub(super) fn date(root: &Path) -> String {
    commit_date(root, "%Y-%m-%d").unwrap_or_else(|| "1970-01-01".to_owned())
}

/// The same as mails write it.
pub(super) fn mail_date(root: &Path) -> String {
    commit_date(root, "%a, %d %b %Y %H:%M:%S +0000")
        .unwrap_or_else(|| "Thu, 01 Jan 1970 00:00:00 +0000".to_owned())
}

/// Seconds of the last commit since 1970, for `SOURCE_DATE_EPOCH`.
pub(super) fn epoch(root: &Path) -> String {
    commit_date(root, "%s").unwrap_or_else(|| "0".to_owned())
}

fn commit_date(root: &Path, format: &str) -> Option<String> {
    let found = Cmd::new("git")
        .args(&["log", "-1", "--format=%cd"])
        .arg(format!("--date=format-local:{format}"))
        .env("TZ", "UTC")
        .env("LC_ALL", "C")
        .dir(root)
        .output(Duration::from_secs(10))?;
    Some(found.trim().to_owned()).filter(|text| !text.is_empty())
}

/// A licence as a paragraph of a machine-readable copyright file.
pub(super) fn indented(text: &str) -> String {
    let lines = text.trim().lines().map(|line| match line.trim() {
        "" => " .".to_owned(),
        line => format!(" {line}"),
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The newest part of CHANGELOG.md as Debian writes such files: its points, shortened to
/// their first sentence.
pub(super) fn debian_changelog(changes: &str, version: &str, date: &str) -> String {
    let points = points(changes.split("\n## ").nth(1).unwrap_or_default());
    let mut text = format!("benchtop ({version}) unstable; urgency=medium\n\n");
    for point in &points {
        text += &wrapped(point, "  * ", "    ");
    }
    if points.is_empty() {
        text += "  * A new release.\n";
    }
    text + &format!("\n -- {MAINTAINER}  {date}\n")
}

/// The part of CHANGELOG.md on a version, without its heading.
pub(super) fn changes_of<'a>(changes: &'a str, version: &str) -> Option<&'a str> {
    let part = changes.split("\n## ").skip(1).find(|part| {
        let heading = part.lines().next().unwrap_or_default();
        heading.starts_with(&format!("[{version}]"))
    });
    part?.split_once('\n').map(|(_, text)| text.trim())
}

/// The points of a Markdown list, each as its first sentence.
pub(super) fn points(part: &str) -> Vec<String> {
    let mut points: Vec<String> = Vec::new();
    for line in part.lines() {
        if let Some(first) = line.strip_prefix("- ") {
            points.push(first.trim().to_owned());
        } else if line.starts_with("  ")
            && let Some(point) = points.last_mut()
        {
            point.push(' ');
            point.push_str(line.trim());
        }
    }
    let first = |point: &String| {
        point.split(". ").next().map_or(String::new(), |sentence| {
            format!("{}.", sentence.trim_end_matches('.'))
        })
    };
    points.iter().map(first).collect()
}

/// Breaks a text into lines of at most 78 letters.
pub(super) fn wrapped(text: &str, first: &str, next: &str) -> String {
    let (mut out, mut line) = (String::new(), first.to_owned());
    let mut empty = true;
    for word in text.split_whitespace() {
        if !empty && line.chars().count() + word.chars().count() + 1 > 78 {
            out += line.trim_end();
            out.push('\n');
            next.clone_into(&mut line);
            empty = true;
        }
        if !empty {
            line.push(' ');
        }
        line += word;
        empty = false;
    }
    out + line.trim_end() + "\n"
}

/// The page of the desktop program, which has a handful of switches of its own.
pub(super) fn desktop_page(version: &str) -> String {
    format!(
        ".TH benchtop-desktop 1 \"\" \"benchtop {version}\"\n\
         .SH NAME\nbenchtop\\-desktop \\- the window and the tray of Benchtop\n\
         .SH SYNOPSIS\n.B benchtop\\-desktop\n[\\-\\-sample] [\\-\\-hidden] [\\-\\-start\\-all] \
         [\\-\\-stop\\-all] [FOLDER|FILE|LINK]\n\
         .SH DESCRIPTION\nOpens a project folder, an environment file, or what was open last. A \
         second start opens it in the window that is there.\n\
         .SH OPTIONS\n\
         .TP\n.B \\-\\-sample\nOpen and start the built\\-in sample.\n\
         .TP\n.B \\-\\-hidden\nStart in the tray, without a window.\n\
         .TP\n.B \\-\\-start\\-all\nStart all services of what is open.\n\
         .TP\n.B \\-\\-stop\\-all\nStop all services of what is open.\n\
         .SH SEE ALSO\n.BR benchtop (1)\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHANGES: &str = "# Changelog\n\nWhat users notice.\n\n## [Unreleased]\n\n### Added\n\n\
        - Alerts: one for each\n  cause. More of it\n  here.\n- Runs.\n\n## [0.0.1]\n\n- Old.\n";

    #[test]
    fn the_newest_changes_are_told_in_debians_form() {
        let text = debian_changelog(CHANGES, "0.1.0", "Thu, 01 Jan 1970 00:00:00 +0000");
        assert_eq!(
            text,
            format!(
                "benchtop (0.1.0) unstable; urgency=medium\n\n  * Alerts: one for each cause.\n  \
                 * Runs.\n\n -- {MAINTAINER}  Thu, 01 Jan 1970 00:00:00 +0000\n"
            )
        );
    }

    #[test]
    fn a_release_is_described_by_its_own_part() {
        assert_eq!(changes_of(CHANGES, "0.0.1"), Some("- Old."));
        assert!(changes_of(CHANGES, "Unreleased").is_some_and(|text| text.contains("- Runs.")));
        assert_eq!(changes_of(CHANGES, "0.0"), None);
    }

    #[test]
    fn no_line_is_too_long() {
        let text = wrapped(&"word ".repeat(40), "  * ", "    ");
        assert!(
            text.lines().all(|line| line.chars().count() <= 78),
            "{text}"
        );
        assert_eq!(text.matches("word").count(), 40, "nothing is lost");
    }

    #[test]
    fn an_empty_line_of_a_licence_is_a_point() {
        assert_eq!(indented("One\n\n two\n"), " One\n .\n two");
    }
}
