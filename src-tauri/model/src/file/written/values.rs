//! Commands and variables as written.

use super::At;
use super::read::{Field, Keys, expected, require, text};
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
    /// Nothing where it was forgotten, which was told.
    pub(crate) path: Option<At<String>>,
    pub(crate) required: bool,
    pub(crate) format: Format,
}

const ENV_FILE: Keys<EnvFile> = Keys {
    known: &[
        ("path", |file, field, findings| {
            file.path = field.text(findings);
        }),
        ("required", |file, field, findings| {
            file.required = field.flag(findings).is_none_or(|flag| flag.value);
        }),
        ("format", EnvFile::read_format),
    ],
    later: &[],
};

impl EnvFile {
    pub(super) fn read_all(field: &Field<'_>, findings: &mut Findings) -> Vec<Self> {
        match &field.node.value {
            Value::Scalar(_) | Value::Map(_) => vec![Self::read(field.node, findings)],
            _ => {
                let nodes = field.items(findings).iter();
                nodes.map(|node| Self::read(node, findings)).collect()
            }
        }
    }

    /// A path, or a map with one.
    fn read(node: &Node, findings: &mut Findings) -> Self {
        let mut file = Self {
            path: None,
            required: true,
            format: Format::Usual,
        };
        let Value::Map(_) = node.value else {
            file.path = text("an item of `env_file`", node, findings);
            return file;
        };
        ENV_FILE.read("`env_file`", node, &mut file, findings);
        require("path", "an item of `env_file`", node, findings);
        file
    }

    fn read_format(&mut self, field: &Field<'_>, findings: &mut Findings) {
        match field.filled(findings) {
            Some(format) if format.value == "raw" => self.format = Format::Raw,
            Some(format) => {
                let message = format!("`format` can only be `raw`, but is `{}`", format.value);
                findings.error(&format.place, message);
            }
            None => {}
        }
    }
}
