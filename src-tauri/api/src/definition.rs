//! Reads definitions for faces: by path, or the built-in sample.

use crate::paths::{Paths, private_dir};
use crate::schema::{ApiError, ErrorCode};
use crate::summary;
use crate::view::CheckReport;
use benchtop_engine::load;
use benchtop_model::plan::{Container, Plan, Run};
use benchtop_model::problem::{Problem, Severity};
use benchtop_model::scenario::{Item, Scenario, Setting};
use benchtop_model::{graph, secret};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The built-in sample, which is also an example.
const SAMPLE: &str = include_str!("../../../examples/sample/benchtop.yaml");

/// The variable by which the sample finds its program.
const SAMPLE_PROGRAM: &str = "BENCHTOP_BIN";

/// What is needed to read a definition, again and again.
#[derive(Clone, Debug)]
pub struct Source {
    /// File or folder.
    pub path: PathBuf,
    /// Profiles that are switched on.
    pub profiles: BTreeSet<String>,
    /// For interpolation, and what processes start with.
    pub variables: BTreeMap<String, String>,
    /// The built-in sample.
    pub sample: bool,
}

/// A definition as it lies on disk.
#[derive(Clone, Debug)]
pub struct Definition {
    /// `None` where there are errors.
    pub plan: Option<Plan>,
    /// Every finding.
    pub problems: Vec<Problem>,
    /// What of `.env` looks secret.
    pub secrets: BTreeMap<String, String>,
    /// The files that were read and when each was last changed.
    inputs: Vec<(PathBuf, Option<SystemTime>)>,
}

impl Source {
    /// From a request: a path, or the sample where it is absent.
    ///
    /// # Errors
    /// Where the sample cannot be written.
    pub fn from_request(
        paths: &Paths,
        program: &Path,
        path: Option<String>,
        profiles: Vec<String>,
        variables: BTreeMap<String, String>,
    ) -> Result<Self, ApiError> {
        let mut variables = if variables.is_empty() {
            std::env::vars().collect()
        } else {
            variables
        };
        let sample = path.is_none();
        let path = match path {
            Some(path) => PathBuf::from(path),
            None => {
                variables.insert(SAMPLE_PROGRAM.to_owned(), program.display().to_string());
                write_sample(paths)
                    .map_err(|e| ApiError::internal(format!("cannot write the sample: {e}")))?
            }
        };
        Ok(Self {
            path,
            profiles: profiles.into_iter().collect(),
            variables,
            sample,
        })
    }

    /// Whether there is a file to read.
    #[must_use]
    pub fn is_there(&self) -> bool {
        load::find(&self.path).is_ok()
    }

    /// Reads the definition.
    #[must_use]
    pub fn read(&self) -> Definition {
        let loaded = load::load(&self.path, &self.variables, &self.profiles);
        let mut files = loaded.inputs;
        if files.is_empty() {
            files.push(self.path.clone());
        }
        let inputs = files
            .into_iter()
            .map(|file| (file.clone(), changed_at(&file)))
            .collect();
        Definition {
            plan: loaded.plan,
            problems: loaded.problems,
            secrets: loaded.secrets,
            inputs,
        }
    }
}

impl Definition {
    /// The files that it was read from, or looked for.
    pub fn inputs(&self) -> impl Iterator<Item = &Path> {
        self.inputs.iter().map(|(file, _)| file.as_path())
    }

    /// Whether some file has changed since it was read.
    #[must_use]
    pub fn is_stale(&self) -> bool {
        self.inputs.iter().any(|(file, at)| changed_at(file) != *at)
    }

    /// The plan.
    ///
    /// # Errors
    /// Every finding, where there are errors.
    pub fn plan(&self) -> Result<&Plan, ApiError> {
        self.plan.as_ref().ok_or_else(|| {
            let errors = self
                .problems
                .iter()
                .filter(|p| p.severity == Severity::Error)
                .count();
            let first = self
                .problems
                .iter()
                .find(|p| p.severity == Severity::Error)
                .map(ToString::to_string)
                .unwrap_or_default();
            let message = match errors {
                0 | 1 => first.lines().next().unwrap_or_default().to_owned(),
                n => format!("the environment file has {n} errors"),
            };
            ApiError {
                code: ErrorCode::Definition,
                message,
                hint: None,
                problems: self.problems.clone(),
            }
        })
    }

    /// A report for `check`.
    #[must_use]
    pub fn report(self, source: &Source) -> CheckReport {
        let file = self
            .plan
            .as_ref()
            .map_or(&source.path, |plan| &plan.file)
            .display()
            .to_string();
        CheckReport {
            file,
            start_order: self
                .plan
                .as_ref()
                .map(graph::start_order)
                .unwrap_or_default(),
            plan: self.plan.as_ref().map(masked),
            summary: self.plan.as_ref().map(summary::of).unwrap_or_default(),
            problems: self.problems,
        }
    }
}

/// The plan as JSON with secret values masked.
#[must_use]
pub fn masked(plan: &Plan) -> serde_json::Value {
    let mut plan = plan.clone();
    for service in plan.services.values_mut() {
        for (key, value) in &mut service.environment {
            *value = secret::mask(key, value);
        }
        if let Run::Container(container) = &mut service.run {
            mask_container(container);
        }
        let passwords = service.probes.iter_mut();
        for password in passwords.filter_map(|probe| probe.kind.password_mut()) {
            secret::MASK.clone_into(password);
        }
    }
    for scenario in plan.scenarios.values_mut() {
        mask_scenario(scenario);
    }
    serde_json::to_value(plan).unwrap_or_default()
}

/// Variables and options are masked by their names.
fn mask_scenario(scenario: &mut Scenario) {
    for (key, value) in &mut scenario.vars {
        *value = secret::mask(key, value);
    }
    let items = scenario.steps.iter_mut();
    let steps = items.flat_map(|item| match item {
        Item::Step(step) => std::slice::from_mut(step),
        Item::Parallel(steps) => steps.as_mut_slice(),
    });
    for (key, setting) in steps.flat_map(|step| &mut step.options) {
        match setting {
            Setting::Text(text) => *text = secret::mask(key, text),
            Setting::List(_) => {}
            Setting::Map(all) => {
                for (key, text) in all {
                    *text = secret::mask(key, text);
                }
            }
        }
    }
}

/// What is put into it may be a secret, and so may what its build is told.
fn mask_container(container: &mut Container) {
    for file in &mut container.settings.files {
        secret::MASK.clone_into(&mut file.content);
    }
    for (key, value) in container.build.iter_mut().flat_map(|build| &mut build.args) {
        *value = secret::mask(key, value);
    }
}

fn changed_at(file: &Path) -> Option<SystemTime> {
    std::fs::metadata(file)
        .and_then(|found| found.modified())
        .ok()
}

fn write_sample(paths: &Paths) -> std::io::Result<PathBuf> {
    let dir = paths.data.join("sample");
    private_dir(&dir)?;
    let file = dir.join("benchtop.yaml");
    if std::fs::read_to_string(&file).ok().as_deref() != Some(SAMPLE) {
        std::fs::write(&file, SAMPLE)?;
    }
    Ok(file)
}
