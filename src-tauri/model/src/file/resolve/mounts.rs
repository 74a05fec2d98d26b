//! The `volumes` and `tmpfs` of a container.

use super::{Project, amounts, grants, paths, settings};
use crate::file::findings::Findings;
use crate::file::written::At;
use crate::file::written::service::Service;
use crate::file::written::volumes::{LongVolume, VolumeUse};
use crate::plan::{Mount, MountSource};
use crate::problem::{Place, Problem, nearest};
use std::collections::{BTreeMap, BTreeSet};

/// Modes of the short form that change nothing here.
const QUIET_MODES: [&str; 9] = [
    "ro",
    "rw",
    "z",
    "Z",
    "cached",
    "delegated",
    "consistent",
    "nocopy",
    "",
];

/// How mounts below one are shared with the host.
const PROPAGATIONS: [&str; 6] = [
    "shared", "rshared", "slave", "rslave", "private", "rprivate",
];

/// All mounts in the order of the file.
pub(super) fn resolve(
    service: &Service,
    declared: &BTreeSet<&str>,
    project: &Project<'_>,
    findings: &mut Findings,
) -> Vec<Mount> {
    let granted = grants::mounts(service, project, findings);
    let mut resolver = Resolver {
        declared,
        project,
        findings,
    };
    let mut mounts: Vec<(Mount, &Place)> = Vec::new();
    for volume in &service.volumes {
        let (mount, place) = match volume {
            VolumeUse::Short(text) => (resolver.short(text), &text.place),
            VolumeUse::Long(long) => (resolver.long(long), &long.place),
        };
        mounts.extend(mount.map(|mount| (mount, place)));
    }
    mounts.extend(
        service
            .tmpfs
            .iter()
            .filter_map(|text| Some((resolver.tmpfs(text)?, &text.place))),
    );
    let granted = granted
        .into_iter()
        .map(|mount| (mount, &service.name.place));
    mounts.extend(granted);
    one_for_each_target(mounts, resolver.findings)
}

/// A later mount takes the place of an earlier one, as in Compose.
fn one_for_each_target(mounts: Vec<(Mount, &Place)>, findings: &mut Findings) -> Vec<Mount> {
    let mut kept: Vec<Mount> = Vec::new();
    let mut position: BTreeMap<String, usize> = BTreeMap::new();
    for (mount, place) in mounts {
        let Some(&at) = position.get(&mount.target) else {
            position.insert(mount.target.clone(), kept.len());
            kept.push(mount);
            continue;
        };
        if kept[at] != mount {
            let target = &mount.target;
            let message = format!("something else is mounted to `{target}` above; this counts");
            findings.warn(place, message);
            kept[at] = mount;
        }
    }
    kept
}

struct Resolver<'r> {
    declared: &'r BTreeSet<&'r str>,
    project: &'r Project<'r>,
    findings: &'r mut Findings,
}

