//! Two files as one, by Compose's rules: maps merge, lists append, a few keys are
//! replaced, and items that mean the same place count once, the later one.

use super::yaml::{Key, Mark, Node, Value};
use std::collections::HashMap;

/// Keys of a service that the later file replaces as a whole.
const REPLACED: [&str; 2] = ["command", "entrypoint"];

/// Keys whose list and map forms say the same.
const PAIRS: [&str; 5] = ["environment", "labels", "annotations", "sysctls", "args"];

/// `base` with everything that `over` says. Both are whole files.
pub(super) fn files(base: Node, over: Node) -> Node {
    nodes(base, over, &mut Vec::new())
}

/// The same for one service.
pub(super) fn services(base: Node, over: Node) -> Node {
    nodes(base, over, &mut vec!["services".to_owned(), String::new()])
}

fn nodes(base: Node, over: Node, path: &mut Vec<String>) -> Node {
    if over.mark != Mark::Usual || base.mark == Mark::Reset || is_replaced(path) {
        return over;
    }
    let key = path.last().map_or("", String::as_str).to_owned();
    let in_service = path.first().is_some_and(|first| first == "services") && path.len() > 2;
    let (base, over) = if in_service {
        alike(&key, base, over)
    } else {
        (base, over)
    };
    let value = match (base.value, over.value) {
        (value, Value::Null) => value,
        (Value::Map(base), Value::Map(over)) => Value::Map(maps(base, over, path)),
        (Value::Seq(base), Value::Seq(over)) => Value::Seq(lists(&key, base, over)),
        (_, value) => value,
    };
    Node {
        value,
        place: over.place,
        mark: base.mark,
    }
}

fn is_replaced(path: &[String]) -> bool {
    match path {
        [services, _, key] => services == "services" && REPLACED.contains(&key.as_str()),
        [services, _, check, key] => {
            services == "services" && check == "healthcheck" && key == "test"
        }
        _ => false,
    }
}

fn maps(
    base: Vec<(Key, Node)>,
    over: Vec<(Key, Node)>,
    path: &mut Vec<String>,
) -> Vec<(Key, Node)> {
    let mut merged: Vec<(Key, Option<Node>)> = base
        .into_iter()
        .map(|(key, node)| (key, Some(node)))
        .collect();
    let at: HashMap<String, usize> = merged
        .iter()
        .enumerate()
        .map(|(at, (key, _))| (key.text.clone(), at))
        .collect();
    for (key, node) in over {
        match at.get(&key.text) {
            Some(&at) => {
                let (place, base) = &mut merged[at];
                place.place = key.place;
                path.push(key.text);
                *base = base.take().map(|base| nodes(base, node, path));
                path.pop();
            }
            None => merged.push((key, Some(node))),
        }
    }
    let there = |(key, node): (Key, Option<Node>)| Some((key, node?));
    merged.into_iter().filter_map(there).collect()
}

fn lists(key: &str, base: Vec<Node>, over: Vec<Node>) -> Vec<Node> {
    let mut merged: Vec<Node> = Vec::new();
    let mut at: HashMap<String, usize> = HashMap::new();
    for node in base.into_iter().chain(over) {
        let identity = identity(key, &node);
        match identity.as_ref().and_then(|identity| at.get(identity)) {
            Some(&at) => merged[at] = node,
            None => {
                identity.map(|identity| at.insert(identity, merged.len()));
                merged.push(node);
            }
        }
    }
    merged
}

/// What makes two items of a list the same; nothing where they never are.
fn identity(key: &str, node: &Node) -> Option<String> {
    let field = |name: &str| match node.get(name).map(|node| &node.value) {
        Some(Value::Scalar(text)) => Some(text.clone()),
        _ => None,
    };
    match (key, &node.value) {
        ("ports", Value::Scalar(text)) => Some(port(text)),
        ("ports", Value::Map(_)) => Some(format!(
            "{}|{}|{}|{}",
            field("host_ip").unwrap_or_default(),
            field("published").unwrap_or_default(),
            field("target")?,
            field("protocol").unwrap_or_else(|| "tcp".to_owned())
        )),
        ("volumes", Value::Scalar(text)) => Some(target(text).to_owned()),
        ("volumes", Value::Map(_)) => field("target"),
        ("secrets" | "configs", Value::Map(_)) => field("target").or_else(|| field("source")),
        (_, Value::Scalar(text)) => Some(text.clone()),
        _ => None,
    }
}

