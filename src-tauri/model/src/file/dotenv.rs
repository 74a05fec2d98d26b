//! `.env` and `env_file`: lines of `KEY=value`, in Compose's grammar.

use crate::file::findings::Findings;
use crate::file::interpolate::{Scope, unset_warning};
use crate::problem::{Place, Problem};
use std::collections::BTreeMap;

/// How values are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// Quotes, comments and variables.
    Usual,
    /// Everything behind `=` as it stands (`format: raw`).
    Raw,
}

/// The variables of `text`, a later line over an earlier one. Its values may use
/// each other, those of `scope` and those that are `known` beside. A key without
/// a value is taken from `scope`, and left out where it is not set there either.
pub(crate) fn read(
    file: &str,
    text: &str,
    format: Format,
    known: &dyn Fn(&str) -> Option<String>,
    scope: &Scope,
    findings: &mut Findings,
) -> BTreeMap<String, String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = Reader {
        file,
        rest: text,
        line: 1,
        format,
        known,
        scope,
        values: BTreeMap::new(),
        findings,
    };
    while reader.skip_to_statement() {
        reader.statement();
    }
    reader.values
}

struct Reader<'a> {
    file: &'a str,
    /// What is not read yet.
    rest: &'a str,
    line: u32,
    format: Format,
    known: &'a dyn Fn(&str) -> Option<String>,
    scope: &'a Scope,
    values: BTreeMap<String, String>,
    findings: &'a mut Findings,
}

impl<'a> Reader<'a> {
    /// Goes over empty lines and comments; false at the end.
    fn skip_to_statement(&mut self) -> bool {
        loop {
            let trimmed = self.rest.trim_start();
            self.advance(self.rest.len() - trimmed.len());
            if !trimmed.starts_with('#') {
                return !trimmed.is_empty();
            }
            self.take_line();
        }
    }

    fn statement(&mut self) {
        let place = Place {
            file: self.file.into(),
            line: self.line,
            column: 1,
        };
        let line = self.rest.split('\n').next().unwrap_or_default();
        let unexported = without_export(line);
        let end = unexported.find(['=', ':']).unwrap_or(unexported.len());
        let key = unexported[..end].trim();
        if let Err(problem) = check_key(key, &place) {
            self.findings.push(problem);
            self.take_line();
            return;
        }
        if end == unexported.len() {
            self.take_line();
            if let Some(value) = self.scope.get(key) {
                self.values.insert(key.to_owned(), value.to_owned());
            }
            return;
        }
        self.advance(line.len() - unexported.len() + end + 1);
        if let Some(value) = self.value(&place) {
            self.values.insert(key.to_owned(), value);
        }
    }

    fn value(&mut self, place: &Place) -> Option<String> {
        if self.format == Format::Raw {
            return Some(self.take_line().trim_end_matches('\r').to_owned());
        }
        let blank = self.rest.len()
            - self
                .rest
                .trim_start_matches([' ', '\t', '\u{b}', '\u{c}', '\r'])
                .len();
        self.advance(blank);
        match self.rest.bytes().next() {
            Some(quote @ (b'"' | b'\'')) => {
                let text = self.quoted(quote, place)?;
                if quote == b'"' {
                    self.expand(&unescape(&text), place)
                } else {
                    Some(text)
                }
            }
            _ => {
                let line = self.take_line();
                // The space may be the one that was skipped before the value.
                let value = if line.starts_with('#') && blank > 0 {
                    ""
                } else {
                    line
                };
                let value = value.split(" #").next().unwrap_or_default().trim_end();
                self.expand(value, place)
            }
        }
    }

    /// The text up to the closing quote, which may stand some lines below. A
    /// backslash keeps its meaning, except before the quote.
    fn quoted(&mut self, quote: u8, place: &Place) -> Option<String> {
        let mut text = String::new();
        let mut escaped = false;
        for (at, c) in self.rest.char_indices().skip(1) {
            if c == char::from(quote) && !escaped {
                self.advance(at + 1);
                self.end_of_quoted();
                return Some(text);
            }
            if escaped && c != char::from(quote) {
                text.push('\\');
            }
            escaped = c == '\\' && !escaped;
            if !escaped {
                text.push(c);
            }
        }
        self.findings.push(
            Problem::error(
                place,
                format!("the quote {} is never closed", char::from(quote)),
            )
            .hint("close it, or write the value without quotes"),
        );
        self.take_line();
        None
    }

