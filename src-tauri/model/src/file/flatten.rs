//! A Compose project of several files as one environment file: overrides,
//! `include` and `extends` put together, variables left for who reads it.

use super::assemble::{self, Assembly};
use super::files::Files;
use super::findings::Findings;
use super::yaml::{self, Node, Value};
use super::{Sources, excerpt, read_dotenv, rebase};
use crate::import::Imported;
use crate::import::write::{LONGEST_KEY, scalar};
use crate::problem::{Place, Severity};
use std::path::Path;

/// Top-level keys that mean nothing any more once all is in one file.
const LEFT_OUT: [&str; 2] = ["version", "include"];

/// Puts together what the file at `file` is made of. The result is meant for the
/// folder `into`; both are absolute.
#[must_use]
pub fn flatten(file: &Path, sources: &Sources<'_>, into: &Path) -> Imported {
    let dir = file.parent().unwrap_or(Path::new("/"));
    let files = Files::new(sources.read, dir);
    let mut findings = Findings::default();
    let place = Place {
        file: files.name(file),
        ..Place::default()
    };
    let text = match files.text(file) {
        Ok(text) => text,
        Err(fault) => {
            findings.push(fault.problem(&place.file, &place));
            "".into()
        }
    };
    let root = match findings.has_errors() {
        true => None,
        false => assembled(file, &text, sources, &files, &mut findings),
    };
    let text = root.map(|root| written(root, dir, into));
    let mut notes = findings.into_sorted(&place);
    excerpt::add(&mut notes, |name| files.seen_text(name));
    let is_good = notes.iter().all(|note| note.severity != Severity::Error);
    Imported {
        text: text.filter(|_| is_good),
        notes,
    }
}

fn assembled(
    file: &Path,
    text: &str,
    sources: &Sources<'_>,
    files: &Files<'_>,
    findings: &mut Findings,
) -> Option<Node> {
    let dir = file.parent().unwrap_or(Path::new("/"));
    let (scope, _) = read_dotenv(dir, sources, files, findings);
    let scope = scope.verbatim();
    let root = yaml::parse_marked(&files.name(file), text, findings)?;
    let mut assembly = Assembly::new(files, findings);
    let over = assembly.override_of(file);
    let root = assembly.complete(root, file, &scope);
    let over = over.map(|over| assembly.complete(over, file, &scope));
    let mut root = assemble::over(root, over);
    root.prune();
    Some(root)
}

fn written(mut root: Node, dir: &Path, into: &Path) -> String {
    if dir != into {
        rebase::file(&mut root, rebase::Change::From(dir));
    }
    let folder = format!("{}/", into.display());
    rebase::file(&mut root, rebase::Change::Near(&folder));
    const HEAD: &str = "# Made from a Compose file by `benchtop import compose`.\n";
    let mut text = String::from(HEAD);
    let sections = match root.value {
        Value::Map(sections) => sections,
        _ => Vec::new(),
    };
    for (key, section) in &sections {
        let is_extra = key.text.starts_with("x-") || LEFT_OUT.contains(&key.text.as_str());
        if !is_extra {
            text.push('\n');
            entry(&key.text, section, 0, &mut text);
        }
    }
    // A file without anything is no environment file.
    if text == HEAD {
        text.push_str("\nservices: {}\n");
    }
    text
}

/// `key: value`, or the key with what is under it.
fn entry(key: &str, node: &Node, depth: usize, out: &mut String) {
    let key = scalar(key);
    indent(depth, out);
    if key.chars().count() > LONGEST_KEY {
        out.push_str("? ");
        out.push_str(&key);
        out.push('\n');
        indent(depth, out);
    } else {
        out.push_str(&key);
    }
    out.push(':');
    value(node, depth, out);
}

/// What follows a `:` or a `-`.
fn value(node: &Node, depth: usize, out: &mut String) {
    match &node.value {
        Value::Null | Value::Faulty => out.push('\n'),
        Value::Scalar(text) => {
            out.push(' ');
            out.push_str(&number(text).unwrap_or_else(|| scalar(text)));
            out.push('\n');
        }
        Value::Seq(nodes) if nodes.is_empty() => out.push_str(" []\n"),
        Value::Map(entries) if entries.is_empty() => out.push_str(" {}\n"),
        Value::Seq(nodes) => {
            out.push('\n');
            for node in nodes {
                indent(depth + 1, out);
                out.push('-');
                value(node, depth + 1, out);
            }
        }
        Value::Map(entries) => {
            out.push('\n');
            let lines = entries.iter();
            lines.for_each(|(key, node)| entry(&key.text, node, depth + 1, out));
        }
    }
}

/// Whole numbers and flags read the same without quotes, to every reader.
fn number(text: &str) -> Option<String> {
    let is_number = !text.starts_with('0') && text.len() < 10;
    let digits = text.chars().all(|c| c.is_ascii_digit()) && !text.is_empty();
    let flag = ["true", "false"].contains(&text);
    ((is_number && digits) || flag).then(|| text.to_owned())
}

fn indent(depth: usize, out: &mut String) {
    out.push_str(&"  ".repeat(depth));
}
