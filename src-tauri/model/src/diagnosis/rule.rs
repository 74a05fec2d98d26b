//! One rule: how a cause is recognised, and what is said of it.

use super::evidence::{FailedProbe, Line, ServiceEvidence};
use super::{Action, Proof};
use crate::exit::Exit;
use regex::Regex;
use std::collections::BTreeMap;

/// Values that a pattern found: `port`, `host`, `file` …
pub(super) type Found = BTreeMap<String, String>;

/// A cause that can be recognised. All conditions that are given must hold.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Its name, unique in all lists.
    pub id: String,
    /// Found in a line of the log.
    pub log: Option<Regex>,
    /// Found in the supervisor's sentence.
    pub reason: Option<Regex>,
    /// Found in the answer of a probe.
    pub probe: Option<Regex>,
    /// One of these exit codes.
    pub exit: Vec<i32>,
    /// Whether the out-of-memory killer was at work.
    pub oom: Option<bool>,
    /// The captured `port` must not be one of the service's own.
    pub foreign_port: bool,
    /// Where the cause lies.
    pub blames: Blame,
    /// The sentence; `{name}` stands for what a pattern captured under that name.
    pub say: String,
    /// The next step, in the same form.
    pub next: Option<String>,
    /// Steps that can be one click, in the same form.
    pub actions: Vec<Step>,
    /// Of two rules that hold, the one that says more; 50 for a line of a log.
    pub weight: u8,
    /// Texts that it must recognise.
    pub examples: Vec<String>,
    /// Texts that look alike and that it must not recognise.
    pub near_misses: Vec<String>,
}

/// Where a cause lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blame {
    /// In the service itself, its code or its settings.
    Service,
    /// In a service that it needs, named by the captured `host` or `port`.
    Dependency,
    /// In this machine.
    Machine,
}

/// A step of a rule, before the values are filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// See [`Action::Restart`].
    Restart,
    /// See [`Action::Rebuild`].
    Rebuild,
    /// See [`Action::PullImage`]; needs `image`.
    PullImage,
    /// See [`Action::FreePort`]; needs `port`, `pid` and `program`.
    FreePort,
    /// See [`Action::UsePort`]; needs `port` and `free`.
    UsePort,
    /// See [`Action::OpenFile`]; needs `file` and `line`.
    OpenFile,
    /// See [`Action::Copy`].
    Copy(String),
}

/// A rule that holds for a service.
#[derive(Clone, Debug)]
pub(super) struct Match<'a> {
    pub(super) rule: &'a Rule,
    pub(super) found: Found,
    pub(super) proofs: Vec<Proof>,
    /// The line of the log, where one was recognised.
    pub(super) seq: Option<u64>,
}

impl Rule {
    /// Whether it holds for a service, and what it found.
    pub(super) fn matches(&self, service: &ServiceEvidence) -> Option<Match<'_>> {
        let mut found = Match {
            rule: self,
            found: Found::new(),
            proofs: Vec::new(),
            seq: None,
        };
        let holds = self.exit_holds(service.exit.as_ref(), &mut found)
            && self.reason_holds(service.reason.as_deref(), &mut found)
            && self.probe_holds(&service.probes, &mut found)
            && self.line_holds(service, &mut found)
            && self.port_holds(&service.ports, &found.found);
        holds.then_some(found)
    }

    fn exit_holds(&self, exit: Option<&Exit>, out: &mut Match<'_>) -> bool {
        if self.exit.is_empty() && self.oom.is_none() {
            return true;
        }
        let Some(exit) = exit else { return false };
        let code = self.exit.is_empty() || exit.code.is_some_and(|c| self.exit.contains(&c));
        // A container that Benchtop itself had to kill was not killed by anybody else.
        let oom = self
            .oom
            .is_none_or(|oom| oom == exit.oom && !exit.killed_after_grace);
        if code && oom {
            out.found
                .extend(exit.code.map(|c| ("code".to_owned(), c.to_string())));
            out.proofs.push(Proof::Exit {
                text: exit.describe(),
            });
        }
        code && oom
    }

    fn reason_holds(&self, reason: Option<&str>, out: &mut Match<'_>) -> bool {
        let Some(pattern) = &self.reason else {
            return true;
        };
        let Some(text) = reason.filter(|text| capture(pattern, text, &mut out.found)) else {
            return false;
        };
        out.proofs.push(Proof::Reason {
            text: text.to_owned(),
        });
        true
    }

    fn probe_holds(&self, probes: &[FailedProbe], out: &mut Match<'_>) -> bool {
        let Some(pattern) = &self.probe else {
            return true;
        };
        let hit = probes
            .iter()
            .find(|probe| capture(pattern, &probe.text, &mut out.found));
        out.proofs.extend(hit.map(proof_of));
        hit.is_some()
    }

    /// The newest line that is recognised: it is nearest to the trouble.
    fn line_holds(&self, service: &ServiceEvidence, out: &mut Match<'_>) -> bool {
        let Some(pattern) = &self.log else {
            return true;
        };
        let mut newest = service.lines.iter().rev();
        let Some(line) = newest.find(|line| capture(pattern, &line.text, &mut out.found)) else {
            return false;
        };
        out.seq = Some(line.seq);
        out.proofs.push(proof_of_line(&service.name, line));
        true
    }

    fn port_holds(&self, own: &[u16], found: &Found) -> bool {
        let port = found.get("port").and_then(|port| port.parse().ok());
        !self.foreign_port || port.is_some_and(|port: u16| !own.contains(&port))
    }
}