    /// Goes over a comment behind a quoted value. What else stands there begins
    /// a new statement, as in Compose.
    fn end_of_quoted(&mut self) {
        let line = self.rest.split('\n').next().unwrap_or_default();
        if line.trim_start().starts_with('#') || line.trim().is_empty() {
            self.take_line();
        }
    }

    fn expand(&mut self, text: &str, place: &Place) -> Option<String> {
        let mut unset = Vec::new();
        let own = |name: &str| {
            self.values
                .get(name)
                .cloned()
                .or_else(|| (self.known)(name))
        };
        let result = self
            .scope
            .expand(text, &own, &mut |name| unset.push(name.to_owned()));
        for name in unset {
            self.findings.push(unset_warning(place, &name));
        }
        result
            .map_err(|fault| self.findings.push(fault.problem(place)))
            .ok()
    }

    /// The rest of the line, and goes behind it.
    fn take_line(&mut self) -> &'a str {
        let line = self.rest.split('\n').next().unwrap_or_default();
        self.advance((line.len() + 1).min(self.rest.len()));
        line
    }

    fn advance(&mut self, bytes: usize) {
        let (gone, rest) = self.rest.split_at(bytes);
        let lines = gone.bytes().filter(|b| *b == b'\n').count();
        self.line = self
            .line
            .saturating_add(u32::try_from(lines).unwrap_or(u32::MAX));
        self.rest = rest;
    }
}

/// The line without a leading `export`.
fn without_export(line: &str) -> &str {
    match line.strip_prefix("export") {
        Some(rest) if rest.starts_with([' ', '\t']) => rest.trim_start(),
        _ => line,
    }
}

fn check_key(key: &str, place: &Place) -> Result<(), Problem> {
    let hint = "expected `KEY=value`; a comment begins with `#`";
    if key.is_empty() {
        return Err(Problem::error(place, "a name is missing before the `=`").hint(hint));
    }
    let odd = key
        .chars()
        .find(|c| !c.is_alphanumeric() && !"_.-[]".contains(*c));
    match odd {
        Some(' ' | '\t') => {
            Err(Problem::error(place, "the name of a variable cannot contain a space").hint(hint))
        }
        Some(odd) => Err(Problem::error(
            place,
            format!(
                "the name of a variable cannot contain `{}`",
                odd.escape_debug()
            ),
        )
        .hint(hint)),
        None => Ok(()),
    }
}

/// The escapes of a double-quoted value. `\$` becomes `$$`, which interpolation
/// reads as one dollar sign.
fn unescape(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let Some(c) = rest.chars().next() else {
            out.push('\\');
            break;
        };
        let used = match (simple_escape(c), octal(rest)) {
            (Some(text), _) => push_and_count(&mut out, text, c.len_utf8()),
            (None, Some((c, used))) => push_and_count(&mut out, c.encode_utf8(&mut [0; 4]), used),
            (None, None) => push_and_count(&mut out, "\\", 0),
        };
        rest = &rest[used..];
    }
    out + rest
}

fn push_and_count(out: &mut String, text: &str, used: usize) -> usize {
    out.push_str(text);
    used
}

fn simple_escape(c: char) -> Option<&'static str> {
    Some(match c {
        'a' => "\u{7}",
        'b' => "\u{8}",
        'f' => "\u{c}",
        'n' => "\n",
        'r' => "\r",
        't' => "\t",
        'v' => "\u{b}",
        '\\' => "\\",
        '"' => "\"",
        '$' => "$$",
        _ => return None,
    })
}

