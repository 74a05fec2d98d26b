//! Commands and variables as written.

use super::At;
use super::read::{Field, Keys, expected, required, text};
use crate::file::dotenv::Format;
use crate::file::findings::Findings;
use crate::file::yaml::{Node, Value};
use crate::problem::Problem;

/// A command: one line, or word by word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Words {
    Line(String),
    List(Vec<At<String>>),
}

impl Words {
    /// Nothing where nothing is written behind the key.
    pub(super) fn read(field: &Field<'_>, findings: &mut Findings) -> Option<At<Self>> {
        if field.is_null() {
            return None;
        }
        let place = field.place().clone();
        let value = match &field.node.value {
            Value::Scalar(line) => Self::Line(line.clone()),
            Value::Seq(_) => Self::List(field.texts(findings)),
            _ => {
                expected(
                    &field.what(),
                    "text or a list of words",
                    field.node,
                    findings,
                );
                return None;
            }
        };
        Some(At { value, place })
    }
}

/// `KEY: value` or `- KEY=value`; without a value it is passed through.
#[derive(Clone, Debug)]
pub(crate) struct Pair {
    pub(crate) key: At<String>,
    pub(crate) value: Option<At<String>>,
}

impl Pair {
    pub(super) fn read_all(field: &Field<'_>, findings: &mut Findings) -> Vec<Self> {
        if field.is_map() {
            return field
                .entries(findings)
                .filter_map(|entry| Self::entry(&entry, findings))
                .collect();
        }
        let what = format!("an item of {}", field.what());
        field
            .items(findings)
            .iter()
            .filter_map(|node| Self::item(&what, node, findings))
            .collect()
    }

    fn entry(entry: &Field<'_>, findings: &mut Findings) -> Option<Self> {
        let value = if entry.is_null() {
            None
        } else {
            Some(entry.text(findings)?)
        };
        Some(Self {
            key: entry.key(),
            value,
        })
    }

    fn item(what: &str, node: &Node, findings: &mut Findings) -> Option<Self> {
        if let Value::Map(_) = node.value {
            let message = format!("{what} must be `KEY=value`, but is a map");
            findings.push(
                Problem::error(&node.place, message)
                    .hint("write `- KEY=value`, or `KEY: value` without the `-`"),
            );
            return None;
        }
        let item = text(what, node, findings)?;
        let at = |value: &str| At {
            value: value.to_owned(),
            place: item.place.clone(),
        };
        Some(match item.value.split_once('=') {
            Some((key, value)) => Self {
                key: at(key),
                value: Some(at(value)),
            },
            None => Self {
                key: at(&item.value),
                value: None,
            },
        })
    }
}

/// A file of variables.
#[derive(Debug)]
pub(crate) struct EnvFile {
    pub(crate) path: At<String>,
    pub(crate) required: bool,
    pub(crate) format: Format,
}

impl EnvFile {
    pub(super) fn read_all(field: &Field<'_>, findings: &mut Findings) -> Vec<Self> {
        let usual = |path| Self {
            path,
            required: true,
            format: Format::Usual,
        };
        match &field.node.value {
            Value::Scalar(_) => field.text(findings).map(usual).into_iter().collect(),
            Value::Map(_) => Self::long(field.node, findings).into_iter().collect(),
            _ => {
                let what = format!("an item of {}", field.what());
                let read = |node: &Node| match node.value {
                    Value::Map(_) => Self::long(node, findings),
                    _ => text(&what, node, findings).map(usual),
                };
                items(field, read)
            }
        }
    }

    fn long(node: &Node, findings: &mut Findings) -> Option<Self> {
        #[derive(Default)]
        struct Long {
            path: Option<At<String>>,
            required: Option<At<bool>>,
            format: Option<At<String>>,
        }
        const KEYS: Keys<Long> = Keys {
            known: &[
                ("path", |long, field, findings| {
                    long.path = field.text(findings)
                }),
                ("required", |long, field, findings| {
                    long.required = field.flag(findings)
                }),
                ("format", |long, field, findings| {
                    long.format = field.filled(findings)
                }),
            ],
            later: &[],
        };
        let mut long = Long::default();
        KEYS.read("`env_file`", node, &mut long, findings);
        let format = match long.format {
            Some(format) if format.value == "raw" => Format::Raw,
            Some(format) => {
                findings.error(
                    &format.place,
                    format!("`format` can only be `raw`, but is `{}`", format.value),
                );
                Format::Usual
            }
            None => Format::Usual,
        };
        let path = required(
            "path",
            "an item of `env_file`",
            long.path,
            &node.place,
            findings,
        )?;
        Some(Self {
            path,
            required: long.required.is_none_or(|flag| flag.value),
            format,
        })
    }
}

fn items<T>(field: &Field<'_>, read: impl FnMut(&Node) -> Option<T>) -> Vec<T> {
    match &field.node.value {
        Value::Seq(nodes) => nodes.iter().filter_map(read).collect(),
        _ => Vec::new(),
    }
}
