//! Container runtimes: which there are, which one is used, whether it can be.

use super::facts::{Fact, RuntimeAnswer, RuntimeFact, Wants};
use super::{DoctorAction, DoctorCheck, DoctorGroup, Subject};

const RUNTIME: Subject = Subject("container-runtime", DoctorGroup::Runtime, "Runtime in use");
const CHOICE: Subject = Subject("runtime-choice", DoctorGroup::Runtime, "Other runtimes");
const SOCKET: Subject = Subject("runtime-socket", DoctorGroup::Runtime, "Socket permissions");
const CLOCK: Subject = Subject("runtime-clock", DoctorGroup::Runtime, "Clock");

/// Clocks that differ by more than this put log lines in a wrong order, in milliseconds.
const SKEW_NOTICED: u64 = 2_000;

/// Clocks that differ by more than this make tokens and certificates invalid: the leeway
/// that JWT libraries and Kerberos grant, in milliseconds.
const SKEW_HARMFUL: u64 = 300_000;

pub(super) fn checks(runtimes: &Fact<Vec<RuntimeFact>>, wants: Option<&Wants>) -> Vec<DoctorCheck> {
    let all = match runtimes {
        Ok(all) => all,
        Err(why) => {
            return [RUNTIME, CHOICE, SOCKET, CLOCK]
                .map(|s| s.skipped(why))
                .into();
        }
    };
    let answer = in_use(runtimes);
    vec![
        runtime(all, wants),
        choice(all),
        socket(all),
        answer.map_or_else(|| CLOCK.skipped("no container runtime answers"), clock),
    ]
}

/// What the runtime that is used said about itself.
pub(super) fn in_use(runtimes: &Fact<Vec<RuntimeFact>>) -> Option<&RuntimeAnswer> {
    let used = runtimes.as_ref().ok()?.iter().find(|r| r.used)?;
    used.answer.as_ref().ok()
}

fn runtime(all: &[RuntimeFact], wants: Option<&Wants>) -> DoctorCheck {
    let used = all.iter().find(|runtime| runtime.used);
    let check = match used.map(|used| (used, &used.answer)) {
        Some((used, Ok(answer))) => RUNTIME.pass(format!("{} is used, {}", answer.name, why(used))),
        Some((_, Err(trouble))) => without(&trouble.text, &other_or(all, &trouble.hint), wants),
        None => {
            // A socket that refuses says more than one that is absent.
            let troubles = || {
                all.iter()
                    .filter_map(|runtime| runtime.answer.as_ref().err())
            };
            match troubles().find(|t| !t.absent).or_else(|| troubles().next()) {
                Some(trouble) => without(&trouble.text, &trouble.hint, wants),
                None => without(
                    "no container runtime is installed",
                    "install Docker Engine or Podman",
                    wants,
                ),
            }
        }
    };
    check.details(all.iter().map(told))
}

/// Where one was chosen that does not answer, another one may.
fn other_or(all: &[RuntimeFact], hint: &str) -> String {
    match all.iter().find(|r| !r.used && r.answer.is_ok()) {
        Some(other) => format!(
            "{hint}; or choose the one that answers: `benchtop runtime use {}`",
            other.address
        ),
        None => hint.to_owned(),
    }
}

/// It matters as much as containers do.
fn without(text: &str, hint: &str, wants: Option<&Wants>) -> DoctorCheck {
    match wants.map(|wants| wants.containers.len()) {
        None => RUNTIME.warn(format!("{text}, so containers cannot be started"), hint),
        Some(0) => RUNTIME.pass(format!("{text}, and this environment has no containers")),
        Some(1) => RUNTIME.fail(format!("{text}, and a service needs one"), hint),
        Some(n) => RUNTIME.fail(format!("{text}, and {n} services need one"), hint),
    }
}

fn why(used: &RuntimeFact) -> String {
    match used.decided {
        true => format!("because it was chosen ({})", used.source),
        false => "the first that answers in the documented order".to_owned(),
    }
}