/// `0` and three octal digits, as `echo` reads them.
fn octal(text: &str) -> Option<(char, usize)> {
    let digits = text.strip_prefix('0')?.get(..3)?;
    let code = u8::from_str_radix(digits, 8).ok()?;
    Some((char::from(code), 4))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use proptest::prelude::*;

    fn parse_as(text: &str, format: Format) -> (BTreeMap<String, String>, Vec<String>) {
        let scope = Scope::new([("HOME".to_owned(), "/home/me".to_owned())].into());
        let mut findings = Findings::default();
        let out = read(".env", text, format, &|_| None, &scope, &mut findings);
        let problems = findings.into_sorted(&Place::default());
        (
            out,
            problems
                .iter()
                .map(|p| p.to_string().lines().next().unwrap().to_owned())
                .collect(),
        )
    }

    #[track_caller]
    fn good(text: &str, expected: &[(&str, &str)]) {
        let expected = expected
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect();
        assert_eq!(
            parse_as(text, Format::Usual),
            (expected, vec![]),
            "{text:?}"
        );
    }

    #[test]
    fn plain_values_end_with_the_line_or_a_comment() {
        good(
            "A=1\nB= 2\nC =3\nD = 4\n456 = ABC",
            &[
                ("A", "1"),
                ("B", "2"),
                ("C", "3"),
                ("D", "4"),
                ("456", "ABC"),
            ],
        );
        good(
            "A=bar # comment\nB=123#5\nC=bar #\nD=\nE= # only a comment",
            &[
                ("A", "bar"),
                ("B", "123#5"),
                ("C", "bar"),
                ("D", ""),
                ("E", ""),
            ],
        );
        good("# c\n\n \t# c\nA=b c \r\nB=x", &[("A", "b c"), ("B", "x")]);
        good(
            "export A=1\nexport\tB=2\nexportC=3",
            &[("A", "1"), ("B", "2"), ("exportC", "3")],
        );
        good(
            "A: 1\nB=1:B\nC: Foo=bar",
            &[("A", "1"), ("B", "1:B"), ("C", "Foo=bar")],
        );
        good("\u{feff}A.b-c=ü", &[("A.b-c", "ü")]);
        good(r"A=a\tb", &[("A", r"a\tb")]);
    }

    #[test]
    fn single_quotes_keep_everything() {
        good(r"A='$HOME\n' # c", &[("A", r"$HOME\n")]);
        good("A='one\ntwo'\nB=3", &[("A", "one\ntwo"), ("B", "3")]);
        good(r"A='Let\'s go'", &[("A", "Let's go")]);
        good("A='x#y'", &[("A", "x#y")]);
    }

    #[test]
    fn double_quotes_know_escapes_and_variables() {
        good(
            r#"A="a\nb\t\"c\" \\ \0123 \x07""#,
            &[("A", "a\nb\t\"c\" \\ S \\x07")],
        );
        good(r#"A="bar\\r\ b\az""#, &[("A", "bar\\r\\ b\u{7}z")]);
        good(
            r#"A="$HOME \$HOME \${HOME}""#,
            &[("A", "/home/me $HOME ${HOME}")],
        );
        good("A=\"one\ntwo\" # c\nB=3", &[("A", "one\ntwo"), ("B", "3")]);
    }

    #[test]
    fn values_see_what_stands_before_and_outside() {
        good(
            "A=1\nB=${A}_$HOME\nC=${NO:-x}",
            &[("A", "1"), ("B", "1_/home/me"), ("C", "x")],
        );
        good("HOME\nNOWHERE\n", &[("HOME", "/home/me")]);
        // What is set outside wins, as in Compose.
        good("HOME=/x\nB=$HOME", &[("HOME", "/x"), ("B", "/home/me")]);
    }

    #[test]
    fn raw_values_are_left_alone() {
        let (values, problems) = parse_as("A=\"$HOME\" # c\r\nB= x\n", Format::Raw);
        assert_eq!(values["A"], "\"$HOME\" # c");
        assert_eq!(values["B"], " x");
        assert_eq!(problems, Vec::<String>::new());
    }

    #[test]
    fn every_bad_line_is_told_with_its_number() {
        let (values, problems) = parse_as(
            "A='x\n\ny'\nINVALID LINE\n=v\nlol$wut\nB=${\nC=$NO\nD=\"open\nE=5",
            Format::Usual,
        );
        assert_eq!(values["A"], "x\n\ny");
        assert_eq!(values["E"], "5");
        assert_eq!(
            problems,
            [
                ".env:4:1: error: the name of a variable cannot contain a space",
                ".env:5:1: error: a name is missing before the `=`",
                ".env:6:1: error: the name of a variable cannot contain `$`",
                ".env:7:1: error: `${` is not a variable",
                ".env:8:1: warning: the variable `NO` is not set; an empty text stands in for it",
                ".env:9:1: error: the quote \" is never closed",
            ]
        );
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(text in r#"[A-B='"\\$\{\}#\n\r :0ü]{0,60}"#) {
            parse_as(&text, Format::Usual);
            parse_as(&text, Format::Raw);
        }
    }
}
