//! The labels by which our containers, networks and volumes are known again, and
//! by which other tools group them.

use benchtop_model::plan::{Plan, Run, Service};
use std::collections::HashMap;

/// Identity of the environment.
pub const ENVIRONMENT: &str = "dev.benchtop.environment";
/// Name of the service.
pub const SERVICE: &str = "dev.benchtop.service";
/// Number of the start that created it.
pub const GENERATION: &str = "dev.benchtop.generation";
/// Folder of the project: what is left of one that is gone can be told by it.
pub const PROJECT: &str = "dev.benchtop.project";
/// Hash of the definition it was created from.
pub const DEFINITION: &str = "dev.benchtop.definition";

/// The labels of everything that belongs to an environment.
#[must_use]
pub fn of_environment(plan: &Plan) -> HashMap<String, String> {
    HashMap::from([
        (ENVIRONMENT.to_owned(), plan.id()),
        (PROJECT.to_owned(), plan.project_dir.display().to_string()),
        ("com.docker.compose.project".to_owned(), plan.name.clone()),
    ])
}

/// The labels of a service's container: the user's first, ours on top.
#[must_use]
pub fn of_service(
    plan: &Plan,
    service: &Service,
    user: &std::collections::BTreeMap<String, String>,
    generation: u64,
) -> HashMap<String, String> {
    let replica = match &service.run {
        Run::Container(container) => container.settings.replica.as_ref(),
        Run::Process(_) | Run::External => None,
    };
    let (group, number) = replica.map_or((&service.name, 1), |r| (&r.of, r.number));
    let mut labels: HashMap<String, String> =
        user.iter().map(|(k, v)| (k.clone(), v.clone())).collect();
    labels.extend(of_environment(plan));
    labels.extend([
        (SERVICE.to_owned(), service.name.clone()),
        (GENERATION.to_owned(), generation.to_string()),
        (DEFINITION.to_owned(), service.definition_hash()),
        ("com.docker.compose.service".to_owned(), group.clone()),
        (
            "com.docker.compose.container-number".to_owned(),
            number.to_string(),
        ),
        ("com.docker.compose.oneoff".to_owned(), "False".to_owned()),
        (
            "com.docker.compose.project.working_dir".to_owned(),
            plan.project_dir.display().to_string(),
        ),
        (
            "com.docker.compose.project.config_files".to_owned(),
            plan.file.display().to_string(),
        ),
    ]);
    labels
}
