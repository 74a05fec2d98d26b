//! The keys of a container that are only handed on to the engine, as written.
//! They are kept by name and in four shapes; the few that have a shape of their
//! own follow below.

use super::At;
use super::blkio::Blkio;
use super::networks::Attachment;
use super::read::{Field, Keys, Known, expected, require, text};
use super::service::Service;
use super::values::Pair;
use crate::file::findings::Findings;
use crate::file::yaml::{Node, Value};
use crate::problem::Place;
use std::collections::BTreeMap;

/// All of them.
#[derive(Debug, Default)]
pub(crate) struct Settings {
    texts: BTreeMap<String, At<String>>,
    flags: BTreeMap<String, bool>,
    lists: BTreeMap<String, Vec<At<String>>>,
    pairs: BTreeMap<String, Vec<Pair>>,
    pub(crate) blkio: Blkio,
    pub(crate) networks: Vec<Attachment>,
    pub(crate) gpus: Vec<Gpu>,
    pub(crate) ulimits: Vec<Ulimit>,
    pub(crate) logging: Option<Logging>,
    pub(crate) devices: Vec<Device>,
    pub(crate) deploy: Deploy,
    pub(crate) secrets: Vec<Grant>,
    pub(crate) configs: Vec<Grant>,
}

impl Settings {
    pub(crate) fn text(&self, key: &str) -> Option<&At<String>> {
        self.texts.get(key)
    }

    pub(crate) fn value(&self, key: &str) -> Option<String> {
        self.text(key).map(|text| text.value.clone())
    }

    pub(crate) fn flag(&self, key: &str) -> Option<bool> {
        self.flags.get(key).copied()
    }

    pub(crate) fn list(&self, key: &str) -> &[At<String>] {
        self.lists.get(key).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn values(&self, key: &str) -> Vec<String> {
        let list = self.list(key).iter();
        list.map(|text| text.value.clone()).collect()
    }

    pub(crate) fn pairs(&self, key: &str) -> &[Pair] {
        self.pairs.get(key).map_or(&[], Vec::as_slice)
    }
}

fn read_text(service: &mut Service, field: &Field<'_>, findings: &mut Findings) {
    if field.is_null() {
        return;
    }
    if let Some(text) = field.filled(findings) {
        let texts = &mut service.settings.texts;
        texts.insert(field.key.text.clone(), text);
    }
}

fn read_flag(service: &mut Service, field: &Field<'_>, findings: &mut Findings) {
    if let Some(flag) = field.flag(findings) {
        let flags = &mut service.settings.flags;
        flags.insert(field.key.text.clone(), flag.value);
    }
}

fn read_list(service: &mut Service, field: &Field<'_>, findings: &mut Findings) {
    let list = field.texts(findings);
    service.settings.lists.insert(field.key.text.clone(), list);
}

fn read_pairs(service: &mut Service, field: &Field<'_>, findings: &mut Findings) {
    let pairs = Pair::read_all(field, findings);
    service.settings.pairs.insert(field.key.text.clone(), pairs);
}

/// `NAME:ADDRESS`, `NAME=ADDRESS`, or a map whose values may be lists.
pub(super) fn hosts(field: &Field<'_>, findings: &mut Findings) -> Vec<At<String>> {
    if !field.is_map() {
        return field.texts(findings);
    }
    let mut all = Vec::new();
    for entry in field.entries(findings) {
        let addresses = entry.texts(findings).into_iter();
        all.extend(addresses.map(|address| At {
            value: format!("{}:{}", entry.key.text, address.value),
            place: address.place,
        }));
    }
    all
}

/// The keys of a service that are read here.
pub(super) const KNOWN: [Known<Service>; 63] = [
    ("annotations", read_pairs),
    ("blkio_config", |s, field, findings| {
        s.settings.blkio = Blkio::read(field, findings)
    }),
    ("cap_add", read_list),
    ("cap_drop", read_list),
    ("cgroup", read_text),
    ("configs", |s, field, findings| {
        s.settings.configs = Grant::read_all(field, findings)
    }),
    ("cgroup_parent", read_text),
    ("cpu_count", read_text),
    ("cpu_percent", read_text),
    ("cpu_period", read_text),
    ("cpu_quota", read_text),
    ("cpu_rt_period", read_text),
    ("cpu_rt_runtime", read_text),
    ("cpu_shares", read_text),
    ("cpus", read_text),
    ("cpuset", read_text),
    ("deploy", |s, field, findings| {
        DEPLOY.read("`deploy`", field.node, &mut s.settings.deploy, findings)
    }),
    ("devices", |s, field, findings| {
        s.settings.devices = Device::read_all(field, findings)
    }),
    ("device_cgroup_rules", read_list),
    ("dns", read_list),
    ("dns_opt", read_list),
    ("dns_search", read_list),
    ("domainname", read_text),
    ("expose", read_list),
    ("external_links", read_list),
    ("extra_hosts", |s, field, findings| {
        let hosts = hosts(field, findings);
        s.settings.lists.insert("extra_hosts".to_owned(), hosts);
    }),
    ("gpus", |s, field, findings| {
        s.settings.gpus = Gpu::read_all(field, findings)
    }),
    ("group_add", read_list),
    ("init", read_flag),
    ("ipc", read_text),
    ("isolation", read_text),
    ("label_file", read_list),
    ("links", read_list),
    ("logging", |s, field, findings| {
        s.settings.logging = Some(Logging::read(field.node, findings))
    }),
    ("mac_address", read_text),
    ("mem_limit", read_text),
    ("mem_reservation", read_text),
    ("mem_swappiness", read_text),
    ("memswap_limit", read_text),
    ("network_mode", read_text),
    ("networks", |s, field, findings| {
        s.settings.networks = Attachment::read_all(field, findings)
    }),
    ("oom_kill_disable", read_flag),
    ("oom_score_adj", read_text),
    ("pid", read_text),
    ("pids_limit", read_text),
    ("platform", read_text),
    ("privileged", read_flag),
    ("pull_policy", read_text),
    ("read_only", read_flag),
    ("runtime", read_text),
    ("secrets", |s, field, findings| {
        s.settings.secrets = Grant::read_all(field, findings)
    }),
    ("security_opt", read_list),
    ("shm_size", read_text),
    ("stdin_open", read_flag),
    ("storage_opt", read_pairs),
    ("sysctls", read_pairs),
    ("tty", read_flag),
    ("ulimits", |s, field, findings| {
        s.settings.ulimits = Ulimit::read_all(field, findings)
    }),
    ("userns_mode", read_text),
    ("uts", read_text),
    ("volumes_from", read_list),
    ("attach", read_flag),
    ("scale", read_text),
];

/// Their names.
pub(crate) const NAMES: [&str; KNOWN.len()] = {
    let mut names = [""; KNOWN.len()];
    let mut at = 0;
    while at < KNOWN.len() {
        names[at] = KNOWN[at].0;
        at += 1;
    }
    names
};

/// A limit of the kernel: one number, or two.
#[derive(Debug)]
pub(crate) struct Ulimit {
    pub(crate) name: At<String>,
    pub(crate) soft: Option<At<String>>,
    pub(crate) hard: Option<At<String>>,
}

impl Ulimit {
    fn read_all(field: &Field<'_>, findings: &mut Findings) -> Vec<Self> {
        let entries = field.entries(findings);
        entries.map(|entry| Self::read(&entry, findings)).collect()
    }

