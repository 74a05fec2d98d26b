//! The watches on the files of services: a change asks for a rebuild, or for a
//! restart where nothing is built. When, is decided by
//! [`benchtop_model::watch::Watch`].

use super::message::Message;
use super::task::Task;
use crate::clock;
use crate::watch::{FileWatch, Patterns, Root};
use benchtop_model::status::Lifecycle;
use benchtop_model::supervisor::{Event, ServiceState};
use benchtop_model::time::Tick;
use benchtop_model::watch::Watch;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// All watches of an environment.
#[derive(Debug, Default)]
pub(super) struct Watching {
    /// Patterns by service, as they are watched now.
    watched: BTreeMap<String, Vec<String>>,
    services: BTreeMap<String, (Patterns, Watch)>,
    /// Ends with this.
    files: Option<FileWatch>,
}

impl Watching {
    pub(super) fn next_deadline(&self) -> Option<Tick> {
        let watches = self.services.values();
        watches.filter_map(|(_, watch)| watch.next_deadline()).min()
    }

    pub(super) fn is_active(&self, service: &str) -> bool {
        let watch = self.services.get(service);
        self.files.is_some() && watch.is_some_and(|(_, watch)| watch.paused().is_none())
    }

    /// Why the watch on a service pauses.
    pub(super) fn paused(&self, service: &str) -> Option<String> {
        let (_, watch) = self.services.get(service)?;
        watch.paused().map(str::to_owned)
    }

    pub(super) fn build_began(&mut self, service: &str) {
        if let Some((_, watch)) = self.services.get_mut(service) {
            watch.build_began();
        }
    }

    pub(super) fn build_ended(&mut self, service: &str) {
        if let Some((_, watch)) = self.services.get_mut(service) {
            watch.build_ended(clock::tick());
        }
    }

    /// A person has asked for a rebuild.
    pub(super) fn resume(&mut self, service: &str) {
        if let Some((_, watch)) = self.services.get_mut(service) {
            watch.resume();
        }
    }
}

impl Task {
    /// Watches what the present definition says, while a run goes on.
    pub(super) fn watch_files(&mut self) {
        let wanted: BTreeMap<String, Vec<String>> = match self.record.run {
            Some(_) => self
                .plan
                .services
                .values()
                .filter(|service| !service.watch.is_empty())
                .map(|service| (service.name.clone(), service.watch.clone()))
                .collect(),
            None => BTreeMap::new(),
        };
        if wanted == self.watching.watched {
            return;
        }
        let mut services = BTreeMap::new();
        for (name, patterns) in &wanted {
            match Patterns::new(patterns) {
                Ok(patterns) => drop(services.insert(name.clone(), (patterns, Watch::default()))),
                Err(cause) => self.say(name, 0, format!("not watched: {cause}")),
            }
        }
        let roots: BTreeSet<Root> = services
            .values()
            .flat_map(|(patterns, _)| patterns.roots().iter().cloned())
            .collect();
        self.watching = Watching {
            watched: wanted,
            services,
            files: self.start_watch(roots),
        };
    }

    fn start_watch(&self, roots: BTreeSet<Root>) -> Option<FileWatch> {
        if roots.is_empty() {
            return None;
        }
        let messages = self.messages.clone();
        let started = FileWatch::start(roots, move |files| {
            // The environment may be closed by now.
            _ = messages.send(Message::Files(files));
        });
        started
            .inspect_err(|cause| tracing::warn!(%cause, "services are not watched"))
            .ok()
    }

    pub(super) fn on_files(&mut self, files: &[PathBuf]) {
        let now = clock::tick();
        for (name, (patterns, watch)) in &mut self.watching.services {
            if !self.supervisor.service(name).is_some_and(is_active) {
                continue;
            }
            for file in files.iter().filter(|file| patterns.mean(file)) {
                let short = file.strip_prefix(&self.plan.project_dir).unwrap_or(file);
                watch.changed(&short.display().to_string(), now);
            }
        }
    }

    /// Asks for the rebuilds that are due.
    pub(super) fn act_on_watches(&mut self) {
        let now = clock::tick();
        let mut due = Vec::new();
        let mut paused = Vec::new();
        for (name, (_, watch)) in &mut self.watching.services {
            let before = watch.paused().is_some();
            due.extend(watch.take_due(now).map(|cause| (name.clone(), cause)));
            if let (false, Some(why)) = (before, watch.paused()) {
                paused.push((name.clone(), why.to_owned()));
            }
        }
        for (service, why) in paused {
            self.say(&service, 0, why);
        }
        for (service, cause) in due {
            self.say(&service, 0, format!("rebuild: {cause}"));
            self.handle(Event::Rebuild { service, cause });
        }
    }
}

/// What was stopped by hand stays so; what failed may be mended by the change.
fn is_active(state: &ServiceState) -> bool {
    state.wanted || matches!(state.lifecycle, Lifecycle::Failed | Lifecycle::Completed)
}
