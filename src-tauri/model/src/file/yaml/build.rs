//! Second pass: the tree. Aliases are replaced by what they repeat, merge keys
//! by what they bring in, and a key that is written twice is an error.

use super::events::{Item, Kind};
use super::{Key, MOST_DEPTH, MOST_NODES, MOST_TEXT, Mark, Node, Value, syntax};
use crate::file::findings::Findings;
use crate::problem::{Place, Problem};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// The tree of a document; nothing where the document is empty.
pub(super) fn tree(
    file: &Arc<str>,
    items: &[Item<'_>],
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
                file: Arc::clone(file),
                ..Place::default()
            },
            "the file is empty",
        );
    }
    Ok(node)
}

struct Builder<'i> {
    items: &'i [Item<'i>],
    findings: &'i mut Findings,
    nodes: usize,
    text: usize,
}

impl<'i> Builder<'i> {
    fn node(&mut self, at: usize, depth: usize) -> Result<Node, Problem> {
        let items: &'i [Item<'i>] = self.items;
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
    fn spend(&mut self, item: &Item<'_>, depth: usize) -> Result<(), Problem> {
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
        let items: &'i [Item<'i>] = self.items;
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
        if let Some(line) = map.first(&key.text) {
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
        map.add(key, node);
    }

    /// `<<: *one` or `<<: [*one, *two]`.
    fn merge(&mut self, key: Key, node: Node, map: &mut Map) {
        if map.merged.is_some() {
            let problem =
                Problem::error(&key.place, "the merge key `<<` is written twice in one map");
            self.findings
                .push(problem.hint("merge several with a list: `<<: [*one, *two]`"));
            return;
        }
        let sources = match node.value {
            Value::Seq(nodes) => nodes,
            _ => vec![node],
        };
        let mut merged = Vec::new();
        for source in sources {
            match source.value {
                Value::Map(entries) => merged.extend(entries),
                _ => self.findings.error(
                    &key.place,
                    format!("`<<` merges maps, but found {}", source.describe()),
                ),
            }
        }
        map.merged = Some((map.entries.len(), merged));
    }

    fn check_tag(&mut self, item: &Item<'_>) {
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

/// Most entries of a map that are looked through for a key: what people write has
/// fewer, and a table for each small map costs more than reading the file.
const FEW: usize = 16;

/// A map in the making.
#[derive(Default)]
struct Map {
    /// What is written in it.
    entries: Vec<(Key, Node)>,
    /// The line of each key, once there are too many to look through.
    lines: HashMap<String, u32>,
    /// What `<<` brings in, and before which entry it stands.
    merged: Option<(usize, Vec<(Key, Node)>)>,
}

impl Map {
    /// The line in which a key was written before.
    fn first(&self, key: &str) -> Option<u32> {
        if !self.lines.is_empty() {
            return self.lines.get(key).copied();
        }
        let mut written = self.entries.iter().map(|(key, _)| key);
        let first = written.find(|written| written.text == key);
        first.map(|written| written.place.line)
    }

    fn add(&mut self, key: Key, node: Node) {
        self.entries.push((key, node));
        if self.entries.len() > FEW {
            let untold = match self.lines.is_empty() {
                true => &self.entries[..],
                false => &self.entries[self.entries.len() - 1..],
            };
            let lines = untold.iter().map(|(key, _)| key);
            let lines = lines.map(|key| (key.text.clone(), key.place.line));
            self.lines.extend(lines);
        }
    }

    /// What is written wins over what is merged, an earlier merge over a later.
    fn finish(self) -> Vec<(Key, Node)> {
        let mut entries = self.entries;
        if let Some((at, mut merged)) = self.merged {
            let written = entries.iter().map(|(key, _)| key.text.clone());
            let mut taken: HashSet<String> = written.collect();
            merged.retain(|(key, _)| taken.insert(key.text.clone()));
            entries.splice(at..at, merged);
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
