//! Performs what the supervisor asks for, and notes the outcome.

use super::ears::Said;
use super::hooks::{self, Hooks, Place};
use super::message::{Live, Message};
use super::task::Task;
use super::{ask, launch};
use crate::clock;
use crate::container;
use crate::container::pull::PullProgress;
use crate::failpoint::reach;
use crate::probe::{self, Subject};
use crate::process::protocol::Request;
use crate::sink::{EngineEvent, LogLine, Origin};
use benchtop_model::exit::Exit;
use benchtop_model::inject;
use benchtop_model::plan::{Run, Service};
use benchtop_model::probe::ProbeRole;
use benchtop_model::status::{Health, Lifecycle, Status};
use benchtop_model::supervisor::{Effect, Event, Report};
use benchtop_model::time::Millis;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// One start of a service, from the launch to the end.
#[derive(Debug)]
pub(super) struct Instance {
    pub(super) generation: u64,
    /// `None` while it is being launched.
    pub(super) live: Option<Live>,
    /// Calls a launch off.
    pub(super) cancel: CancellationToken,
    /// A stop was asked for: signal and grace.
    pub(super) stop: Option<(i32, Millis)>,
    /// It was Healthy once.
    pub(super) ready: bool,
    /// Its runtime was away, and it was not looked at since.
    pub(super) unseen: bool,
    /// What goes on right now.
    pub(super) progress: Option<String>,
    /// The pull of its image, while there is one.
    pub(super) pull: Option<PullProgress>,
}

impl Instance {
    pub(super) fn new(generation: u64, live: Option<Live>) -> Self {
        Self {
            generation,
            live,
            cancel: CancellationToken::new(),
            stop: None,
            ready: false,
            unseen: false,
            progress: None,
            pull: None,
        }
    }
}

impl Task {
    pub(super) fn perform(&mut self, effect: Effect) {
        match effect {
            Effect::Launch {
                service,
                generation,
            } => self.launch(&service, generation),
            Effect::Stop {
                service,
                generation,
                signal,
                grace,
            } => self.stop(&service, generation, signal, grace),
            Effect::Build { service, build } => self.build(&service, build),
            Effect::CancelBuild { service, build } => self.cancel_build(&service, build),
            Effect::Probe {
                service,
                generation,
                role,
            } => self.probe(&service, generation, role),
            Effect::Transition {
                service,
                generation,
                lifecycle,
                health,
                from,
                to,
                cause,
            } => {
                self.on_transition(service, generation, lifecycle, health, (from, to), cause);
            }
            Effect::Forget { service } => {
                self.record.services.remove(&service);
                self.instances.remove(&service);
                self.builds.remove(&service);
                self.unsaved = true;
            }
        }
    }

    fn launch(&mut self, service: &str, generation: u64) {
        reach("launch");
        let instance = Instance::new(generation, None);
        launch::spawn(self, service, generation, instance.cancel.clone());
        self.instances.insert(service.to_owned(), instance);
    }

    pub(super) fn on_launched(&mut self, service: &str, generation: u64, live: Live) {
        reach("launched");
        let Some(instance) = self
            .instances
            .get_mut(service)
            .filter(|i| i.generation == generation)
        else {
            return;
        };
        instance.progress = None;
        instance.pull = None;
        instance.live = Some(live.clone());
        let stop = instance.stop;
        if let Some(record) = self.record.services.get_mut(service) {
            record.started = live.started();
            record.container_id = match &live {
                Live::Container { id, .. } => Some(id.clone()),
                _ => None,
            };
            self.unsaved = true;
        }
        let definition = self
            .supervisor
            .service(service)
            .and_then(|s| s.launched_definition.clone())
            .unwrap_or_default();
        self.sink.record(EngineEvent::InstanceStarted {
            run: self.run_id(),
            service: service.to_owned(),
            generation,
            identity: live.identity(),
            definition,
            at: clock::now(),
        });
        self.report(service.to_owned(), generation, Report::Launched);
        // One that ended at once may have done so before its id was known here,
        // and its event was nobody's.
        if let Live::Container { id, .. } = &live {
            self.look_at(service.to_owned(), generation, id.clone());
        }
        // A stop that came while it was being launched.
        if let Some((signal, grace)) = stop {
            self.stop(service, generation, signal, grace);
        }
    }

    pub(super) fn on_progress(&mut self, service: &str, generation: u64, text: String) {
        if let Some(instance) = self
            .instances
            .get_mut(service)
            .filter(|i| i.generation == generation)
        {
            instance.progress = Some(text);
            instance.pull = None;
        }
    }

