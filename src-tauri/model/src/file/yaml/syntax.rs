//! What to say about text that is not YAML: the parser's words, and a hint for
//! the slips that people make most.

use super::MOST_DEPTH;
use crate::problem::{Place, Problem};
use saphyr_parser::{Marker, ScanError};
use std::sync::Arc;

/// The place of a marker; the parser counts columns from 0.
pub(super) fn place(file: &Arc<str>, at: Marker) -> Place {
    let small = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Place {
        file: Arc::clone(file),
        line: small(at.line()).max(1),
        column: small(at.col()).saturating_add(1),
    }
}

/// The parser's error with its place and, where it can be guessed, a hint.
pub(super) fn explain(file: &Arc<str>, text: &str, error: &ScanError) -> Problem {
    let place = place(file, *error.marker());
    // The parser has a limit of its own, which text on one line reaches before ours.
    if error.info().contains("recursion limit") {
        return too_deep(&place);
    }
    let line = |number: u32| text.lines().nth(number as usize - 1).unwrap_or_default();
    let (here, before) = (
        line(place.line),
        if place.line > 1 {
            line(place.line - 1)
        } else {
            ""
        },
    );
    let problem = Problem::error(&place, format!("not valid YAML: {}", error.info()));
    match hint(error.info(), here, before) {
        Some(hint) => problem.hint(hint),
        None => problem,
    }
}

/// What is said about nesting without end.
pub(super) fn too_deep(place: &Place) -> Problem {
    Problem::error(place, format!("nested more than {MOST_DEPTH} levels deep"))
}

fn hint(info: &str, here: &str, before: &str) -> Option<&'static str> {
    let indented_by_tab = |line: &str| line.trim_start_matches(' ').starts_with('\t');
    if indented_by_tab(here) || indented_by_tab(before) {
        return Some("indent with spaces; YAML does not allow tabs there");
    }
    if info.contains("unknown anchor") {
        return Some(
            "an anchor `&name` must stand before its alias `*name`; \
             quote a value that begins with `*`",
        );
    }
    if [here, before]
        .iter()
        .any(|line| starts_special(value_of(line)))
    {
        return Some("put a value in quotes when it begins with a character that YAML uses itself");
    }
    if [here, before]
        .iter()
        .any(|line| value_of(line).contains(": "))
    {
        return Some("put a value in quotes when it contains `: `");
    }
    if [here, before]
        .iter()
        .any(|line| line.matches('"').count() % 2 == 1)
    {
        return Some("a quote seems to be missing");
    }
    Some("look at the indentation of this line and of the one before")
}

/// What follows the first `key: ` or `- `.
fn value_of(line: &str) -> &str {
    let line = line.trim();
    let line = line.strip_prefix("- ").unwrap_or(line);
    line.split_once(": ")
        .map_or(line, |(_, value)| value.trim())
}

fn starts_special(value: &str) -> bool {
    value.starts_with(['@', '`', '%', '*', '&', '!']) || value.starts_with("{{")
}
