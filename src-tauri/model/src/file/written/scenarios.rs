//! `scenarios` as written: steps are maps with one key that names their kind.

use super::At;
use super::read::{Field, Keys, expected, quoted};
use super::values::{Pair, Words};
use crate::file::findings::Findings;
use crate::file::schema::NO_KEY;
use crate::file::yaml::{Node, Value};
use crate::problem::{Place, Problem};
use crate::scenario::{Kind, OptionSpec, Shape};

/// An entry of `scenarios`.
#[derive(Debug)]
pub(crate) struct Scenario {
    pub(crate) name: At<String>,
    pub(crate) description: Option<At<String>>,
    pub(crate) vars: Vec<Pair>,
    pub(crate) timeout: Option<At<String>>,
    /// Health is checked before and after, unless this says no.
    pub(crate) gate: Option<At<bool>>,
    pub(crate) steps: Vec<Item>,
    pub(crate) pass: Vec<At<String>>,
}

/// An item of `steps`.
#[derive(Debug)]
#[allow(
    clippy::large_enum_variant,
    reason = "there are few of them; a box would only be in the way"
)]
pub(crate) enum Item {
    One(Step),
    Parallel(Vec<Step>),
}

/// One step.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) place: Place,
    /// Nothing where it is wrong, which was told.
    pub(crate) kind: Option<At<Kind>>,
    pub(crate) options: Vec<(&'static OptionSpec, At<Setting>)>,
    pub(crate) name: Option<At<String>>,
    pub(crate) id: Option<At<String>>,
    pub(crate) timeout: Option<At<String>>,
    pub(crate) retries: Option<At<String>>,
    pub(crate) always: bool,
    pub(crate) pass: Vec<At<String>>,
}

/// The value of an option.
#[derive(Debug)]
pub(crate) enum Setting {
    Text(String),
    List(Vec<At<String>>),
    Words(Words),
    Map(Vec<Pair>),
}

const KEYS: Keys<Scenario> = Keys {
    known: &[
        ("description", |scenario, field, findings| {
            scenario.description = field.text(findings)
        }),
        ("vars", |scenario, field, findings| {
            scenario.vars = Pair::read_all(field, findings)
        }),
        ("timeout", |scenario, field, findings| {
            scenario.timeout = field.text(findings)
        }),
        ("gate", |scenario, field, findings| {
            scenario.gate = field.flag(findings)
        }),
        ("steps", |scenario, field, findings| {
            let nodes = field.items(findings).iter();
            scenario.steps = nodes
                .filter_map(|node| Item::read(node, findings))
                .collect();
        }),
        ("pass", |scenario, field, findings| {
            scenario.pass = field.texts(findings)
        }),
    ],
    later: &[],
};

impl Scenario {
    pub(super) fn read_all(field: &Field<'_>, findings: &mut Findings) -> Vec<Self> {
        let entries = field.entries(findings);
        entries.map(|entry| Self::read(&entry, findings)).collect()
    }

    fn read(entry: &Field<'_>, findings: &mut Findings) -> Self {
        let mut scenario = Self {
            name: entry.key(),
            description: None,
            vars: Vec::new(),
            timeout: None,
            gate: None,
            steps: Vec::new(),
            pass: Vec::new(),
        };
        let what = format!("scenario `{}`", entry.key.text);
        KEYS.read(&what, entry.node, &mut scenario, findings);
        scenario
    }
}

impl Item {
    fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        let Value::Map(entries) = &node.value else {
            expected("a step", "a map of keys", node, findings);
            return None;
        };
        let parallel = entries.iter().find(|(key, _)| key.text == "parallel");
        let Some((key, inner)) = parallel else {
            return Some(Self::One(Step::read(node, true, findings)));
        };
        for (other, _) in entries.iter().filter(|(other, _)| other.text != "parallel") {
            let message = format!("`{}` cannot stand beside `parallel`", other.text);
            let problem = Problem::error(&other.place, message);
            findings.push(problem.hint("write it for each of its steps"));
        }
        let field = Field { key, node: inner };
        let mut steps = Vec::new();
        for node in field.items(findings) {
            match &node.value {
                Value::Map(_) => steps.push(Step::read(node, false, findings)),
                _ => expected("a step", "a map of keys", node, findings),
            }
        }
        Some(Self::Parallel(steps))
    }
}

const FIELDS: [&str; 6] = ["name", "id", "timeout", "retries", "always", "pass"];

