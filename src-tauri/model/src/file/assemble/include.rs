//! `include`: other files whose services belong to the environment, each with a
//! folder and variables of its own.

use super::{Assembly, over};
use crate::file::interpolate::Scope;
use crate::file::yaml::{Mark, Node, Value};
use crate::file::{merge, rebase};
use crate::problem::{Place, Problem};
use std::path::{Path, PathBuf};

/// What an included file brings in.
const SECTIONS: [&str; 5] = ["services", "volumes", "networks", "secrets", "configs"];

/// One item of `include`.
struct Item {
    /// Files that are put over each other.
    paths: Vec<(String, Place)>,
    project_directory: Option<String>,
    env_files: Vec<(String, Place)>,
}

impl Assembly<'_> {
    /// Brings in what the file includes, and takes `include` out of it.
    pub(super) fn include_all(&mut self, root: &mut Node, file: &Path, dir: &Path, scope: &Scope) {
        let Some(written) = root.remove("include") else {
            return;
        };
        self.stack.push(file.to_owned());
        for item in self.items(&written) {
            if let Some(included) = self.include(&item, dir, scope) {
                self.bring_in(root, included);
            }
        }
        self.stack.pop();
    }

    fn items(&mut self, written: &Node) -> Vec<Item> {
        let nodes = match &written.value {
            Value::Seq(nodes) => nodes.as_slice(),
            Value::Null => &[],
            _ => std::slice::from_ref(written),
        };
        nodes.iter().filter_map(|node| self.item(node)).collect()
    }

    fn item(&mut self, node: &Node) -> Option<Item> {
        let (paths, project_directory, env_files) = match &node.value {
            Value::Map(_) => {
                let dir = node.get("project_directory").map(texts).unwrap_or_default();
                let env_files = node.get("env_file").map(texts).unwrap_or_default();
                let paths = node.get("path").map(texts).unwrap_or_default();
                (
                    paths,
                    dir.into_iter().next().map(|(text, _)| text),
                    env_files,
                )
            }
            _ => (texts(node), None, Vec::new()),
        };
        if paths.is_empty() {
            let problem = Problem::error(&node.place, "an item of `include` names no file");
            self.findings
                .push(problem.hint("write a path, or `{ path: infra/compose.yaml }`"));
            return None;
        }
        Some(Item {
            paths,
            project_directory,
            env_files,
        })
    }

    /// The files of one item as one tree with absolute paths.
    fn include(&mut self, item: &Item, dir: &Path, scope: &Scope) -> Option<Node> {
        let first = dir.join(&item.paths[0].0);
        let own_dir = match &item.project_directory {
            Some(own) => dir.join(own),
            None => first.parent().unwrap_or(dir).to_owned(),
        };
        let outer = scope;
        let scope = self.scope_of(item, dir, &own_dir, outer);
        let mut all: Option<Node> = None;
        for (path, place) in &item.paths {
            let path = tidy(&dir.join(path));
            if self.is_remote(&path, place) || self.is_circle(&path, place) {
                return None;
            }
            let mut root = self.read(&path, place)?;
            self.complete_in(&mut root, &path, &own_dir, &scope);
            if outer.is_verbatim() && !scope.is_verbatim() {
                root.escape();
            }
            all = Some(match all {
                Some(base) => over(base, Some(root)),
                None => root,
            });
        }
        let mut all = all?;
        rebase::file(&mut all, rebase::Change::From(&own_dir));
        Some(all)
    }

    /// The variables from outside, and under them those of the item's own files.
    fn scope_of(&mut self, item: &Item, dir: &Path, own_dir: &Path, scope: &Scope) -> Scope {
        let mut own = scope.child();
        let is_same = tidy(own_dir) == tidy(dir);
        let mut any = false;
        if item.env_files.is_empty() {
            any = self.add_variables(&own_dir.join(".env"), None, &mut own) && !is_same;
        }
        for (path, place) in &item.env_files {
            any |= self.add_variables(&dir.join(path), Some(place), &mut own);
        }
        // Variables that only this file sees cannot be left to a later reader.
        if any {
            own.fill_in();
        }
        own
    }

    fn is_remote(&mut self, path: &Path, place: &Place) -> bool {
        let text = path.to_string_lossy();
        let remote = ["oci:/", "https:/", "git@", "ssh:/", "git:/"];
        let is_remote = remote.iter().any(|scheme| text.contains(scheme));
        if is_remote {
            let problem = Problem::error(place, "files are not fetched from elsewhere");
            self.findings
                .push(problem.hint("put a copy of the file into the project"));
        }
        is_remote
    }

    fn is_circle(&mut self, path: &Path, place: &Place) -> bool {
        let Some(start) = self.stack.iter().position(|other| tidy(other) == path) else {
            return false;
        };
        let names = self.stack[start..]
            .iter()
            .map(PathBuf::as_path)
            .chain([path]);
        let names: Vec<_> = names.map(|path| self.files.name(path)).collect();
        let message = format!(
            "files include each other in a circle: {}",
            names.join(" → ")
        );
        self.findings
            .push(Problem::error(place, message).hint("take one `include` out"));
        true
    }

    /// Adds the entries of an included file. What both say has to be the same.
    fn bring_in(&mut self, root: &mut Node, included: Node) {
        let Value::Map(sections) = included.value else {
            return;
        };
        for (key, section) in sections {
            let Value::Map(entries) = section.value else {
                continue;
            };
            if !SECTIONS.contains(&key.text.as_str()) {
                continue;
            }
            let empty = Node {
                value: Value::Map(Vec::new()),
                place: section.place,
                mark: Mark::Usual,
            };
            let Some(own) = root.entry(&key, empty) else {
                continue;
            };
            for (name, node) in entries {
                match own.get(&name.text) {
                    None => own.push(name, node),
                    Some(other) if merge::same(other, &node) => {}
                    Some(other) => {
                        let kind = key.text.trim_end_matches('s');
                        let message = format!(
                            "{kind} `{}` is written twice: here and in the included {}",
                            name.text, name.place
                        );
                        let problem = Problem::error(&other.place, message);
                        self.findings.push(problem.hint(
                            "rename one of the two, or change the included one in an override file",
                        ));
                    }
                }
            }
        }
    }
}

/// A text, or the texts of a list.
fn texts(node: &Node) -> Vec<(String, Place)> {
    match &node.value {
        Value::Scalar(text) if !text.is_empty() => vec![(text.clone(), node.place.clone())],
        Value::Seq(nodes) => nodes.iter().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

/// Without `.` and `..`, so that two names of one file are equal.
fn tidy(path: &Path) -> PathBuf {
    let mut tidy = PathBuf::new();
    for part in path.components() {
        match part {
            std::path::Component::CurDir => {}
            std::path::Component::ParentDir => {
                tidy.pop();
            }
            _ => tidy.push(part),
        }
    }
    tidy
}
