//! The `build` of a process as written: a command, or a command with what can be
//! said about it.

use super::At;
use super::read::{Field, Keys, require};
use super::values::Words;
use crate::file::findings::Findings;

/// `build: dotnet build`, or `build: { command: …, strategy: build-first }`.
#[derive(Debug, Default)]
pub(crate) struct ProcessBuild {
    pub(crate) command: Option<At<Words>>,
    pub(crate) cwd: Option<At<String>>,
    pub(crate) strategy: Option<At<String>>,
}

const KEYS: Keys<ProcessBuild> = Keys {
    known: &[
        ("command", |b, field, findings| {
            b.command = Words::read(field, findings)
        }),
        ("cwd", |b, field, findings| b.cwd = field.filled(findings)),
        ("strategy", |b, field, findings| {
            b.strategy = field.filled(findings)
        }),
    ],
    later: &[],
};

impl ProcessBuild {
    /// Nothing where nothing is written behind the key.
    pub(super) fn read(field: &Field<'_>, findings: &mut Findings) -> Option<Self> {
        if field.is_null() {
            return None;
        }
        let mut build = Self::default();
        if field.is_map() {
            require("command", "`build` of a process", field.node, findings);
            KEYS.read("`build`", field.node, &mut build, findings);
        } else {
            build.command = Words::read(field, findings);
        }
        Some(build)
    }
}