    fn read(entry: &Field<'_>, findings: &mut Findings) -> Self {
        const KEYS: Keys<Ulimit> = Keys {
            known: &[
                ("soft", |limit, field, findings| {
                    limit.soft = field.text(findings)
                }),
                ("hard", |limit, field, findings| {
                    limit.hard = field.text(findings)
                }),
            ],
            later: &[],
        };
        let mut limit = Self {
            name: entry.key(),
            soft: None,
            hard: None,
        };
        if entry.is_map() {
            let what = format!("limit `{}`", entry.key.text);
            KEYS.read(&what, entry.node, &mut limit, findings);
        } else {
            limit.soft = entry.text(findings);
            limit.hard = limit.soft.clone();
        }
        limit
    }
}

/// Where the engine writes what the container prints.
#[derive(Debug, Default)]
pub(crate) struct Logging {
    pub(crate) driver: Option<At<String>>,
    pub(crate) options: Vec<Pair>,
}

impl Logging {
    fn read(node: &Node, findings: &mut Findings) -> Self {
        const KEYS: Keys<Logging> = Keys {
            known: &[
                ("driver", |logging, field, findings| {
                    logging.driver = field.filled(findings)
                }),
                ("options", |logging, field, findings| {
                    logging.options = Pair::read_all(field, findings)
                }),
            ],
            later: &[],
        };
        let mut logging = Self::default();
        KEYS.read("`logging`", node, &mut logging, findings);
        logging
    }
}

/// `SOURCE[:TARGET[:PERMISSIONS]]`, or its parts.
#[derive(Debug, Default)]
pub(crate) struct Device {
    pub(crate) source: Option<At<String>>,
    pub(crate) target: Option<At<String>>,
    pub(crate) permissions: Option<At<String>>,
}

impl Device {
    fn read_all(field: &Field<'_>, findings: &mut Findings) -> Vec<Self> {
        let nodes = field.items(findings).iter();
        nodes.map(|node| Self::read(node, findings)).collect()
    }

