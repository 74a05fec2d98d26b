//! The `build` of a container as written.

use super::At;
use super::read::{Field, Keys};
use super::settings;
use super::values::Pair;
use crate::file::findings::Findings;
use crate::file::yaml::Value;
use crate::problem::Problem;

/// A folder alone, or with all that can be said about it.
#[derive(Debug, Default)]
pub(crate) struct Build {
    pub(crate) context: Option<At<String>>,
    pub(crate) dockerfile: Option<At<String>>,
    pub(crate) dockerfile_inline: Option<At<String>>,
    pub(crate) args: Vec<Pair>,
    pub(crate) target: Option<At<String>>,
    pub(crate) labels: Vec<Pair>,
    pub(crate) network: Option<At<String>>,
    pub(crate) extra_hosts: Vec<At<String>>,
    pub(crate) cache_from: Vec<At<String>>,
    pub(crate) shm_size: Option<At<String>>,
    pub(crate) no_cache: bool,
    pub(crate) pull: bool,
    pub(crate) strategy: Option<At<String>>,
    pub(crate) tags: Vec<At<String>>,
    pub(crate) platforms: Vec<At<String>>,
}

/// What only BuildKit can do. Images are built by the engine's classic builder,
/// which the API offers without a session.
fn needs_build_kit(_: &mut Build, field: &Field<'_>, findings: &mut Findings) {
    let message = format!(
        "{} of `build` needs BuildKit and has no effect",
        field.what()
    );
    findings.push(Problem::warning(&field.key.place, message).hint(
        "build the image with `docker build` and name it with `image`, or do without this key",
    ));
}

const KEYS: Keys<Build> = Keys {
    known: &[
        ("context", |b, field, findings| {
            b.context = field.filled(findings)
        }),
        ("dockerfile", |b, field, findings| {
            b.dockerfile = field.filled(findings)
        }),
        ("dockerfile_inline", |b, field, findings| {
            b.dockerfile_inline = field.filled(findings)
        }),
        ("args", |b, field, findings| {
            b.args = Pair::read_all(field, findings)
        }),
        ("target", |b, field, findings| {
            b.target = field.filled(findings)
        }),
        ("labels", |b, field, findings| {
            b.labels = Pair::read_all(field, findings)
        }),
        ("network", |b, field, findings| {
            b.network = field.filled(findings)
        }),
        ("extra_hosts", |b, field, findings| {
            b.extra_hosts = settings::hosts(field, findings)
        }),
        ("cache_from", |b, field, findings| {
            b.cache_from = field.texts(findings)
        }),
        ("shm_size", |b, field, findings| {
            b.shm_size = field.filled(findings)
        }),
        ("no_cache", |b, field, findings| {
            b.no_cache = field.flag(findings).is_some_and(|flag| flag.value)
        }),
        ("pull", |b, field, findings| {
            b.pull = field.flag(findings).is_some_and(|flag| flag.value)
        }),
        ("tags", |b, field, findings| b.tags = field.texts(findings)),
        ("platforms", |b, field, findings| {
            b.platforms = field.texts(findings)
        }),
        ("additional_contexts", needs_build_kit),
        ("entitlements", needs_build_kit),
        ("no_cache_filter", needs_build_kit),
        ("secrets", needs_build_kit),
        ("ssh", needs_build_kit),
        ("strategy", |b, field, findings| {
            b.strategy = field.filled(findings)
        }),
        // Where results are put beside the engine itself.
        ("cache_to", |_, _, _| {}),
        ("provenance", |_, _, _| {}),
        ("sbom", |_, _, _| {}),
    ],
    later: &["isolation", "privileged", "ulimits"],
};

impl Build {
    pub(super) fn read(field: &Field<'_>, findings: &mut Findings) -> Option<Self> {
        if field.is_null() {
            return None;
        }
        let mut build = Self::default();
        match field.node.value {
            Value::Scalar(_) => build.context = field.filled(findings),
            _ => KEYS.read("`build`", field.node, &mut build, findings),
        }
        Some(build)
    }
}
