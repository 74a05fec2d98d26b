//! Brings up one container, ends it, finds it again. Every act is idempotent by
//! deterministic name and label.

use super::create::{body, container_name};
use super::logs::attach::{Attached, attach};
use super::look::{Condition, condition, inspect};
use super::pull::PullProgress;
use super::runtime::{PATIENCE, Runtime};
use super::{context, folders, labels, network, settings, too_new};
use crate::clock;
use crate::failpoint::reach;
use benchtop_model::exit::Exit;
use benchtop_model::inject::Ports;
use benchtop_model::plan::{Container, InlineFile, MountSource, Plan, Service};
use benchtop_model::time::{Millis, Timestamp};
use bollard::errors::Error;
use bollard::models::{ContainerCreateBody, ContainerInspectResponse, VolumeCreateRequest};
use bollard::query_parameters as q;
use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// Why there is no instance after a stop.
const CALLED_OFF: &str = "called off";

/// How long creating and starting may take.
const ACT_LIMIT: Duration = Duration::from_secs(120);

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
    /// Variables by which it finds the receiver of telemetry.
    pub telemetry: &'a BTreeMap<String, String>,
    /// Nothing of an earlier attempt is good enough to be used again.
    pub fresh: bool,
    /// Calls it off. What is short and would leave something half done is not
    /// broken off: a container that was started is handed over, to be stopped.
    pub cancel: &'a CancellationToken,
}

/// What is told while a container is brought up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// What goes on now.
    Doing(String),
    /// How far the pull of its image has got.
    Pulling(PullProgress),
    /// A line that belongs into the log of the service.
    Output(String),
}

/// A container that was brought up.
#[derive(Debug)]
pub struct Launched {
    /// Its id.
    pub id: String,
    /// The moment before it was asked to start. What it writes is younger, while
    /// the engine's own `StartedAt` can be later than its first lines.
    pub started: Timestamp,
    /// All that it writes, where we attached to it before it was started.
    pub output: Option<Attached>,
}

/// Brings up a container. `progress` is told what goes on.
///
/// # Errors
/// One sentence that says why there is no instance.
pub async fn launch(
    runtime: &Runtime,
    launch: &Launch<'_>,
    progress: impl Fn(Step),
) -> Result<Launched, String> {
    tokio::select! {
        prepared = prepare(runtime, launch, &progress) => prepared?,
        () = launch.cancel.cancelled() => return Err(CALLED_OFF.to_owned()),
    }
    progress(Step::Doing("creating".to_owned()));
    let kept = reusable(runtime, launch).await?;
    let id = match &kept {
        Some(id) => id.clone(),
        None => {
            too_new::told(launch, &runtime.api)
                .into_iter()
                .for_each(|line| progress(Step::Output(line)));
            create(runtime, launch).await?
        }
    };
    reach("container.start");
    if launch.cancel.is_cancelled() {
        return Err(CALLED_OFF.to_owned());
    }
    progress(Step::Doing("starting".to_owned()));
    match start(runtime, launch, id).await {
        // The engine may have lost what it knew of a container, as when it was
        // killed in the midst of a start; a new one takes its place.
        Err(_) if kept.is_some() && runtime.answers().await => {
            let fresh = Launch {
                fresh: true,
                ..launch.clone()
            };
            reusable(runtime, &fresh).await?;
            start(runtime, launch, create(runtime, launch).await?).await
        }
        outcome => outcome,
    }
}

/// Makes a container with all that it needs, but does not start it.
///
/// # Errors
/// One sentence that says why there is none.
pub async fn make(
    runtime: &Runtime,
    launch: &Launch<'_>,
    progress: impl Fn(Step),
) -> Result<String, String> {
    prepare(runtime, launch, &progress).await?;
    match reusable(runtime, launch).await? {
        Some(id) => Ok(id),
        None => create(runtime, launch).await,
    }
}

async fn start(runtime: &Runtime, launch: &Launch<'_>, id: String) -> Result<Launched, String> {
    // A terminal's stream has no frames, and nothing that tells it from one that has.
    let output = match launch.container.settings.tty {
        true => None,
        false => attach(runtime, &id).await,
    };
    let started = clock::now();
    let start = runtime
        .docker
        .start_container(&id, None::<q::StartContainerOptions>);
    match tokio::time::timeout(ACT_LIMIT, start).await {
        Ok(Ok(())) => Ok(Launched {
            id,
            started,
            output,
        }),
        Ok(Err(error)) => Err(format!("cannot start: {}", say(&error))),
        Err(_) => Err(format!(
            "cannot start: no answer for {} s",
            ACT_LIMIT.as_secs()
        )),
    }
}

/// What a container needs before it can be made.
async fn prepare(
    runtime: &Runtime,
    launch: &Launch<'_>,
    progress: &impl Fn(Step),
) -> Result<(), String> {
    folders::ensure(runtime, launch, progress)?;
    network::ensure(runtime, launch).await?;
    ensure_volumes(runtime, launch).await?;
    super::image::ensure(runtime, launch.container, progress).await
}

/// The engine's own words without the client's wrapping.
#[must_use]
pub fn say(error: &Error) -> String {
    match error {
        Error::DockerResponseServerError { message, .. } => message.trim().to_owned(),
        other => other.to_string(),
    }
}

