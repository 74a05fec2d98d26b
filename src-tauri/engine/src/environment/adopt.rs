//! Takes over what an earlier engine left running. Never starts blind: first it
//! is known what really runs.

use super::build;
use super::effects::Instance;
use super::launch::{follow_container, follow_process, instance_dir};
use super::message::Live;
use super::task::Task;
use crate::container::instance::{self as containers, Launched};
use crate::container::labels;
use crate::container::look::{self, Condition};
use crate::container::runtime::{self, Runtime};
use crate::process::instance::{self as processes, Found as FoundProcess};
use crate::record::ServiceRecord;
use benchtop_model::exit::Exit;
use benchtop_model::plan::{Service, ServiceKind};
use benchtop_model::supervisor::{Event, Found, Restored};
use std::collections::HashMap;
use std::sync::Arc;

/// The runtime, and the labels of our containers in it by their id.
type OwnContainers = (Arc<Runtime>, HashMap<String, HashMap<String, String>>);

/// Whether nothing is to be known of a service: it never ran, and is not wanted.
fn is_blank(record: &ServiceRecord) -> bool {
    record.memory.generation == 0 && !record.memory.wanted
}

/// Whether an external service was being watched.
fn runs_elsewhere(record: &ServiceRecord) -> bool {
    record.memory.wanted && record.memory.lifecycle.may_have_instance()
}

/// What a look at one service has found.
struct Finding {
    service: String,
    record: ServiceRecord,
    found: Found,
    live: Option<Live>,
}

impl Task {
    /// Adopts every instance that lives and takes note of those that ended.
    pub(super) async fn adopt(&mut self) {
        if self.record.run.is_none() && self.record.services.values().all(is_blank) {
            return;
        }
        let containers = self.own_containers().await;
        let looks = self
            .leftovers()
            .map(|(service, record)| self.find(service, record, containers.as_ref()));
        let findings = futures_util::future::join_all(looks).await;
        let all = findings.into_iter().map(|found| self.take_over(found));
        let all = all.collect();
        self.handle(Event::Restored(all));
    }

    /// Everything that may have left something behind, also what is no longer
    /// defined.
    fn leftovers(&self) -> impl Iterator<Item = (Service, ServiceRecord)> {
        let defined = |name: &String| {
            let service = self.plan.services.get(name);
            service.or_else(|| self.record.former.retiring.get(name))
        };
        let known = self.record.services.iter();
        known
            .filter(|(_, record)| !is_blank(record))
            .filter_map(move |(name, record)| Some((defined(name)?.clone(), record.clone())))
    }

    /// Looks at one service: at what it was when it was started, whatever it is
    /// defined as now.
    async fn find(
        &self,
        service: Service,
        record: ServiceRecord,
        containers: Option<&OwnContainers>,
    ) -> Finding {
        build::end_leftover(&self.dir, &service.name).await;
        match record.kind.unwrap_or(service.kind()) {
            ServiceKind::Process => self.find_process(&service, record).await,
            ServiceKind::Container => self.find_container(&service, record, containers).await,
            ServiceKind::External => Finding {
                found: match runs_elsewhere(&record) {
                    true => Found::Running,
                    false => Found::Nothing { cause: None },
                },
                live: runs_elsewhere(&record).then_some(Live::External),
                service: service.name,
                record,
            },
        }
    }

    fn take_over(&mut self, finding: Finding) -> Restored {
        let Finding {
            service,
            record,
            found,
            live,
        } = finding;
        if let Some(live) = live {
            let mut instance = Instance::new(record.memory.generation, Some(live));
            // It was Healthy before; "ready for the first time" is no news.
            instance.ready = true;
            self.instances.insert(service.clone(), instance);
        }
        Restored {
            service,
            memory: record.memory,
            found,
        }
    }

    async fn find_process(&self, service: &Service, record: ServiceRecord) -> Finding {
        let dir = instance_dir(&self.dir, &service.name, record.memory.generation);
        let (found, live) = match processes::find(dir).await {
            FoundProcess::Alive(instance) => {
                let live = follow_process(
                    *instance,
                    service.name.clone(),
                    record.memory.generation,
                    &self.sink,
                    &self.messages,
                );
                (Found::Running, Some(live))
            }
            FoundProcess::Ended(exit) => (Found::Ended(exit), None),
            FoundProcess::Nothing { rebooted } => {
                let cause = (rebooted && record.memory.wanted)
                    .then(|| "stopped by a restart of the machine".to_owned());
                (Found::Nothing { cause }, None)
            }
        };
        Finding {
            service: service.name.clone(),
            record,
            found,
            live,
        }
    }

    /// The runtime and our containers in it; `None` where it does not answer.
    async fn own_containers(&self) -> Option<OwnContainers> {
        let container = |(service, record): (Service, ServiceRecord)| {
            record.kind.unwrap_or(service.kind()) == ServiceKind::Container
        };
        if !self.leftovers().any(container) {
            return None;
        }
        let runtime = Arc::new(runtime::connect(&self.wish()).await.ok()?);
        let list = containers::list(&runtime, &self.plan.id()).await.ok()?;
        Some((runtime, list))
    }

    async fn find_container(
        &self,
        service: &Service,
        record: ServiceRecord,
        containers: Option<&OwnContainers>,
    ) -> Finding {
        let name = service.name.clone();
        let Some((runtime, list)) = containers else {
            return self.assume_container(name, record);
        };
        let by_label = || {
            list.iter()
                .find(|(_, l)| l.get(labels::SERVICE) == Some(&name))
                .map(|(id, _)| id.clone())
        };
        let Some(id) = record
            .container_id
            .clone()
            .filter(|id| list.contains_key(id))
            .or_else(by_label)
        else {
            return Finding {
                service: name,
                record,
                found: Found::Nothing { cause: None },
                live: None,
            };
        };
        let (condition, began) = look::look(runtime, &id).await;
        // The container of an earlier start, kept for this one, which did not
        // come about any more.
        let is_of_before = record.container_id.is_none() && began < record.asked;
        let (found, live) = match condition {
            Condition::Running => {
                // Where the start was not recorded any more, all there is.
                let started = record.started.unwrap_or_default();
                let container = Launched {
                    id: id.clone(),
                    started,
                    output: None,
                };
                follow_container(
                    runtime,
                    container,
                    name.clone(),
                    record.memory.generation,
                    self.sink(),
                );
                (Found::Running, Some(Live::Container { id, started }))
            }
            Condition::Ended(exit) if !is_of_before => (Found::Ended(exit), None),
            Condition::Created | Condition::Ended(_) | Condition::Absent => {
                (Found::Nothing { cause: None }, None)
            }
            Condition::Unknown => return self.assume_container(name, record),
        };
        Finding {
            service: name,
            record,
            found,
            live,
        }
    }

    /// The runtime is silent: what ran is taken to run still, and is looked at
    /// when the runtime answers again. Faces show it as stale.
    fn assume_container(&self, service: String, record: ServiceRecord) -> Finding {
        let live = record
            .container_id
            .clone()
            .filter(|_| record.memory.wanted)
            .map(|id| Live::Container {
                id,
                started: record.started.unwrap_or_default(),
            });
        let found = if live.is_some() {
            Found::Running
        } else {
            Found::Ended(Exit::unseen())
        };
        Finding {
            service,
            record,
            found,
            live,
        }
    }
}
