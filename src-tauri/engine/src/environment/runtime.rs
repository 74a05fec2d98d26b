//! Which container runtime an environment uses, and what is known of it.

use super::message::{Live, Message};
use super::snapshot::RuntimeSnapshot;
use super::task::{RuntimeState, Task};
use crate::clock;
use crate::container::monitor::{self, RuntimeNews};
use crate::container::runtime::{Runtime, RuntimeProblem, Wish};
use benchtop_model::plan::ServiceKind;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// How long whoever needs the container runtime waits until it is known whether it answers.
const RUNTIME_LIMIT: Duration = Duration::from_secs(6);

/// How launches and builds come by the container runtime.
#[derive(Clone)]
pub(super) struct RuntimeAccess {
    /// What is known of it.
    pub(super) states: watch::Receiver<RuntimeState>,
    /// Wakes the monitor.
    wishes: watch::Sender<Wish>,
}

impl RuntimeAccess {
    /// The container runtime, or what is wrong with it. Where it did not answer the last
    /// time, it is looked for now: the monitor may sleep for seconds more, and whoever
    /// starts Docker and then an environment must not hear that Docker is not running.
    pub(super) async fn answering(&mut self) -> Result<Arc<Runtime>, String> {
        let mut state = self.known(false).await?;
        if state.up.is_none() {
            self.wishes.send_modify(|_| {});
            state = self.known(true).await?;
        }
        state.up.ok_or_else(|| {
            let shown = state.shown.as_ref();
            let problem = shown.and_then(|s| s.problem.clone()).unwrap_or_default();
            let hint = shown.and_then(|s| s.hint.clone()).unwrap_or_default();
            format!("{problem}; {hint}")
        })
    }

    /// What is known, once anything is; on request, something newer than what was seen.
    async fn known(&mut self, newer: bool) -> Result<RuntimeState, String> {
        let known = async {
            if newer {
                self.states.changed().await?;
            }
            let state = self.states.wait_for(|state| state.shown.is_some()).await?;
            Ok::<_, watch::error::RecvError>(state.clone())
        };
        match tokio::time::timeout(RUNTIME_LIMIT, known).await {
            Ok(Ok(state)) => Ok(state),
            _ => Err("the container runtime does not answer".to_owned()),
        }
    }
}

impl Task {
    /// Which runtime is to be used: the one where our containers are, else the
    /// chosen one, else the first that answers. Another one would not know the
    /// containers, and they would be taken for removed.
    pub(super) fn wish(&self) -> Wish {
        let held = self
            .record
            .runtime
            .clone()
            .filter(|_| self.holds_containers());
        Wish {
            address: held.or_else(|| self.runtime_choice.clone()),
            surroundings: Arc::clone(&self.surroundings),
        }
    }

    /// Containers run, are being launched or removed, or may run as far as is
    /// known.
    pub(super) fn holds_containers(&self) -> bool {
        let not_known_yet = !self.adopted && self.record.run.is_some();
        not_known_yet
            || self.removing
            || self.remove_when_idle
            || self.instances.iter().any(|(service, instance)| {
                let launching = || {
                    let spec = self.plan.services.get(service);
                    spec.is_some_and(|s| s.kind() == ServiceKind::Container)
                };
                match &instance.live {
                    Some(live) => matches!(live, Live::Container { .. }),
                    None => launching(),
                }
            })
    }

    pub(super) fn runtime_access(&self) -> RuntimeAccess {
        RuntimeAccess {
            states: self.runtime.subscribe(),
            wishes: self.wishes.clone(),
        }
    }

    /// Somebody has chosen, or the user's variables are others.
    pub(super) fn choose_runtime(&mut self, address: Option<String>) {
        self.reconsider_runtime |= self.runtime_choice != address;
        self.runtime_choice = address;
    }

    /// Passes the wish on to the monitor where it has changed. Without a new
    /// choice, the runtime that answers is kept.
    pub(super) fn tell_wish(&mut self) {
        let mut wish = self.wish();
        let up = self.runtime.borrow().up.as_ref().map(|r| r.address.clone());
        if !self.reconsider_runtime && wish.address.is_none() {
            wish.address.clone_from(&up);
        }
        self.reconsider_runtime &= self.holds_containers();
        let leaves = up.is_some() && up != wish.address;
        self.wishes.send_if_modified(|told| {
            let changed = *told != wish;
            *told = wish;
            changed
        });
        if leaves {
            // Nothing is to be started where we are about to go away.
            self.runtime.send_replace(RuntimeState::default());
        }
    }

    pub(super) fn watch_runtime(&mut self) {
        let needed = self
            .plan
            .services
            .values()
            .any(|s| s.kind() == ServiceKind::Container);
        if needed {
            self.tell_wish();
            let (messages, environment) = (self.messages.clone(), self.plan.id());
            let wishes = self.wishes.subscribe();
            tokio::spawn(monitor::watch(environment, wishes, move |news| {
                messages.send(Message::Runtime(news)).is_ok()
            }));
        }
    }

    pub(super) fn on_runtime(&mut self, news: RuntimeNews) {
        match news {
            RuntimeNews::Up(runtime) => {
                let shown = RuntimeSnapshot {
                    available: true,
                    name: Some(runtime.name.clone()),
                    problem: None,
                    hint: None,
                    since: clock::now(),
                };
                self.unsaved |= self.record.runtime.as_ref() != Some(&runtime.address);
                self.record.runtime = Some(runtime.address.clone());
                self.runtime.send_replace(RuntimeState {
                    up: Some(runtime),
                    shown: Some(shown),
                });
                self.look_at_containers();
                let may_remove = self.record.remove && !self.removing;
                if may_remove && self.supervisor.is_idle() {
                    self.remove();
                }
            }
            RuntimeNews::Down(problem) => self.on_runtime_lost(&problem),
            RuntimeNews::Container {
                id,
                service,
                action,
            } => self.on_container(&id, service, action),
        }
    }

    fn on_runtime_lost(&mut self, problem: &RuntimeProblem) {
        // What is known of each is old until it is looked at again, which is a moment after
        // the runtime answers.
        for instance in self.instances.values_mut() {
            instance.unseen = matches!(instance.live, Some(Live::Container { .. }));
        }
        self.runtime.send_modify(|state| {
            let since = state
                .shown
                .as_ref()
                .filter(|s| !s.available)
                .map_or_else(clock::now, |s| s.since);
            let name = state.shown.take().and_then(|s| s.name);
            state.up = None;
            state.shown = Some(RuntimeSnapshot {
                available: false,
                name,
                problem: Some(problem.to_string()),
                hint: Some(problem.hint()),
                since,
            });
        });
    }
}
