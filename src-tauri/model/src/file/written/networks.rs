//! Networks as written: those of the file, and how a service is connected.

use super::At;
use super::read::{Field, Keys};
use super::values::Pair;
use crate::file::findings::Findings;

/// An entry of the top-level `networks`.
#[derive(Debug)]
pub(crate) struct Network {
    pub(crate) key: At<String>,
    pub(crate) name: Option<At<String>>,
    pub(crate) external: bool,
    pub(crate) driver: Option<At<String>>,
    pub(crate) options: Vec<Pair>,
    pub(crate) internal: bool,
    pub(crate) attachable: bool,
    pub(crate) ipv4: Option<bool>,
    pub(crate) ipv6: Option<bool>,
    pub(crate) labels: Vec<Pair>,
    pub(crate) ipam_driver: Option<At<String>>,
    pub(crate) ipam_options: Vec<Pair>,
    pub(crate) pools: Vec<Pool>,
}

/// An item of `config` of `ipam`.
#[derive(Debug, Default)]
pub(crate) struct Pool {
    pub(crate) subnet: Option<At<String>>,
    pub(crate) ip_range: Option<At<String>>,
    pub(crate) gateway: Option<At<String>>,
    pub(crate) reserved: Vec<Pair>,
}

/// A network of a service.
#[derive(Debug)]
pub(crate) struct Attachment {
    pub(crate) network: At<String>,
    pub(crate) aliases: Vec<At<String>>,
    pub(crate) ipv4: Option<At<String>>,
    pub(crate) ipv6: Option<At<String>>,
    pub(crate) link_local: Vec<At<String>>,
    pub(crate) mac_address: Option<At<String>>,
    pub(crate) options: Vec<Pair>,
    pub(crate) priority: Option<At<String>>,
    pub(crate) interface: Option<At<String>>,
}

const NETWORK: Keys<Network> = Keys {
    known: &[
        ("name", |network, field, findings| {
            network.name = field.filled(findings)
        }),
        ("external", |network, field, findings| {
            network.external = field.external(&mut network.name, findings)
        }),
        ("driver", |network, field, findings| {
            network.driver = field.filled(findings)
        }),
        ("driver_opts", |network, field, findings| {
            network.options = Pair::read_all(field, findings)
        }),
        ("internal", |network, field, findings| {
            network.internal = field.flag(findings).is_some_and(|flag| flag.value)
        }),
        ("attachable", |network, field, findings| {
            network.attachable = field.flag(findings).is_some_and(|flag| flag.value)
        }),
        ("enable_ipv6", |network, field, findings| {
            network.ipv6 = field.flag(findings).map(|flag| flag.value)
        }),
        ("enable_ipv4", |network, field, findings| {
            network.ipv4 = field.flag(findings).map(|flag| flag.value)
        }),
        ("labels", |network, field, findings| {
            network.labels = Pair::read_all(field, findings)
        }),
        ("ipam", |network, field, findings| {
            IPAM.read("`ipam`", field.node, network, findings)
        }),
    ],
    later: &[],
};

const IPAM: Keys<Network> = Keys {
    known: &[
        ("driver", |network, field, findings| {
            network.ipam_driver = field.filled(findings)
        }),
        ("config", |network, field, findings| {
            let nodes = field.items(findings).iter();
            let pools = nodes.map(|node| {
                let mut pool = Pool::default();
                POOL.read("an item of `config`", node, &mut pool, findings);
                pool
            });
            network.pools = pools.collect();
        }),
        ("options", |network, field, findings| {
            network.ipam_options = Pair::read_all(field, findings)
        }),
    ],
    later: &[],
};

const POOL: Keys<Pool> = Keys {
    known: &[
        ("subnet", |pool, field, findings| {
            pool.subnet = field.filled(findings)
        }),
        ("ip_range", |pool, field, findings| {
            pool.ip_range = field.filled(findings)
        }),
        ("gateway", |pool, field, findings| {
            pool.gateway = field.filled(findings)
        }),
        ("aux_addresses", |pool, field, findings| {
            pool.reserved = Pair::read_all(field, findings)
        }),
    ],
    later: &[],
};

const ATTACHMENT: Keys<Attachment> = Keys {
    known: &[
        ("aliases", |own, field, findings| {
            own.aliases = field.texts(findings)
        }),
        ("ipv4_address", |own, field, findings| {
            own.ipv4 = field.filled(findings)
        }),
        ("ipv6_address", |own, field, findings| {
            own.ipv6 = field.filled(findings)
        }),
        ("link_local_ips", |own, field, findings| {
            own.link_local = field.texts(findings)
        }),
        ("mac_address", |own, field, findings| {
            own.mac_address = field.filled(findings)
        }),
        ("driver_opts", |own, field, findings| {
            own.options = Pair::read_all(field, findings)
        }),
        ("priority", |own, field, findings| {
            own.priority = field.filled(findings)
        }),
        ("gw_priority", |own, field, findings| {
            own.priority = field.filled(findings)
        }),
        ("interface_name", |own, field, findings| {
            own.interface = field.filled(findings)
        }),
    ],
    later: &[],
};

impl Network {
    pub(super) fn read_all(field: &Field<'_>, findings: &mut Findings) -> Vec<Self> {
        let entries = field.entries(findings);
        entries.map(|entry| Self::read(&entry, findings)).collect()
    }

    fn read(entry: &Field<'_>, findings: &mut Findings) -> Self {
        let mut network = Self {
            key: entry.key(),
            name: None,
            external: false,
            driver: None,
            options: Vec::new(),
            internal: false,
            attachable: false,
            ipv4: None,
            ipv6: None,
            labels: Vec::new(),
            ipam_driver: None,
            ipam_options: Vec::new(),
            pools: Vec::new(),
        };
        let what = format!("network `{}`", entry.key.text);
        NETWORK.read(&what, entry.node, &mut network, findings);
        network
    }
}

impl Attachment {
    /// A list of names, or a map of them.
    pub(super) fn read_all(field: &Field<'_>, findings: &mut Findings) -> Vec<Self> {
        if field.is_seq() {
            let names = field.texts(findings).into_iter();
            return names.map(Self::to).collect();
        }
        let entries = field.entries(findings);
        entries
            .map(|entry| {
                let mut own = Self::to(entry.key());
                let what = format!("network `{}`", entry.key.text);
                ATTACHMENT.read(&what, entry.node, &mut own, findings);
                own
            })
            .collect()
    }

    fn to(network: At<String>) -> Self {
        Self {
            network,
            aliases: Vec::new(),
            ipv4: None,
            ipv6: None,
            link_local: Vec::new(),
            mac_address: None,
            options: Vec::new(),
            priority: None,
            interface: None,
        }
    }
}
