//! `$VARIABLE` and `${VARIABLE…}` in values, in all forms that Compose knows.

use crate::file::findings::Findings;
use crate::file::yaml::{Node, Value};
use crate::problem::{Place, Problem};
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

/// Deepest nesting of `${A:-${B:-…}}`.
const MOST_DEPTH: usize = 32;

/// Most bytes that all values together may have after interpolation.
const MOST_TEXT: usize = 64 << 20;

/// Top-level keys whose values are not for us, or not yet.
const LEFT_ALONE: [&str; 1] = ["scenarios"];

/// The variables that a file sees: the process environment over `.env`.
#[derive(Debug)]
pub(crate) struct Scope {
    variables: BTreeMap<String, String>,
    left: Cell<usize>,
    /// Values stay as they are written.
    verbatim: bool,
}

impl Scope {
    pub(crate) fn new(variables: BTreeMap<String, String>) -> Self {
        Self {
            variables,
            left: Cell::new(MOST_TEXT),
            verbatim: false,
        }
    }

    /// The same variables, which are not filled in: for a file that is written
    /// anew and read later.
    pub(crate) fn verbatim(self) -> Self {
        Self {
            verbatim: true,
            ..self
        }
    }

    pub(crate) fn is_verbatim(&self) -> bool {
        self.verbatim
    }

    /// The variables are filled in after all.
    pub(crate) fn fill_in(&mut self) {
        self.verbatim = false;
    }

    /// A scope that begins with all variables of this one.
    pub(crate) fn child(&self) -> Self {
        Self {
            verbatim: self.verbatim,
            ..Self::new(self.variables.clone())
        }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str)
    }

    /// Sets what is not set already.
    pub(crate) fn add_default(&mut self, name: &str, value: String) {
        self.variables.entry(name.to_owned()).or_insert(value);
    }

    /// `text` with its variables replaced. `own` has the second word; each name
    /// that nobody knows is told to `unset`, and counts as empty.
    pub(crate) fn expand(
        &self,
        text: &str,
        own: &dyn Fn(&str) -> Option<String>,
        unset: &mut dyn FnMut(&str),
    ) -> Result<String, Fault> {
        if self.verbatim || !text.contains('$') {
            return Ok(text.to_owned());
        }
        Expansion {
            scope: self,
            own,
            unset,
        }
        .text(text, 0)
    }
}

/// Why a value cannot be interpolated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// `${` is not followed by a variable, or is not closed.
    Invalid(String),
    /// `${NAME?reason}` of a variable that is not set.
    Required {
        name: String,
        reason: String,
    },
    TooDeep,
    TooLong,
}

impl Fault {
    /// The same for people, with its place.
    pub(crate) fn problem(&self, place: &Place) -> Problem {
        match self {
            Self::Invalid(found) => Problem::error(place, format!("`{found}` is not a variable"))
                .hint("expected `${NAME}` or `${NAME:-default}`; `$$` stands for a dollar sign"),
            Self::Required { name, reason } => {
                let reason = if reason.is_empty() {
                    "it is not set"
                } else {
                    reason
                };
                let message = format!("the variable `{name}` is required: {reason}");
                Problem::error(place, message).hint(how_to_set(name))
            }
            Self::TooDeep => {
                let message = format!("variables are nested more than {MOST_DEPTH} levels deep");
                Problem::error(place, message)
            }
            Self::TooLong => {
                let most = MOST_TEXT >> 20;
                Problem::error(
                    place,
                    format!("the variables make more than {most} MB of text"),
                )
            }
        }
    }
}

/// What is said about a variable that nobody knows.
pub(crate) fn unset_warning(place: &Place, name: &str) -> Problem {
    Problem::warning(
        place,
        format!("the variable `{name}` is not set; an empty text stands in for it"),
    )
    .hint(format!(
        "{}, or give a default: `${{{name}:-value}}`",
        how_to_set(name)
    ))
}

fn how_to_set(name: &str) -> String {
    format!("set `{name}` in `.env` or in the environment")
}

/// Replaces the variables in every value, never in a key. A variable that is not
/// set is told once.
pub(crate) fn document(root: &mut Node, scope: &Scope, findings: &mut Findings) {
    let mut walk = Walk {
        scope,
        findings,
        told: BTreeSet::new(),
    };
    if let Value::Map(entries) = &mut root.value {
        for (key, node) in entries {
            if !key.text.starts_with("x-") && !LEFT_ALONE.contains(&key.text.as_str()) {
                walk.node(node);
            }
        }
    }
}

struct Walk<'a> {
    scope: &'a Scope,
    findings: &'a mut Findings,
    told: BTreeSet<String>,
}

