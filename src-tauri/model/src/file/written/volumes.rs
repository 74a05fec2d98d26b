//! The volumes of a service as written.

use super::At;
use super::read::{Field, Keys, text};
use super::values::Pair;
use crate::file::findings::Findings;
use crate::file::yaml::{Node, Value};
use crate::problem::Place;

/// An item of a service's `volumes`.
#[derive(Debug)]
pub(crate) enum VolumeUse {
    Short(At<String>),
    Long(Box<LongVolume>),
}

/// The long form of an item of `volumes`.
#[derive(Debug, Default)]
pub(crate) struct LongVolume {
    pub(crate) kind: Option<At<String>>,
    pub(crate) source: Option<At<String>>,
    pub(crate) target: Option<At<String>>,
    pub(crate) read_only: bool,
    pub(crate) memory_size: Option<At<String>>,
    pub(crate) memory_mode: Option<At<String>>,
    pub(crate) subpath: Option<At<String>>,
    pub(crate) no_copy: bool,
    pub(crate) labels: Vec<Pair>,
    pub(crate) propagation: Option<At<String>>,
    /// Whether a folder of the host is made, where the file says so.
    pub(crate) create_source: Option<bool>,
    pub(crate) place: Place,
}

impl VolumeUse {
    pub(super) fn read_all(field: &Field<'_>, findings: &mut Findings) -> Vec<Self> {
        field
            .items(findings)
            .iter()
            .filter_map(|node| match node.value {
                Value::Map(_) => Some(Self::Long(Box::new(LongVolume::read(node, findings)))),
                _ => text("an item of `volumes`", node, findings).map(Self::Short),
            })
            .collect()
    }
}

const LONG_VOLUME: Keys<LongVolume> = Keys {
    known: &[
        ("type", |long, field, findings| {
            long.kind = field.text(findings)
        }),
        ("source", |long, field, findings| {
            long.source = field.filled(findings)
        }),
        ("target", |long, field, findings| {
            long.target = field.text(findings)
        }),
        ("read_only", |long, field, findings| {
            long.read_only = field.flag(findings).is_some_and(|flag| flag.value);
        }),
        ("bind", |long, field, findings| {
            BIND.read("`bind`", field.node, long, findings)
        }),
        ("volume", |long, field, findings| {
            PART.read("`volume`", field.node, long, findings)
        }),
        ("image", |long, field, findings| {
            PART.read("`image`", field.node, long, findings)
        }),
        ("tmpfs", |long, field, findings| {
            MEMORY.read("`tmpfs`", field.node, long, findings)
        }),
        ("consistency", |_, _, _| {}),
    ],
    later: &[],
};

const PART: Keys<LongVolume> = Keys {
    known: &[
        ("subpath", |long, field, findings| {
            long.subpath = field.filled(findings)
        }),
        ("nocopy", |long, field, findings| {
            long.no_copy = field.flag(findings).is_some_and(|flag| flag.value)
        }),
        ("labels", |long, field, findings| {
            long.labels = Pair::read_all(field, findings)
        }),
    ],
    later: &[],
};

const BIND: Keys<LongVolume> = Keys {
    known: &[
        ("create_host_path", |long, field, findings| {
            long.create_source = field.flag(findings).map(|flag| flag.value)
        }),
        ("propagation", |long, field, findings| {
            long.propagation = field.filled(findings)
        }),
    ],
    later: &["recursive", "selinux"],
};

const MEMORY: Keys<LongVolume> = Keys {
    known: &[
        ("size", |long, field, findings| {
            long.memory_size = field.text(findings)
        }),
        ("mode", |long, field, findings| {
            long.memory_mode = field.text(findings)
        }),
    ],
    later: &[],
};

impl LongVolume {
    fn read(node: &Node, findings: &mut Findings) -> Self {
        let mut long = Self {
            place: node.place.clone(),
            ..Self::default()
        };
        LONG_VOLUME.read("an item of `volumes`", node, &mut long, findings);
        long
    }
}
