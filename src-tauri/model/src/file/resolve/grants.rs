//! The secrets and configs that a service gets: files of the host are mounted,
//! texts are put into the container before its start.

use super::{Project, paths};
use crate::file::findings::Findings;
use crate::file::written::At;
use crate::file::written::service::Service;
use crate::file::written::settings::{Grant, Source};
use crate::plan::{InlineFile, Mount, MountSource};
use crate::problem::Problem;

/// Permissions of a text that is put into a container.
const READABLE: u32 = 0o444;

/// What the top level says about secrets and configs.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sources<'f> {
    pub(crate) secrets: &'f [Source],
    pub(crate) configs: &'f [Source],
}

/// Secrets and configs with the folder in which they lie where no target is said.
fn all<'a>(
    service: &'a Service,
    project: &Project<'a>,
) -> impl Iterator<Item = (&'static str, &'a Grant, &'a [Source])> {
    let Sources { secrets, configs } = project.sources;
    let own = &service.settings;
    let secrets = own.secrets.iter().map(move |s| ("secret", s, secrets));
    secrets.chain(own.configs.iter().map(move |c| ("config", c, configs)))
}

/// The mounts of those that are files. Says which do not exist.
pub(super) fn mounts<'a>(
    service: &'a Service,
    project: &Project<'a>,
    findings: &mut Findings,
) -> Vec<Mount> {
    let mut mounts = Vec::new();
    for (kind, grant, sources) in all(service, project) {
        let Some(source) = find(kind, grant, sources, findings) else {
            continue;
        };
        if let Some(file) = &source.file {
            let source = MountSource::Bind(paths::absolute(&file.value, project));
            let mount = Mount::new(source, target(kind, grant));
            mounts.push(Mount {
                read_only: true,
                ..mount
            });
        }
    }
    mounts
}

/// Those that are texts.
pub(super) fn inline(
    service: &Service,
    project: &Project<'_>,
    findings: &mut Findings,
) -> Vec<InlineFile> {
    let mut files = Vec::new();
    for (kind, grant, sources) in all(service, project) {
        let found = sources.iter().find(|s| s.key.value == grant.source.value);
        let Some(source) = found.filter(|source| source.file.is_none()) else {
            continue;
        };
        if let Some(content) = content(kind, source, project, findings) {
            files.push(InlineFile {
                target: target(kind, grant),
                content,
                mode: grant
                    .mode
                    .as_ref()
                    .map_or(READABLE, |text| mode(text, findings)),
            });
        }
    }
    files
}

fn find<'s>(
    kind: &str,
    grant: &Grant,
    sources: &'s [Source],
    findings: &mut Findings,
) -> Option<&'s Source> {
    let name = &grant.source.value;
    let found = sources.iter().find(|source| source.key.value == *name);
    if found.is_none() {
        let message = format!("the {kind} `{name}` is not declared");
        let problem = Problem::error(&grant.source.place, message);
        let names = sources.iter().map(|source| source.key.value.as_str());
        findings.push(match findings.nearest(name, names) {
            Some(near) => problem.hint(format!("did you mean `{near}`?")),
            None => problem.hint(format!("add `{name}:` to the top-level `{kind}s`")),
        });
    }
    found
}

/// The text of one that is no file.
fn content(
    kind: &str,
    source: &Source,
    project: &Project<'_>,
    findings: &mut Findings,
) -> Option<String> {
    let name = &source.key.value;
    if let Some(place) = &source.external {
        let message = format!("the {kind} `{name}` is external, but there is no swarm to ask");
        findings.push(Problem::error(place, message).hint("name a `file` instead"));
        return None;
    }
    if let Some(content) = &source.content {
        return Some(content.value.clone());
    }
    let Some(variable) = &source.environment else {
        let problem = Problem::error(&source.key.place, format!("the {kind} `{name}` is empty"));
        findings.push(problem.hint("say where it comes from with `file` or `environment`"));
        return None;
    };
    let value = project.scope.get(&variable.value);
    if value.is_none() {
        let message = format!(
            "the {kind} `{name}` needs the variable `{}`",
            variable.value
        );
        findings.push(Problem::error(&variable.place, message).hint(format!(
            "set `{}` in `.env` or in the environment",
            variable.value
        )));
    }
    value.map(str::to_owned)
}

/// Secrets lie in a folder of their own, configs at the top.
fn target(kind: &str, grant: &Grant) -> String {
    let written = grant.target.as_ref().unwrap_or(&grant.source);
    match (written.value.starts_with('/'), kind) {
        (true, _) => written.value.clone(),
        (false, "secret") => format!("/run/secrets/{}", written.value),
        (false, _) => format!("/{}", written.value),
    }
}

/// Octal: `0440` or `440`. YAML 1.2 writes it `0o440`.
fn mode(text: &At<String>, findings: &mut Findings) -> u32 {
    let digits = text.value.trim_start_matches("0o");
    u32::from_str_radix(digits, 8)
        .ok()
        .filter(|mode| *mode <= 0o7777)
        .unwrap_or_else(|| {
            let message = format!("`{}` are no permissions", text.value);
            findings.push(Problem::error(&text.place, message).hint("expected `0440`"));
            READABLE
        })
}
