//! Paths of a file that lies elsewhere: made absolute, because what uses the file
//! has a folder of its own.

use super::yaml::{Key, Node, Value};
use std::path::Path;

/// What happens to each path.
#[derive(Clone, Copy)]
pub(super) enum Change<'p> {
    /// It is seen from this folder.
    From(&'p Path),
    /// Below this folder, which ends with `/`, it is written as seen from there.
    Near(&'p str),
}

impl Change<'_> {
    fn of(self, text: &str) -> String {
        match self {
            Self::From(dir) => dir.join(text).display().to_string(),
            Self::Near(folder) => match text.strip_prefix(folder) {
                Some(rest) => {
                    let rest = rest.replace("/./", "/");
                    format!("./{}", rest.strip_suffix("/.").unwrap_or(&rest))
                }
                None => text.to_owned(),
            },
        }
    }
}

/// All paths of a whole file.
pub(super) fn file(root: &mut Node, to: Change<'_>) {
    each(root, "services", &mut |node| service(node, to));
    for section in ["secrets", "configs"] {
        each(root, section, &mut |node| at(node, "file", to));
    }
}

/// All paths of one service.
pub(super) fn service(node: &mut Node, to: Change<'_>) {
    let is_process = node.get("process").is_some();
    if is_process {
        folder_of_process(node, to);
    }
    if let Some(build) = node.get_mut("build") {
        // The folder of a command is that of its process, which is whole now.
        match is_process {
            true => at(build, "cwd", to),
            false => folder_of_build(build, to),
        }
    }
    if let Some(watch) = node.get_mut("watch") {
        items(watch, &mut |item| pattern(item, to));
    }
    if let Some(files) = node.get_mut("env_file") {
        items(files, &mut |item| match item.value {
            Value::Map(_) => at(item, "path", to),
            _ => path(item, to),
        });
    }
    if let Some(files) = node.get_mut("label_file") {
        items(files, &mut |item| path(item, to));
    }
    if let Some(volumes) = node.get_mut("volumes") {
        items(volumes, &mut |item| match item.value {
            Value::Map(_) => {
                if is_bind(item) {
                    at(item, "source", to);
                }
            }
            _ => short_volume(item, to),
        });
    }
}

/// The folder of a process is that of its file where it is not written.
fn folder_of_process(node: &mut Node, to: Change<'_>) {
    let written = ["cwd", "working_dir"]
        .into_iter()
        .find(|key| node.get(key).is_some());
    match written {
        Some(key) => at(node, key, to),
        None => insert(node, "cwd", to),
    }
}

fn folder_of_build(build: &mut Node, to: Change<'_>) {
    let folder = |node: &mut Node| {
        let is_remote = matches!(&node.value, Value::Scalar(text) if text.contains("://") || text.starts_with("git@"));
        if !is_remote {
            path(node, to);
        }
    };
    match build.value {
        Value::Scalar(_) => folder(build),
        Value::Map(_) => match build.get_mut("context") {
            Some(context) => folder(context),
            None => insert(build, "context", to),
        },
        _ => {}
    }
}

fn insert(node: &mut Node, key: &str, to: Change<'_>) {
    let Change::From(dir) = to else { return };
    let place = node.place.clone();
    if let Value::Map(entries) = &mut node.value {
        let key = Key {
            text: key.to_owned(),
            place: place.clone(),
        };
        entries.push((key, Node::scalar(dir.display().to_string(), place)));
    }
}

fn is_bind(node: &Node) -> bool {
    matches!(node.get("type").map(|node| &node.value), Some(Value::Scalar(kind)) if kind == "bind")
}

/// `./SOURCE:TARGET`; other sources are names or absolute already.
fn short_volume(node: &mut Node, to: Change<'_>) {
    let Value::Scalar(text) = &mut node.value else {
        return;
    };
    let is_path = match to {
        Change::From(_) => text.starts_with('.'),
        Change::Near(_) => text.starts_with('/'),
    };
    if is_path && let Some((source, rest)) = text.split_once(':') {
        *text = format!("{}:{rest}", to.of(source));
    }
}

/// The path behind a key.
fn at(node: &mut Node, key: &str, to: Change<'_>) {
    if let Some(node) = node.get_mut(key) {
        path(node, to);
    }
}

/// A home folder is the same from everywhere.
fn path(node: &mut Node, to: Change<'_>) {
    if let Value::Scalar(text) = &mut node.value
        && !text.starts_with('~')
        && !text.is_empty()
    {
        *text = to.of(text);
    }
}

/// A pattern of files, which `!` may negate.
fn pattern(node: &mut Node, to: Change<'_>) {
    if let Value::Scalar(text) = &mut node.value
        && let Some(negated) = text.strip_prefix('!')
    {
        *text = format!("!{}", to.of(negated));
    } else {
        path(node, to);
    }
}

fn items(node: &mut Node, change: &mut dyn FnMut(&mut Node)) {
    match &mut node.value {
        Value::Seq(nodes) => nodes.iter_mut().for_each(change),
        _ => change(node),
    }
}

fn each(root: &mut Node, section: &str, change: &mut dyn FnMut(&mut Node)) {
    if let Some(Value::Map(entries)) = root.get_mut(section).map(|node| &mut node.value) {
        entries.iter_mut().for_each(|(_, node)| change(node));
    }
}