impl Match<'_> {
    /// The next steps with their values.
    pub(super) fn actions(&self, service: &ServiceEvidence) -> Vec<Action> {
        let steps = self.rule.actions.iter();
        let shown = self.seq.map(|seq| Action::ShowLine { seq });
        shown
            .into_iter()
            .chain(steps.filter_map(|step| self.action(step, service)))
            .collect()
    }

    fn action(&self, step: &Step, service: &ServiceEvidence) -> Option<Action> {
        let value = |name: &str| self.found.get(name);
        Some(match step {
            Step::Restart => Action::Restart {
                service: service.name.clone(),
            },
            Step::Rebuild if service.can_rebuild => Action::Rebuild {
                service: service.name.clone(),
            },
            Step::Rebuild => return None,
            Step::PullImage => Action::PullImage {
                service: service.name.clone(),
                image: value("image")?.clone(),
            },
            Step::FreePort => Action::FreePort {
                port: value("port")?.parse().ok()?,
                pid: value("pid")?.parse().ok()?,
                program: value("program")?.clone(),
            },
            Step::UsePort => Action::UsePort {
                service: service.name.clone(),
                port: value("port")?.parse().ok()?,
                instead: value("free")?.parse().ok()?,
            },
            Step::OpenFile => Action::OpenFile {
                file: value("file")?.clone(),
                line: value("line")?.parse().ok()?,
            },
            Step::Copy(command) => Action::Copy {
                command: fill(command, &self.found),
            },
        })
    }
}

/// The template with the values found; a name without a value leaves nothing behind.
pub(super) fn fill(template: &str, found: &Found) -> String {
    let mut text = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        text.push_str(before);
        let Some((name, after)) = after.split_once('}') else {
            text.push('{');
            rest = after;
            continue;
        };
        if let Some(value) = found.get(name) {
            text.push_str(value);
        }
        rest = after;
    }
    text.push_str(rest);
    text
}

pub(super) fn proof_of(probe: &FailedProbe) -> Proof {
    Proof::Probe {
        probe: format!("{} {}", probe.role.word(), probe.kind),
        text: probe.text.clone(),
    }
}

pub(super) fn proof_of_line(service: &str, line: &Line) -> Proof {
    Proof::Line {
        service: service.to_owned(),
        seq: line.seq,
        text: line.text.chars().take(MOST_SHOWN).collect(),
    }
}

/// Most characters of a line that a diagnosis repeats.
const MOST_SHOWN: usize = 500;

/// Most characters of a captured value: it becomes part of a sentence.
const MOST_CAPTURED: usize = 120;

fn capture(pattern: &Regex, text: &str, found: &mut Found) -> bool {
    let Some(captures) = pattern.captures(text) else {
        return false;
    };
    for name in pattern.capture_names().flatten() {
        if let Some(value) = captures.name(name) {
            let value = value.as_str().chars().take(MOST_CAPTURED).collect();
            found.insert(name.to_owned(), value);
        }
    }
    true
}
