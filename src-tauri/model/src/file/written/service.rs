//! One service as written.

use super::At;
use super::build::Build;
use super::depends::{Dependency, Reference};
use super::hooks::Hook;
use super::probes::{Healthcheck, Probe};
use super::reach::{Endpoint, Port};
use super::read::{Field, Keys, Known, join};
use super::rebuild::ProcessBuild;
use super::scrape::Scrape;
use super::settings::{self, Settings};
use super::values::{EnvFile, Pair, Words};
use super::volumes::VolumeUse;
use crate::file::findings::Findings;
use crate::problem::{Place, Problem};
use std::collections::BTreeMap;

/// One entry of `services`.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) name: At<String>,
    /// It can be read at all.
    pub(crate) is_map: bool,
    /// Its endpoints and ports are as the author meant them.
    pub(crate) is_reach_whole: bool,
    /// Place of each key that is written.
    pub(crate) keys: BTreeMap<String, Place>,
    pub(crate) image: Option<At<String>>,
    pub(crate) build: Option<Build>,
    pub(crate) process_build: Option<ProcessBuild>,
    pub(crate) watch: Vec<At<String>>,
    pub(crate) process: Option<At<Words>>,
    pub(crate) external: bool,
    pub(crate) command: Option<At<Words>>,
    pub(crate) entrypoint: Option<At<Words>>,
    pub(crate) environment: Vec<Pair>,
    pub(crate) env_files: Vec<EnvFile>,
    pub(crate) ports: Vec<Port>,
    pub(crate) endpoints: Vec<Endpoint>,
    pub(crate) volumes: Vec<VolumeUse>,
    pub(crate) tmpfs: Vec<At<String>>,
    pub(crate) depends_on: Vec<Dependency>,
    pub(crate) references: Vec<Reference>,
    pub(crate) probes: Vec<Probe>,
    pub(crate) healthcheck: Option<At<Healthcheck>>,
    pub(crate) restart: Option<At<String>>,
    pub(crate) stop_signal: Option<At<String>>,
    pub(crate) stop_grace_period: Option<At<String>>,
    pub(crate) working_dir: Option<At<String>>,
    pub(crate) group: Option<At<String>>,
    pub(crate) profiles: Vec<At<String>>,
    pub(crate) container_name: Option<At<String>>,
    pub(crate) hostname: Option<At<String>>,
    pub(crate) user: Option<At<String>>,
    pub(crate) labels: Vec<Pair>,
    pub(crate) post_start: Vec<Hook>,
    pub(crate) pre_stop: Vec<Hook>,
    pub(crate) metrics: Option<Scrape>,
    pub(crate) settings: Settings,
}

impl Service {
    pub(super) fn read(entry: &Field<'_>, findings: &mut Findings) -> Self {
        let mut service = Self::new(entry.key());
        service.is_map = entry.is_map() || entry.is_null();
        let what = format!("service `{}`", entry.key.text);
        if entry.is_map() {
            let keys = entry
                .entries(findings)
                .map(|field| (field.key.text.clone(), field.key.place.clone()));
            service.keys = keys.collect();
        }
        KEYS.read(&what, entry.node, &mut service, findings);
        service
    }

    /// Its key in the file.
    pub(crate) fn name(&self) -> &str {
        &self.name.value
    }

    fn new(name: At<String>) -> Self {
        Self {
            name,
            is_map: true,
            is_reach_whole: true,
            keys: BTreeMap::new(),
            image: None,
            build: None,
            process_build: None,
            watch: Vec::new(),
            process: None,
            external: false,
            command: None,
            entrypoint: None,
            environment: Vec::new(),
            env_files: Vec::new(),
            ports: Vec::new(),
            endpoints: Vec::new(),
            volumes: Vec::new(),
            tmpfs: Vec::new(),
            depends_on: Vec::new(),
            references: Vec::new(),
            probes: Vec::new(),
            healthcheck: None,
            restart: None,
            stop_signal: None,
            stop_grace_period: None,
            working_dir: None,
            group: None,
            profiles: Vec::new(),
            container_name: None,
            hostname: None,
            user: None,
            labels: Vec::new(),
            post_start: Vec::new(),
            pre_stop: Vec::new(),
            metrics: None,
            settings: Settings::default(),
        }
    }

    /// What is empty is a command without words; what is wrong is none.
    fn read_process(&mut self, field: &Field<'_>, findings: &mut Findings) {
        let nothing = At {
            value: Words::List(Vec::new()),
            place: field.place().clone(),
        };
        self.process = match Words::read(field, findings) {
            None if field.is_null() => Some(nothing),
            words => words,
        };
    }

    /// A process is built by a command, a container by its engine.
    fn read_build(&mut self, field: &Field<'_>, findings: &mut Findings) {
        if self.keys.contains_key("process") {
            self.process_build = ProcessBuild::read(field, findings);
        } else {
            self.build = Build::read(field, findings);
        }
    }