    pub(super) fn on_pulling(&mut self, service: &str, generation: u64, pull: PullProgress) {
        let current = self.instances.get_mut(service);
        if let Some(instance) = current.filter(|i| i.generation == generation) {
            instance.progress = Some(pull.describe());
            instance.pull = Some(pull);
        }
    }

    /// Ends an instance, or calls its launch off; the driver reports the end.
    fn stop(&mut self, service: &str, generation: u64, signal: i32, grace: Millis) {
        reach("stop");
        let Some(instance) = self
            .instances
            .get_mut(service)
            .filter(|i| i.generation == generation)
        else {
            return;
        };
        instance.stop = Some((signal, grace));
        match instance.live.clone() {
            None => instance.cancel.cancel(),
            Some(Live::Process { stops, .. }) => {
                let hooks = self.before_stop(service, generation);
                tokio::spawn(async move {
                    before_stop(hooks, grace).await;
                    stops
                        .send(Request::Stop {
                            signal,
                            grace_ms: grace.0,
                        })
                        .await
                });
            }
            Some(Live::Container { id, .. }) => {
                self.stop_container(service.to_owned(), generation, id, grace)
            }
            Some(Live::External) => {
                let report = Report::Exited(Exit::default());
                // We are the receiver.
                _ = self.messages.send(Message::Report {
                    service: service.to_owned(),
                    generation,
                    report,
                });
            }
        }
    }

    /// Stops a container; goes on trying for as long as the runtime is away,
    /// because an instance that was asked to end must not be forgotten.
    fn stop_container(&self, service: String, generation: u64, id: String, grace: Millis) {
        let (messages, mut runtime) = (self.messages.clone(), self.runtime.subscribe());
        let hooks = self.before_stop(&service, generation);
        tokio::spawn(async move {
            before_stop(hooks, grace).await;
            let exit = loop {
                let Ok(up) = runtime
                    .wait_for(|state| state.up.is_some())
                    .await
                    .map(|state| state.up.clone())
                else {
                    return;
                };
                let Some(up) = up else { continue };
                match container::instance::stop(&up, &id, grace).await {
                    Ok(exit) => break exit,
                    Err(cause) => {
                        let progress = Message::Progress {
                            service: service.clone(),
                            generation,
                            text: cause,
                        };
                        if messages.send(progress).is_err() {
                            return;
                        }
                        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
                    }
                }
            };
            // The environment may be closed by now.
            _ = messages.send(Message::Report {
                service,
                generation,
                report: Report::Exited(exit),
            });
        });
    }

    /// What is to be run before an instance is asked to end; nothing, where nothing
    /// is, or where its container cannot be reached anyway.
    fn before_stop(&self, service: &str, generation: u64) -> Option<Hooks> {
        let spec = &self.supervisor.service(service)?.spec;
        if spec.pre_stop.is_empty() {
            return None;
        }
        let place = match self.subject(spec) {
            Subject::Container(id) => Place::Container(self.runtime.borrow().up.clone()?, id),
            Subject::Process(folder, environment) => Place::Host(folder, environment),
            Subject::External => return None,
        };
        Some(Hooks {
            key: "pre_stop",
            all: spec.pre_stop.clone(),
            place,
            service: service.to_owned(),
            generation,
            sink: self.sink(),
        })
    }

    fn probe(&mut self, service: &str, generation: u64, role: ProbeRole) {
        let Some(spec) = self.plan.services.get(service) else {
            return;
        };
        let Some(probe) = spec.probes.get(role) else {
            return;
        };
        let (timeout, is_default) = (probe.timeout.to_duration(), probe.default);
        let exchange = probe::exchange(
            &self.plan,
            spec,
            probe,
            &self.record.assigned(),
            self.subject(spec),
            self.said(service, role),
        );
        let (messages, runtime, service) = (
            self.messages.clone(),
            self.runtime.subscribe(),
            service.to_owned(),
        );
        tokio::spawn(async move {
            let mut result = ask::ask(exchange, timeout, runtime).await;
            if is_default {
                let whose = "default of a known image".to_owned();
                result.details.insert("probe".to_owned(), whose);
            }
            let report = Report::Probed { role, result };
            messages.send(Message::Report {
                service,
                generation,
                report,
            })
        });
    }

    /// The line that a probe of the present instance waits for, where it has come.
    fn said(&self, service: &str, role: ProbeRole) -> Option<&str> {
        let record = self.record.services.get(service)?;
        record.said.get(&role).map(String::as_str)
    }

    /// An instance has written what a probe waits for. It will not write it again for
    /// the next engine, so it goes into the record.
    pub(super) fn on_said(&mut self, said: Said) {
        let Some(record) = self.record.services.get_mut(&said.service) else {
            return;
        };
        if record.memory.generation != said.generation {
            return;
        }
        record.said.insert(said.role, said.line);
        self.unsaved = true;
        self.handle(Event::ProbeNow {
            service: said.service,
        });
    }