impl Walk<'_> {
    fn node(&mut self, node: &mut Node) {
        match &mut node.value {
            Value::Null | Value::Faulty => {}
            // Most values name no variable, and are not worth a copy.
            Value::Scalar(text) if !text.contains('$') => {}
            Value::Scalar(text) => {
                node.value = self
                    .text(text, &node.place)
                    .map_or(Value::Faulty, Value::Scalar);
            }
            Value::Seq(nodes) => nodes.iter_mut().for_each(|node| self.node(node)),
            Value::Map(entries) => entries.iter_mut().for_each(|(_, node)| self.node(node)),
        }
    }

    fn text(&mut self, text: &str, place: &Place) -> Option<String> {
        let mut unset = Vec::new();
        let expanded = self
            .scope
            .expand(text, &|_| None, &mut |name| unset.push(name.to_owned()));
        for name in unset {
            if self.told.insert(name.clone()) {
                self.findings.push(unset_warning(place, &name));
            }
        }
        expanded
            .map_err(|fault| self.findings.push(fault.problem(place)))
            .ok()
    }
}

/// One text in the making.
struct Expansion<'a> {
    scope: &'a Scope,
    own: &'a dyn Fn(&str) -> Option<String>,
    unset: &'a mut dyn FnMut(&str),
}

impl Expansion<'_> {
    fn text(&mut self, text: &str, depth: usize) -> Result<String, Fault> {
        if depth > MOST_DEPTH {
            return Err(Fault::TooDeep);
        }
        let mut out = String::new();
        let mut rest = text;
        while let Some(dollar) = rest.find('$') {
            self.put(&mut out, &rest[..dollar])?;
            let behind = &rest[dollar + 1..];
            let used = match behind.bytes().next() {
                Some(b'$') => self.put(&mut out, "$").map(|()| 1)?,
                Some(b'{') => self.braced(behind, depth, &mut out)?,
                Some(first) if is_name_start(first) => self.named(behind, &mut out)?,
                _ => self.put(&mut out, "$").map(|()| 0)?,
            };
            rest = &behind[used..];
        }
        self.put(&mut out, rest)?;
        Ok(out)
    }

    /// `NAME…`; returns how much of it belongs to the variable.
    fn named(&mut self, behind: &str, out: &mut String) -> Result<usize, Fault> {
        let name = leading_name(behind);
        let value = self.plain(name);
        self.put(out, &value)?;
        Ok(name.len())
    }

    /// `{…}…`; returns how much of it belongs to the variable.
    fn braced(&mut self, behind: &str, depth: usize, out: &mut String) -> Result<usize, Fault> {
        let invalid = |inner: &str| Fault::Invalid(format!("${}", shortened(inner)));
        let Some(close) = closing(behind) else {
            return Err(invalid(behind));
        };
        let inner = &behind[1..close];
        let name = leading_name(inner);
        if name.is_empty() {
            return Err(invalid(&behind[..=close]));
        }
        let value = match Operator::split(&inner[name.len()..]) {
            Some((operator, word)) => self.operator(name, operator, word, depth)?,
            None if inner.len() == name.len() => self.plain(name),
            None => return Err(invalid(&behind[..=close])),
        };
        self.put(out, &value)?;
        Ok(close + 1)
    }

    fn operator(
        &mut self,
        name: &str,
        operator: Operator,
        word: &str,
        depth: usize,
    ) -> Result<String, Fault> {
        let set = self
            .lookup(name)
            .filter(|value| !(operator.empty_is_unset && value.is_empty()));
        match (operator.sign, set) {
            (b'-' | b'?', Some(value)) => Ok(value),
            (b'-', None) | (b'+', Some(_)) => self.text(word, depth + 1),
            (b'?', None) => {
                let reason = self.text(word, depth + 1)?;
                Err(Fault::Required {
                    name: name.to_owned(),
                    reason,
                })
            }
            _ => Ok(String::new()),
        }
    }

    fn plain(&mut self, name: &str) -> String {
        self.lookup(name).unwrap_or_else(|| {
            (self.unset)(name);
            String::new()
        })
    }

    fn lookup(&self, name: &str) -> Option<String> {
        self.scope
            .get(name)
            .map(str::to_owned)
            .or_else(|| (self.own)(name))
    }

    /// Appends within the budget: a chain of variables that double each other
    /// ends here.
    fn put(&mut self, out: &mut String, text: &str) -> Result<(), Fault> {
        let left = self
            .scope
            .left
            .get()
            .checked_sub(text.len())
            .ok_or(Fault::TooLong)?;
        self.scope.left.set(left);
        out.push_str(text);
        Ok(())
    }
}

/// `:-`, `-`, `:?`, `?`, `:+` or `+`.
#[derive(Clone, Copy)]
struct Operator {
    sign: u8,
    empty_is_unset: bool,
}

impl Operator {
    /// The operator at the beginning, and the word behind it.
    fn split(text: &str) -> Option<(Self, &str)> {
        let (empty_is_unset, rest) = match text.strip_prefix(':') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let sign = rest.bytes().next().filter(|sign| b"-?+".contains(sign))?;
        Some((
            Self {
                sign,
                empty_is_unset,
            },
            &rest[1..],
        ))
    }
}

fn is_name_start(byte: u8) -> bool {
    byte == b'_' || byte.is_ascii_alphabetic()
}

