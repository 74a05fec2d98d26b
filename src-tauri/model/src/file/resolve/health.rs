//! Probes and Compose's health check.

use super::{duration, server, words};
use crate::file::findings::Findings;
use crate::file::written::At;
use crate::file::written::probes::{self, Body, Kind, Log};
use crate::file::written::service::Service;
use crate::file::written::values::Words;
use crate::plan::{Endpoint, Healthcheck, Protocol, ServiceKind};
use crate::probe::{BodyRule, LinePattern, Probe, ProbeKind, ProbeRole, Probes};
use crate::problem::{Place, Problem, nearest};
use crate::product::Product;

/// What the probes of a service may ask.
pub(super) struct Subject<'s> {
    pub(super) kind: ServiceKind,
    /// Nothing where they are not known, because something is wrong with them.
    pub(super) endpoints: Option<&'s [Endpoint]>,
    /// Its own, where the file gives one.
    pub(super) healthcheck: Option<&'s Healthcheck>,
    /// What is in it, where its image tells.
    pub(super) product: Option<Product>,
}

/// The probes as written, and where no `ready` is, the health check or what is
/// known of the image.
pub(super) fn probes(service: &Service, subject: &Subject<'_>, findings: &mut Findings) -> Probes {
    let mut probes = Probes::default();
    let mut written_ready = false;
    for written in &service.probes {
        written_ready |= written.role == ProbeRole::Ready;
        let probe = probe(written, subject, findings);
        *match written.role {
            ProbeRole::Startup => &mut probes.startup,
            ProbeRole::Live => &mut probes.live,
            ProbeRole::Ready => &mut probes.ready,
        } = probe;
    }
    if !written_ready {
        probes.ready = match subject.healthcheck {
            Some(check) if check.is_disabled() => None,
            Some(_) => Some(Probe::new(ProbeKind::Container)),
            None => server::usual(subject),
        };
    }
    probes
}

fn probe(written: &probes::Probe, subject: &Subject<'_>, findings: &mut Findings) -> Option<Probe> {
    let timeout = duration::positive("timeout", written.timeout.as_ref(), findings);
    let interval = duration::positive("interval", written.interval.as_ref(), findings);
    let initial_delay =
        duration::resolve("initial_delay", written.initial_delay.as_ref(), findings);
    let kind = written.kind.as_ref()?;
    let kind_of_probe = resolve_kind(kind, subject, findings)?;
    if let (ProbeRole::Live, ProbeKind::Log { .. }) = (written.role, &kind_of_probe) {
        let message = "a line that was written once does not tell whether the service is alive";
        let problem = Problem::error(&kind.place, message);
        findings.push(problem.hint("use `log` for `startup` or `ready`"));
        return None;
    }
    let mut probe = Probe::new(kind_of_probe);
    match (written.role, timeout) {
        (ProbeRole::Startup, Some(whole)) => probe.deadline = whole,
        (_, Some(attempt)) => probe.timeout = attempt,
        (_, None) => {}
    }
    probe.timeout = probe.timeout.min(probe.deadline);
    probe.interval = interval.unwrap_or(probe.interval);
    probe.initial_delay = initial_delay.unwrap_or(probe.initial_delay);
    probe.failure_threshold = written.failure_threshold.unwrap_or(probe.failure_threshold);
    probe.success_threshold = written.success_threshold.unwrap_or(probe.success_threshold);
    Some(probe)
}

fn resolve_kind(
    kind: &At<Kind>,
    subject: &Subject<'_>,
    findings: &mut Findings,
) -> Option<ProbeKind> {
    match &kind.value {
        Kind::Http {
            path,
            endpoint,
            status,
            body,
        } => {
            let path = http_path(path.as_ref(), findings)?;
            let status = match status {
                Some(text) => Some(http_status(text, findings)?),
                None => None,
            };
            subject.check_endpoint(endpoint.as_ref(), "http", &kind.place, findings)?;
            Some(ProbeKind::Http {
                endpoint: endpoint.as_ref().map(|e| e.value.clone()),
                path,
                status,
                body: match body {
                    Some(body) => Some(body_rule(body, findings)?),
                    None => None,
                },
            })
        }
        Kind::Tcp { endpoint } => {
            subject.check_endpoint(endpoint.as_ref(), "tcp", &kind.place, findings)?;
            Some(ProbeKind::Tcp {
                endpoint: endpoint.as_ref().map(|e| e.value.clone()),
            })
        }
        Kind::Exec(words) => subject.exec(words, &kind.place, findings),
        Kind::Log(log) => subject.log(log, &kind.place, findings),
        Kind::Container => subject.container(&kind.place, findings),
        Kind::Server(written) => server::resolve(written, subject, &kind.place, findings),
    }
}

