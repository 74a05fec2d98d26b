//! What carries our label and has no owner any more. Nothing without our label is ever in
//! the facts, and what may have an owner that is not known here is told, not offered.

use super::facts::Fact;
use super::{DoctorAction, DoctorCheck, DoctorGroup, Subject};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

const LEFTOVERS: Subject = Subject("leftovers", DoctorGroup::Leftovers, "Without an owner");

/// Something that carries our label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labelled {
    /// See [`Leftover::id`].
    pub id: String,
    /// What it is.
    pub kind: LeftoverKind,
    /// Its name.
    pub name: String,
    /// The service it was made for, where it is one's.
    pub service: Option<String>,
    /// The project folder, where that was noted, and whether it is still there.
    pub project: Option<(String, bool)>,
    /// It runs, or something that runs uses it.
    pub running: bool,
    /// Whose it is, as far as the records of this user tell.
    pub owner: Owner,
}

/// Whose something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// A record speaks of it.
    Known,
    /// Its environment is known and has no use for it: the service is no longer defined
    /// and no run goes on, or the record speaks of another instance.
    Disowned,
    /// No record of this user speaks of its environment.
    Nobody,
}

/// What can be left over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum LeftoverKind {
    /// A container.
    Container,
    /// A network of a container runtime.
    Network,
    /// A shim with the program that it keeps.
    Shim,
}

impl LeftoverKind {
    /// As people call it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Container => "container",
            Self::Network => "network",
            Self::Shim => "process",
        }
    }
}

/// Something that can be removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Leftover {
    /// `container:ID`, `network:ID`, or `shim:PID:START`, where START tells a process from
    /// a later one of the same number.
    pub id: String,
    /// What it is.
    pub kind: LeftoverKind,
    /// Its name.
    pub name: String,
    /// Why nobody owns it.
    pub why: String,
}

/// What becomes of something that carries our label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It has an owner.
    Owned,
    /// It may belong to another data folder of Benchtop; why.
    Unclear(String),
    /// Nobody owns it.
    Left(Leftover),
}

/// Judges one thing.
#[must_use]
pub fn judge(found: &Labelled) -> Verdict {
    let why = match (found.owner, &found.project) {
        (Owner::Known, _) => return Verdict::Owned,
        (Owner::Disowned, _) if found.kind != LeftoverKind::Shim && found.running => {
            return Verdict::Unclear(
                "its environment does not speak of it, and it is in use".to_owned(),
            );
        }
        (Owner::Disowned, _) => "its environment has no use for it any more".to_owned(),
        (Owner::Nobody, Some((folder, _))) if found.kind == LeftoverKind::Shim => {
            format!("its data folder {folder} is gone")
        }
        (Owner::Nobody, Some((folder, false))) => format!("its project folder {folder} is gone"),
        (Owner::Nobody, Some((folder, true))) => {
            return Verdict::Unclear(format!(
                "no record speaks of it, and its project folder {folder} is there: open it to take it over"
            ));
        }
        (Owner::Nobody, None) => {
            return Verdict::Unclear(
                "no record speaks of it, and its project folder was not noted".to_owned(),
            );
        }
    };
    Verdict::Left(Leftover {
        id: found.id.clone(),
        kind: found.kind,
        name: found.name.clone(),
        why,
    })
}

/// What is left over, in the order of its kinds and names.
#[must_use]
pub fn left(all: &[Labelled]) -> Vec<Leftover> {
    let mut left: Vec<Leftover> = all
        .iter()
        .filter_map(|found| match judge(found) {
            Verdict::Left(leftover) => Some(leftover),
            Verdict::Owned | Verdict::Unclear(_) => None,
        })
        .collect();
    left.sort_by(|a, b| (a.kind, &a.name).cmp(&(b.kind, &b.name)));
    left
}

pub(super) fn check(found: &Fact<Vec<Labelled>>) -> DoctorCheck {
    let all = match found {
        Ok(all) => all,
        Err(why) => return LEFTOVERS.skipped(why),
    };
    let items = left(all);
    let unclear: Vec<[String; 2]> = all
        .iter()
        .filter_map(|found| match judge(found) {
            Verdict::Unclear(why) => Some([format!("{} {}", found.kind.word(), found.name), why]),
            Verdict::Owned | Verdict::Left(_) => None,
        })
        .collect();
    let check = match (items.as_slice(), unclear.len()) {
        ([], 0) => LEFTOVERS.pass("nothing of Benchtop is left without an owner"),
        ([], 1) => LEFTOVERS
            .pass("nothing is left without an owner; one thing may belong to another Benchtop"),
        ([], n) => LEFTOVERS.pass(format!(
            "nothing is left without an owner; {n} things may belong to another Benchtop"
        )),
        ([one], _) => LEFTOVERS.warn(
            format!(
                "the {} {} has no owner: {}",
                one.kind.word(),
                one.name,
                one.why
            ),
            FIX,
        ),
        (all, _) => LEFTOVERS.warn(
            format!("{} things have no owner: {}", all.len(), counted(all)),
            FIX,
        ),
    };
    let told = items.iter().map(|item| {
        [
            format!("{} {}", item.kind.word(), item.name),
            item.why.clone(),
        ]
    });
    let check = check.details(told.collect::<Vec<_>>()).details(unclear);
    if items.is_empty() {
        return check;
    }
    check.action(DoctorAction::RemoveLeftovers { items })
}

const FIX: &str = "remove them: `benchtop doctor --clean`, or the button; nothing without Benchtop's label is touched";

/// `2 containers, 1 network`.
fn counted(items: &[Leftover]) -> String {
    let kinds = [
        LeftoverKind::Container,
        LeftoverKind::Network,
        LeftoverKind::Shim,
    ];
    let parts = kinds.iter().filter_map(|kind| {
        let word = kind.word();
        match (
            items.iter().filter(|item| item.kind == *kind).count(),
            word.ends_with('s'),
        ) {
            (0, _) => None,
            (1, _) => Some(format!("1 {word}")),
            (n, true) => Some(format!("{n} {word}es")),
            (n, false) => Some(format!("{n} {word}s")),
        }
    });
    parts.collect::<Vec<_>>().join(", ")
}
