//! Second pass: the tree. Aliases are replaced by what they repeat, merge keys
//! by what they bring in, and a key that is written twice is an error.

use super::events::{Item, Kind};
use super::{Key, MOST_DEPTH, MOST_NODES, MOST_TEXT, Mark, Node, Value, syntax};
use crate::file::findings::Findings;
use crate::problem::{Place, Problem};
use std::collections::{HashMap, HashSet};

/// The tree of a document; nothing where the document is empty.
pub(super) fn tree(
    file: &str,
    items: &[Item],
    findings: &mut Findings,
) -> Result<Option<Node>, Problem> {
    let mut builder = Builder {
        items,
        findings,
        nodes: 0,
        text: 0,
    };
    let built = if items.is_empty() {
        None
    } else {
        Some(builder.node(0, 0)?)
    };
    let node = built.filter(|node| node.mark != Mark::Reset);
    if node.is_none() {
        findings.error(
            &Place {
                file: file.to_owned(),
                ..Place::default()
            },
            "the file is empty",
        );
    }
    Ok(node)
}

struct Builder<'i> {
    items: &'i [Item],
    findings: &'i mut Findings,
    nodes: usize,
    text: usize,
}

impl<'i> Builder<'i> {
    fn node(&mut self, at: usize, depth: usize) -> Result<Node, Problem> {
        let items: &'i [Item] = self.items;
        let item = &items[at];
        self.spend(item, depth)?;
        let value = match &item.kind {
            Kind::Alias { target } => return self.node(*target, depth),
            Kind::Scalar { text, plain } => {
                scalar(text, *plain && item.tag.as_deref() != Some("!!str"))
            }
            Kind::Seq { end } => self.seq(at + 1, *end, depth)?,
            Kind::Map { end } => self.map(at + 1, *end, depth)?,
        };
        let mark = match item.tag.as_deref() {
            Some("!reset") => Mark::Reset,
            Some("!override") => Mark::Override,
            _ => Mark::Usual,
        };
        self.check_tag(item);
        Ok(Node {
            value,
            place: item.place.clone(),
            mark,
        })
    }

    /// Counts one node; the tree of a YAML bomb ends here.
    fn spend(&mut self, item: &Item, depth: usize) -> Result<(), Problem> {
        self.nodes += 1;
        if let Kind::Scalar { text, .. } = &item.kind {
            self.text += text.len();
        }
        if self.nodes > MOST_NODES || self.text > MOST_TEXT {
            return Err(
                Problem::error(&item.place, "the aliases of this file repeat too much").hint(
                    format!(
                        "after all repetition a file may have {MOST_NODES} values and {} MB",
                        MOST_TEXT >> 20
                    ),
                ),
            );
        }
        if depth > MOST_DEPTH {
            return Err(syntax::too_deep(&item.place));
        }
        Ok(())
    }

    fn seq(&mut self, mut at: usize, end: usize, depth: usize) -> Result<Value, Problem> {
        let mut nodes = Vec::new();
        while at < end {
            nodes.push(self.node(at, depth + 1)?);
            at = self.behind(at);
        }
        Ok(Value::Seq(nodes))
    }

    fn map(&mut self, mut at: usize, end: usize, depth: usize) -> Result<Value, Problem> {
        let mut map = Map::default();
        while at < end {
            let value_at = self.behind(at);
            let node = self.node(value_at, depth + 1)?;
            match self.key(at, depth)? {
                Some((key, true)) => self.merge(key, node, &mut map),
                Some((key, false)) => self.entry(key, node, &mut map),
                None => {}
            }
            at = self.behind(value_at);
        }
        Ok(Value::Map(map.finish()))
    }

