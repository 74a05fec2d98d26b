//! The environment file: read, checked and resolved into a [`Plan`].
//!
//! Five steps, each in a module of its own: `yaml` makes nodes that know their
//! place, `interpolate` fills in variables, `assemble` puts several files
//! together, `written` keeps what the author wrote, `resolve` decides what it
//! means. Each goes on after an error, so that
//! everything wrong is said at once.

mod assemble;
mod dotenv;
pub(crate) mod excerpt;
mod files;
pub(crate) mod findings;
mod flatten;
mod interpolate;
mod merge;
mod rebase;
mod resolve;
mod schema;
mod written;
pub(crate) mod yaml;

pub use flatten::flatten;
pub use resolve::parse_duration;
pub use schema::schema;

use crate::plan::Plan;
use crate::problem::{Place, Problem};
use crate::secret;
use assemble::Assembly;
use files::{Files, Unreadable};
use findings::Findings;
use interpolate::Scope;
use resolve::Project;
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

/// The names under which an environment file is looked for in a folder, the
/// preferred one first.
pub const FILE_NAMES: [&str; 6] = [
    "benchtop.yaml",
    "benchtop.yml",
    "compose.yaml",
    "compose.yml",
    "docker-compose.yaml",
    "docker-compose.yml",
];

/// What resolving needs from outside.
pub struct Sources<'a> {
    /// The process environment; it wins over `.env`.
    pub variables: &'a BTreeMap<String, String>,
    /// Active profiles; `*` stands for all.
    pub profiles: &'a BTreeSet<String>,
    /// Reads a whole file. It may stop at 10 MB and one byte: more is refused.
    pub read: &'a dyn Fn(&Path) -> io::Result<Vec<u8>>,
}

/// What became of a file.
#[derive(Debug)]
pub struct Loaded {
    /// Nothing where there are errors.
    pub plan: Option<Plan>,
    /// Errors and warnings, all at once, sorted by place.
    pub problems: Vec<Problem>,
    /// Every file that was looked for, for watching: also those that were missing,
    /// because creating them would change the plan.
    pub inputs: Vec<PathBuf>,
    /// The variables of `.env` whose names look secret: their values may stand anywhere in
    /// the plan.
    pub secrets: BTreeMap<String, String>,
}

/// Reads the environment file at `file`, an absolute path.
#[must_use]
pub fn load(file: &Path, sources: &Sources<'_>) -> Loaded {
    let dir = file.parent().unwrap_or(Path::new("/"));
    let files = Files::new(sources.read, dir);
    let mut findings = Findings::default();
    let place = Place {
        file: files.name(file),
        ..Place::default()
    };
    let mut secrets = BTreeMap::new();
    let plan = match files.text(file) {
        Ok(text) => {
            let scope;
            (scope, secrets) = read_dotenv(dir, sources, &files, &mut findings);
            read(file, &text, scope, sources.profiles, &files, &mut findings)
        }
        Err(fault) => {
            findings.push(fault.problem(&place.file, &place));
            None
        }
    };
    let plan = plan.filter(|_| !findings.has_errors());
    let mut problems = findings.into_sorted(&place);
    excerpt::add(&mut problems, |name| files.seen_text(name));
    Loaded {
        plan,
        problems,
        inputs: files.into_inputs(),
        secrets,
    }
}

/// Reads a text as if it were an environment file that stands alone in its
/// folder `/p`, with no variables set: what tests and examples need.
#[must_use]
pub fn load_alone(text: &str) -> Loaded {
    let read = |path: &Path| match path.ends_with(FILE_NAMES[0]) {
        true => Ok(text.as_bytes().to_vec()),
        false => Err(io::ErrorKind::NotFound.into()),
    };
    let sources = Sources {
        variables: &BTreeMap::new(),
        profiles: &BTreeSet::new(),
        read: &read,
    };
    load(&Path::new("/p").join(FILE_NAMES[0]), &sources)
}

fn read(
    file: &Path,
    text: &str,
    mut scope: Scope,
    profiles: &BTreeSet<String>,
    files: &Files<'_>,
    findings: &mut Findings,
) -> Option<Plan> {
    let dir = file.parent().unwrap_or(Path::new("/"));
    let root = yaml::parse_marked(&files.name(file), text, findings)?;
    let mut assembly = Assembly::new(files, findings);
    let over = assembly.override_of(file);
    let named = over.as_ref().filter(|over| over.get("name").is_some());
    let name = early_name(named.unwrap_or(&root), dir, &scope);
    scope.add_default("COMPOSE_PROJECT_NAME", name.clone());
    let root = assembly.complete(root, file, &scope);
    let over = over.map(|over| assembly.complete(over, file, &scope));
    let mut root = assemble::over(root, over);
    root.prune();
    let written = written::read(&root, findings);
    // A second time, for the messages.
    resolve::environment_name(written.name.as_ref(), dir, findings);
    let project = Project {
        name: &name,
        dir,
        scope: &scope,
        profiles,
        files,
        sources: resolve::Sources {
            secrets: &written.secrets,
            configs: &written.configs,
        },
        endpoints_left: Cell::new(resolve::MOST_ENDPOINTS),
    };
    Some(resolve::resolve(&written, file, &project, findings))
}

/// The process environment, over `.env` where there is one; of that, what looks secret.
fn read_dotenv(
    dir: &Path,
    sources: &Sources<'_>,
    files: &Files<'_>,
    findings: &mut Findings,
) -> (Scope, BTreeMap<String, String>) {
    let mut scope = Scope::new(sources.variables.clone());
    let path = dir.join(".env");
    let name = files.name(&path);
    let own = match files.text(&path) {
        Ok(text) => dotenv::read(
            &name,
            &text,
            dotenv::Format::Usual,
            &|_| None,
            &scope,
            findings,
        ),
        Err(Unreadable::Missing) => BTreeMap::new(),
        Err(fault) => {
            findings.push(fault.problem(
                &name,
                &Place {
                    file: name.clone(),
                    ..Place::default()
                },
            ));
            BTreeMap::new()
        }
    };
    let mut secrets = BTreeMap::new();
    for (key, value) in own {
        if secret::is_secret(&key) {
            secrets.insert(key.clone(), value.clone());
        }
        scope.add_default(&key, value);
    }
    (scope, secrets)
}

/// The name of the environment, which other values may use as a variable, so it
/// must be known before they are interpolated.
fn early_name(root: &yaml::Node, dir: &Path, scope: &Scope) -> String {
    let mut silent = Findings::default();
    let written = root.get("name").and_then(|node| match &node.value {
        yaml::Value::Scalar(text) if node.mark != yaml::Mark::Reset => {
            let value = scope.expand(text, &|_| None, &mut |_| {}).ok()?;
            Some(written::At {
                value,
                place: node.place.clone(),
            })
        }
        _ => None,
    });
    resolve::environment_name(written.as_ref(), dir, &mut silent)
}

#[cfg(test)]
mod tests;