fn told(runtime: &RuntimeFact) -> [String; 2] {
    let said = match &runtime.answer {
        Ok(answer) => {
            let rootless = if answer.rootless { ", rootless" } else { "" };
            format!("{}, API {}{rootless}", answer.name, answer.api)
        }
        Err(trouble) => trouble.text.clone(),
    };
    let used = if runtime.used { "used: " } else { "" };
    [
        format!("{} ({})", runtime.address, runtime.source),
        format!("{used}{said}"),
    ]
}

/// Two that answer are fine once somebody has said which is meant: tools that choose by
/// themselves may choose differently.
fn choice(all: &[RuntimeFact]) -> DoctorCheck {
    let answering: Vec<_> = all
        .iter()
        .filter_map(|r| Some((r, r.answer.as_ref().ok()?)))
        .collect();
    let Some((used, name)) = answering.iter().find(|(r, _)| r.used) else {
        return CHOICE.skipped("no container runtime is in use");
    };
    let others: Vec<String> = answering
        .iter()
        .filter(|(r, _)| !r.used)
        .map(|(r, a)| format!("{} at {}", a.name, r.address))
        .collect();
    if others.is_empty() {
        return CHOICE.pass("no other runtime answers");
    }
    let others = others.join(", ");
    if used.decided {
        return CHOICE.pass(format!("{others} answers too; {} was chosen", name.name));
    }
    CHOICE
        .warn(
            format!("{others} answers too, and nobody chose between them: {} is used because it comes first", name.name),
            "say which one is meant: `benchtop runtime use ADDRESS`; other tools may take the other one",
        )
        .action(DoctorAction::Copy { command: format!("benchtop runtime use {}", used.address) })
}

fn socket(all: &[RuntimeFact]) -> DoctorCheck {
    let forbidden = all.iter().find_map(|r| match &r.answer {
        Err(trouble) if trouble.forbidden => Some((r, trouble)),
        _ => None,
    });
    let used = all.iter().find(|r| r.used && r.answer.is_ok());
    let bits = |r: &RuntimeFact| {
        let socket = r.socket.as_ref();
        socket.map(|s| {
            [
                r.address.clone(),
                format!("{:04o} {}", s.mode & 0o7777, s.owner),
            ]
        })
    };
    let check = match (used, forbidden) {
        (Some(used), _) if used.socket.as_ref().is_some_and(|s| s.mode & 0o002 != 0) => SOCKET.warn(
            format!("every user of this machine may open {}, which is as good as root", used.address),
            "take the right from others: `sudo chmod o-rw` on the socket, and use the group `docker`",
        ),
        (Some(used), _) if used.socket.is_none() => {
            SOCKET.skipped(format!("{} is no Unix socket", used.address))
        }
        (Some(used), _) => SOCKET.pass(format!("this user may open {}", used.address)),
        (None, Some((_, trouble))) => SOCKET.fail(&trouble.text, &trouble.hint),
        (None, None) => SOCKET.skipped("no container runtime is in use"),
    };
    check.details(all.iter().filter_map(bits))
}

fn clock(answer: &RuntimeAnswer) -> DoctorCheck {
    let Some(skew) = answer.skew_ms else {
        return CLOCK.skipped(format!("{} does not tell its time", answer.name));
    };
    let amount = skew.unsigned_abs();
    let by = crate::time::Millis(amount);
    let which = if skew > 0 { "ahead of" } else { "behind" };
    let reason = format!("the clock of {} is {by} {which} this host's", answer.name);
    let fix = "synchronise the clocks (`timedatectl set-ntp true`); restart a virtual machine that was asleep";
    let check = if amount < SKEW_NOTICED {
        CLOCK.pass("host and container runtime have the same time")
    } else if amount < SKEW_HARMFUL {
        CLOCK.warn(
            format!("{reason}, so log lines appear in a wrong order"),
            fix,
        )
    } else {
        CLOCK.fail(
            format!("{reason}, so tokens and certificates are refused"),
            fix,
        )
    };
    check.detail("difference", format!("{skew} ms"))
}