    fn read(node: &Node, findings: &mut Findings) -> Self {
        const KEYS: Keys<Device> = Keys {
            known: &[
                ("source", |device, field, findings| {
                    device.source = field.text(findings)
                }),
                ("target", |device, field, findings| {
                    device.target = field.text(findings)
                }),
                ("permissions", |device, field, findings| {
                    device.permissions = field.text(findings)
                }),
            ],
            later: &[],
        };
        let mut device = Self::default();
        if let Value::Map(_) = node.value {
            KEYS.read("an item of `devices`", node, &mut device, findings);
            require("source", "an item of `devices`", node, findings);
            return device;
        }
        let Some(short) = text("an item of `devices`", node, findings) else {
            return device;
        };
        let mut parts = short.value.splitn(3, ':').map(|part| At {
            value: part.to_owned(),
            place: short.place.clone(),
        });
        Self {
            source: parts.next(),
            target: parts.next(),
            permissions: parts.next(),
        }
    }
}

/// What of `deploy` concerns one container on one engine.
#[derive(Debug, Default)]
pub(crate) struct Deploy {
    pub(crate) limits: Resources,
    pub(crate) reservations: Resources,
    pub(crate) restart_condition: Option<At<String>>,
    pub(crate) restart_attempts: Option<At<String>>,
    pub(crate) replicas: Option<At<String>>,
}

/// How much of something.
#[derive(Debug, Default)]
pub(crate) struct Resources {
    pub(crate) cpus: Option<At<String>>,
    pub(crate) memory: Option<At<String>>,
    pub(crate) pids: Option<At<String>>,
    pub(crate) devices: Vec<Gpu>,
}

/// Devices that a driver chooses.
#[derive(Debug, Default)]
pub(crate) struct Gpu {
    pub(crate) driver: Option<At<String>>,
    pub(crate) count: Option<At<String>>,
    pub(crate) ids: Vec<At<String>>,
    pub(crate) capabilities: Vec<At<String>>,
    pub(crate) options: Vec<Pair>,
}

const DEPLOY: Keys<Deploy> = Keys {
    known: &[
        ("resources", |deploy, field, findings| {
            RESOURCES.read("`resources`", field.node, deploy, findings)
        }),
        ("restart_policy", |deploy, field, findings| {
            RESTART.read("`restart_policy`", field.node, deploy, findings)
        }),
        ("replicas", |deploy, field, findings| {
            deploy.replicas = field.text(findings)
        }),
        // For a swarm only; Compose passes over them, too.
        ("mode", |_, _, _| {}),
        ("labels", |_, _, _| {}),
        ("placement", |_, _, _| {}),
        ("update_config", |_, _, _| {}),
        ("rollback_config", |_, _, _| {}),
        ("endpoint_mode", |_, _, _| {}),
    ],
    later: &[],
};

const RESOURCES: Keys<Deploy> = Keys {
    known: &[
        ("limits", |deploy, field, findings| {
            AMOUNTS.read("`limits`", field.node, &mut deploy.limits, findings)
        }),
        ("reservations", |deploy, field, findings| {
            let into = &mut deploy.reservations;
            AMOUNTS.read("`reservations`", field.node, into, findings)
        }),
    ],
    later: &[],
};

const AMOUNTS: Keys<Resources> = Keys {
    known: &[
        ("cpus", |into, field, findings| {
            into.cpus = field.text(findings)
        }),
        ("memory", |into, field, findings| {
            into.memory = field.text(findings)
        }),
        ("pids", |into, field, findings| {
            into.pids = field.text(findings)
        }),
        ("devices", |into, field, findings| {
            let nodes = field.items(findings).iter();
            into.devices = nodes.map(|node| Gpu::read(node, findings)).collect();
        }),
    ],
    later: &["generic_resources"],
};

const RESTART: Keys<Deploy> = Keys {
    known: &[
        ("condition", |deploy, field, findings| {
            deploy.restart_condition = field.text(findings)
        }),
        ("max_attempts", |deploy, field, findings| {
            deploy.restart_attempts = field.text(findings)
        }),
        ("delay", |_, _, _| {}),
        ("window", |_, _, _| {}),
    ],
    later: &[],
};

impl Gpu {
    /// `all`, or a list of requests.
    fn read_all(field: &Field<'_>, findings: &mut Findings) -> Vec<Self> {
        if field.is_seq() {
            let nodes = field.items(findings).iter();
            return nodes.map(|node| Self::read(node, findings)).collect();
        }
        let count = field.text(findings);
        count
            .into_iter()
            .map(|count| Self {
                count: Some(count),
                ..Self::default()
            })
            .collect()
    }

