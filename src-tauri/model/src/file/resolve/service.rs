//! One service, put together from its parts.

use super::endpoints::{self, Bound};
use super::health::Subject;
use super::{
    Project, amounts, dependencies, duration, environment, health, hooks, is_service_name, rebuild,
    run, scrape,
};
use crate::file::findings::Findings;
use crate::file::written::At;
use crate::file::written::service::Service as Written;
use crate::file::written::settings::Deploy;
use crate::file::written::values::Words;
use crate::plan::{
    Endpoint, HostPort, MountSource, Network, Owner, RestartPolicy, Run, Service, ServiceKind,
};
use crate::problem::{Place, Problem, nearest};
use crate::product::Product;
use crate::signal;
use crate::time::Millis;
use std::collections::{BTreeMap, BTreeSet};

const STOP_GRACE: Millis = Millis::from_secs(10);

/// A service with the places that later checks need. Where something was wrong
/// it is filled as well as possible, so that the checks find all the rest.
pub(super) struct Draft<'w> {
    pub(super) written: &'w Written,
    pub(super) service: Service,
    /// Place of the port of each endpoint, in their order.
    pub(super) port_places: Vec<Place>,
    /// Every text in which a template may stand.
    pub(super) texts: Vec<At<String>>,
    /// Its endpoints are as the author meant them. Where they are not, what lacks
    /// one is not worth a second error.
    pub(super) sure: bool,
}

impl<'w> Draft<'w> {
    pub(super) fn new(
        written: &'w Written,
        volumes: &BTreeSet<&str>,
        project: &Project<'_>,
        findings: &mut Findings,
    ) -> Self {
        check_name(&written.name, findings);
        let kind = run::kind(written, findings);
        let run = kind.map_or(Run::External, |kind| {
            run::resolve(written, kind, volumes, project, findings)
        });
        let variables = environment::resolve(written, project, findings);
        let before = findings.error_count();
        let bound = kind.map_or_else(Vec::new, |kind| {
            endpoints::resolve(written, kind, &project.endpoints_left, findings)
        });
        let sure = kind.is_some() && written.is_reach_whole && findings.error_count() == before;
        let texts = command_texts(written)
            .chain(variables.values().cloned())
            .collect();
        let mut draft = Self {
            written,
            service: service(
                written,
                run,
                bound.iter().map(|b| b.endpoint.clone()).collect(),
                findings,
            ),
            port_places: bound.into_iter().map(|Bound { place, .. }| place).collect(),
            texts,
            sure,
        };
        rebuild::resolve(written, &mut draft.service, project, findings);
        hooks::resolve(written, &mut draft.service, project, findings);
        draft.adapt_ports(findings);
        draft.service.environment = variables
            .into_iter()
            .map(|(key, value)| (key, value.value))
            .collect();
        draft.resolve_probes(kind, findings);
        let endpoints = draft.sure.then_some(draft.service.endpoints.as_slice());
        draft.service.metrics = scrape::resolve(written, endpoints, findings);
        draft
    }

    /// On the network of the host a port is what the container listens on; on a
    /// network of somebody else's there is none to publish.
    fn adapt_ports(&mut self, findings: &mut Findings) {
        let Run::Container(container) = &self.service.run else {
            return;
        };
        let hint = match &container.settings.network {
            Network::Shared | Network::Bridge => return,
            Network::Host => {
                for endpoint in &mut self.service.endpoints {
                    endpoint.port = endpoint.target.map_or(endpoint.port, HostPort::Fixed);
                }
                return;
            }
            Network::Join(Owner::Service(owner)) => format!("publish it at `{owner}`"),
            Network::Join(Owner::Container(_)) => "publish it where that one is started".to_owned(),
            Network::None => "take one of the two out".to_owned(),
        };
        if let Some(place) = self.port_places.first() {
            let message = "a port cannot be published with this `network_mode`";
            findings.push(Problem::error(place, message).hint(hint));
        }
    }

    fn resolve_probes(&mut self, kind: Option<ServiceKind>, findings: &mut Findings) {
        let Some(kind) = kind else { return };
        let (healthcheck, product) = match &self.service.run {
            Run::Container(container) => (
                container.healthcheck.as_ref(),
                Product::of_image(&container.image),
            ),
            Run::Process(_) | Run::External => (None, None),
        };
        let endpoints = self.sure.then_some(self.service.endpoints.as_slice());
        let subject = Subject {
            kind,
            endpoints,
            healthcheck,
            product,
        };
        self.service.probes = health::probes(self.written, &subject, findings);
    }

    /// The declared volumes that it mounts.
    pub(super) fn named_volumes(&self) -> impl Iterator<Item = &str> {
        let mounts = match &self.service.run {
            Run::Container(container) => container.mounts.as_slice(),
            Run::Process(_) | Run::External => &[],
        };
        mounts.iter().filter_map(|mount| match &mount.source {
            MountSource::Volume(name) => Some(name.as_str()),
            _ => None,
        })
    }
}

