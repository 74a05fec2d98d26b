//! What a service is: a container, a process or external; exactly one of them.

use super::{Project, build, environment, health, mounts, paths, place_of, settings, words};
use crate::file::findings::Findings;
use crate::file::written::At;
use crate::file::written::service::Service;
use crate::file::written::settings::NAMES;
use crate::plan::{Container, Process, Run, ServiceKind};
use crate::problem::{Place, Problem, nearest};
use std::collections::{BTreeMap, BTreeSet};

/// Keys that only a container has.
const CONTAINER_KEYS: [&str; 10] = [
    "command",
    "entrypoint",
    "ports",
    "volumes",
    "tmpfs",
    "healthcheck",
    "container_name",
    "hostname",
    "user",
    "labels",
];

/// Keys that only something that we run has.
const RUN_KEYS: [&str; 11] = [
    "build",
    "watch",
    "environment",
    "env_file",
    "restart",
    "stop_signal",
    "stop_grace_period",
    "post_start",
    "pre_stop",
    "working_dir",
    "cwd",
];

/// The kind of a service; nothing, and an error, where the file does not say it
/// or says several.
pub(super) fn kind(service: &Service, findings: &mut Findings) -> Option<ServiceKind> {
    let written =
        ["image", "process", "external"].map(|key| service.keys.get(key).map(|place| (key, place)));
    let mut written = written.into_iter().flatten();
    let (first, second) = (written.next(), written.next());
    if let (Some((one, a)), Some((other, b))) = (first, second) {
        let (later, key, other) = if a > b {
            (a, one, other)
        } else {
            (b, other, one)
        };
        let message = format!(
            "`{key}` beside `{other}`: service `{}` can only be one of them",
            service.name.value
        );
        findings.push(
            Problem::error(later, message).hint("keep one of `image`, `process`, `external`"),
        );
        return None;
    }
    match first.map(|(key, _)| key) {
        Some("image") => Some(ServiceKind::Container),
        None if service.build.is_some() => Some(ServiceKind::Container),
        Some("process") => Some(ServiceKind::Process),
        Some(_) => Some(ServiceKind::External),
        // Whoever provides it is not asked; it is only watched.
        None if service.keys.contains_key("provider") => Some(ServiceKind::External),
        None => {
            if service.is_map && !is_misspelt(service) {
                findings.push(nothing_to_run(service));
            }
            None
        }
    }
}

/// The key that is missing is there, but with a slip, which was told already.
fn is_misspelt(service: &Service) -> bool {
    let near = |key: &String| nearest(key, ["image", "process", "external"]).is_some();
    service.keys.keys().any(near)
}

fn nothing_to_run(service: &Service) -> Problem {
    let name = &service.name.value;
    Problem::error(
        &service.name.place,
        format!("service `{name}` has none of `image`, `build`, `process`, `external`"),
    )
    .hint("say what it is, such as `image: nginx` or `process: npm start`")
}

/// How the service is run. `kind` is what [`kind`] found.
pub(super) fn resolve(
    service: &Service,
    kind: ServiceKind,
    volumes: &BTreeSet<&str>,
    project: &Project<'_>,
    findings: &mut Findings,
) -> Run {
    warn_idle_keys(service, kind, findings);
    match kind {
        ServiceKind::Container => Run::Container(container(service, volumes, project, findings)),
        ServiceKind::Process => Run::Process(process(service, project, findings)),
        ServiceKind::External => Run::External,
    }
}