pub(crate) fn is_status(error: &Error, status: u16) -> bool {
    matches!(error, Error::DockerResponseServerError { status_code, .. } if *status_code == status)
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
            let mut labels: HashMap<_, _> = volume.labels.clone().into_iter().collect();
            labels.extend(labels::of_environment(launch.plan));
            let request = VolumeCreateRequest {
                name: Some(volume.name.clone()),
                labels: Some(labels),
                driver: volume.driver.clone(),
                driver_opts: Some(volume.options.clone().into_iter().collect())
                    .filter(|all: &HashMap<_, _>| !all.is_empty()),
                ..VolumeCreateRequest::default()
            };
            let made = runtime.docker.create_volume(request).await;
            made.map_err(|e| format!("cannot make the volume {}: {}", volume.name, say(&e)))?;
        }
    }
    Ok(())
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
    let joined = settings::is_joined(&launch.container.settings);
    let image = found.image.as_deref() == image_id(runtime, launch).await.as_deref();
    if same && !running && !joined && !launch.fresh && image && is_current(&found, launch) {
        return Ok(Some(id));
    }
    remove(runtime, &id)
        .await
        .map_err(|e| format!("cannot remove the old container {id}: {}", say(&e)))?;
    Ok(None)
}

/// The image that stands behind the name now; it changes with each build.
async fn image_id(runtime: &Runtime, launch: &Launch<'_>) -> Option<String> {
    let image = runtime.docker.inspect_image(&launch.container.image).await;
    image.ok()?.id
}

/// The body of the create request, with what is told to every service.
fn wanted(launch: &Launch<'_>) -> ContainerCreateBody {
    let mut body = body(
        launch.plan,
        launch.service,
        launch.container,
        launch.ports,
        launch.generation,
    );
    let telemetry = launch.telemetry.iter();
    let own = body.env.take().unwrap_or_default();
    // Of two with the same key the later one counts: `OTEL_RESOURCE_ATTRIBUTES` has both.
    let replaced = |pair: &String| {
        let key = pair.split_once('=').map_or(pair.as_str(), |(key, _)| key);
        launch.telemetry.contains_key(key)
    };
    let own = own.into_iter().filter(|pair| !replaced(pair));
    body.env = Some(
        own.chain(telemetry.map(|(key, value)| format!("{key}={value}")))
            .collect(),
    );
    body
}

/// Whether what the definition leaves open (assigned ports, addresses of others)
/// is still what the container was created with.
fn is_current(found: &ContainerInspectResponse, launch: &Launch<'_>) -> bool {
    let fresh = wanted(launch);
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
        platform: launch
            .container
            .settings
            .platform
            .clone()
            .unwrap_or_default(),
    };
    let body = wanted(launch);
    reach("container.create");
    let create = runtime.docker.create_container(Some(options), body);
    match tokio::time::timeout(ACT_LIMIT, create).await {
        Ok(Ok(created)) => {
            reach("container.created");
            complete(runtime, launch, &created.id).await?;
            Ok(created.id)
        }
        Ok(Err(error)) => Err(format!("cannot create the container: {}", say(&error))),
        Err(_) => Err(format!(
            "cannot create the container: no answer for {} s",
            ACT_LIMIT.as_secs()
        )),
    }
}

/// Gives a new container its files and networks. It is removed again where that
/// fails, so that it is not taken for a complete one.
async fn complete(runtime: &Runtime, launch: &Launch<'_>, id: &str) -> Result<(), String> {
    let connected = match put_files(runtime, id, &launch.container.settings.files).await {
        Ok(()) => network::connect(runtime, launch, id).await,
        Err(error) => Err(error),
    };
    if connected.is_err()
        && let Err(left) = remove(runtime, id).await
    {
        tracing::warn!(%id, error = %left, "a container that is not complete stays");
    }
    connected
}

/// Puts the small files of a definition into a new container.
async fn put_files(runtime: &Runtime, id: &str, files: &[InlineFile]) -> Result<(), String> {
    if files.is_empty() {
        return Ok(());
    }
    let archive = context::of_files(files).map_err(|e| format!("cannot pack the files: {e}"))?;
    let options = q::UploadToContainerOptions {
        path: "/".to_owned(),
        ..q::UploadToContainerOptions::default()
    };
    let body = bollard::body_full(archive.into());
    let put = runtime
        .docker
        .upload_to_container(id, Some(options), body)
        .await;
    put.map_err(|error| {
        format!(
            "cannot put secrets and configs into the container: {}",
            say(&error)
        )
    })
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
    reach("container.stop");
    match tokio::time::timeout(limit, runtime.docker.stop_container(id, Some(options))).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) if is_status(&error, 404) || is_status(&error, 304) => {}
        Ok(Err(error)) => return Err(format!("cannot stop: {}", say(&error))),
        Err(_) => return Err("cannot stop: the container runtime does not answer".to_owned()),
    }
    reach("container.stopped");
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

async fn remove(runtime: &Runtime, id: &str) -> Result<(), Error> {
    let options = q::RemoveContainerOptions {
        force: true,
        ..q::RemoveContainerOptions::default()
    };
    reach("container.remove");
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
    network::remove_all(runtime, plan).await
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