    /// A key, and whether it is the merge key.
    fn key(&mut self, at: usize, depth: usize) -> Result<Option<(Key, bool)>, Problem> {
        let items: &'i [Item] = self.items;
        let place = &items[at].place;
        let merge = matches!(&items[at].kind, Kind::Scalar { text, plain: true } if text == "<<");
        let node = self.node(at, depth + 1)?;
        match node.value {
            Value::Scalar(text) if !text.is_empty() => Ok(Some((
                Key {
                    text,
                    place: place.clone(),
                },
                merge,
            ))),
            Value::Null | Value::Scalar(_) | Value::Faulty => {
                self.findings
                    .error(place, "a key is missing before the `:`");
                Ok(None)
            }
            Value::Seq(_) | Value::Map(_) => {
                let problem = Problem::error(
                    place,
                    format!("a key must be text, but this is {}", node.describe()),
                );
                self.findings
                    .push(problem.hint("put `{{…}}` and `[…]` in quotes where text is meant"));
                Ok(None)
            }
        }
    }

    fn entry(&mut self, key: Key, node: Node, map: &mut Map) {
        if let Some(first) = map.first.get(&key.text) {
            let line = first.line;
            self.findings.push(
                Problem::error(
                    &key.place,
                    format!(
                        "the key `{}` is written twice, first in line {line}",
                        key.text
                    ),
                )
                .hint("keep one of the two"),
            );
            return;
        }
        map.first.insert(key.text.clone(), key.place.clone());
        map.parts.push(Part::Entry(key, node));
    }

    /// `<<: *one` or `<<: [*one, *two]`.
    fn merge(&mut self, key: Key, node: Node, map: &mut Map) {
        if map.merged {
            let problem =
                Problem::error(&key.place, "the merge key `<<` is written twice in one map");
            self.findings
                .push(problem.hint("merge several with a list: `<<: [*one, *two]`"));
            return;
        }
        map.merged = true;
        let sources = match node.value {
            Value::Seq(nodes) => nodes,
            _ => vec![node],
        };
        for source in sources {
            match source.value {
                Value::Map(entries) => map.parts.push(Part::Merged(entries)),
                _ => self.findings.error(
                    &key.place,
                    format!("`<<` merges maps, but found {}", source.describe()),
                ),
            }
        }
    }

    fn check_tag(&mut self, item: &Item) {
        const SILENT: [&str; 11] = [
            "!reset",
            "!override",
            "!!str",
            "!!int",
            "!!float",
            "!!bool",
            "!!null",
            "!!map",
            "!!seq",
            "!",
            "!!merge",
        ];
        if let Some(tag) = item.tag.as_deref().filter(|tag| !SILENT.contains(tag)) {
            self.findings
                .warn(&item.place, format!("the tag `{tag}` has no effect"));
        }
    }

    /// The position behind the node at `at`.
    fn behind(&self, at: usize) -> usize {
        match self.items[at].kind {
            Kind::Seq { end } | Kind::Map { end } => end,
            Kind::Scalar { .. } | Kind::Alias { .. } => at + 1,
        }
    }
}

/// A map in the making.
#[derive(Default)]
struct Map {
    parts: Vec<Part>,
    /// Where each key was first written.
    first: HashMap<String, Place>,
    merged: bool,
}

enum Part {
    Entry(Key, Node),
    Merged(Vec<(Key, Node)>),
}

impl Map {
    /// What is written wins over what is merged, an earlier merge over a later.
    fn finish(self) -> Vec<(Key, Node)> {
        let mut taken: HashSet<String> = self.first.into_keys().collect();
        let mut entries = Vec::new();
        for part in self.parts {
            match part {
                Part::Entry(key, node) => entries.push((key, node)),
                Part::Merged(more) => entries.extend(
                    more.into_iter()
                        .filter(|(key, _)| taken.insert(key.text.clone())),
                ),
            }
        }
        entries
    }
}

fn scalar(text: &str, plain: bool) -> Value {
    if plain && matches!(text, "" | "~" | "null" | "Null" | "NULL") {
        return Value::Null;
    }
    Value::Scalar(text.to_owned())
}