impl Resolver<'_> {
    /// `[SOURCE:]TARGET[:MODE]`.
    fn short(&mut self, text: &At<String>) -> Option<Mount> {
        let (source, rest) = split_source(&text.value);
        let (target, mode) = match (source, split_mode(rest)) {
            (_, (target, mode)) if !target.is_empty() => (target, mode),
            _ => {
                let problem =
                    Problem::error(&text.place, format!("`{}` is not a mount", text.value));
                self.findings
                    .push(problem.hint("expected `SOURCE:/target` or `SOURCE:/target:ro`"));
                return None;
            }
        };
        let source = match source {
            Some(source) => self.source(source, &text.place)?,
            None => MountSource::Anonymous,
        };
        let has = |wanted| mode.split(',').any(|mode| mode == wanted);
        self.check_modes(mode, &text.place);
        let mut mount = self.mount(source, target, has("ro"), &text.place)?;
        mount.no_copy = has("nocopy");
        let propagation = PROPAGATIONS.iter().find(|wanted| has(wanted));
        mount.propagation = propagation.map(|mode| (*mode).to_owned());
        Some(mount)
    }

    fn source(&mut self, source: &str, place: &Place) -> Option<MountSource> {
        let is_path = source.starts_with(['.', '/', '~', '\\']) || paths::is_windows_drive(source);
        if is_path {
            return Some(MountSource::Bind(paths::absolute(source, self.project)));
        }
        self.named(source, place)
    }

    fn named(&mut self, name: &str, place: &Place) -> Option<MountSource> {
        if self.declared.contains(name) {
            return Some(MountSource::Volume(name.to_owned()));
        }
        let problem = Problem::error(place, format!("the volume `{name}` is not declared"));
        let near = self.findings.nearest(name, self.declared.iter().copied());
        self.findings.push(match near {
            Some(near) => problem.hint(format!("did you mean `{near}`?")),
            None => problem.hint(format!(
                "add `{name}:` to the top-level `volumes`, or write `./{name}` for a folder"
            )),
        });
        None
    }

    fn long(&mut self, long: &LongVolume) -> Option<Mount> {
        let kind = long
            .kind
            .as_ref()
            .map_or("volume", |kind| kind.value.as_str());
        let source = match (kind, &long.source) {
            ("bind", Some(source)) => {
                MountSource::Bind(paths::absolute(&source.value, self.project))
            }
            ("bind", None) => {
                self.findings.error(
                    &long.place,
                    "`source` is missing in a mount of the type `bind`",
                );
                return None;
            }
            ("volume", Some(source)) => self.named(&source.value, &source.place)?,
            ("volume", None) => MountSource::Anonymous,
            ("tmpfs", _) => MountSource::Tmpfs,
            ("image", source) => self.image(long, source.as_ref()),
            _ => {
                self.unknown_kind(long, kind);
                return None;
            }
        };
        let Some(target) = &long.target else {
            self.findings
                .error(&long.place, "`target` is missing in an item of `volumes`");
            return None;
        };
        let mut mount = self.mount(source, &target.value, long.read_only, &target.place)?;
        mount.options = match &long.subpath {
            Some(path) => format!("subpath={}", path.value),
            None => self.memory_options(long),
        };
        mount.make_source &= long.create_source.unwrap_or(true);
        mount.no_copy = long.no_copy;
        mount.labels = settings::pairs(&long.labels);
        mount.propagation = self.propagation(long);
        Some(mount)
    }

    fn propagation(&mut self, long: &LongVolume) -> Option<String> {
        let text = long.propagation.as_ref()?;
        if PROPAGATIONS.contains(&text.value.as_str()) {
            return Some(text.value.clone());
        }
        let message = format!("unknown propagation `{}` of a mount", text.value);
        let problem = Problem::error(&text.place, message);
        self.findings
            .push(match nearest(&text.value, PROPAGATIONS) {
                Some(near) => problem.hint(format!("did you mean `{near}`?")),
                None => problem.hint("expected `rprivate`, `rslave`, `rshared` or one without `r`"),
            });
        None
    }

    fn image(&mut self, long: &LongVolume, source: Option<&At<String>>) -> MountSource {
        if source.is_none() {
            let problem = Problem::warning(&long.place, "this mount names no image");
            self.findings
                .push(problem.hint("without a `source` the container cannot be started"));
        }
        MountSource::Image(source.map(|s| s.value.clone()).unwrap_or_default())
    }

    /// `size=N,mode=N` of a mount of memory.
    fn memory_options(&mut self, long: &LongVolume) -> String {
        let size = amounts::bytes("size", long.memory_size.as_ref(), self.findings);
        let size = size.map(|bytes| format!("size={bytes}"));
        let mode = long
            .memory_mode
            .as_ref()
            .map(|mode| format!("mode={}", mode.value));
        size.into_iter().chain(mode).collect::<Vec<_>>().join(",")
    }

    fn unknown_kind(&mut self, long: &LongVolume, kind: &str) {
        let place = long.kind.as_ref().map_or(&long.place, |kind| &kind.place);
        if ["npipe", "cluster"].contains(&kind) {
            self.findings.warn(
                place,
                format!("a mount of the type `{kind}` is not supported yet and is left out"),
            );
            return;
        }
        let problem = Problem::error(place, format!("unknown type `{kind}` of a mount"));
        self.findings
            .push(problem.hint("expected `bind`, `volume`, `tmpfs` or `image`"));
    }

    /// `TARGET[:OPTIONS]`.
    fn tmpfs(&mut self, text: &At<String>) -> Option<Mount> {
        let (target, options) = text.value.split_once(':').unwrap_or((&text.value, ""));
        let mut mount = self.mount(MountSource::Tmpfs, target, false, &text.place)?;
        mount.options = options.to_owned();
        Some(mount)
    }

    fn mount(
        &mut self,
        source: MountSource,
        target: &str,
        read_only: bool,
        place: &Place,
    ) -> Option<Mount> {
        if !target.starts_with('/') && !paths::is_windows_drive(target) {
            let message = format!(
                "`{target}` is not an absolute path, but a mount needs one inside the container"
            );
            self.findings
                .push(Problem::error(place, message).hint("begin it with `/`"));
            return None;
        }
        let target = if target.len() > 1 {
            target.trim_end_matches('/')
        } else {
            target
        };
        let make_source = matches!(source, MountSource::Bind(_));
        Some(Mount {
            read_only,
            make_source,
            ..Mount::new(source, target.to_owned())
        })
    }

    fn check_modes(&mut self, modes: &str, place: &Place) {
        let known = |mode: &&str| QUIET_MODES.contains(mode) || PROPAGATIONS.contains(mode);
        for mode in modes.split(',').filter(|mode| !known(mode)) {
            let problem = Problem::warning(place, format!("unknown mode `{mode}` of a mount"));
            self.findings.push(problem.hint("expected `ro` or `rw`"));
        }
    }
}

/// The source, where there is one, and what follows it. The colon of `C:\` is
/// part of a path.
fn split_source(text: &str) -> (Option<&str>, &str) {
    let skip = if paths::is_windows_drive(text) { 2 } else { 0 };
    match text[skip..].find(':') {
        Some(colon) => (Some(&text[..skip + colon]), &text[skip + colon + 1..]),
        None => (None, text),
    }
}

fn split_mode(text: &str) -> (&str, &str) {
    let skip = if paths::is_windows_drive(text) { 2 } else { 0 };
    match text[skip..].find(':') {
        Some(colon) => (&text[..skip + colon], &text[skip + colon + 1..]),
        None => (text, ""),
    }
}
