//! The language of the search field: from text to terms, which must all hold.
//!
//! ```text
//! timeout "connection reset"     both texts, without regard to case
//! /took \d{4,} ms/               a regular expression; /…/i without regard to case
//! -heartbeat -/GET \/health/     neither of them
//! level>=warn service=api        what a record is
//! user.id=42 status!=200 ms>500  its fields; numbers are compared as numbers
//! logger~kestrel                 the field contains the text; ~/…/ matches
//! ```
//!
//! A word that begins with `/` is a regular expression only where another `/` ends it,
//! so that `/health/ready` is the text that it looks like. What looks like a field and is
//! meant as text goes into quotes.

use std::fmt;

/// One condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// Holds for what does not fit.
    pub negated: bool,
    /// Where it begins, in characters, counted from 1.
    pub column: usize,
    /// What it asks for.
    pub ask: Ask,
}

/// What a term asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// The record contains this text.
    Text(String),
    /// The record matches this.
    Regex(Pattern),
    /// A field has such a value.
    Field {
        /// Its name, parts separated by dots.
        key: String,
        /// How it is compared.
        compare: Compare,
    },
}

/// A regular expression as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// What stands between the slashes.
    pub text: String,
    /// Without regard to case.
    pub ignore_case: bool,
}

/// How a field is compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Compare {
    /// `=`
    Equal(String),
    /// `!=`
    NotEqual(String),
    /// `>=`
    AtLeast(String),
    /// `>`
    Above(String),
    /// `<=`
    AtMost(String),
    /// `<`
    Below(String),
    /// `~text`
    Contains(String),
    /// `~/regex/`
    Matches(Pattern),
}

/// Why a query cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryError {
    /// One sentence, without a full stop.
    pub message: String,
    /// Where, in characters, counted from 1.
    pub column: usize,
    /// What to write instead.
    pub hint: String,
}

impl fmt::Display for QueryError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}, at character {}", self.message, self.column)
    }
}

impl std::error::Error for QueryError {}

/// Reads a query. No terms are no condition.
///
/// # Errors
/// The first place that cannot be understood.
pub fn parse(text: &str) -> Result<Vec<Term>, QueryError> {
    let mut reader = Reader { text, at: 0 };
    let mut terms = Vec::new();
    loop {
        reader.skip_blanks();
        if reader.rest().is_empty() {
            return Ok(terms);
        }
        terms.push(reader.term()?);
    }
}

struct Reader<'a> {
    text: &'a str,
    /// In bytes.
    at: usize,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn column(&self) -> usize {
        self.text[..self.at].chars().count() + 1
    }

    fn skip_blanks(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    fn error(&self, message: &str, hint: &str) -> QueryError {
        QueryError {
            message: message.to_owned(),
            column: self.column(),
            hint: hint.to_owned(),
        }
    }

    fn term(&mut self) -> Result<Term, QueryError> {
        let column = self.column();
        let negated = self.rest().len() > 1
            && self.rest().starts_with('-')
            && !self.rest()[1..].starts_with(|c: char| c.is_whitespace() || "->".contains(c));
        if negated {
            self.at += 1;
        }
        Ok(Term {
            negated,
            column,
            ask: self.ask()?,
        })
    }

    fn ask(&mut self) -> Result<Ask, QueryError> {
        if self.rest().starts_with('"') {
            return Ok(Ask::Text(self.quoted()?));
        }
        if let Some(pattern) = self.regex() {
            return Ok(Ask::Regex(pattern));
        }
        if let Some((key, operator)) = field_head(self.rest()) {
            self.at += key.len() + operator.len();
            let compare = self.compare(operator)?;
            return Ok(Ask::Field {
                key: key.to_owned(),
                compare,
            });
        }
        Ok(Ask::Text(self.word().to_owned()))
    }

    fn compare(&mut self, operator: &str) -> Result<Compare, QueryError> {
        if operator == "~"
            && let Some(pattern) = self.regex()
        {
            return Ok(Compare::Matches(pattern));
        }
        let value = if self.rest().starts_with('"') {
            self.quoted()?
        } else {
            self.word().to_owned()
        };
        // `key=""` asks for an empty value; `key=` is not finished.
        if value.is_empty() && !self.text[..self.at].ends_with('"') {
            return Err(self.error(
                "a value is missing",
                "write it after the sign, such as user.id=42, or put the whole into quotes to \
                 look for it as text",
            ));
        }
        Ok(match operator {
            "=" => Compare::Equal(value),
            "!=" => Compare::NotEqual(value),
            ">=" => Compare::AtLeast(value),
            ">" => Compare::Above(value),
            "<=" => Compare::AtMost(value),
            "<" => Compare::Below(value),
            _ => Compare::Contains(value),
        })
    }

    /// Up to the next blank.
    fn word(&mut self) -> &'a str {
        let rest = self.rest();
        let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    /// A text in quotes, in which `\"` is a quote and `\\` a backslash.
    fn quoted(&mut self) -> Result<String, QueryError> {
        let mut value = String::new();
        let mut chars = self.rest().char_indices().skip(1);
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => {
                    self.at += at + 1;
                    return Ok(value);
                }
                '\\' => match chars.next() {
                    Some((_, escaped @ ('"' | '\\'))) => value.push(escaped),
                    Some((_, other)) => value.extend(['\\', other]),
                    None => value.push('\\'),
                },
                _ => value.push(c),
            }
        }
        Err(self.error(
            "a quote is not closed",
            "end the text with \", or write \\\" for a quote that is part of it",
        ))
    }

    /// `/…/` or `/…/i`, followed by a blank or the end; `None` where it is none.
    fn regex(&mut self) -> Option<Pattern> {
        let body = self.rest().strip_prefix('/')?;
        let mut escaped = false;
        for (at, c) in body.char_indices() {
            if c == '/' && !escaped && at > 0 {
                let after = &body[at + 1..];
                let (ignore_case, tail) = match after.strip_prefix('i') {
                    Some(tail) => (true, tail),
                    None => (false, after),
                };
                if tail.is_empty() || tail.starts_with(char::is_whitespace) {
                    self.at = self.text.len() - tail.len();
                    let text = body[..at].replace("\\/", "/");
                    return Some(Pattern { text, ignore_case });
                }
            }
            escaped = c == '\\' && !escaped;
        }
        None
    }
}

