//! The files of an environment put together: what is written in the file itself,
//! in its override, in what it includes, and in what its services extend. The
//! result is one tree, as if all of it had been written in one file.

mod extends;
mod include;

use super::files::{Files, Unreadable};
use super::findings::Findings;
use super::interpolate::{self, Scope};
use super::yaml::{self, Node};
use super::{dotenv, merge};
use crate::problem::Place;
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

/// Most files that may be put together.
const MOST_FILES: usize = 200;

/// Most values that `extends` may repeat.
const MOST_REPEATED: usize = 400_000;

/// The files that Compose puts over a file of its usual names.
const OVERRIDES: [&str; 4] = [
    "compose.override.yml",
    "compose.override.yaml",
    "docker-compose.override.yml",
    "docker-compose.override.yaml",
];

/// Puts files together.
pub(super) struct Assembly<'a> {
    pub(super) files: &'a Files<'a>,
    pub(super) findings: &'a mut Findings,
    /// Files that are being included, from the outermost.
    stack: Vec<PathBuf>,
    /// Files that services extend, as they were read.
    extended: HashMap<PathBuf, Option<Node>>,
    files_left: usize,
    repeats_left: usize,
}

impl<'a> Assembly<'a> {
    pub(super) fn new(files: &'a Files<'a>, findings: &'a mut Findings) -> Self {
        Self {
            files,
            findings,
            stack: Vec::new(),
            extended: HashMap::new(),
            files_left: MOST_FILES,
            repeats_left: MOST_REPEATED,
        }
    }

    /// The override that lies beside a file of Compose, where there is one.
    pub(super) fn override_of(&mut self, file: &Path) -> Option<Node> {
        let name = file.file_name()?.to_str()?;
        let usual = [
            "compose.yaml",
            "compose.yml",
            "docker-compose.yaml",
            "docker-compose.yml",
        ];
        if !usual.contains(&name) {
            return None;
        }
        for name in OVERRIDES {
            let path = file.with_file_name(name);
            match self.files.text(&path) {
                Ok(text) => {
                    return yaml::parse_marked(&self.files.name(&path), &text, self.findings);
                }
                Err(Unreadable::Missing) => {}
                Err(fault) => self.unreadable(&path, &fault, &self.whole(&path)),
            }
        }
        None
    }

    /// One file with what it includes and extends; its variables are filled in.
    pub(super) fn complete(&mut self, mut root: Node, file: &Path, scope: &Scope) -> Node {
        let dir = file.parent().unwrap_or(Path::new("/")).to_owned();
        self.complete_in(&mut root, file, &dir, scope);
        root
    }

    fn complete_in(&mut self, root: &mut Node, file: &Path, dir: &Path, scope: &Scope) {
        interpolate::document(root, scope, self.findings);
        self.extend_all(root, file, dir, scope);
        self.include_all(root, file, dir, scope);
    }

    /// The tree of a file that another names at `asked`.
    fn read(&mut self, path: &Path, asked: &Place) -> Option<Node> {
        let Some(left) = self.files_left.checked_sub(1) else {
            let message = format!("an environment may have {MOST_FILES} files at the most");
            self.findings.error(asked, message);
            return None;
        };
        self.files_left = left;
        match self.files.text(path) {
            Ok(text) => yaml::parse_marked(&self.files.name(path), &text, self.findings),
            Err(fault) => {
                self.unreadable(path, &fault, asked);
                None
            }
        }
    }

    /// What a file of variables adds to a scope, and whether it has any.
    fn add_variables(&mut self, path: &Path, asked: Option<&Place>, scope: &mut Scope) -> bool {
        let values = match self.files.text(path) {
            Ok(text) => {
                let name = self.files.name(path);
                let usual = dotenv::Format::Usual;
                dotenv::read(&name, &text, usual, &|_| None, scope, self.findings)
            }
            Err(Unreadable::Missing) if asked.is_none() => BTreeMap::new(),
            Err(fault) => {
                let whole = self.whole(path);
                self.unreadable(path, &fault, asked.unwrap_or(&whole));
                BTreeMap::new()
            }
        };
        let any = !values.is_empty();
        values
            .into_iter()
            .for_each(|(key, value)| scope.add_default(&key, value));
        any
    }

    fn unreadable(&mut self, path: &Path, fault: &Unreadable, asked: &Place) {
        let problem = fault.problem(&self.files.name(path), asked);
        self.findings.push(problem);
    }

    fn whole(&self, path: &Path) -> Place {
        Place {
            file: self.files.name(path),
            ..Place::default()
        }
    }
}

/// Both files as one.
pub(super) fn over(base: Node, over: Option<Node>) -> Node {
    match over {
        Some(over) => merge::files(base, over),
        None => base,
    }
}