    /// A service that is starting has written something: perhaps that it is ready. One
    /// that is in trouble may write without end, and has its intervals.
    pub(super) fn on_spoke(&mut self, service: String, generation: u64) {
        let state = self.supervisor.service(&service);
        let starts = state.is_some_and(|state| state.status() == Status::Starting);
        match starts {
            true => self.handle(Event::ProbeNow { service }),
            false => self.ears.rest(&service, generation),
        }
    }

    /// What runs of a service, for its probes.
    pub(super) fn subject(&self, service: &Service) -> Subject {
        match (
            &service.run,
            self.instances
                .get(&service.name)
                .and_then(|i| i.live.as_ref()),
        ) {
            (Run::Container(_), Some(Live::Container { id, .. })) => Subject::Container(id.clone()),
            (Run::Container(_), _) => Subject::Container(String::new()),
            (Run::Process(process), _) => {
                let mut environment = (*self.base_environment).clone();
                environment.extend(inject::variables(
                    &self.plan,
                    &service.name,
                    &self.record.assigned(),
                ));
                Subject::Process(process.cwd.clone(), environment)
            }
            (Run::External, _) => Subject::External,
        }
    }

    /// Keeps what a report says, before the supervisor acts on it.
    pub(super) fn note_report(&mut self, service: &str, generation: u64, report: &Report) {
        let current = self
            .instances
            .get(service)
            .is_some_and(|i| i.generation == generation);
        match report {
            Report::Probed { role, result } if current => {
                self.probed
                    .insert((service.to_owned(), *role), clock::now());
                self.sink.record(EngineEvent::Probed {
                    run: self.run_id(),
                    service: service.to_owned(),
                    generation,
                    role: *role,
                    result: result.clone(),
                    at: clock::now(),
                });
            }
            Report::Exited(exit) if current => self.on_ended(service, generation, exit.clone()),
            Report::Removed { .. } if current => self.on_ended(service, generation, Exit::unseen()),
            _ => {}
        }
    }

    fn on_ended(&mut self, service: &str, generation: u64, exit: Exit) {
        reach("ended");
        let had_instance = self
            .instances
            .get(service)
            .is_some_and(|i| i.live.is_some());
        self.instances.remove(service);
        self.usage.remove(service);
        if had_instance {
            self.say(
                service,
                generation,
                format!("{service} {}", exit.describe()),
            );
            self.sink.record(EngineEvent::InstanceEnded {
                run: self.run_id(),
                service: service.to_owned(),
                generation,
                exit,
                at: clock::now(),
            });
        }
    }

    fn on_transition(
        &mut self,
        service: String,
        generation: u64,
        lifecycle: Lifecycle,
        health: Health,
        (from, to): (Status, Status),
        cause: String,
    ) {
        let at = clock::now();
        if from != to || !self.since.contains_key(&service) {
            self.since.insert(service.clone(), at);
        }
        let first_ready = to == Status::Healthy
            && self
                .instances
                .get_mut(&service)
                .is_some_and(|i| !std::mem::replace(&mut i.ready, true));
        let run = self.run_id();
        if first_ready {
            self.sink.record(EngineEvent::InstanceReady {
                run: run.clone(),
                service: service.clone(),
                generation,
                at,
            });
        }
        if lifecycle == Lifecycle::Failed {
            self.say(&service, generation, format!("{service} failed: {cause}"));
        }
        self.sink.record(EngineEvent::Transition {
            run,
            service,
            generation,
            lifecycle,
            health,
            from,
            to,
            cause,
            at,
        });
    }

    /// A line of ours in the service's log.
    pub(super) fn say(&self, service: &str, generation: u64, text: String) {
        let line = LogLine {
            time_us: clock::micros(),
            origin: Origin::Benchtop,
            text,
        };
        self.sink.logs(service, generation, vec![line]);
    }

    pub(super) fn run_id(&self) -> String {
        self.record
            .run
            .as_ref()
            .map(|run| run.id.clone())
            .unwrap_or_default()
    }

    /// For drivers that outlive this call.
    pub(super) fn sink(&self) -> Arc<dyn crate::sink::Sink> {
        Arc::clone(&self.sink)
    }
}

/// A service that is to end ends, whatever becomes of its commands; that one of
/// them failed is in its log.
async fn before_stop(hooks: Option<Hooks>, grace: Millis) {
    if let Some(hooks) = hooks
        && let Err(cause) = hooks.run(hooks::before_stop(grace)).await
    {
        tracing::debug!(%cause, "a service is stopped all the same");
    }
}