/// Name and operator, where the text begins with a field.
fn field_head(text: &str) -> Option<(&str, &str)> {
    let inside = |c: char| c.is_alphanumeric() || "_.@-".contains(c);
    let end = text.find(|c: char| !inside(c))?;
    let (key, rest) = text.split_at(end);
    let begins = |c: char| c.is_alphabetic() || c == '_' || c == '@';
    if !key.starts_with(begins) {
        return None;
    }
    ["!=", ">=", "<=", "=", ">", "<", "~"]
        .into_iter()
        .find(|operator| rest.starts_with(operator))
        .map(|operator| (key, operator))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The terms in a form that is easy to compare.
    fn read(text: &str) -> Vec<String> {
        let say = |term: Term| {
            let sign = if term.negated { "not " } else { "" };
            let pattern =
                |p: Pattern| format!("/{}/{}", p.text, if p.ignore_case { "i" } else { "" });
            let ask = match term.ask {
                Ask::Text(text) => text,
                Ask::Regex(p) => pattern(p),
                Ask::Field { key, compare } => match compare {
                    Compare::Equal(v) => format!("{key} is {v}"),
                    Compare::NotEqual(v) => format!("{key} is not {v}"),
                    Compare::AtLeast(v) => format!("{key} at least {v}"),
                    Compare::Above(v) => format!("{key} above {v}"),
                    Compare::AtMost(v) => format!("{key} at most {v}"),
                    Compare::Below(v) => format!("{key} below {v}"),
                    Compare::Contains(v) => format!("{key} contains {v}"),
                    Compare::Matches(p) => format!("{key} matches {}", pattern(p)),
                },
            };
            format!("{sign}{ask}")
        };
        parse(text).expect("a query").into_iter().map(say).collect()
    }

    #[test]
    fn words_and_quotes_are_texts() {
        assert_eq!(
            read("  timeout \"connection  reset\"\t"),
            ["timeout", "connection  reset"]
        );
        assert_eq!(read(r#""a \"b\" \\ \d" x"y"#), [r#"a "b" \ \d"#, "x\"y"]);
        assert_eq!(read(""), [""; 0]);
        assert_eq!(
            read("- -- --flag größe 端口"),
            ["-", "--", "--flag", "größe", "端口"]
        );
    }

    #[test]
    fn what_begins_with_a_minus_is_left_out() {
        assert_eq!(
            read(r#"-heartbeat -"a b" -/x+/ -level=debug"#),
            ["not heartbeat", "not a b", "not /x+/", "not level is debug"]
        );
    }

    #[test]
    fn a_path_is_a_text_and_slashes_at_both_ends_make_a_regex() {
        assert_eq!(read("/health/ready /api"), ["/health/ready", "/api"]);
        assert_eq!(
            read(r"/took \d+ ms/ /Gone\/x/i /"),
            [r"/took \d+ ms/", "/Gone/x/i", "/"]
        );
        assert_eq!(read("//"), ["//"]);
    }

    #[test]
    fn fields_have_a_name_a_sign_and_a_value() {
        assert_eq!(
            read(r#"user.id=42 s!=2 ms>=5 ms>5 ms<=5 ms<5 logger~kes m~/a b/ msg="x y" e="" @l=w"#),
            [
                "user.id is 42",
                "s is not 2",
                "ms at least 5",
                "ms above 5",
                "ms at most 5",
                "ms below 5",
                "logger contains kes",
                "m matches /a b/",
                "msg is x y",
                "e is ",
                "@l is w",
            ]
        );
        assert_eq!(
            read("http://x?a=b 5=5 -> \"a=b\""),
            ["http://x?a=b", "5=5", "->", "a=b"]
        );
    }

    #[test]
    fn an_error_names_its_place() {
        let error = parse("größe \"open").expect_err("not closed");
        assert_eq!(
            (error.column, error.message.as_str()),
            (7, "a quote is not closed")
        );
        let error = parse("a user.id= b").expect_err("no value");
        assert_eq!(
            (error.column, error.message.as_str()),
            (11, "a value is missing")
        );
        assert_eq!(error.to_string(), "a value is missing, at character 11");
    }
}
