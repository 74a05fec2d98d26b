//! The file as written: every form kept as its author chose it, with its place,
//! and nothing decided yet. What it means is decided by [`super::resolve`].

pub(crate) mod blkio;
pub(crate) mod build;
pub(crate) mod depends;
pub(crate) mod hooks;
pub(crate) mod networks;
pub(crate) mod probes;
pub(crate) mod reach;
mod read;
pub(crate) mod rebuild;
pub(crate) mod scenarios;
pub(crate) mod scrape;
pub(crate) mod service;
pub(crate) mod settings;
pub(crate) mod values;
pub(crate) mod volumes;

use crate::file::findings::Findings;
use crate::file::yaml::Node;
use crate::problem::{Place, Problem};
use networks::Network;
use read::{Field, Keys};
use service::Service;
use settings::Source;
use values::Pair;

/// Something with the place where it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct At<T> {
    pub(crate) value: T,
    pub(crate) place: Place,
}

/// A whole file.
#[derive(Debug, Default)]
pub(crate) struct File {
    pub(crate) name: Option<At<String>>,
    pub(crate) services: Vec<Service>,
    pub(crate) volumes: Vec<Volume>,
    pub(crate) networks: Vec<Network>,
    pub(crate) secrets: Vec<Source>,
    pub(crate) configs: Vec<Source>,
    pub(crate) scenarios: Vec<scenarios::Scenario>,
}

/// An entry of the top-level `volumes`.
#[derive(Debug)]
pub(crate) struct Volume {
    pub(crate) key: At<String>,
    pub(crate) name: Option<At<String>>,
    pub(crate) external: bool,
    pub(crate) driver: Option<At<String>>,
    pub(crate) options: Vec<Pair>,
    pub(crate) labels: Vec<Pair>,
}

/// Reads the whole document.
pub(crate) fn read(root: &Node, findings: &mut Findings) -> File {
    let mut file = File::default();
    KEYS.read("the file", root, &mut file, findings);
    if root.get("services").is_none() && !findings.has_errors() {
        let problem = Problem::warning(
            &root.place,
            "the file has no `services`, so there is nothing to start",
        );
        findings.push(problem);
    }
    file
}

const KEYS: Keys<File> = Keys {
    known: &[
        ("name", |file, field, findings| {
            file.name = field.text(findings)
        }),
        ("services", |file, field, findings| {
            file.services = field
                .entries(findings)
                .map(|entry| Service::read(&entry, findings))
                .collect();
        }),
        ("volumes", |file, field, findings| {
            file.volumes = field
                .entries(findings)
                .map(|entry| Volume::read(&entry, findings))
                .collect();
        }),
        ("secrets", |file, field, findings| {
            file.secrets = Source::read_all(field, findings)
        }),
        ("configs", |file, field, findings| {
            file.configs = Source::read_all(field, findings)
        }),
        ("networks", |file, field, findings| {
            file.networks = Network::read_all(field, findings)
        }),
        ("scenarios", |file, field, findings| {
            file.scenarios = scenarios::Scenario::read_all(field, findings)
        }),
        ("version", |_, _, _| {}),
    ],
    later: &["models"],
};

impl Volume {
    fn read(entry: &Field<'_>, findings: &mut Findings) -> Self {
        const KEYS: Keys<Volume> = Keys {
            known: &[
                ("name", |volume, field, findings| {
                    volume.name = field.text(findings)
                }),
                ("external", |volume, field, findings| {
                    volume.external = field.external(&mut volume.name, findings)
                }),
                ("driver", |volume, field, findings| {
                    volume.driver = field.filled(findings)
                }),
                ("driver_opts", |volume, field, findings| {
                    volume.options = Pair::read_all(field, findings)
                }),
                ("labels", |volume, field, findings| {
                    volume.labels = Pair::read_all(field, findings)
                }),
            ],
            later: &[],
        };
        let mut volume = Self {
            key: entry.key(),
            name: None,
            external: false,
            driver: None,
            options: Vec::new(),
            labels: Vec::new(),
        };
        KEYS.read(
            &format!("volume `{}`", entry.key.text),
            entry.node,
            &mut volume,
            findings,
        );
        volume
    }
}
