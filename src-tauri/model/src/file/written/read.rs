//! Reading nodes as what they should be, with one message for each way in which
//! they are not.

use super::At;
use crate::file::findings::Findings;
use crate::file::schema;
use crate::file::yaml::{Key, Node, Value};
use crate::problem::{Place, Problem};

/// A key with its value.
#[derive(Clone, Copy)]
pub(super) struct Field<'n> {
    pub(super) key: &'n Key,
    pub(super) node: &'n Node,
}

/// What to do with one key of a map.
type Set<T> = fn(&mut T, &Field<'_>, &mut Findings);

/// A key and what to do with it.
pub(super) type Known<T> = (&'static str, Set<T>);

/// Two tables of keys as one; `N` is the number of both.
pub(super) const fn join<T, const N: usize>(a: &[Known<T>], b: &[Known<T>]) -> [Known<T>; N] {
    let mut all = [a[0]; N];
    let mut at = 0;
    while at < N {
        all[at] = if at < a.len() { a[at] } else { b[at - a.len()] };
        at += 1;
    }
    all
}

/// The keys of a map. `x-…` is allowed everywhere and ignored.
pub(super) struct Keys<T: 'static> {
    /// Those that are read.
    pub(super) known: &'static [Known<T>],
    /// Those that Compose knows, and that have no effect here yet.
    pub(super) later: &'static [&'static str],
}

impl<T> Keys<T> {
    /// Reads the map `node` into `into`; `what` names it in messages.
    pub(super) fn read(&self, what: &str, node: &Node, into: &mut T, findings: &mut Findings) {
        let entries = match &node.value {
            Value::Map(entries) => entries,
            Value::Null => return,
            _ => return expected(what, "a map of keys", node, findings),
        };
        for (key, node) in entries {
            let field = Field { key, node };
            match self.known.iter().find(|(name, _)| *name == key.text) {
                Some((_, set)) => set(into, &field, findings),
                None if key.text.starts_with("x-") => {}
                None if self.later.contains(&key.text.as_str()) => {
                    findings.warn(
                        &key.place,
                        format!(
                            "`{}` of {what} is not supported yet and has no effect",
                            key.text
                        ),
                    );
                }
                None => self.unknown(what, key, findings),
            }
        }
    }

    fn unknown(&self, what: &str, key: &Key, findings: &mut Findings) {
        let names = || {
            self.known
                .iter()
                .map(|(name, _)| *name)
                .chain(self.later.iter().copied())
        };
        let problem = Problem::error(&key.place, format!("unknown key `{}` in {what}", key.text));
        let near = findings.nearest(&key.text, names());
        findings.push(match near {
            Some(name) => problem.hint(format!("did you mean `{name}`?")),
            None if self.known.len() <= 12 || key.text == schema::NO_KEY => {
                problem.hint(format!("known keys: {}", quoted(names())))
            }
            None => problem.hint("a key that begins with `x-` is ignored"),
        });
    }
}

impl<'n> Field<'n> {
    /// The key itself.
    pub(super) fn key(&self) -> At<String> {
        At {
            value: self.key.text.clone(),
            place: self.key.place.clone(),
        }
    }

    /// The key as named in messages.
    pub(super) fn what(&self) -> String {
        format!("`{}`", self.key.text)
    }

