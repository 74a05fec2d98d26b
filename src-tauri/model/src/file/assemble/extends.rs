//! `extends`: a service that begins with what another says.

use super::Assembly;
use crate::file::interpolate::{self, Scope};
use crate::file::yaml::{Key, Node, Value};
use crate::file::{merge, rebase};
use crate::problem::{Place, Problem};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Longest chain of services that extend each other.
const LONGEST_CHAIN: usize = 100;

/// A service that is looked at, with the file in which it is written.
type Link = (PathBuf, String);

/// The services of one file.
struct Home<'h> {
    file: &'h Path,
    dir: &'h Path,
    services: &'h HashMap<&'h str, &'h Node>,
}

/// What a service extends.
struct Target {
    service: String,
    file: Option<String>,
    place: Place,
}

impl Assembly<'_> {
    /// Replaces each service that extends another by what both say.
    pub(super) fn extend_all(&mut self, root: &mut Node, file: &Path, dir: &Path, scope: &Scope) {
        let Some(Value::Map(entries)) = root.get("services").map(|node| &node.value) else {
            return;
        };
        if !entries.iter().any(|(_, node)| extends(node)) {
            return;
        }
        let services = by_name(entries);
        let home = Home {
            file,
            dir,
            services: &services,
        };
        let mut extended = Vec::new();
        for (key, node) in entries.iter().filter(|(_, node)| extends(node)) {
            let node = self.extend(&key.text, node, &home, scope, &mut Vec::new());
            extended.extend(node.map(|node| (key.text.clone(), node)));
        }
        let mut extended: HashMap<String, Node> = extended.into_iter().collect();
        if let Some(Value::Map(entries)) = root.get_mut("services").map(|node| &mut node.value) {
            for (key, node) in entries {
                if let Some(new) = extended.remove(&key.text) {
                    *node = new;
                }
            }
        }
    }

    /// A service with all that it extends; nothing where that cannot be found.
    fn extend(
        &mut self,
        name: &str,
        node: &Node,
        home: &Home<'_>,
        scope: &Scope,
        chain: &mut Vec<Link>,
    ) -> Option<Node> {
        let Some(written) = node.get("extends") else {
            return Some(node.clone());
        };
        let target = self.target(written)?;
        chain.push((home.file.to_owned(), name.to_owned()));
        let base = match &target.file {
            None => self.extend_here(&target, home, scope, chain),
            Some(file) => self.extend_elsewhere(&target, &home.dir.join(file), scope, chain),
        };
        chain.pop();
        let base = base?;
        let mut own = node.clone();
        own.remove("extends");
        self.repeats_left = self.repeats_left.saturating_sub(base.count());
        if self.repeats_left == 0 {
            let message = "the services of this file extend each other too much";
            self.findings.error(&target.place, message);
            return None;
        }
        Some(merge::services(base, own))
    }

    fn extend_here(
        &mut self,
        target: &Target,
        home: &Home<'_>,
        scope: &Scope,
        chain: &mut Vec<Link>,
    ) -> Option<Node> {
        if self.is_endless(target, home.file, chain) {
            return None;
        }
        let Some(node) = home.services.get(target.service.as_str()) else {
            let name = &target.service;
            let file = self.files.name(home.file);
            let problem = Problem::error(
                &target.place,
                format!("there is no service `{name}` in `{file}`"),
            );
            let near = self.findings.nearest(name, home.services.keys().copied());
            self.findings.push(match near {
                Some(near) => problem.hint(format!("did you mean `{near}`?")),
                None => problem.hint("`extends` names a service that is written in that file"),
            });
            return None;
        };
        self.extend(&target.service, node, home, scope, chain)
    }

    fn extend_elsewhere(
        &mut self,
        target: &Target,
        file: &Path,
        scope: &Scope,
        chain: &mut Vec<Link>,
    ) -> Option<Node> {
        if !self.extended.contains_key(file) {
            let mut root = self.read(file, &target.place);
            if let Some(root) = &mut root {
                interpolate::document(root, scope, self.findings);
            }
            self.extended.insert(file.to_owned(), root);
        }
        // Taken out while it is in use; `chain` keeps the same file from being
        // needed twice, apart from a detour, which reads it again.
        let root = self.extended.remove(file)??;
        let entries: &[(Key, Node)] = match root.get("services").map(|node| &node.value) {
            Some(Value::Map(entries)) => entries,
            _ => &[],
        };
        let services = by_name(entries);
        let dir = file.parent().unwrap_or(Path::new("/"));
        let home = Home {
            file,
            dir,
            services: &services,
        };
        let mut found = self.extend_here(target, &home, scope, chain);
        if let Some(found) = &mut found {
            rebase::service(found, rebase::Change::From(dir));
        }
        self.extended.insert(file.to_owned(), Some(root));
        found
    }

    /// Says where services extend each other in a circle, or for too long.
    fn is_endless(&mut self, target: &Target, file: &Path, chain: &[Link]) -> bool {
        let link = (file.to_owned(), target.service.clone());
        let Some(start) = chain.iter().position(|other| *other == link) else {
            if chain.len() < LONGEST_CHAIN {
                return false;
            }
            let message = format!("more than {LONGEST_CHAIN} services extend each other in a row");
            self.findings.error(&target.place, message);
            return true;
        };
        let names = chain[start..].iter().map(|(_, name)| name.as_str());
        let names: Vec<_> = names.chain([target.service.as_str()]).collect();
        let message = format!(
            "services extend each other in a circle: {}",
            names.join(" → ")
        );
        self.findings
            .push(Problem::error(&target.place, message).hint("take one `extends` out"));
        true
    }

    /// `NAME`, or `{ service: NAME, file: PATH }`.
    fn target(&mut self, node: &Node) -> Option<Target> {
        let place = node.place.clone();
        if let Value::Scalar(service) = &node.value {
            return Some(Target {
                service: service.clone(),
                file: None,
                place,
            });
        }
        let text = |key: &str| match node.get(key).map(|node| &node.value) {
            Some(Value::Scalar(text)) if !text.is_empty() => Some(text.clone()),
            _ => None,
        };
        let Some(service) = text("service") else {
            let problem = Problem::error(&place, "`extends` does not name a service");
            self.findings
                .push(problem.hint("write `extends: { service: NAME, file: PATH }`"));
            return None;
        };
        Some(Target {
            service,
            file: text("file"),
            place,
        })
    }
}

/// It begins with what another service says.
fn extends(service: &Node) -> bool {
    service.get("extends").is_some()
}

fn by_name(services: &[(Key, Node)]) -> HashMap<&str, &Node> {
    let named = services.iter();
    named.map(|(key, node)| (key.text.as_str(), node)).collect()
}