impl Subject<'_> {
    /// The endpoint that is named, or one that fits, must be there.
    pub(super) fn check_endpoint(
        &self,
        named: Option<&At<String>>,
        kind: &str,
        place: &Place,
        findings: &mut Findings,
    ) -> Option<()> {
        let Some(all) = self.endpoints else {
            return Some(());
        };
        let usable = || {
            all.iter()
                .filter(|endpoint| endpoint.protocol == Protocol::Tcp)
        };
        let names = || usable().map(|endpoint| endpoint.name.as_str());
        if let Some(named) = named {
            let udp = all.iter().any(|endpoint| endpoint.name == named.value);
            return check_named(named, names(), udp, findings);
        }
        if usable().any(|endpoint| kind != "http" || endpoint.is_http()) {
            return Some(());
        }
        findings.push(match names().next() {
            None => no_endpoint(kind, place),
            Some(name) => no_http_endpoint(name, place),
        });
        None
    }

    fn exec(&self, words: &Words, place: &Place, findings: &mut Findings) -> Option<ProbeKind> {
        let command = words::resolve(
            &At {
                value: words.clone(),
                place: place.clone(),
            },
            findings,
        )?;
        if self.kind == ServiceKind::External {
            let problem = Problem::error(place, "an external service cannot be probed with `exec`");
            findings.push(problem.hint("use `http` or `tcp`"));
            return None;
        }
        if command.is_empty() {
            findings.error(place, "`exec` has no command");
            return None;
        }
        Some(ProbeKind::Exec { command })
    }

    fn log(&self, log: &Log, place: &Place, findings: &mut Findings) -> Option<ProbeKind> {
        if self.kind == ServiceKind::External {
            let problem = Problem::error(place, "an external service has no log here");
            findings.push(problem.hint("use `http` or `tcp`"));
            return None;
        }
        let line = match (&log.text, &log.regex) {
            (Some(text), None) => LinePattern::Text(text.value.clone()),
            (None, Some(regex)) => {
                if let Err(error) = regex::Regex::new(&regex.value) {
                    let cause = error.to_string();
                    let cause = cause.lines().last().unwrap_or_default();
                    let message = format!("`{}` is no regular expression: {cause}", regex.value);
                    findings.error(&regex.place, message);
                    return None;
                }
                LinePattern::Regex(regex.value.clone())
            }
            (None, None) => {
                let problem = Problem::error(place, "`log` does not say which line is meant");
                findings.push(
                    problem
                        .hint("write `log: started`, or `log: { regex: \"started in \\\\d+\" }`"),
                );
                return None;
            }
            (Some(_), Some(_)) => {
                let problem = Problem::error(place, "`log` has both `text` and `regex`");
                findings.push(problem.hint("keep one of the two"));
                return None;
            }
        };
        Some(ProbeKind::Log { line })
    }

    fn container(&self, place: &Place, findings: &mut Findings) -> Option<ProbeKind> {
        let problem = match self.healthcheck {
            _ if self.kind != ServiceKind::Container => {
                Problem::error(place, "only a container has a health check of its own")
                    .hint("use `http`, `tcp` or `exec`")
            }
            Some(check) if check.is_disabled() => {
                Problem::error(place, "the health check that is asked for is disabled")
                    .hint("remove `disable` from `healthcheck`, or use another probe")
            }
            _ => return Some(ProbeKind::Container),
        };
        findings.push(problem);
        None
    }
}

fn no_endpoint(kind: &str, place: &Place) -> Problem {
    let message = format!("a probe with `{kind}` needs an endpoint, but the service has none");
    Problem::error(place, message)
        .hint("add one, such as `endpoints: { http: 8080 }`, or use `exec`")
}

fn no_http_endpoint(name: &str, place: &Place) -> Problem {
    let message = "a probe with `http` needs an endpoint with the scheme `http` or `https`";
    Problem::error(place, message).hint(format!(
        "write `http: {{ path: /health, endpoint: {name} }}`, or give `{name}` a `scheme: http`"
    ))
}

