//! How the image of a container is built.

use super::{Project, amounts, paths, settings};
use crate::file::findings::Findings;
use crate::file::written::At;
use crate::file::written::build::Build as Written;
use crate::file::written::service::Service;
use crate::file::written::values::Pair;
use crate::plan::Build;
use crate::problem::Problem;
use std::collections::BTreeMap;

/// Nothing where the image is only fetched.
pub(super) fn resolve(
    service: &Service,
    project: &Project<'_>,
    findings: &mut Findings,
) -> Option<Build> {
    let written = service.build.as_ref()?;
    let text = |text: &Option<At<String>>| text.as_ref().map(|text| text.value.clone());
    if let (Some(_), Some(inline)) = (&written.dockerfile, &written.dockerfile_inline) {
        let message = "`dockerfile_inline` beside `dockerfile`: only one of them can count";
        findings.push(Problem::error(&inline.place, message).hint("keep one of the two"));
    }
    check_platforms(written, service.settings.text("platform"), findings);
    Some(Build {
        tags: written.tags.iter().map(|tag| tag.value.clone()).collect(),
        context: context(written, project),
        dockerfile: text(&written.dockerfile),
        dockerfile_inline: text(&written.dockerfile_inline),
        args: args(&written.args, project),
        target: text(&written.target),
        labels: settings::pairs(&written.labels),
        network: text(&written.network),
        extra_hosts: settings::extra_hosts(&written.extra_hosts, findings),
        cache_from: written
            .cache_from
            .iter()
            .map(|image| image.value.clone())
            .collect(),
        shm_size: amounts::bytes("shm_size", written.shm_size.as_ref(), findings),
        no_cache: written.no_cache,
        pull: written.pull,
    })
}

/// What is run must be among what is built, and only one can be.
fn check_platforms(written: &Written, wanted: Option<&At<String>>, findings: &mut Findings) {
    let Some(first) = written.platforms.first() else {
        return;
    };
    match wanted {
        Some(wanted) if written.platforms.iter().all(|p| p.value != wanted.value) => {
            let message = format!(
                "`platform` is `{}`, but the image is not built for it",
                wanted.value
            );
            findings.push(
                Problem::error(&wanted.place, message).hint("add it to `platforms` of `build`"),
            );
        }
        Some(_) => {}
        None => {
            let message = "the image is built for the platform of the engine alone";
            findings.push(
                Problem::warning(&first.place, message).hint("choose another one with `platform`"),
            );
        }
    }
}

/// The project folder where none is named; what the engine fetches itself stays
/// as it is.
fn context(written: &Written, project: &Project<'_>) -> String {
    let text = written
        .context
        .as_ref()
        .map_or(".", |context| context.value.as_str());
    if is_remote(text) {
        return text.to_owned();
    }
    paths::absolute(text, project).display().to_string()
}

/// Whether the engine fetches a context itself.
pub(crate) fn is_remote(context: &str) -> bool {
    let schemes = [
        "https://",
        "http://",
        "git://",
        "ssh://",
        "github.com/",
        "git@",
    ];
    schemes.iter().any(|scheme| context.starts_with(scheme))
}

/// Without a value a variable is passed through from outside, where it is set.
fn args(pairs: &[Pair], project: &Project<'_>) -> BTreeMap<String, String> {
    let value = |pair: &Pair| match &pair.value {
        Some(value) => Some(value.value.clone()),
        None => project.scope.get(&pair.key.value).map(str::to_owned),
    };
    pairs
        .iter()
        .filter_map(|pair| Some((pair.key.value.clone(), value(pair)?)))
        .collect()
}
