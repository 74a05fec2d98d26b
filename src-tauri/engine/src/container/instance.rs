//! Brings up one container, ends it, finds it again. Every act is idempotent by
//! deterministic name and label.

use super::create::{body, container_name, network_name};
use super::labels;
use super::runtime::{PATIENCE, Runtime};
use benchtop_model::exit::Exit;
use benchtop_model::inject::Ports;
use benchtop_model::plan::{Container, MountSource, Plan, Service};
use benchtop_model::time::Millis;
use bollard::errors::Error;
use bollard::models::{ContainerInspectResponse, NetworkCreateRequest, VolumeCreateRequest};
use bollard::query_parameters as q;
use futures_util::StreamExt as _;
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// How long creating and starting may take.
const ACT_LIMIT: Duration = Duration::from_secs(120);

/// A pull that brings nothing for so long has stalled.
const PULL_STALL: Duration = Duration::from_secs(60);

/// What is needed to bring up a container.
#[derive(Clone, Debug)]
pub struct Launch<'a> {
    /// The environment.
    pub plan: &'a Plan,
    /// The service.
    pub service: &'a Service,
    /// Its container.
    pub container: &'a Container,
    /// Host ports of all services.
    pub ports: &'a Ports,
    /// Number of this start.
    pub generation: u64,
}

/// Brings up a container and returns its id. `progress` is told what goes on.
///
/// # Errors
/// One sentence that says why there is no instance.
pub async fn launch(
    runtime: &Runtime,
    launch: &Launch<'_>,
    progress: impl Fn(String),
) -> Result<String, String> {
    ensure_network(runtime, launch.plan).await?;
    ensure_volumes(runtime, launch).await?;
    ensure_image(runtime, &launch.container.image, &progress).await?;
    progress("creating".to_owned());
    let id = match reusable(runtime, launch).await? {
        Some(id) => id,
        None => create(runtime, launch).await?,
    };
    progress("starting".to_owned());
    let start = runtime
        .docker
        .start_container(&id, None::<q::StartContainerOptions>);
    match tokio::time::timeout(ACT_LIMIT, start).await {
        Ok(Ok(())) => Ok(id),
        Ok(Err(error)) => Err(format!("cannot start: {}", say(&error))),
        Err(_) => Err(format!(
            "cannot start: no answer for {} s",
            ACT_LIMIT.as_secs()
        )),
    }
}

/// The engine's own words without the client's wrapping.
#[must_use]
pub fn say(error: &Error) -> String {
    match error {
        Error::DockerResponseServerError { message, .. } => message.trim().to_owned(),
        other => other.to_string(),
    }
}

fn is_status(error: &Error, status: u16) -> bool {
    matches!(error, Error::DockerResponseServerError { status_code, .. } if *status_code == status)
}

/// Makes the environment's network. Creating is not atomic by name in the
/// engine, so one that exists is looked for first.
async fn ensure_network(runtime: &Runtime, plan: &Plan) -> Result<(), String> {
    static ONE_AT_A_TIME: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
    let _guard = ONE_AT_A_TIME.lock().await;
    let name = network_name(plan);
    match runtime
        .docker
        .inspect_network(&name, None::<q::InspectNetworkOptions>)
        .await
    {
        Ok(_) => return Ok(()),
        Err(error) if is_status(&error, 404) => {}
        Err(error) => {
            return Err(format!(
                "cannot look for the network {name}: {}",
                say(&error)
            ));
        }
    }
    let request = NetworkCreateRequest {
        name: name.clone(),
        labels: Some(labels::of_environment(plan)),
        ..NetworkCreateRequest::default()
    };
    match runtime.docker.create_network(request).await {
        Ok(_) => Ok(()),
        Err(error) if is_status(&error, 409) => Ok(()),
        Err(error) => Err(format!("cannot make the network {name}: {}", say(&error))),
    }
}

