//! One line of a page.

use crate::metrics::query::Exemplar;
use benchtop_model::time::Timestamp;

/// Bytes of one line.
const LONGEST: usize = 16 * 1024;

/// Labels of one line.
const MOST_LABELS: usize = 64;

/// What a line says.
#[derive(Debug, PartialEq)]
pub(super) enum Line<'a> {
    /// It is empty, a comment, or the end.
    Nothing,
    /// `# TYPE name kind`.
    Type(&'a str, &'a str),
    /// `# HELP name text`.
    Help(&'a str, String),
    /// `# UNIT name unit`.
    Unit(&'a str, &'a str),
    /// `name{label="value"} number [time]`.
    Value {
        name: &'a str,
        labels: Vec<(String, String)>,
        value: f64,
        /// In milliseconds.
        at: Option<i64>,
        exemplar: Option<Exemplar>,
    },
}

/// Reads a line, or says what is wrong with it.
pub(super) fn read_line(line: &str) -> Result<Line<'_>, String> {
    if line.len() > LONGEST {
        return Err("it is too long".to_owned());
    }
    let line = line.trim();
    match line.strip_prefix('#') {
        _ if line.is_empty() => Ok(Line::Nothing),
        Some(comment) => Ok(read_comment(comment.trim_start())),
        None => read_value(line),
    }
}

/// A comment that is none of those that mean something means nothing.
fn read_comment(comment: &str) -> Line<'_> {
    let mut words = comment.splitn(3, [' ', '\t']);
    let (word, name) = (words.next(), words.next().unwrap_or_default());
    let rest = words.next().unwrap_or_default().trim();
    match word {
        Some("TYPE") => Line::Type(name, rest),
        Some("HELP") => Line::Help(name, unescape(rest)),
        Some("UNIT") => Line::Unit(name, rest),
        _ => Line::Nothing,
    }
}

fn read_value(line: &str) -> Result<Line<'_>, String> {
    let end = line.find(|c: char| !is_name(c)).unwrap_or(line.len());
    let (name, rest) = line.split_at(end);
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
        return Err("a name is missing at its begin".to_owned());
    }
    let (labels, rest) = match rest.trim_start().strip_prefix('{') {
        Some(rest) => read_labels(rest)?,
        None => (Vec::new(), rest),
    };
    let (numbers, exemplar) = match rest.split_once('#') {
        Some((numbers, exemplar)) => (numbers, Some(exemplar)),
        None => (rest, None),
    };
    let mut words = numbers.split_ascii_whitespace();
    let value = words.next().and_then(number);
    let value = value.ok_or_else(|| format!("`{name}` has no number"))?;
    let at = match words.next() {
        None => None,
        Some(word) => Some(time(word).ok_or_else(|| format!("`{word}` is no time"))?),
    };
    if words.next().is_some() {
        return Err(format!("there is something behind the time of `{name}`"));
    }
    Ok(Line::Value {
        name,
        labels,
        value,
        at,
        exemplar: exemplar.and_then(|text| read_exemplar(text, at)),
    })
}

type Labels = Vec<(String, String)>;

/// From behind `{` on; answers what follows `}`.
fn read_labels(mut rest: &str) -> Result<(Labels, &str), String> {
    let mut labels = Vec::new();
    loop {
        rest = rest.trim_start();
        if let Some(rest) = rest.strip_prefix('}') {
            return Ok((labels, rest));
        }
        if labels.len() >= MOST_LABELS {
            return Err("there are too many labels".to_owned());
        }
        let (name, behind) = rest
            .split_once('=')
            .ok_or("`=` is missing behind a label")?;
        let name = name.trim();
        if name.is_empty() || !name.chars().all(is_name) {
            return Err(format!("`{name}` is no label"));
        }
        let quoted = behind
            .trim_start()
            .strip_prefix('"')
            .ok_or("`\"` is missing before a value")?;
        let end = end_of_quoted(quoted).ok_or("`\"` is missing behind a value")?;
        labels.push((name.to_owned(), unescape(&quoted[..end])));
        rest = quoted[end + 1..].trim_start();
        match rest.strip_prefix(',') {
            Some(behind) => rest = behind,
            None if rest.starts_with('}') => {}
            None => return Err("`,` or `}` is missing behind a label".to_owned()),
        }
    }
}

/// Where the quote stands that ends a text.
fn end_of_quoted(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.char_indices().find_map(|(at, c)| {
        let ends = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends.then_some(at)
    })
}

fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match (c, rest.as_str().chars().next()) {
            ('\\', Some(next @ ('\\' | '"' | 'n'))) => {
                plain.push(if next == 'n' { '\n' } else { next });
                rest.next();
            }
            _ => plain.push(c),
        }
    }
    plain
}

/// `{trace_id="…",span_id="…"} 0.5 [time]`; one that leads to no trace is none.
fn read_exemplar(text: &str, at: Option<i64>) -> Option<Exemplar> {
    let (labels, rest) = read_labels(text.trim_start().strip_prefix('{')?).ok()?;
    let mut words = rest.split_ascii_whitespace();
    let value = number(words.next()?).filter(|value| value.is_finite())?;
    let own = words.next().and_then(time);
    let label = |key: &str| {
        let found = labels.iter().find(|(name, _)| name == key)?;
        Some(found.1.to_ascii_lowercase())
    };
    let is_id = |id: &String| id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    Some(Exemplar {
        at: Timestamp(own.or(at)?),
        value,
        trace_id: label("trace_id").filter(is_id)?,
        span_id: label("span_id").unwrap_or_default(),
    })
}

/// `12`, `1.5e3`, `NaN`, `+Inf`.
pub(super) fn number(word: &str) -> Option<f64> {
    match word {
        "+Inf" | "Inf" | "+inf" | "inf" => Some(f64::INFINITY),
        "-Inf" | "-inf" => Some(f64::NEG_INFINITY),
        "NaN" | "nan" => Some(f64::NAN),
        _ if word.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c)) => {
            word.parse().ok().filter(|value: &f64| value.is_finite())
        }
        _ => None,
    }
}

/// Whole milliseconds in the older format; seconds with a fraction in OpenMetrics. No
/// service was up in the first months of 1970, so they can be told apart.
fn time(word: &str) -> Option<i64> {
    let value = number(word).filter(|value| value.is_finite() && *value > 0.0)?;
    let seconds = word.contains('.') || value < 1e11;
    Some((if seconds { value * 1000.0 } else { value }) as i64)
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == ':' || c == '.'
}
