//! What happens to containers without our doing, and looking at them again
//! where that may have been missed.

use super::effects::Instance;
use super::launch::follow_container;
use super::message::{Live, Message};
use super::task::Task;
use crate::clock;
use crate::container::instance::{self, Launched};
use crate::container::labels;
use crate::container::look::{self, Condition};
use crate::container::monitor::{Action, RuntimeNews};
use crate::sink::EngineEvent;
use benchtop_model::supervisor::{Event, Report};
use benchtop_model::time::Timestamp;

/// Between two looks at a container of which the runtime does not tell.
const LOOK_AGAIN: std::time::Duration = std::time::Duration::from_millis(500);

impl Task {
    pub(super) fn on_container(&mut self, id: &str, service: Option<String>, action: Action) {
        let found = self
            .instances
            .iter()
            .find_map(|(service, instance)| match &instance.live {
                Some(Live::Container { id: own, .. }) if own == id => {
                    Some((service.clone(), instance.generation))
                }
                _ => None,
            });
        let Some((service, generation)) = found else {
            if let (Action::Started, Some(service)) = (action, service) {
                self.look_whether_started(service, id.to_owned());
            }
            return;
        };
        match action {
            // Ours, or a restart of which the end was not seen apart.
            Action::Started => {}
            Action::Died => self.look_at(service, generation, id.to_owned()),
            Action::Health => self.handle(Event::ProbeNow { service }),
            Action::Removed => {
                let cause = "its container was removed by somebody else".to_owned();
                self.report(service, generation, Report::Removed { cause });
            }
        }
    }

    /// After a break in the events: what happened in the meantime?
    pub(super) fn look_at_containers(&self) {
        for (service, instance) in &self.instances {
            if let Some(Live::Container { id, .. }) = &instance.live {
                self.look_at(service.clone(), instance.generation, id.clone());
            }
        }
        self.look_for_unknown();
    }

    /// A start during a break, ours that was not answered any more or that of
    /// somebody else, was told to nobody.
    fn look_for_unknown(&self) {
        let Some(runtime) = self.runtime.borrow().up.clone() else {
            return;
        };
        let (messages, environment) = (self.messages.clone(), self.plan.id());
        tokio::spawn(async move {
            let list = instance::list(&runtime, &environment).await;
            for (id, mut labels) in list.unwrap_or_default() {
                let news = RuntimeNews::Container {
                    id,
                    service: labels.remove(labels::SERVICE),
                    action: Action::Started,
                };
                if messages.send(Message::Runtime(news)).is_err() {
                    return;
                }
            }
        });
    }

    /// A container of ours that is not known to run was started: by somebody
    /// else, unless we are just doing so.
    fn look_whether_started(&self, service: String, id: String) {
        let known = self.plan.services.contains_key(&service);
        let runtime = self.runtime.borrow().up.clone();
        let Some(runtime) = runtime.filter(|_| known && !self.instances.contains_key(&service))
        else {
            return;
        };
        let messages = self.messages.clone();
        tokio::spawn(async move {
            let Ok(found) = look::inspect(&runtime, &id).await else {
                return;
            };
            let running = found.state.and_then(|state| state.running);
            let labels = found.config.and_then(|config| config.labels);
            if running == Some(true) {
                // The environment may be closed by now.
                _ = messages.send(Message::StartedOutside {
                    service,
                    id,
                    definition: labels.and_then(|mut labels| labels.remove(labels::DEFINITION)),
                });
            }
        });
    }

    /// Takes over a container of ours that somebody else has started: what runs
    /// is shown, followed, and ended with the environment.
    pub(super) fn on_started_outside(
        &mut self,
        service: String,
        id: String,
        definition: Option<String>,
    ) {
        let Some(state) = self.supervisor.service(&service) else {
            return;
        };
        if self.instances.contains_key(&service) || state.lifecycle.may_have_instance() {
            return;
        }
        let generation = state.generation + 1;
        self.begin_run();
        let started = clock::now();
        let live = Live::Container {
            id: id.clone(),
            started,
        };
        self.instances
            .insert(service.clone(), Instance::new(generation, Some(live)));
        self.handle(Event::StartedOutside {
            service: service.clone(),
            definition,
        });
        self.note_started_outside(&service, generation, &id, started);
    }

    fn note_started_outside(
        &mut self,
        service: &str,
        generation: u64,
        id: &str,
        started: Timestamp,
    ) {
        if let Some(record) = self.record.services.get_mut(service) {
            record.container_id = Some(id.to_owned());
            record.started = Some(started);
            self.unsaved = true;
        }
        self.sink.record(EngineEvent::InstanceStarted {
            run: self.run_id(),
            service: service.to_owned(),
            generation,
            identity: id.to_owned(),
            definition: String::new(),
            at: started,
        });
        if let Some(runtime) = self.runtime.borrow().up.clone() {
            let container = Launched {
                id: id.to_owned(),
                started,
                output: None,
            };
            follow_container(
                &runtime,
                container,
                service.to_owned(),
                generation,
                self.sink(),
            );
        }
        // It may have ended again meanwhile.
        self.look_at(service.to_owned(), generation, id.to_owned());
    }

    pub(super) fn look_at(&self, service: String, generation: u64, id: String) {
        let Some(runtime) = self.runtime.borrow().up.clone() else {
            return;
        };
        let messages = self.messages.clone();
        tokio::spawn(async move {
            let mut condition = look::ending(&runtime, &id).await;
            // A busy runtime may not answer in time; what it was asked for must
            // still be known some day.
            while condition == Condition::Unknown && !messages.is_closed() {
                tokio::time::sleep(LOOK_AGAIN).await;
                condition = look::condition(&runtime, &id).await;
            }
            messages.send(Message::Looked {
                service,
                generation,
                condition,
            })
        });
    }

    pub(super) fn on_looked(&mut self, service: String, generation: u64, condition: Condition) {
        let instance = self.instances.get_mut(&service);
        let instance = instance.filter(|instance| instance.generation == generation);
        // While it is being stopped, the one who stops it reports the end.
        let stopping = instance.is_some_and(|instance| {
            instance.unseen = false;
            instance.stop.is_some()
        });
        match condition {
            Condition::Ended(exit) if !stopping => {
                self.report(service, generation, Report::Exited(exit))
            }
            Condition::Absent if !stopping => {
                let cause = "its container was removed by somebody else".to_owned();
                self.report(service, generation, Report::Removed { cause });
            }
            _ => {}
        }
    }
}
