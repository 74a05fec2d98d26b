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
use std::sync::Arc;

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
    pub(crate) mark: Mark,
}

/// What a node does to the same one of a file below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    /// It is merged with it.
    Usual,
    /// `!reset`: it takes it away, and itself, too.
    Reset,
    /// `!override`: it stands in place of it.
    Override,
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

    pub(crate) fn is_map(&self) -> bool {
        matches!(self.value, Value::Map(_))
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

impl Node {
    /// A text.
    pub(crate) fn scalar(text: String, place: Place) -> Self {
        Self {
            value: Value::Scalar(text),
            place,
            mark: Mark::Usual,
        }
    }

    /// The value of a key, to be changed.
    pub(crate) fn get_mut(&mut self, key: &str) -> Option<&mut Self> {
        let Value::Map(entries) = &mut self.value else {
            return None;
        };
        let found = entries.iter_mut().find(|(k, _)| k.text == key);
        found.map(|(_, node)| node)
    }

    /// Takes a key out of a map.
    pub(crate) fn remove(&mut self, key: &str) -> Option<Self> {
        let Value::Map(entries) = &mut self.value else {
            return None;
        };
        let at = entries.iter().position(|(k, _)| k.text == key)?;
        Some(entries.remove(at).1)
    }

    /// The value of a key of a map, which is `new` where it was not there or nothing.
    pub(crate) fn entry(&mut self, key: &Key, new: Self) -> Option<&mut Self> {
        if self
            .get(&key.text)
            .is_none_or(|node| node.value == Value::Null)
        {
            self.remove(&key.text);
            self.push(key.clone(), new);
        }
        self.get_mut(&key.text)
    }

    /// Adds a key at the end of a map.
    pub(crate) fn push(&mut self, key: Key, node: Self) {
        if let Value::Map(entries) = &mut self.value {
            entries.push((key, node));
        }
    }

    /// How many nodes there are in it, itself counted.
    pub(crate) fn count(&self) -> usize {
        1 + match &self.value {
            Value::Seq(nodes) => nodes.iter().map(Self::count).sum(),
            Value::Map(entries) => entries.iter().map(|(_, node)| node.count()).sum(),
            Value::Null | Value::Scalar(_) | Value::Faulty => 0,
        }
    }

    /// Doubles each dollar sign, so that nothing is filled in a second time.
    pub(crate) fn escape(&mut self) {
        match &mut self.value {
            Value::Scalar(text) => *text = text.replace('$', "$$"),
            Value::Seq(nodes) => nodes.iter_mut().for_each(Self::escape),
            Value::Map(entries) => entries.iter_mut().for_each(|(_, node)| node.escape()),
            Value::Null | Value::Faulty => {}
        }
    }

    /// Takes out what `!reset` takes away.
    pub(crate) fn prune(&mut self) {
        match &mut self.value {
            Value::Seq(nodes) => {
                nodes.retain(|node| node.mark != Mark::Reset);
                nodes.iter_mut().for_each(Self::prune);
            }
            Value::Map(entries) => {
                entries.retain(|(_, node)| node.mark != Mark::Reset);
                entries.iter_mut().for_each(|(_, node)| node.prune());
            }
            Value::Null | Value::Scalar(_) | Value::Faulty => {}
        }
    }
}

/// The one document in `text`, or nothing where it cannot be read at all. What
/// is marked with `!reset` is still in it.
pub(crate) fn parse_marked(file: &Arc<str>, text: &str, findings: &mut Findings) -> Option<Node> {
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

/// The same without what is marked with `!reset`.
#[cfg(test)]
fn parse(file: &str, text: &str, findings: &mut Findings) -> Option<Node> {
    let mut node = parse_marked(&file.into(), text, findings)?;
    node.prune();
    Some(node)
}

#[cfg(test)]
mod tests;
