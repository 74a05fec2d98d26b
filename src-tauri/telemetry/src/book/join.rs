//! Stack traces and other records of several lines.
//!
//! A line that goes on with the one before it becomes part of its record: an indented one,
//! `at …` and `Caused by:` of Java, .NET and Node, the last line of Python's traceback,
//! the goroutines of Go. Only lines that arrived together are joined, because a record
//! that somebody has seen does not change any more; what a program writes at once arrives
//! together.

use crate::block::mark_bit;
use crate::incoming::{Incoming, LONGEST_LINE};
use crate::line::{Severity, cut};
use crate::log::{Mark, Stream};

/// Lines in one record.
const MOST_LINES: usize = 500;

/// How far apart in time the lines of one record may be, in milliseconds.
const TOGETHER: i64 = 500;

/// Puts the lines of a push together.
pub(super) fn join(lines: Vec<Incoming>) -> Vec<Incoming> {
    if !lines.iter().any(may_continue) {
        return lines;
    }
    let mut joined: Vec<Incoming> = Vec::with_capacity(lines.len());
    // The last record of each stream, and how many lines it has.
    let mut last: [Option<(usize, usize)>; 3] = [None; 3];
    for line in lines {
        let slot = &mut last[line.stream as usize];
        if let Some((at, count)) = slot
            && *count < MOST_LINES
            && goes_on(&joined[*at], &line)
        {
            append(&mut joined[*at], line);
            *count += 1;
        } else {
            *slot = Some((joined.len(), 1));
            joined.push(line);
        }
    }
    joined
}

/// Quickly: most lines are no continuation of anything.
fn may_continue(line: &Incoming) -> bool {
    matches!(line.severity, Severity::Continued(_))
        || line.plain.contains("Traceback (most recent")
        || line.plain.starts_with("goroutine ")
}

fn goes_on(record: &Incoming, line: &Incoming) -> bool {
    let fits = line.stream != Stream::Benchtop
        && line.time.0.abs_diff(record.time.0) <= TOGETHER.unsigned_abs()
        && record.plain.len() + line.plain.len() < LONGEST_LINE
        && record.cut_from.is_none()
        && line.marks == 0;
    if !fits {
        return false;
    }
    let text = line.plain.as_str();
    let indented = matches!(line.severity, Severity::Continued(_)) && !text.trim().is_empty();
    indented || ends_traceback(&record.plain, text) || is_of_go(&record.plain, text)
}

/// `ValueError: no` after `Traceback (most recent call last):`.
fn ends_traceback(record: &str, text: &str) -> bool {
    let head = record.rfind("Traceback (most recent");
    let inside = head.is_some_and(|at| record[at..].lines().skip(1).all(is_indented));
    inside && text.starts_with(|c: char| c.is_alphabetic())
}

fn is_indented(line: &str) -> bool {
    line.starts_with(char::is_whitespace) || line.is_empty()
}

/// The lines after `panic: …` and `goroutine 1 [running]:`: blank ones, calls, places.
fn is_of_go(record: &str, text: &str) -> bool {
    let is_go = record.starts_with("panic: ") || record.starts_with("goroutine ");
    is_go
        && (text.is_empty()
            || text.starts_with("goroutine ")
            || text.starts_with("created by ")
            || text.starts_with("exit status ")
            || text.ends_with(')') && text.contains('('))
}

fn append(record: &mut Incoming, line: Incoming) {
    if record.styled.is_some() || line.styled.is_some() {
        let mut styled = match record.styled.take() {
            Some(styled) => styled.into_string(),
            None => record.plain.clone(),
        };
        styled.push('\n');
        styled.push_str(line.styled.as_deref().unwrap_or(&line.plain));
        record.styled = Some(cut(&styled, LONGEST_LINE).into());
    }
    record.plain.push('\n');
    record.plain.push_str(&line.plain);
    record.marks |= mark_bit(Mark::Joined);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::book::RawLine;
    use benchtop_model::time::Timestamp;

    fn records(text: &str) -> Vec<String> {
        let read = |text: &str| {
            crate::incoming::read(RawLine {
                time: Timestamp(1),
                stream: Stream::Stderr,
                text: text.to_owned(),
                marks: Vec::new(),
            })
        };
        let joined = join(text.lines().map(read).collect());
        joined.into_iter().map(|record| record.plain).collect()
    }

    #[track_caller]
    fn check(first: &str) {
        let all = format!("INFO before\n{first}\nINFO after");
        assert_eq!(records(&all), ["INFO before", first, "INFO after"]);
    }

    #[test]
    fn stack_traces_are_one_record() {
        check("java.io.IOException: no\n\tat a.B.c(B.java:1)\nCaused by: x.Y: z\n\t... 3 more");
        check(
            "fail: Shop.Api[0]\n      System.Exception: no\n         at Shop.Api.Run() in A.cs:line 3",
        );
        check(
            "Traceback (most recent call last):\n  File \"a.py\", line 1, in <module>\n    f()\nValueError: no",
        );
        check(
            "panic: no\n\ngoroutine 1 [running]:\nmain.f(0x1)\n\t/a/main.go:3 +0x1d\nmain.main()\n\t/a/main.go:9",
        );
        check("TypeError: x\n    at f (/a/b.js:1:2)\n    at node:internal/main:3");
        check(
            "2026-11-22 07:00:00 UTC [7] ERROR:  duplicate key\n2026-11-22 07:00:00 UTC [7] DETAIL:  Key (id)=(1) already exists.\n2026-11-22 07:00:00 UTC [7] STATEMENT:  insert into a values (1)",
        );
    }

    #[test]
    fn lines_of_their_own_stay_apart() {
        assert_eq!(records("a\nb\n\nc\n INFO d").len(), 5);
        let many = "x\n".to_owned() + &"  y\n".repeat(600);
        assert_eq!(records(&many).len(), 2, "with a bound");
    }

    #[test]
    fn colours_of_each_line_are_kept() {
        let read = |text: &str| {
            crate::incoming::read(RawLine {
                time: Timestamp(1),
                stream: Stream::Stdout,
                text: text.to_owned(),
                marks: Vec::new(),
            })
        };
        let joined = join(vec![read("a"), read("  \u{1b}[31mb\u{1b}[0m")]);
        assert_eq!(joined.len(), 1);
        assert_eq!(joined[0].plain, "a\n  b");
        assert_eq!(
            joined[0].styled.as_deref(),
            Some("a\n  \u{1b}[31mb\u{1b}[0m")
        );
    }
}