/// The endpoint that a probe names; `udp` where it exists, but cannot be probed.
fn check_named<'n>(
    named: &At<String>,
    names: impl Iterator<Item = &'n str> + Clone,
    udp: bool,
    findings: &mut Findings,
) -> Option<()> {
    if names.clone().any(|name| name == named.value) {
        return Some(());
    }
    let what = if udp {
        "cannot be probed, because it is UDP"
    } else {
        "does not exist"
    };
    let problem = Problem::error(
        &named.place,
        format!("the endpoint `{}` {what}", named.value),
    );
    let known: Vec<String> = names.clone().map(|name| format!("`{name}`")).collect();
    findings.push(match nearest(&named.value, names) {
        Some(name) => problem.hint(format!("did you mean `{name}`?")),
        None if known.is_empty() => problem.hint("the service has no endpoints that can be probed"),
        None => problem.hint(format!(
            "the endpoints of the service are {}",
            known.join(", ")
        )),
    });
    None
}

pub(super) fn http_path(path: Option<&At<String>>, findings: &mut Findings) -> Option<String> {
    let Some(path) = path else {
        return Some("/".to_owned());
    };
    let good = path.value.starts_with('/')
        && !path
            .value
            .contains(|c: char| c.is_whitespace() || c.is_control());
    if !good {
        let problem = Problem::error(
            &path.place,
            format!("`{}` is not the path of a URL", path.value),
        );
        findings.push(problem.hint("begin it with `/`; the host comes from the endpoint"));
    }
    good.then(|| path.value.clone())
}

fn body_rule(body: &At<Body>, findings: &mut Findings) -> Option<BodyRule> {
    let text = |key: &Option<At<String>>| key.as_ref().map(|text| text.value.clone());
    let rule = BodyRule {
        path: text(&body.value.path),
        equals: text(&body.value.equals),
        contains: text(&body.value.contains),
    };
    if rule.path.is_none() && rule.equals.is_none() && rule.contains.is_none() {
        let problem = Problem::error(&body.place, "`body` does not say what is expected");
        findings.push(problem.hint("write something like `body: { path: status, equals: UP }`"));
        return None;
    }
    Some(rule)
}

fn http_status(text: &At<String>, findings: &mut Findings) -> Option<u16> {
    let status = text
        .value
        .parse()
        .ok()
        .filter(|status| (100..=599).contains(status));
    if status.is_none() {
        findings.error(
            &text.place,
            format!("`status` must be from 100 to 599, but is `{}`", text.value),
        );
    }
    status
}

/// Compose's `healthcheck`, which the container engine performs.
pub(super) fn healthcheck(
    written: &At<probes::Healthcheck>,
    findings: &mut Findings,
) -> Option<Healthcheck> {
    let check = &written.value;
    let interval = duration::resolve("interval", check.interval.as_ref(), findings);
    let timeout = duration::resolve("timeout", check.timeout.as_ref(), findings);
    let start_period = duration::resolve("start_period", check.start_period.as_ref(), findings);
    let start_interval =
        duration::resolve("start_interval", check.start_interval.as_ref(), findings);
    let test = match &check.test {
        _ if check.disable => vec!["NONE".to_owned()],
        Some(test) => test_words(test, findings)?,
        // Only its timing differs from the image's.
        None => Vec::new(),
    };
    Some(Healthcheck {
        test,
        interval,
        timeout,
        retries: check.retries,
        start_period,
        start_interval,
    })
}

fn test_words(test: &At<Words>, findings: &mut Findings) -> Option<Vec<String>> {
    let words: Vec<String> = match &test.value {
        Words::Line(line) => vec!["CMD-SHELL".to_owned(), line.clone()],
        Words::List(list) => list.iter().map(|word| word.value.clone()).collect(),
    };
    let place = &test.place;
    let problem = match (words.first().map(String::as_str), words.len()) {
        (Some("NONE"), _) | (Some("CMD"), 2..) | (Some("CMD-SHELL"), 2) => return Some(words),
        (Some("CMD-SHELL"), 3..) => {
            let message = "the shell runs only the first text behind `CMD-SHELL`";
            let hint = "put the whole command line into one text, or use `CMD`";
            findings.push(Problem::warning(place, message).hint(hint));
            return Some(words);
        }
        (Some("CMD" | "CMD-SHELL"), _) => Problem::error(place, "the health check has no command"),
        _ => {
            let message = "the list of `test` must begin with `CMD`, `CMD-SHELL` or `NONE`";
            Problem::error(place, message)
                .hint("expected something like `[CMD, curl, -f, http://localhost]`")
        }
    };
    findings.push(problem);
    None
}