fn service(
    written: &Written,
    run: Run,
    endpoints: Vec<Endpoint>,
    findings: &mut Findings,
) -> Service {
    let (depends_on, references) = dependencies::resolve(written);
    Service {
        name: written.name.value.clone(),
        run,
        group: written.group.as_ref().map(|group| group.value.clone()),
        environment: BTreeMap::new(),
        endpoints,
        depends_on,
        references,
        probes: Default::default(),
        restart: match &written.restart {
            Some(text) => restart_policy(text, findings),
            None => deployed_policy(&written.settings.deploy, findings),
        },
        stop_signal: written
            .stop_signal
            .as_ref()
            .and_then(|text| stop_signal(text, findings)),
        stop_grace: duration::resolve(
            "stop_grace_period",
            written.stop_grace_period.as_ref(),
            findings,
        )
        .unwrap_or(STOP_GRACE),
        build: None,
        build_strategy: Default::default(),
        watch: Vec::new(),
        post_start: Vec::new(),
        pre_stop: Vec::new(),
        metrics: None,
    }
}

fn check_name(name: &At<String>, findings: &mut Findings) {
    if !is_service_name(&name.value) {
        let problem = Problem::error(
            &name.place,
            format!("`{}` cannot be the name of a service", name.value),
        );
        findings.push(problem.hint("use letters, digits, `.`, `-` and `_`"));
    }
}

/// The words of all commands.
fn command_texts(written: &Written) -> impl Iterator<Item = At<String>> {
    let hooks = written.post_start.iter().chain(&written.pre_stop);
    let commands = [&written.process, &written.command, &written.entrypoint]
        .into_iter()
        .chain(hooks.map(|hook| &hook.command))
        .flatten();
    commands.flat_map(|command| match &command.value {
        Words::Line(line) => vec![At {
            value: line.clone(),
            place: command.place.clone(),
        }],
        Words::List(list) => list.clone(),
    })
}

/// `no`, `always`, `unless-stopped`, `on-failure` or `on-failure:3`. YAML 1.1
/// takes an unquoted `no` for `false`, and so do people.
fn restart_policy(text: &At<String>, findings: &mut Findings) -> RestartPolicy {
    let (word, number) = match text.value.split_once(':') {
        Some((word, number)) => (word, Some(number)),
        None => (text.value.as_str(), None),
    };
    let max = number.map(str::parse::<u32>);
    match (word, max) {
        ("no" | "false" | "", None) => RestartPolicy::No,
        ("always", None) => RestartPolicy::Always,
        ("unless-stopped", None) => RestartPolicy::UnlessStopped,
        ("on-failure", None) => RestartPolicy::OnFailure { max: None },
        // Docker's 0 means without limit.
        ("on-failure", Some(Ok(max))) => RestartPolicy::OnFailure {
            max: (max > 0).then_some(max),
        },
        _ => {
            let problem = Problem::error(
                &text.place,
                format!("unknown restart policy `{}`", text.value),
            );
            findings.push(
                match nearest(word, ["always", "unless-stopped", "on-failure"]) {
                    Some(near) if near != word => problem.hint(format!("did you mean `{near}`?")),
                    _ => problem.hint(
                        "expected `no`, `always`, `unless-stopped`, `on-failure` or `on-failure:3`",
                    ),
                },
            );
            RestartPolicy::No
        }
    }
}

/// The policy of `deploy.restart_policy`, which counts where `restart` is absent.
fn deployed_policy(deploy: &Deploy, findings: &mut Findings) -> RestartPolicy {
    let Some(condition) = &deploy.restart_condition else {
        return RestartPolicy::No;
    };
    let most = amounts::number(
        "max_attempts",
        0,
        deploy.restart_attempts.as_ref(),
        findings,
    );
    match condition.value.as_str() {
        "none" | "no" => RestartPolicy::No,
        "any" | "always" => RestartPolicy::Always,
        "unless-stopped" => RestartPolicy::UnlessStopped,
        "on-failure" => RestartPolicy::OnFailure {
            max: most.and_then(|n| u32::try_from(n).ok()).filter(|n| *n > 0),
        },
        other => {
            let message = format!("unknown condition `{other}` of a restart policy");
            let problem = Problem::error(&condition.place, message);
            findings.push(problem.hint("expected `none`, `on-failure` or `any`"));
            RestartPolicy::No
        }
    }
}

fn stop_signal(text: &At<String>, findings: &mut Findings) -> Option<i32> {
    let number = signal::number(&text.value);
    if number.is_none() {
        let problem = Problem::error(&text.place, format!("unknown signal `{}`", text.value));
        findings.push(problem.hint("expected a name such as `SIGINT`, or a number from 1 to 64"));
    }
    number
}