async fn ensure_volumes(runtime: &Runtime, launch: &Launch<'_>) -> Result<(), String> {
    for mount in &launch.container.mounts {
        let MountSource::Volume(key) = &mount.source else {
            continue;
        };
        let Some(volume) = launch.plan.volumes.get(key) else {
            continue;
        };
        if volume.external {
            let found = runtime.docker.inspect_volume(&volume.name).await;
            found.map_err(|e| {
                format!(
                    "the external volume {} cannot be used: {}",
                    volume.name,
                    say(&e)
                )
            })?;
        } else {
            let labels = labels::of_environment(launch.plan);
            let request = VolumeCreateRequest {
                name: Some(volume.name.clone()),
                labels: Some(labels),
                ..VolumeCreateRequest::default()
            };
            let made = runtime.docker.create_volume(request).await;
            made.map_err(|e| format!("cannot make the volume {}: {}", volume.name, say(&e)))?;
        }
    }
    Ok(())
}

/// Pulls the image where it is not present.
async fn ensure_image(
    runtime: &Runtime,
    image: &str,
    progress: &impl Fn(String),
) -> Result<(), String> {
    match runtime.docker.inspect_image(image).await {
        Ok(_) => return Ok(()),
        Err(error) if is_status(&error, 404) => {}
        Err(error) => {
            return Err(format!(
                "cannot look for the image {image}: {}",
                say(&error)
            ));
        }
    }
    progress(format!("pulling {image}"));
    let options = q::CreateImageOptions {
        from_image: Some(with_tag(image)),
        ..q::CreateImageOptions::default()
    };
    let mut stream = runtime.docker.create_image(Some(options), None, None);
    let mut layers: HashMap<String, (i64, i64)> = HashMap::new();
    loop {
        match tokio::time::timeout(PULL_STALL, stream.next()).await {
            Err(_) => {
                return Err(format!(
                    "pulling {image} has stalled: nothing came for {} s",
                    PULL_STALL.as_secs()
                ));
            }
            Ok(None) => return Ok(()),
            Ok(Some(Err(error))) => {
                return Err(format!(
                    "image {image} is not present and cannot be pulled: {}",
                    say(&error)
                ));
            }
            Ok(Some(Ok(info))) => {
                if let Some(message) = info.error_detail.and_then(|e| e.message) {
                    return Err(format!(
                        "image {image} is not present and cannot be pulled: {message}"
                    ));
                }
                if let (Some(id), Some(detail)) = (info.id, info.progress_detail) {
                    layers.insert(id, (detail.current.unwrap_or(0), detail.total.unwrap_or(0)));
                    progress(format!("pulling {image}, {}", percent(&layers)));
                }
            }
        }
    }
}

/// Without a tag the API would pull every tag there is.
fn with_tag(image: &str) -> String {
    let last = image.rsplit('/').next().unwrap_or(image);
    if last.contains(':') || last.contains('@') {
        image.to_owned()
    } else {
        format!("{image}:latest")
    }
}

fn percent(layers: &HashMap<String, (i64, i64)>) -> String {
    let (current, total) = layers
        .values()
        .fold((0, 0), |sum, layer| (sum.0 + layer.0, sum.1 + layer.1));
    if total == 0 {
        "preparing".to_owned()
    } else {
        format!("{} %", current * 100 / total)
    }
}

/// The container of an earlier start, where it is ours, from the same definition
/// and not running; a different one of ours is removed, and a foreign one is an
/// error.
async fn reusable(runtime: &Runtime, launch: &Launch<'_>) -> Result<Option<String>, String> {
    let name = container_name(launch.plan, launch.service, launch.container);
    let found = match inspect(runtime, &name).await {
        Ok(found) => found,
        Err(error) if is_status(&error, 404) => return Ok(None),
        Err(error) => {
            return Err(format!(
                "cannot look for the container {name}: {}",
                say(&error)
            ));
        }
    };
    let label = |key| {
        found
            .config
            .as_ref()
            .and_then(|c| c.labels.as_ref())
            .and_then(|l| l.get(key))
            .cloned()
    };
    if label(labels::ENVIRONMENT).as_deref() != Some(&launch.plan.id()) {
        let owner = label("com.docker.compose.project.working_dir")
            .map(|dir| format!(" (of {dir})"))
            .unwrap_or_default();
        return Err(format!(
            "the container name {name} is taken by another container{owner}; remove or rename that one"
        ));
    }
    let running = found
        .state
        .as_ref()
        .and_then(|s| s.running)
        .unwrap_or(false);
    let id = found.id.clone().unwrap_or(name);
    let same = label(labels::DEFINITION).as_deref() == Some(&launch.service.definition_hash());
    if same && !running && is_current(&found, launch) {
        return Ok(Some(id));
    }
    remove(runtime, &id)
        .await
        .map_err(|e| format!("cannot remove the old container {id}: {}", say(&e)))?;
    Ok(None)
}