fn leading_name(text: &str) -> &str {
    if !text.bytes().next().is_some_and(is_name_start) {
        return "";
    }
    let end = text
        .bytes()
        .position(|b| b != b'_' && !b.is_ascii_alphanumeric());
    &text[..end.unwrap_or(text.len())]
}

/// Where the brace at the beginning is closed; braces inside are counted.
fn closing(text: &str) -> Option<usize> {
    let mut open = 0usize;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'{' => open += 1,
            b'}' if open == 1 => return Some(at),
            b'}' => open -= 1,
            _ => {}
        }
    }
    None
}

/// At most 40 characters, for a message.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use proptest::prelude::*;

    fn scope() -> Scope {
        let pairs = [
            ("FOO", "first"),
            ("BAR", ""),
            ("JSON", r#"{"a":1}"#),
            ("_x1", "under"),
        ];
        Scope::new(pairs.map(|(k, v)| (k.to_owned(), v.to_owned())).into())
    }

    fn expand(text: &str) -> (Result<String, Fault>, Vec<String>) {
        let mut unset = Vec::new();
        let result = scope().expand(text, &|_| None, &mut |name| unset.push(name.to_owned()));
        (result, unset)
    }

    #[test]
    fn every_form_gives_what_compose_gives() {
        let table = [
            ("foo", "foo"),
            ("$FOO-bar", "first-bar"),
            ("${FOO}bar $_x1", "firstbar under"),
            ("$$FOO $${FOO} $$", "$FOO ${FOO} $"),
            ("a $ b ^REGEX$ $} $1 $-", "a $ b ^REGEX$ $} $1 $-"),
            ("${BAR:-d} ${BAR-d}", "d "),
            ("${NO:-d} ${NO-d} ${FOO:-d} ${FOO-d}", "d d first first"),
            (
                "${NO:+p} ${NO+p} ${FOO:+p} ${FOO+p} ${BAR:+p} ${BAR+p}",
                "  p p  p",
            ),
            ("${FOO:?e} ${FOO?e} ${BAR?e}", "first first "),
            ("${BAR:-/non:-alpha?+}", "/non:-alpha?+"),
            ("${NO-$FOO} ${NO:-${FOO} ${FOO}}", "first first first"),
            ("${NO:-${BAR:-${FOO}}}", "first"),
            (r#"${NO:-{"b":2}} $JSON"#, r#"{"b":2} {"a":1}"#),
            ("-ok ${BAR:-x} ?${NO:-}", "-ok x ?"),
            ("ü$FOO€", "üfirst€"),
        ];
        for (text, expected) in table {
            assert_eq!(expand(text), (Ok(expected.to_owned()), vec![]), "{text}");
        }
    }

    #[test]
    fn what_is_not_set_is_empty_and_told() {
        assert_eq!(
            expand("a${NO}b$NOT"),
            (Ok("ab".into()), vec!["NO".into(), "NOT".into()])
        );
        assert_eq!(expand("${A:+${A},}B").1, Vec::<String>::new());
        assert_eq!(expand("${A:-${B}}").1, ["B"]);
        assert_eq!(expand("${FOO?${B}}").1, Vec::<String>::new());
    }

    #[test]
    fn bad_forms_and_missing_values_are_refused() {
        for text in [
            "${",
            "${}",
            "${ }",
            "${ foo}",
            "${foo }",
            "${foo!}",
            "${1a}",
            "${A:-${B}",
            "${foo:=x}",
        ] {
            assert!(matches!(expand(text).0, Err(Fault::Invalid(_))), "{text}");
        }
        let required = |name: &str, reason: &str| {
            Err(Fault::Required {
                name: name.into(),
                reason: reason.into(),
            })
        };
        assert_eq!(expand("${NO:?set $FOO}").0, required("NO", "set first"));
        assert_eq!(expand("${BAR:?}").0, required("BAR", ""));
    }

    #[test]
    fn nesting_and_growth_are_bounded() {
        let deep = format!("{}x{}", "${A:-".repeat(100), "}".repeat(100));
        assert_eq!(expand(&deep).0, Err(Fault::TooDeep));
        let unclosed = "${A:-".repeat(100_000);
        assert!(matches!(expand(&unclosed).0, Err(Fault::Invalid(_))));
        let large = Scope::new([("L".to_owned(), "x".repeat(1 << 20))].into());
        let result = large.expand(&"$L".repeat(100), &|_| None, &mut |_| {});
        assert_eq!(result, Err(Fault::TooLong));
    }

    proptest! {
        #[test]
        fn text_without_a_dollar_stays_as_it_is(text in "[^$]*") {
            prop_assert_eq!(expand(&text).0, Ok(text));
        }

        #[test]
        fn a_doubled_dollar_is_one_dollar(text in "[^$]*") {
            let doubled = format!("$${text}$$");
            prop_assert_eq!(expand(&doubled).0, Ok(format!("${text}$")));
        }

        #[test]
        fn nothing_makes_it_panic(text in r"[$\{\}:?+A-Cü -]{0,40}") {
            drop(expand(&text));
        }
    }
}
