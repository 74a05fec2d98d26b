//! The line that a problem is about, with the part of it that is meant.

use crate::problem::{Excerpt, Problem};
use crate::secret::{self, MASK};
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;
use std::sync::Arc;

/// Most characters of a line that are shown.
const MOST_SHOWN: usize = 160;

/// So many of them stand in front of the place, where the line is longer.
const SHOWN_BEFORE: usize = 60;

/// Most characters that are marked: who writes a page in one line knows it.
const MOST_MARKED: usize = 80;

/// Gives each problem that has a line its excerpt. `text` is asked for the text
/// of a file by the name that is shown.
pub(crate) fn add(problems: &mut [Problem], text: impl Fn(&str) -> Option<Rc<str>>) {
    // All lines of a file are looked up in one pass, however many problems it has.
    let mut wanted: HashMap<Arc<str>, BTreeSet<u32>> = HashMap::new();
    for place in problems.iter().map(|p| &p.place).filter(|p| p.line > 0) {
        let lines = wanted.entry(Arc::clone(&place.file)).or_default();
        lines.insert(place.line);
    }
    let mut lines: HashMap<(Arc<str>, u32), String> = HashMap::new();
    for (file, numbers) in wanted {
        let Some(text) = text(&file) else { continue };
        let last = numbers.last().copied().unwrap_or(0);
        for (number, line) in (1..=last).zip(text.lines()) {
            if numbers.contains(&number) {
                lines.insert((Arc::clone(&file), number), line.to_owned());
            }
        }
    }
    for problem in problems {
        let key = (Arc::clone(&problem.place.file), problem.place.line);
        problem.excerpt = lines
            .get(&key)
            .and_then(|line| of_line(line, problem.place.column));
    }
}

/// The excerpt of a line, marked at a column that counts from 1.
fn of_line(line: &str, column: u32) -> Option<Excerpt> {
    let line = line.strip_prefix('\u{feff}').unwrap_or(line);
    let (line, column) = masked(line, column.max(1) as usize - 1);
    // What moves the cursor or is no character would spoil a terminal.
    let chars: Vec<char> = line
        .chars()
        .map(|c| if c.is_control() && c != '\t' { ' ' } else { c })
        .collect();
    if chars.iter().all(|c| c.is_whitespace()) {
        return None;
    }
    let column = column.min(chars.len());
    let length = marked(&chars[column..]);
    let (line_text, column) = window(&chars, column);
    Some(Excerpt {
        line_text,
        column: u32::try_from(column + 1).ok()?,
        length: u32::try_from(length).ok()?,
    })
}

/// The line with the value masked where its key looks secret, and where the
/// column is then.
fn masked(line: &str, column: usize) -> (String, usize) {
    // A password in an address is blanked wherever it stands.
    let unmasked = || (secret::mask("", line), column);
    let Some(split) = line.find([':', '=']) else {
        return unmasked();
    };
    let (key, rest) = line.split_at(split);
    let value = &rest[1..];
    let name = key.trim_matches(|c: char| c.is_whitespace() || "-'\"{[,".contains(c));
    if !secret::is_secret(name) || value.trim().is_empty() || value.trim_start().starts_with('{') {
        return unmasked();
    }
    let blank: String = value.chars().take_while(|c| c.is_whitespace()).collect();
    let shown = format!("{key}{}{blank}", &rest[..1]);
    let start = shown.chars().count();
    (format!("{shown}{MASK}"), column.min(start))
}

/// How many characters belong to what begins here: a word in quotes, a key, or
/// a value up to the end of the line, a comment or what encloses it.
fn marked(rest: &[char]) -> usize {
    let Some(first) = rest.first() else { return 1 };
    let length = match first {
        '"' | '\'' => quoted(rest, *first),
        '{' | '[' | '&' | '*' | '!' | '|' | '>' => 1,
        _ => plain(rest),
    };
    length.clamp(1, MOST_MARKED)
}

fn quoted(rest: &[char], quote: char) -> usize {
    let end = rest.iter().skip(1).position(|c| *c == quote);
    end.map_or(rest.len(), |end| end + 2)
}

fn plain(rest: &[char]) -> usize {
    let ends = |at: usize| {
        let next = rest.get(at + 1);
        match rest[at] {
            ':' => next.is_none_or(|c| c.is_whitespace()),
            ' ' | '\t' => next == Some(&'#'),
            // They end a value only inside of `{…}` and `[…]`.
            ',' => next.is_some_and(|c| c.is_whitespace()),
            '}' | ']' => true,
            _ => false,
        }
    };
    let end = (0..rest.len()).find(|at| ends(*at)).unwrap_or(rest.len());
    let text = &rest[..end];
    end - text.iter().rev().take_while(|c| c.is_whitespace()).count()
}

/// What is shown of the line, and where the column is in it.
fn window(chars: &[char], column: usize) -> (String, usize) {
    if chars.len() <= MOST_SHOWN {
        return (chars.iter().collect(), column);
    }
    let start = column.saturating_sub(SHOWN_BEFORE);
    let end = (start + MOST_SHOWN).min(chars.len());
    let mut text: String = chars[start..end].iter().collect();
    if end < chars.len() {
        text.push('…');
    }
    if start == 0 {
        return (text, column);
    }
    (format!("…{text}"), column - start + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The line with its marker under it.
    fn drawn(line: &str, column: u32) -> String {
        let excerpt = of_line(line, column).expect("an excerpt");
        let lines = excerpt.drawn(7);
        let marker = lines.lines().nth(2).expect("a marker");
        format!("{}\n{}", excerpt.line_text, &marker[4..])
    }

    #[test]
    fn what_is_meant_is_marked_and_nothing_else() {
        for (line, column, expected) in [
            ("    imge: x", 5, "    imge: x\n    ^^^^"),
            ("a: b c # d", 4, "a: b c # d\n   ^^^"),
            ("- 'x y': z", 3, "- 'x y': z\n  ^^^^^"),
            ("a: [one, two]", 10, "a: [one, two]\n         ^^^"),
            ("a: {b: c}", 8, "a: {b: c}\n       ^"),
            ("a: http://b:80", 4, "a: http://b:80\n   ^^^^^^^^^^^"),
            ("a: [b", 4, "a: [b\n   ^"),
            ("\ta: b", 2, "\ta: b\n\t^"),
            ("a:", 3, "a:\n  ^"),
        ] {
            assert_eq!(drawn(line, column), expected);
        }
    }

    #[test]
    fn a_secret_is_not_shown_even_where_it_is_wrong() {
        let shown = drawn("      DB_PASSWORD: hunter2", 20);
        assert!(!shown.contains("hunter2"), "{shown}");
        assert!(shown.contains("DB_PASSWORD: ••••••"), "{shown}");
        assert!(!drawn("  - API_TOKEN=abc", 5).contains("abc"));
        assert!(!drawn("  URL: amqp://me:hunter2@host/v", 3).contains("hunter2"));
        assert!(drawn("secrets: {a: {file: b}}", 10).contains("file: b"));
    }

    #[test]
    fn a_very_long_line_is_shown_around_its_place() {
        let line = format!("a: {}NEEDLE{}", "x".repeat(900), "y".repeat(900));
        let excerpt = of_line(&line, 904).expect("an excerpt");
        let at = excerpt.column as usize - 1;
        assert!(excerpt.line_text.chars().count() <= MOST_SHOWN + 2);
        let shown: String = excerpt.line_text.chars().skip(at).take(6).collect();
        assert_eq!(shown, "NEEDLE");
        assert_eq!(excerpt.length as usize, MOST_MARKED);
    }
}