/// `[IP:][HOST:]CONTAINER[/PROTOCOL]` in one form.
fn port(text: &str) -> String {
    let (addresses, protocol) = text.rsplit_once('/').unwrap_or((text, "tcp"));
    let (rest, container) = addresses.rsplit_once(':').unwrap_or(("", addresses));
    let (ip, host) = rest.rsplit_once(':').unwrap_or(("", rest));
    let ip = ip.trim_start_matches('[').trim_end_matches(']');
    format!("{ip}|{host}|{container}|{protocol}")
}

/// The target of `[SOURCE:]TARGET[:MODE]`.
fn target(text: &str) -> &str {
    let drive =
        matches!(text.as_bytes(), [letter, b':', b'\\' | b'/', ..] if letter.is_ascii_alphabetic());
    let skip = if drive { 2 } else { 0 };
    let rest = text[skip..]
        .find(':')
        .map_or(text, |colon| &text[skip + colon + 1..]);
    let target = rest.split_once(':').map_or(rest, |(target, _)| target);
    target.trim_end_matches('/')
}

/// Two forms of one key in the same form.
fn alike(key: &str, base: Node, over: Node) -> (Node, Node) {
    let both = |shape: fn(Node) -> Node, base, over| (shape(base), shape(over));
    let differ = std::mem::discriminant(&base.value) != std::mem::discriminant(&over.value);
    match key {
        "depends_on" | "networks" => both(names_as_map, base, over),
        "build" => both(folder_as_map, base, over),
        _ if PAIRS.contains(&key) && differ => both(pairs_as_list, base, over),
        "extra_hosts" if differ => both(pairs_as_list, base, over),
        "env_file" | "dns" | "dns_search" | "dns_opt" | "tmpfs" => both(one_as_list, base, over),
        _ => (base, over),
    }
}

/// `[a, b]` as `{a: , b: }`.
fn names_as_map(node: Node) -> Node {
    let Node { value, place, mark } = node;
    let entry = |node: Node| match node.value {
        Value::Scalar(text) => {
            let key = Key {
                text,
                place: node.place.clone(),
            };
            Some((
                key,
                Node {
                    value: Value::Null,
                    ..node
                },
            ))
        }
        _ => None,
    };
    let value = match value {
        Value::Seq(nodes) if nodes.iter().all(|n| matches!(n.value, Value::Scalar(_))) => {
            Value::Map(nodes.into_iter().filter_map(entry).collect())
        }
        other => other,
    };
    Node { value, place, mark }
}

/// `./folder` as `{context: ./folder}`.
fn folder_as_map(node: Node) -> Node {
    if !matches!(node.value, Value::Scalar(_)) {
        return node;
    }
    let key = Key {
        text: "context".to_owned(),
        place: node.place.clone(),
    };
    let (place, mark) = (node.place.clone(), node.mark);
    Node {
        value: Value::Map(vec![(key, node)]),
        place,
        mark,
    }
}

/// `{A: 1, B: }` as `[A=1, B]`.
fn pairs_as_list(node: Node) -> Node {
    let Node { value, place, mark } = node;
    let item = |(key, node): (Key, Node)| {
        let text = match node.value {
            Value::Scalar(text) => format!("{}={text}", key.text),
            _ => key.text,
        };
        Node {
            value: Value::Scalar(text),
            place: key.place,
            mark: node.mark,
        }
    };
    let value = match value {
        Value::Map(entries) => Value::Seq(entries.into_iter().map(item).collect()),
        other => other,
    };
    Node { value, place, mark }
}

/// One item without its list.
fn one_as_list(node: Node) -> Node {
    match node.value {
        Value::Scalar(_) | Value::Map(_) => {
            let (place, mark) = (node.place.clone(), node.mark);
            Node {
                value: Value::Seq(vec![node]),
                place,
                mark,
            }
        }
        _ => node,
    }
}

/// Whether two nodes say the same, wherever they are written.
pub(super) fn same(a: &Node, b: &Node) -> bool {
    match (&a.value, &b.value) {
        (Value::Seq(a), Value::Seq(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Value::Map(a), Value::Map(b)) => {
            let b: HashMap<&str, &Node> = b.iter().map(|(k, n)| (k.text.as_str(), n)).collect();
            a.len() == b.len()
                && a.iter()
                    .all(|(k, n)| b.get(k.text.as_str()).is_some_and(|other| same(n, other)))
        }
        (a, b) => a == b,
    }
}
