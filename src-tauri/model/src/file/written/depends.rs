//! Dependencies and references as written.

use super::At;
use super::read::{Field, Keys};
use crate::file::findings::Findings;
use crate::file::yaml::Value;
use crate::plan::Condition;
use crate::problem::{Problem, nearest};

/// An entry of `depends_on`.
#[derive(Debug)]
pub(crate) struct Dependency {
    pub(crate) name: At<String>,
    pub(crate) condition: Option<Condition>,
    pub(crate) required: bool,
    pub(crate) restart: bool,
}

impl Dependency {
    pub(super) fn read_all(field: &Field<'_>, findings: &mut Findings) -> Vec<Self> {
        if field.is_map() {
            return field
                .entries(findings)
                .map(|entry| Self::read(&entry, findings))
                .collect();
        }
        let names = field.texts(findings).into_iter();
        names
            .map(|name| Self {
                name,
                condition: None,
                required: true,
                restart: false,
            })
            .collect()
    }

    fn read(entry: &Field<'_>, findings: &mut Findings) -> Self {
        const KEYS: Keys<Dependency> = Keys {
            known: &[
                ("condition", |dependency, field, findings| {
                    dependency.condition = condition(field, findings)
                }),
                ("required", |dependency, field, findings| {
                    dependency.required = field.flag(findings).is_none_or(|flag| flag.value);
                }),
                ("restart", |dependency, field, findings| {
                    dependency.restart = field.flag(findings).is_some_and(|flag| flag.value);
                }),
            ],
            later: &[],
        };
        let mut dependency = Self {
            name: entry.key(),
            condition: None,
            required: true,
            restart: false,
        };
        let what = format!("the dependency on `{}`", entry.key.text);
        match entry.node.value {
            // `db: healthy`, as in `references`.
            Value::Scalar(_) => dependency.condition = condition(entry, findings),
            _ => KEYS.read(&what, entry.node, &mut dependency, findings),
        }
        dependency
    }
}

/// An entry of `references`.
#[derive(Debug)]
pub(crate) struct Reference {
    pub(crate) name: At<String>,
    pub(crate) condition: Option<Condition>,
}

impl Reference {
    pub(super) fn read_all(field: &Field<'_>, findings: &mut Findings) -> Vec<Self> {
        if !field.is_map() {
            let names = field.texts(findings).into_iter();
            return names
                .map(|name| Self {
                    name,
                    condition: None,
                })
                .collect();
        }
        field
            .entries(findings)
            .map(|entry| {
                let condition = if entry.is_null() {
                    None
                } else {
                    condition(&entry, findings)
                };
                Self {
                    name: entry.key(),
                    condition,
                }
            })
            .collect()
    }
}

/// A condition, by Compose's word or by ours.
fn condition(field: &Field<'_>, findings: &mut Findings) -> Option<Condition> {
    const OWN: [(&str, Condition); 3] = [
        ("started", Condition::Started),
        ("healthy", Condition::Healthy),
        ("completed_successfully", Condition::CompletedSuccessfully),
    ];
    let text = field.text(findings)?;
    let word = text.value.strip_prefix("service_").unwrap_or(&text.value);
    let known = OWN
        .iter()
        .find(|(name, _)| *name == word)
        .map(|(_, condition)| *condition);
    if known.is_none() {
        let problem = Problem::error(&text.place, format!("unknown condition `{}`", text.value));
        findings.push(match nearest(word, OWN.map(|(name, _)| name)) {
            Some(name) => problem.hint(format!("did you mean `{name}`?")),
            None => problem.hint("expected `started`, `healthy` or `completed_successfully`"),
        });
    }
    known
}
