//! The examination of this machine: asks engine and store, and lets the model judge. The
//! engine does it for its faces, and the terminal by itself, because a machine on which no
//! engine starts is the one that needs it most.

use crate::definition::{Definition, Source};
use crate::paths::Paths;
use crate::schema::PROTOCOL;
use benchtop_engine::clock;
use benchtop_engine::container::runtime::Wish;
use benchtop_engine::container::runtime::discover::Surroundings;
use benchtop_engine::doctor::{self, Question};
use benchtop_engine::record::EnvironmentRecord;
use benchtop_model::doctor::facts::{
    BenchtopFacts, EngineFact, EnvironmentFacts, Fact, Facts, Integrity, Wants,
};
use benchtop_model::doctor::{DoctorReport, examine};
use benchtop_model::problem::{Problem, Severity};
use benchtop_model::time::Millis;
use benchtop_store::inspect;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A history of the largest size that is usual is read through in a fraction of this.
const READING: Duration = Duration::from_secs(5);

/// Where this is kept among the settings; of one environment, with its identity behind.
pub(crate) const RUNTIME_SETTING: &str = "runtime";

/// What an examination is about.
#[derive(Clone, Debug)]
pub struct Subject {
    /// The definition of the environment; or why there is none.
    pub definition: Fact<(Source, Definition)>,
    /// Which container runtime is to be used.
    pub wish: Wish,
    /// Services of which an instance lives.
    pub own: BTreeSet<String>,
}

impl Subject {
    /// The subject as it can be told without an engine: from the files that engines leave.
    #[must_use]
    pub fn from_files(paths: &Paths, source: Fact<Source>) -> Self {
        let definition = source.map(|source| {
            let read = source.read();
            (source, read)
        });
        let variables = definition
            .as_ref()
            .map(|(source, _)| source.variables.clone());
        let plan = definition.as_ref().ok().and_then(|(_, d)| d.plan.as_ref());
        let id = plan.map(|plan| plan.id());
        let record = id
            .as_ref()
            .and_then(|id| EnvironmentRecord::read(&paths.environment(id)));
        let running = record.filter(|record| record.run.is_some());
        let services = running.map(|record| record.services).unwrap_or_default();
        Self {
            wish: Wish {
                address: chosen(&paths.history(), id.as_deref()),
                surroundings: Arc::new(Surroundings::of(&variables.unwrap_or_default())),
            },
            own: services
                .into_iter()
                .filter(|(_, s)| s.started.is_some())
                .map(|(name, _)| name)
                .collect(),
            definition,
        }
    }

    pub(crate) fn question(&self, paths: &Paths) -> Question {
        let definition = self.definition.as_ref().ok();
        Question {
            wish: self.wish.clone(),
            plan: definition.and_then(|(_, d)| d.plan.clone()).map(Arc::new),
            own: self.own.clone(),
            variables: Arc::new(match definition {
                Some((source, _)) => source.variables.clone(),
                None => own_variables(),
            }),
            data: paths.data.clone(),
        }
    }
}

fn own_variables() -> BTreeMap<String, String> {
    let all = std::env::vars_os();
    all.filter_map(|(key, value)| Some((key.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

/// The runtime that a person chose for an environment, or for all.
fn chosen(history: &Path, environment: Option<&str>) -> Option<String> {
    let own = environment.map(|id| format!("{RUNTIME_SETTING}/{id}"));
    let keys = own.into_iter().chain([RUNTIME_SETTING.to_owned()]);
    keys.filter_map(|key| inspect::setting(history, &key))
        .find(|value| !value.is_empty())
}

/// Examines this machine. `engine` is who answers on the socket.
pub async fn run(
    paths: &Paths,
    subject: &Subject,
    engine: Fact<Option<EngineFact>>,
) -> DoctorReport {
    let began = Instant::now();
    let question = subject.question(paths);
    let (findings, history) = futures_util::join!(doctor::look(&question), integrity(paths));
    let mut data = findings.data;
    data.history = history;
    let facts = Facts {
        environment: environment(subject, findings.ports, findings.missing),
        runtimes: findings.runtimes,
        machine: findings.machine,
        network: findings.network,
        leftovers: findings.leftovers,
        benchtop: BenchtopFacts {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            protocol: PROTOCOL,
            engine,
            data,
        },
    };
    let took = Millis(u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX));
    examine(&facts, took, clock::now())
}

async fn integrity(paths: &Paths) -> Fact<Integrity> {
    let path = paths.history();
    let look = tokio::task::spawn_blocking(move || inspect::integrity(&path));
    match tokio::time::timeout(READING, look).await {
        Ok(found) => found.map_err(|error| error.to_string()),
        Err(_) => Err("it takes too long to read".to_owned()),
    }
}

fn environment(
    subject: &Subject,
    ports: Vec<benchtop_model::doctor::facts::PortFact>,
    missing: Vec<(String, String)>,
) -> Fact<EnvironmentFacts> {
    let (source, definition) = subject.definition.as_ref().map_err(Clone::clone)?;
    let plan = definition.plan.as_ref();
    let of = |severity: Severity| {
        let all = definition
            .problems
            .iter()
            .filter(move |p| p.severity == severity);
        all.map(|problem: &Problem| format!("{}: {}", problem.place, problem.message))
            .collect()
    };
    let file = plan.map_or(&source.path, |plan| &plan.file);
    Ok(EnvironmentFacts {
        name: plan.map(|plan| plan.name.clone()).unwrap_or_default(),
        file: file.display().to_string(),
        errors: of(Severity::Error),
        warnings: of(Severity::Warning),
        wants: plan.map(Wants::of).unwrap_or_default(),
        ports,
        missing,
    })
}
