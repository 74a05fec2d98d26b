//! Commands that run beside the start and the end of a service, as written.

use super::At;
use super::read::{Field, Keys, require};
use super::values::{Pair, Words};
use crate::file::findings::Findings;
use crate::file::yaml::Node;

/// An item of `post_start` or `pre_stop`.
#[derive(Debug, Default)]
pub(crate) struct Hook {
    pub(crate) command: Option<At<Words>>,
    pub(crate) user: Option<At<String>>,
    pub(crate) privileged: Option<At<bool>>,
    pub(crate) working_dir: Option<At<String>>,
    pub(crate) environment: Vec<Pair>,
}

const KEYS: Keys<Hook> = Keys {
    known: &[
        ("command", |hook, field, findings| {
            hook.command = Words::read(field, findings)
        }),
        ("user", |hook, field, findings| {
            hook.user = field.filled(findings)
        }),
        ("privileged", |hook, field, findings| {
            hook.privileged = field.flag(findings)
        }),
        ("working_dir", |hook, field, findings| {
            hook.working_dir = field.filled(findings)
        }),
        ("environment", |hook, field, findings| {
            hook.environment = Pair::read_all(field, findings)
        }),
    ],
    later: &[],
};

impl Hook {
    pub(super) fn read_all(field: &Field<'_>, findings: &mut Findings) -> Vec<Self> {
        let what = format!("an item of {}", field.what());
        let nodes = field.items(findings).iter();
        nodes
            .map(|node| Self::read(&what, node, findings))
            .collect()
    }

    fn read(what: &str, node: &Node, findings: &mut Findings) -> Self {
        let mut hook = Self::default();
        KEYS.read(what, node, &mut hook, findings);
        if node.is_map() {
            require("command", what, node, findings);
        }
        hook
    }
}