    fn read(node: &Node, findings: &mut Findings) -> Self {
        const KEYS: Keys<Gpu> = Keys {
            known: &[
                ("driver", |gpu, field, findings| {
                    gpu.driver = field.text(findings)
                }),
                ("count", |gpu, field, findings| {
                    gpu.count = field.text(findings)
                }),
                ("device_ids", |gpu, field, findings| {
                    gpu.ids = field.texts(findings)
                }),
                ("capabilities", |gpu, field, findings| {
                    gpu.capabilities = field.texts(findings)
                }),
                ("options", |gpu, field, findings| {
                    gpu.options = Pair::read_all(field, findings)
                }),
            ],
            later: &[],
        };
        let mut gpu = Self::default();
        KEYS.read("an item of `devices`", node, &mut gpu, findings);
        gpu
    }
}

/// A secret or config that a service gets.
#[derive(Debug)]
pub(crate) struct Grant {
    pub(crate) source: At<String>,
    pub(crate) target: Option<At<String>>,
    pub(crate) mode: Option<At<String>>,
}

impl Grant {
    fn read_all(field: &Field<'_>, findings: &mut Findings) -> Vec<Self> {
        let what = format!("an item of {}", field.what());
        let nodes = field.items(findings).iter();
        nodes
            .filter_map(|node| Self::read(&what, node, findings))
            .collect()
    }

    fn read(what: &str, node: &Node, findings: &mut Findings) -> Option<Self> {
        const KEYS: Keys<Grant> = Keys {
            known: &[
                ("source", |grant, field, findings| {
                    if let Some(source) = field.text(findings) {
                        grant.source = source;
                    }
                }),
                ("target", |grant, field, findings| {
                    grant.target = field.filled(findings)
                }),
                ("mode", |grant, field, findings| {
                    grant.mode = field.filled(findings)
                }),
                // The user of the container may read it anyway.
                ("uid", |_, _, _| {}),
                ("gid", |_, _, _| {}),
            ],
            later: &[],
        };
        let nobody = At {
            value: String::new(),
            place: node.place.clone(),
        };
        let mut grant = Self {
            source: nobody,
            target: None,
            mode: None,
        };
        if let Value::Map(_) = node.value {
            KEYS.read(what, node, &mut grant, findings);
            require("source", what, node, findings);
        } else {
            grant.source = text(what, node, findings)?;
        }
        (!grant.source.value.is_empty()).then_some(grant)
    }
}

/// An entry of the top-level `secrets` or `configs`.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) key: At<String>,
    pub(crate) file: Option<At<String>>,
    pub(crate) content: Option<At<String>>,
    pub(crate) environment: Option<At<String>>,
    pub(crate) external: Option<Place>,
}

impl Source {
    pub(super) fn read_all(field: &Field<'_>, findings: &mut Findings) -> Vec<Self> {
        let kind = field.key.text.trim_end_matches('s');
        let entries = field.entries(findings);
        entries
            .map(|entry| Self::read(kind, &entry, findings))
            .collect()
    }

    fn read(kind: &str, entry: &Field<'_>, findings: &mut Findings) -> Self {
        const KEYS: Keys<Source> = Keys {
            known: &[
                ("file", |source, field, findings| {
                    source.file = field.filled(findings)
                }),
                ("content", |source, field, findings| {
                    source.content = field.text(findings)
                }),
                ("environment", |source, field, findings| {
                    source.environment = field.filled(findings)
                }),
                ("external", |source, field, findings| {
                    let is_so = field.is_map() || field.flag(findings).is_some_and(|f| f.value);
                    source.external = is_so.then(|| field.key.place.clone());
                }),
                ("name", |_, _, _| {}),
                ("labels", |_, _, _| {}),
            ],
            later: &["driver", "driver_opts", "template_driver"],
        };
        let mut source = Self {
            key: entry.key(),
            file: None,
            content: None,
            environment: None,
            external: None,
        };
        let what = format!("{kind} `{}`", entry.key.text);
        match entry.node.value {
            Value::Map(_) | Value::Null => KEYS.read(&what, entry.node, &mut source, findings),
            _ => expected(&what, "a map of keys", entry.node, findings),
        }
        source
    }
}