fn container(
    service: &Service,
    volumes: &BTreeSet<&str>,
    project: &Project<'_>,
    findings: &mut Findings,
) -> Container {
    let text = |text: &Option<At<String>>| text.as_ref().map(|text| text.value.clone());
    Container {
        image: image(service, project, findings),
        command: service
            .command
            .as_ref()
            .and_then(|command| words::resolve(command, findings)),
        entrypoint: service
            .entrypoint
            .as_ref()
            .and_then(|entrypoint| words::resolve(entrypoint, findings)),
        mounts: mounts::resolve(service, volumes, project, findings),
        healthcheck: service
            .healthcheck
            .as_ref()
            .and_then(|check| health::healthcheck(check, findings)),
        container_name: text(&service.container_name),
        hostname: text(&service.hostname),
        user: text(&service.user),
        working_dir: text(&service.working_dir),
        labels: labels(service, project, findings),
        build: build::resolve(service, project, findings).map(Box::new),
        settings: Box::new(settings::resolve(service, project, findings)),
    }
}

/// Those of files first, what is written itself over them.
fn labels(
    service: &Service,
    project: &Project<'_>,
    findings: &mut Findings,
) -> BTreeMap<String, String> {
    let files = service.settings.list("label_file");
    let mut labels = environment::of_files(files, project, findings);
    labels.extend(settings::pairs(&service.labels));
    labels
}

/// As written, or what Compose calls the image that it builds.
fn image(service: &Service, project: &Project<'_>, findings: &mut Findings) -> String {
    let own = || format!("{}-{}", project.name, service.name.value);
    let Some(image) = &service.image else {
        return own();
    };
    let name = image.value.trim();
    if name.is_empty() && service.build.is_some() {
        return own();
    }
    if name.is_empty() {
        findings.error(&image.place, "`image` is empty");
    } else if name.contains(char::is_whitespace) {
        let problem = Problem::error(
            &image.place,
            format!("`{name}` is not the name of an image"),
        );
        findings.push(problem.hint("expected something like `postgres:16`"));
    }
    name.to_owned()
}

fn process(service: &Service, project: &Project<'_>, findings: &mut Findings) -> Process {
    let command = service
        .process
        .as_ref()
        .and_then(|process| words::resolve(process, findings));
    let is_missing = |command: &Vec<String>| command.first().is_none_or(String::is_empty);
    if command.as_ref().is_some_and(is_missing) {
        let problem = Problem::error(place_of(service, "process"), "`process` has no program");
        findings.push(problem.hint("expected something like `process: npm start`"));
    }
    let cwd = match &service.working_dir {
        Some(dir) => paths::absolute(&dir.value, project),
        None => project.dir.to_owned(),
    };
    Process {
        command: command.unwrap_or_default(),
        cwd,
    }
}

/// Says which keys do nothing for this kind of service.
fn warn_idle_keys(service: &Service, kind: ServiceKind, findings: &mut Findings) {
    let (of, idle): (&str, &[&[&str]]) = match kind {
        ServiceKind::Container => ("a container", &[]),
        ServiceKind::Process => ("a process", &[&CONTAINER_KEYS]),
        ServiceKind::External => ("an external service", &[&CONTAINER_KEYS, &RUN_KEYS]),
    };
    let settings = NAMES.iter().filter(|_| kind != ServiceKind::Container);
    for key in idle.iter().copied().flatten().chain(settings) {
        if let Some(place) = service.keys.get(*key) {
            findings.push(idle_key(key, of, place));
        }
    }
    if let Some(place) = service.keys.get("provider") {
        let problem = Problem::warning(place, "`provider` has no effect yet");
        findings.push(problem.hint(
            "the service counts as external: start it yourself, \
             or say what it runs with `image` or `process`",
        ));
    }
}

fn idle_key(key: &str, of: &str, place: &Place) -> Problem {
    if ["command", "entrypoint"].contains(&key) {
        return Problem::error(place, format!("`{key}` does not fit to {of}"))
            .hint("write the program and its arguments in `process`");
    }
    let problem = Problem::warning(place, format!("`{key}` has no effect on {of}"));
    match key {
        "ports" => problem.hint("name the ports it listens on: `endpoints: { http: 8080 }`"),
        "healthcheck" => problem.hint("use `probes`"),
        _ => problem,
    }
}
