//! The share of disks that a container may use, as written.

use super::At;
use super::read::{Field, Keys, require};
use crate::file::findings::Findings;
use crate::file::yaml::Node;

/// `blkio_config`.
#[derive(Debug, Default)]
pub(crate) struct Blkio {
    pub(crate) weight: Option<At<String>>,
    pub(crate) weights: Vec<Disk>,
    pub(crate) read_bytes: Vec<Disk>,
    pub(crate) read_operations: Vec<Disk>,
    pub(crate) write_bytes: Vec<Disk>,
    pub(crate) write_operations: Vec<Disk>,
}

/// A device, with its weight or with the most that is allowed in a second.
#[derive(Debug, Default)]
pub(crate) struct Disk {
    pub(crate) path: Option<At<String>>,
    pub(crate) amount: Option<At<String>>,
}

const KEYS: Keys<Blkio> = Keys {
    known: &[
        ("weight", |all, field, findings| {
            all.weight = field.text(findings)
        }),
        ("weight_device", |all, field, findings| {
            all.weights = Disk::read_all("weight", &WEIGHT, field, findings)
        }),
        ("device_read_bps", |all, field, findings| {
            all.read_bytes = Disk::read_all("rate", &RATE, field, findings)
        }),
        ("device_read_iops", |all, field, findings| {
            all.read_operations = Disk::read_all("rate", &RATE, field, findings)
        }),
        ("device_write_bps", |all, field, findings| {
            all.write_bytes = Disk::read_all("rate", &RATE, field, findings)
        }),
        ("device_write_iops", |all, field, findings| {
            all.write_operations = Disk::read_all("rate", &RATE, field, findings)
        }),
    ],
    later: &[],
};

const WEIGHT: Keys<Disk> = Keys {
    known: &[
        ("path", Disk::read_path),
        ("weight", |disk, field, findings| {
            disk.amount = field.text(findings)
        }),
    ],
    later: &[],
};

const RATE: Keys<Disk> = Keys {
    known: &[
        ("path", Disk::read_path),
        ("rate", |disk, field, findings| {
            disk.amount = field.text(findings)
        }),
    ],
    later: &[],
};

impl Blkio {
    pub(super) fn read(field: &Field<'_>, findings: &mut Findings) -> Self {
        let mut all = Self::default();
        KEYS.read("`blkio_config`", field.node, &mut all, findings);
        all
    }
}

impl Disk {
    fn read_path(&mut self, field: &Field<'_>, findings: &mut Findings) {
        self.path = field.filled(findings);
    }

    fn read_all(
        amount: &str,
        keys: &Keys<Self>,
        field: &Field<'_>,
        findings: &mut Findings,
    ) -> Vec<Self> {
        let what = format!("an item of {}", field.what());
        let read = |node: &Node, findings: &mut Findings| {
            let mut disk = Self::default();
            keys.read(&what, node, &mut disk, findings);
            if node.is_map() {
                require("path", &what, node, findings);
                require(amount, &what, node, findings);
            }
            disk
        };
        let nodes = field.items(findings).iter();
        nodes.map(|node| read(node, findings)).collect()
    }
}