    fn read_ports(&mut self, field: &Field<'_>, findings: &mut Findings) {
        let before = findings.error_count();
        self.ports = Port::read_all(field, findings);
        self.is_reach_whole &= findings.error_count() == before;
    }

    fn read_endpoints(&mut self, field: &Field<'_>, findings: &mut Findings) {
        let before = findings.error_count();
        self.endpoints = Endpoint::read_all(field, findings);
        self.is_reach_whole &= findings.error_count() == before;
    }

    fn read_external(&mut self, field: &Field<'_>, findings: &mut Findings) {
        let Some(flag) = field.flag(findings) else {
            return;
        };
        self.external = flag.value;
        if !flag.value {
            let problem = Problem::error(&flag.place, "`external` can only be `true`");
            findings.push(problem.hint("leave the key out for a service that Benchtop runs"));
        }
    }

    fn read_working_dir(&mut self, field: &Field<'_>, findings: &mut Findings) {
        if self.keys.contains_key("cwd")
            && self.keys.contains_key("working_dir")
            && field.key.text == "cwd"
        {
            let problem = Problem::error(
                &field.key.place,
                "`cwd` and `working_dir` are two names for one thing",
            );
            findings.push(problem.hint("keep one of the two"));
        }
        self.working_dir = field.filled(findings);
    }
}

/// Those that are read here and those of [`settings`].
const KEYS: Keys<Service> = Keys {
    known: &{ join::<Service, { OWN.len() + settings::KNOWN.len() }>(&OWN, &settings::KNOWN) },
    later: &[
        "credential_spec",
        "develop",
        "models",
        "pre_start",
        "pull_refresh_after",
        "use_api_socket",
    ],
};

const OWN: [Known<Service>; 33] = [
    // What it is.
    ("image", |s, field, findings| s.image = field.text(findings)),
    ("process", Service::read_process),
    ("external", Service::read_external),
    ("build", Service::read_build),
    // Followed when the files were put together.
    ("extends", |_, _, _| {}),
    // Looked at where it is decided what the service is.
    ("provider", |_, _, _| {}),
    ("watch", |s, field, findings| {
        s.watch = field.texts(findings)
    }),
    // How it runs.
    ("command", |s, field, findings| {
        s.command = Words::read(field, findings)
    }),
    ("entrypoint", |s, field, findings| {
        s.entrypoint = Words::read(field, findings)
    }),
    ("environment", |s, field, findings| {
        s.environment = Pair::read_all(field, findings)
    }),
    ("env_file", |s, field, findings| {
        s.env_files = EnvFile::read_all(field, findings)
    }),
    ("working_dir", Service::read_working_dir),
    ("cwd", Service::read_working_dir),
    ("user", |s, field, findings| s.user = field.filled(findings)),
    ("hostname", |s, field, findings| {
        s.hostname = field.filled(findings)
    }),
    ("container_name", |s, field, findings| {
        s.container_name = field.filled(findings)
    }),
    ("labels", |s, field, findings| {
        s.labels = Pair::read_all(field, findings)
    }),
    ("volumes", |s, field, findings| {
        s.volumes = VolumeUse::read_all(field, findings)
    }),
    ("tmpfs", |s, field, findings| {
        s.tmpfs = field.texts(findings)
    }),
    // How it is reached.
    ("ports", Service::read_ports),
    ("endpoints", Service::read_endpoints),
    // What it needs, and how it is watched.
    ("depends_on", |s, field, findings| {
        s.depends_on = Dependency::read_all(field, findings)
    }),
    ("references", |s, field, findings| {
        s.references = Reference::read_all(field, findings)
    }),
    ("probes", |s, field, findings| {
        s.probes = Probe::read_all(field, findings)
    }),
    ("healthcheck", |s, field, findings| {
        s.healthcheck = Healthcheck::read(field, findings)
    }),
    ("metrics", |s, field, findings| {
        s.metrics = Scrape::read(field, findings)
    }),
    ("restart", |s, field, findings| {
        s.restart = field.text(findings)
    }),
    ("stop_signal", |s, field, findings| {
        s.stop_signal = field.text(findings)
    }),
    ("stop_grace_period", |s, field, findings| {
        s.stop_grace_period = field.text(findings)
    }),
    ("post_start", |s, field, findings| {
        s.post_start = Hook::read_all(field, findings)
    }),
    ("pre_stop", |s, field, findings| {
        s.pre_stop = Hook::read_all(field, findings)
    }),
    ("group", |s, field, findings| {
        s.group = field.filled(findings)
    }),
    ("profiles", |s, field, findings| {
        s.profiles = field.texts(findings)
    }),
];
