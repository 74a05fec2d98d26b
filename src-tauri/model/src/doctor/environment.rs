//! The environment itself: its file, its ports, its programs.

use super::facts::{EnvironmentFacts, Fact, PortFact};
use super::{DoctorAction, DoctorCheck, DoctorGroup, Subject};

const DEFINITION: Subject = Subject("definition", DoctorGroup::Environment, "Environment file");
const PORTS: Subject = Subject("ports", DoctorGroup::Environment, "Ports");
const PROGRAMS: Subject = Subject("programs", DoctorGroup::Environment, "Programs");

/// Most findings of a file that are repeated here; `benchtop check` has them all.
const MOST_SHOWN: usize = 10;

pub(super) fn checks(environment: &Fact<EnvironmentFacts>) -> Vec<DoctorCheck> {
    match environment {
        Ok(facts) => vec![
            definition(facts),
            ports(&facts.ports),
            programs(&facts.missing),
        ],
        Err(why) => [DEFINITION, PORTS, PROGRAMS].map(|s| s.skipped(why)).into(),
    }
}

fn definition(facts: &EnvironmentFacts) -> DoctorCheck {
    let fix = "correct it; `benchtop check` shows each place with its line";
    let check = match (facts.errors.len(), facts.warnings.len()) {
        (0, 0) => DEFINITION.pass(format!("{} has no findings", facts.file)),
        (0, 1) => DEFINITION.warn(&facts.warnings[0], fix),
        (0, n) => DEFINITION.warn(format!("{} has {n} warnings", facts.file), fix),
        (1, _) => DEFINITION.fail(&facts.errors[0], fix),
        (n, _) => DEFINITION.fail(format!("{} has {n} errors", facts.file), fix),
    };
    let told = |word: &'static str| move |text: &String| [word.to_owned(), text.clone()];
    let errors = facts.errors.iter().map(told("error"));
    let all = errors.chain(facts.warnings.iter().map(told("warning")));
    check.details(all.take(MOST_SHOWN).collect::<Vec<_>>())
}

/// Ports that somebody else holds.
pub(super) fn held(ports: &[PortFact]) -> impl Iterator<Item = &PortFact> {
    ports
        .iter()
        .filter(|port| !port.own && !port.taken.is_empty())
}

/// The same words as those of a start that fails at it.
pub(super) fn sentence(port: &PortFact) -> String {
    let number = port.port;
    match (&port.container, &port.holder) {
        (Some(container), _) => format!("port {number} is held by the container {container}"),
        (None, Some((pid, program))) => format!("port {number} is held by pid {pid} ({program})"),
        (None, None) => format!("port {number} is held by another program"),
    }
}

pub(super) fn port_fix(port: &PortFact) -> String {
    let service = &port.service;
    match (&port.container, &port.holder) {
        (Some(container), _) => {
            format!("stop it with `docker stop {container}` or give {service} another port")
        }
        _ => format!("stop that program or give {service} another port"),
    }
}

fn ports(all: &[PortFact]) -> DoctorCheck {
    let held: Vec<&PortFact> = held(all).collect();
    let check = match held.as_slice() {
        [] if all.is_empty() => PORTS.pass("no fixed port is needed"),
        [] => PORTS.pass(format!(
            "all {} fixed ports are free or held by their own service",
            all.len()
        )),
        [port] => PORTS.fail(
            format!("{}, and {} needs it", sentence(port), port.service),
            port_fix(port),
        ),
        [port, ..] => PORTS.fail(
            format!(
                "{} ports are held by other programs: {}, and {} needs it",
                held.len(),
                sentence(port),
                port.service
            ),
            port_fix(port),
        ),
    };
    let check = check.details(all.iter().map(told));
    let holder = held
        .iter()
        .filter(|p| p.container.is_none())
        .find_map(|p| Some((p, p.holder.clone()?)));
    match holder {
        Some((port, (pid, program))) => check.action(DoctorAction::FreePort {
            port: port.port,
            pid,
            program,
        }),
        None => check,
    }
}

fn told(port: &PortFact) -> [String; 2] {
    let key = format!("{} {} ({})", port.service, port.endpoint, port.port);
    if port.taken.is_empty() {
        return [key, "free".to_owned()];
    }
    let at: Vec<String> = port.taken.iter().map(ToString::to_string).collect();
    let who = match (port.own, &port.container, &port.holder) {
        (true, ..) => "its own service".to_owned(),
        (false, Some(container), _) => format!("container {container}"),
        (false, None, Some((pid, program))) => format!("pid {pid} ({program})"),
        (false, None, None) => "another program".to_owned(),
    };
    [key, format!("held at {} by {who}", at.join(", "))]
}

fn programs(missing: &[(String, String)]) -> DoctorCheck {
    let check = match missing {
        [] => PROGRAMS.pass("the programs of all processes are there"),
        [(service, program)] => PROGRAMS.fail(
            format!("program not found: {program}, and {service} needs it"),
            format!("install {program}, or name it by its whole path"),
        ),
        [(_, program), ..] => PROGRAMS.fail(
            format!(
                "programs of {} services are not found, such as {program}",
                missing.len()
            ),
            "install them, or name them by their whole paths",
        ),
    };
    check.details(
        missing
            .iter()
            .map(|(service, program)| [service.clone(), program.clone()]),
    )
}