/// Whether what the definition leaves open (assigned ports, addresses of others,
/// the image behind a tag) is still what the container was created with.
fn is_current(found: &ContainerInspectResponse, launch: &Launch<'_>) -> bool {
    let fresh = body(
        launch.plan,
        launch.service,
        launch.container,
        launch.ports,
        launch.generation,
    );
    let bindings = found
        .host_config
        .as_ref()
        .and_then(|h| h.port_bindings.clone())
        .unwrap_or_default();
    let wanted = fresh
        .host_config
        .and_then(|h| h.port_bindings)
        .unwrap_or_default();
    let environment = found
        .config
        .as_ref()
        .and_then(|c| c.env.clone())
        .unwrap_or_default();
    bindings == wanted
        && fresh
            .env
            .iter()
            .flatten()
            .all(|pair| environment.contains(pair))
}

async fn create(runtime: &Runtime, launch: &Launch<'_>) -> Result<String, String> {
    let name = container_name(launch.plan, launch.service, launch.container);
    let options = q::CreateContainerOptions {
        name: Some(name),
        ..q::CreateContainerOptions::default()
    };
    let body = body(
        launch.plan,
        launch.service,
        launch.container,
        launch.ports,
        launch.generation,
    );
    let create = runtime.docker.create_container(Some(options), body);
    match tokio::time::timeout(ACT_LIMIT, create).await {
        Ok(Ok(created)) => Ok(created.id),
        Ok(Err(error)) => Err(format!("cannot create the container: {}", say(&error))),
        Err(_) => Err(format!(
            "cannot create the container: no answer for {} s",
            ACT_LIMIT.as_secs()
        )),
    }
}

/// Looks at one container.
///
/// # Errors
/// What the engine says, or a timeout.
pub async fn inspect(runtime: &Runtime, id: &str) -> Result<ContainerInspectResponse, Error> {
    match tokio::time::timeout(
        PATIENCE,
        runtime
            .docker
            .inspect_container(id, None::<q::InspectContainerOptions>),
    )
    .await
    {
        Ok(answer) => answer,
        Err(_) => Err(Error::RequestTimeoutError),
    }
}

/// How a container is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// It runs.
    Running,
    /// It has ended.
    Ended(Exit),
    /// There is none of that id.
    Absent,
    /// The engine does not say.
    Unknown,
}

/// How the container of this id is doing.
pub async fn condition(runtime: &Runtime, id: &str) -> Condition {
    match inspect(runtime, id).await {
        Ok(found) => match found.state {
            Some(state) if state.running == Some(true) => Condition::Running,
            Some(state) => Condition::Ended(Exit {
                code: state.exit_code.and_then(|code| i32::try_from(code).ok()),
                oom: state.oom_killed.unwrap_or(false),
                ..Exit::default()
            }),
            None => Condition::Unknown,
        },
        Err(error) if is_status(&error, 404) => Condition::Absent,
        Err(_) => Condition::Unknown,
    }
}

