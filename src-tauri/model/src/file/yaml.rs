//! YAML as nodes that know their place.
//!
//! Reading is done in two passes: `events` makes a flat, bounded list of what is
//! written; `build` makes the tree of it, following aliases and merge keys. Both
//! stop at a budget, so that a small file cannot become a large tree.

mod build;
mod events;
mod syntax;

use crate::file::findings::Findings;
use crate::problem::Place;

/// Most nodes, counting each use of an alias with all that is under it.
const MOST_NODES: usize = 200_000;

/// Most bytes of text in the tree, counted in the same way.
const MOST_TEXT: usize = 32 << 20;

/// Deepest nesting.
const MOST_DEPTH: usize = 64;

/// A value and where it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Node {
    pub(crate) value: Value,
    pub(crate) place: Place,
}

/// What a node is. Whether a scalar is a number is decided by who reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    /// Nothing, `null` or `~`.
    Null,
    Scalar(String),
    /// A scalar whose variables could not be filled in, which was told already.
    Faulty,
    Seq(Vec<Node>),
    /// In the order of the file, every key once.
    Map(Vec<(Key, Node)>),
}

/// A key of a map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) text: String,
    pub(crate) place: Place,
}

impl Node {
    /// What it is, in words that fit after "is" or "but found".
    pub(crate) fn describe(&self) -> &'static str {
        match self.value {
            Value::Null => "nothing",
            Value::Scalar(_) | Value::Faulty => "text",
            Value::Seq(_) => "a list",
            Value::Map(_) => "a map",
        }
    }

    /// The value of a key, where this is a map that has it.
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        let Value::Map(entries) = &self.value else {
            return None;
        };
        entries
            .iter()
            .find(|(k, _)| k.text == key)
            .map(|(_, node)| node)
    }
}

/// The one document in `text`, or nothing where it cannot be read at all.
pub(crate) fn parse(file: &str, text: &str, findings: &mut Findings) -> Option<Node> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let built = events::collect(file, text).and_then(|items| build::tree(file, &items, findings));
    match built {
        Ok(node) => node,
        Err(problem) => {
            findings.push(problem);
            None
        }
    }
}

#[cfg(test)]
mod tests;