    pub(super) fn place(&self) -> &'n Place {
        &self.node.place
    }

    pub(super) fn is_null(&self) -> bool {
        self.node.value == Value::Null
    }

    pub(super) fn is_map(&self) -> bool {
        self.node.is_map()
    }

    pub(super) fn is_seq(&self) -> bool {
        matches!(self.node.value, Value::Seq(_))
    }

    /// A text, a number or a flag, as written.
    pub(super) fn text(&self, findings: &mut Findings) -> Option<At<String>> {
        text(&self.what(), self.node, findings)
    }

    /// The same; nothing where it is empty.
    pub(super) fn filled(&self, findings: &mut Findings) -> Option<At<String>> {
        self.text(findings).filter(|text| !text.value.is_empty())
    }

    /// `true` or `false`.
    pub(super) fn flag(&self, findings: &mut Findings) -> Option<At<bool>> {
        let text = self.text(findings)?;
        let value = match text.value.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" => true,
            "false" | "no" | "off" => false,
            _ => {
                let message = format!(
                    "{} must be `true` or `false`, but is `{}`",
                    self.what(),
                    text.value
                );
                findings.error(&text.place, message);
                return None;
            }
        };
        Some(At {
            value,
            place: text.place,
        })
    }

    /// Whether something is there already and is not ours: `true`, or the old form
    /// `{ name: … }`, which fills in `name`.
    pub(super) fn external(&self, name: &mut Option<At<String>>, findings: &mut Findings) -> bool {
        const OLD: Keys<Option<At<String>>> = Keys {
            known: &[("name", |name, field, findings| {
                *name = field.filled(findings)
            })],
            later: &[],
        };
        if self.is_map() {
            OLD.read("`external`", self.node, name, findings);
            return true;
        }
        self.flag(findings).is_some_and(|flag| flag.value)
    }

    /// A whole number from 1 upwards.
    pub(super) fn count(&self, findings: &mut Findings) -> Option<u32> {
        let text = self.text(findings)?;
        let count = text.value.parse().ok().filter(|n| *n > 0);
        if count.is_none() {
            let message = format!(
                "{} must be a whole number from 1 upwards, but is `{}`",
                self.what(),
                text.value
            );
            findings.error(&text.place, message);
        }
        count
    }

    /// The items of a list. Nothing is an empty list: its items may be commented out.
    pub(super) fn items(&self, findings: &mut Findings) -> &'n [Node] {
        match &self.node.value {
            Value::Seq(nodes) => nodes,
            Value::Null => &[],
            _ => {
                expected(&self.what(), "a list", self.node, findings);
                &[]
            }
        }
    }

    /// The texts of a list, or the one text that stands in place of it.
    pub(super) fn texts(&self, findings: &mut Findings) -> Vec<At<String>> {
        if let Value::Scalar(_) = self.node.value {
            return self.text(findings).into_iter().collect();
        }
        let what = format!("an item of {}", self.what());
        self.items(findings)
            .iter()
            .filter_map(|node| text(&what, node, findings))
            .collect()
    }

    /// The entries of a map whose keys are free names. Nothing is an empty map.
    pub(super) fn entries(
        &self,
        findings: &mut Findings,
    ) -> impl Iterator<Item = Field<'n>> + use<'n> {
        let entries: &'n [(Key, Node)] = match &self.node.value {
            Value::Map(entries) => entries,
            Value::Null => &[],
            _ => {
                expected(&self.what(), "a map of names", self.node, findings);
                &[]
            }
        };
        entries.iter().map(|(key, node)| Field { key, node })
    }
}

/// The text of a scalar.
pub(super) fn text(what: &str, node: &Node, findings: &mut Findings) -> Option<At<String>> {
    match &node.value {
        Value::Scalar(text) => Some(At {
            value: text.clone(),
            place: node.place.clone(),
        }),
        Value::Null => {
            findings.error(&node.place, format!("{what} has no value"));
            None
        }
        Value::Seq(_) | Value::Map(_) | Value::Faulty => {
            expected(what, "text", node, findings);
            None
        }
    }
}

/// Says that a key is missing in a map.
pub(super) fn require(key: &str, what: &str, node: &Node, findings: &mut Findings) {
    if node.get(key).is_none() {
        findings.error(&node.place, format!("`{key}` is missing in {what}"));
    }
}

/// Says that a node is of the wrong kind, unless something worse was said of it.
pub(super) fn expected(what: &str, expected: &str, node: &Node, findings: &mut Findings) {
    if node.value == Value::Faulty {
        return;
    }
    findings.error(
        &node.place,
        format!("{what} must be {expected}, but is {}", node.describe()),
    );
}

/// `` `a`, `b` `` for a hint.
pub(super) fn quoted<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ")
}
