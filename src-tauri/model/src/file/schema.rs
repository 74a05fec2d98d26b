//! The JSON Schema of environment files, for completion in editors.
//!
//! It is made by asking the reader: each key that it knows is tried with every
//! kind of value, and what it does not complain about is in the schema. So there
//! is no second list of keys that could differ from the first.

mod descriptions;

use super::findings::Findings;
use super::written;
use super::yaml::{Key, Mark, Node, Value as Yaml};
use crate::problem::{Place, Problem, Severity};
use serde_json::{Map, Value, json};

/// A key that nobody has; what is said about it lists those that there are.
pub(super) const NO_KEY: &str = "?";

/// Deepest nesting that is described.
const MOST_DEPTH: usize = 9;

/// Keys of the whole file that are taken out before the rest is read.
const TAKEN_OUT: [&str; 1] = ["include"];

/// Stands for any name where names are free.
const ANY_NAME: &str = "some";

/// Where a value stands in a file.
#[derive(Clone)]
enum Step {
    Key(String),
    /// Any item of a list.
    Item,
}

/// The schema of `benchtop.yaml`.
#[must_use]
pub fn schema() -> Value {
    let mut schema = describe(&mut Vec::new());
    let root = schema.as_object_mut();
    let properties = root.and_then(|root| root.get_mut("properties")?.as_object_mut());
    if let Some(properties) = properties {
        for key in TAKEN_OUT {
            let mut included = json!({ "type": ["string", "array"] });
            add_text(&[Step::Key(key.to_owned())], &mut included);
            properties.insert(key.to_owned(), included);
        }
    }
    let head = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Environment file of Benchtop",
    });
    let (Value::Object(mut head), Value::Object(rest)) = (head, schema) else {
        return Value::Null;
    };
    head.extend(rest);
    Value::Object(head)
}

/// What may stand at a place.
fn describe(path: &mut Vec<Step>) -> Value {
    let takes = |text: &str| is_taken(path, Yaml::Scalar(text.to_owned()));
    // A variable is text, whatever it stands for; and so are words of a closed list.
    // A word alone may stand for a map with that key.
    let is_word = || names(path).is_some_and(|all| all.iter().any(|name| takes(name)));
    let is_text = !is_wrong_kind(path, Yaml::Scalar("x".to_owned()), "but is text") || is_word();
    let (is_number, is_flag) = (takes("80") || takes("1.5"), takes("true"));
    let is_nothing = is_taken(path, Yaml::Null);
    let is_list = !is_wrong_kind(path, Yaml::Seq(Vec::new()), "but is a list");
    let is_map = !is_wrong_kind(path, Yaml::Map(Vec::new()), "but is a map");
    if (is_text && is_list && is_map) && is_any(path) || path.len() >= MOST_DEPTH {
        return json!({});
    }
    let kinds = [
        ("string", is_text),
        ("number", is_number),
        ("boolean", is_flag),
        ("null", is_nothing),
        ("array", is_list),
        ("object", is_map),
    ];
    let kinds: Vec<&str> = kinds
        .iter()
        .filter(|(_, is)| *is)
        .map(|(kind, _)| *kind)
        .collect();
    let mut all = Map::new();
    all.insert("type".to_owned(), json!(kinds));
    if is_list {
        path.push(Step::Item);
        all.insert("items".to_owned(), describe(path));
        path.pop();
    }
    if is_map {
        map(path, &mut all);
    }
    Value::Object(all)
}

/// Its keys, or what stands behind names that are free.
fn map(path: &mut Vec<Step>, all: &mut Map<String, Value>) {
    let Some(names) = names(path) else {
        path.push(Step::Key(ANY_NAME.to_owned()));
        all.insert("additionalProperties".to_owned(), describe(path));
        path.pop();
        return;
    };
    let mut properties = Map::new();
    for name in names {
        path.push(Step::Key(name.clone()));
        let mut inner = describe(path);
        add_text(path, &mut inner);
        properties.insert(name, inner);
        path.pop();
    }
    all.insert("properties".to_owned(), Value::Object(properties));
    all.insert("patternProperties".to_owned(), json!({ "^x-": {} }));
    all.insert("additionalProperties".to_owned(), json!(false));
}

/// What is to be said of the key at the end of a path.
fn add_text(path: &[Step], inner: &mut Value) {
    let keys = path.iter().filter_map(|step| match step {
        Step::Key(key) if key == ANY_NAME => Some("*"),
        Step::Key(key) => Some(key.as_str()),
        Step::Item => None,
    });
    let keys: Vec<&str> = keys.collect();
    if let (Some(text), Some(inner)) = (descriptions::of(&keys), inner.as_object_mut()) {
        inner.insert("description".to_owned(), json!(text));
    }
}

/// The keys that the map at a place may have; nothing where they are free.
fn names(path: &[Step]) -> Option<Vec<String>> {
    let key = Key {
        text: NO_KEY.to_owned(),
        place: probe_place(),
    };
    let value = node(Yaml::Scalar("x".to_owned()), Place::default());
    let said = ask(path, node(Yaml::Map(vec![(key, value)]), Place::default()));
    let unknown = said
        .iter()
        .find(|p| p.message.contains("unknown") && p.place == probe_place())?;
    let hint = unknown.hint.as_deref().unwrap_or_default();
    let quoted = hint.split('`').enumerate().filter(|(at, _)| at % 2 == 1);
    Some(quoted.map(|(_, name)| name.to_owned()).collect())
}

/// Whether nothing at all is looked at there.
fn is_any(path: &[Step]) -> bool {
    let inner = node(Yaml::Seq(Vec::new()), probe_place());
    let list = node(Yaml::Seq(vec![inner]), probe_place());
    names(path).is_none() && ask(path, list).is_empty()
}

/// Whether the reader has nothing to say against a value.
fn is_taken(path: &[Step], value: Yaml) -> bool {
    let said = ask(path, node(value, probe_place()));
    !said.iter().any(|problem| problem.place == probe_place())
}

/// Whether the reader says that another kind of value belongs there; that
/// something is missing in it is another matter.
fn is_wrong_kind(path: &[Step], value: Yaml, words: &str) -> bool {
    let said = ask(path, node(value, probe_place()));
    let here = said.iter().filter(|problem| problem.place == probe_place());
    here.into_iter()
        .any(|problem| problem.message.contains(words))
}

/// The errors about a file in which this stands at a place.
fn ask(path: &[Step], value: Node) -> Vec<Problem> {
    let wrap = |inner: Node, step: &Step| {
        let outer = match step {
            Step::Item => Yaml::Seq(vec![inner]),
            Step::Key(text) => {
                let key = Key {
                    text: text.clone(),
                    place: Place::default(),
                };
                Yaml::Map(vec![(key, inner)])
            }
        };
        node(outer, Place::default())
    };
    let root = path.iter().rev().fold(value, wrap);
    let mut findings = Findings::unshortened();
    written::read(&root, &mut findings);
    let said = findings.into_sorted(&Place::default());
    let errors = said.into_iter();
    errors.filter(|p| p.severity == Severity::Error).collect()
}

fn node(value: Yaml, place: Place) -> Node {
    Node {
        value,
        place,
        mark: Mark::Usual,
    }
}

/// The place of what is tried, unlike any other.
fn probe_place() -> Place {
    Place {
        file: "probe".into(),
        line: 7,
        column: 7,
    }
}

#[cfg(test)]
mod tests;