impl Step {
    /// Reads a map; `outer` where a group could stand in its place.
    fn read(node: &Node, outer: bool, findings: &mut Findings) -> Self {
        let mut step = Self {
            place: node.place.clone(),
            kind: None,
            options: Vec::new(),
            name: None,
            id: None,
            timeout: None,
            retries: None,
            always: false,
            pass: Vec::new(),
        };
        let Value::Map(entries) = &node.value else {
            return step;
        };
        let errors = findings.error_count();
        for (key, node) in entries {
            step.entry(&Field { key, node }, outer, findings);
        }
        if step.kind.is_none() && findings.error_count() == errors {
            let problem = Problem::error(&node.place, "the step does not say what it does");
            findings.push(problem.hint(format!("a step has one of {}", quoted(kinds(outer)))));
        }
        step
    }

    fn entry(&mut self, field: &Field<'_>, outer: bool, findings: &mut Findings) {
        match field.key.text.as_str() {
            "name" => self.name = field.filled(findings),
            "id" => self.id = field.filled(findings),
            "timeout" => self.timeout = field.text(findings),
            "retries" => self.retries = field.text(findings),
            "always" => self.always = field.flag(findings).is_some_and(|flag| flag.value),
            "pass" => self.pass = field.texts(findings),
            key => match Kind::ALL.into_iter().find(|kind| kind.word() == key) {
                Some(kind) => self.set_kind(kind, field, findings),
                None if key.starts_with("x-") => {}
                None => findings.push(unknown_key(field, outer, findings)),
            },
        }
    }

    fn set_kind(&mut self, kind: Kind, field: &Field<'_>, findings: &mut Findings) {
        if let Some(first) = &self.kind {
            let message = format!(
                "a step does one thing, but this one has `{}` and `{}`",
                first.value.word(),
                kind.word()
            );
            let problem = Problem::error(&field.key.place, message);
            findings.push(problem.hint("make two steps of it"));
            return;
        }
        self.kind = Some(At {
            value: kind,
            place: field.key.place.clone(),
        });
        match (&field.node.value, kind.short()) {
            (Value::Map(entries), _) => {
                for (key, node) in entries {
                    self.option(kind, &Field { key, node }, findings);
                }
            }
            (Value::Scalar(_), Some(short)) => self.set(short, field, findings),
            (Value::Seq(_), Some(short)) if short.shape == Shape::Words => {
                self.set(short, field, findings);
            }
            _ => expected(&field.what(), "a map of keys", field.node, findings),
        }
    }

    fn option(&mut self, kind: Kind, field: &Field<'_>, findings: &mut Findings) {
        let key = field.key.text.as_str();
        let known = kind.options().iter().find(|option| option.name == key);
        match known {
            Some(option) => self.set(option, field, findings),
            None if key.starts_with("x-") => {}
            None => {
                let names = || kind.options().iter().map(|option| option.name);
                let message = format!("unknown key `{key}` in a `{}` step", kind.word());
                let problem = Problem::error(&field.key.place, message);
                let near = findings.nearest(key, names());
                findings.push(match near {
                    Some(name) => problem.hint(format!("did you mean `{name}`?")),
                    None => problem.hint(format!("known keys: {}", quoted(names()))),
                });
            }
        }
    }

    fn set(&mut self, option: &'static OptionSpec, field: &Field<'_>, findings: &mut Findings) {
        let setting = match option.shape {
            Shape::Text | Shape::Service | Shape::Number | Shape::Duration => {
                let text = field.text(findings);
                text.map(|text| Setting::Text(text.value))
            }
            Shape::Services | Shape::List => Some(Setting::List(field.texts(findings))),
            Shape::Words => Words::read(field, findings).map(|words| Setting::Words(words.value)),
            Shape::Map => Some(Setting::Map(Pair::read_all(field, findings))),
        };
        if let Some(value) = setting {
            let place = field.place().clone();
            self.options.push((option, At { value, place }));
        }
    }
}

fn kinds(outer: bool) -> impl Iterator<Item = &'static str> {
    let group = outer.then_some("parallel");
    Kind::ALL.into_iter().map(Kind::word).chain(group)
}

fn unknown_key(field: &Field<'_>, outer: bool, findings: &Findings) -> Problem {
    let key = field.key.text.as_str();
    let problem = Problem::error(&field.key.place, format!("unknown key `{key}` in a step"));
    let names = || kinds(outer).chain(FIELDS);
    if !outer && key == "parallel" {
        return problem.hint("steps that run at the same time cannot be groups themselves");
    }
    match findings.nearest(key, names()) {
        Some(name) if key != NO_KEY => problem.hint(format!("did you mean `{name}`?")),
        _ => problem.hint(format!(
            "a step has one of {} and may have {}",
            quoted(kinds(outer)),
            quoted(FIELDS.into_iter())
        )),
    }
}