/// Asks a container to end, kills it when the grace period has passed, and
/// returns how it ended.
///
/// # Errors
/// One sentence; the container may still run.
pub async fn stop(runtime: &Runtime, id: &str, grace: Millis) -> Result<Exit, String> {
    let since = Instant::now();
    let seconds = i32::try_from(grace.0.div_ceil(1000)).unwrap_or(i32::MAX);
    let options = q::StopContainerOptions {
        t: Some(seconds),
        ..q::StopContainerOptions::default()
    };
    let limit = grace.to_duration() + Duration::from_secs(30);
    match tokio::time::timeout(limit, runtime.docker.stop_container(id, Some(options))).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) if is_status(&error, 404) || is_status(&error, 304) => {}
        Ok(Err(error)) => return Err(format!("cannot stop: {}", say(&error))),
        Err(_) => return Err("cannot stop: the container runtime does not answer".to_owned()),
    }
    Ok(match condition(runtime, id).await {
        Condition::Ended(exit) => {
            let killed =
                exit.code == Some(137) && !exit.oom && since.elapsed() >= grace.to_duration();
            Exit {
                killed_after_grace: killed,
                ..exit
            }
        }
        _ => Exit::unseen(),
    })
}

/// Ends what a launch that was called off may have left: the container of the
/// service's name, if it is ours and runs.
///
/// # Errors
/// One sentence; the container may still run.
pub async fn stop_leftover(
    runtime: &Runtime,
    launch: &Launch<'_>,
    grace: Millis,
) -> Result<(), String> {
    let name = container_name(launch.plan, launch.service, launch.container);
    let Ok(found) = inspect(runtime, &name).await else {
        return Ok(());
    };
    let labels = found.config.and_then(|c| c.labels).unwrap_or_default();
    if labels.get(labels::ENVIRONMENT) == Some(&launch.plan.id()) {
        stop(runtime, &name, grace).await?;
    }
    Ok(())
}

async fn remove(runtime: &Runtime, id: &str) -> Result<(), Error> {
    let options = q::RemoveContainerOptions {
        force: true,
        ..q::RemoveContainerOptions::default()
    };
    match runtime.docker.remove_container(id, Some(options)).await {
        Err(error) if is_status(&error, 404) => Ok(()),
        other => other,
    }
}

/// Removes the containers and the network of an environment; volumes stay.
///
/// # Errors
/// One sentence about the first thing that could not be removed.
pub async fn remove_all(runtime: &Runtime, plan: &Plan) -> Result<(), String> {
    for id in list(runtime, &plan.id()).await?.into_keys() {
        remove(runtime, &id)
            .await
            .map_err(|e| format!("cannot remove the container {id}: {}", say(&e)))?;
    }
    let name = network_name(plan);
    match runtime.docker.remove_network(&name).await {
        Err(error) if !is_status(&error, 404) => {
            Err(format!("cannot remove the network {name}: {}", say(&error)))
        }
        _ => Ok(()),
    }
}

/// Labels of all containers of an environment, by container id, running or not.
///
/// # Errors
/// One sentence.
pub async fn list(
    runtime: &Runtime,
    environment: &str,
) -> Result<HashMap<String, HashMap<String, String>>, String> {
    let filters = HashMap::from([(
        "label".to_owned(),
        vec![format!("{}={environment}", labels::ENVIRONMENT)],
    )]);
    let options = q::ListContainersOptions {
        all: true,
        filters: Some(filters),
        ..q::ListContainersOptions::default()
    };
    match tokio::time::timeout(PATIENCE, runtime.docker.list_containers(Some(options))).await {
        Ok(Ok(found)) => Ok(found
            .into_iter()
            .filter_map(|c| Some((c.id?, c.labels.unwrap_or_default())))
            .collect()),
        Ok(Err(error)) => Err(format!("cannot list containers: {}", say(&error))),
        Err(_) => Err("cannot list containers: the container runtime does not answer".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_without_a_tag_means_latest() {
        assert_eq!(with_tag("postgres"), "postgres:latest");
        assert_eq!(
            with_tag("host:5000/team/postgres"),
            "host:5000/team/postgres:latest"
        );
        assert_eq!(with_tag("postgres:16"), "postgres:16");
        assert_eq!(with_tag("postgres@sha256:00"), "postgres@sha256:00");
    }
}
