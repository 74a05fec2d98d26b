//! Which container runtime an environment uses, and what is known of it.

use super::message::{Live, Message};
use super::snapshot::RuntimeSnapshot;
use super::task::{RuntimeState, Task};
use crate::clock;
use crate::container::monitor::{self, RuntimeNews};
use crate::container::runtime::Wish;
use benchtop_model::plan::ServiceKind;
use std::sync::Arc;

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

    /// Passes the wish on to the monitor where it has changed.
    pub(super) fn tell_wish(&self) {
        let wish = self.wish();
        self.wishes.send_if_modified(|told| {
            let changed = *told != wish;
            *told = wish;
            changed
        });
    }

    pub(super) fn watch_runtime(&self) {
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
            }
            RuntimeNews::Down(problem) => self.runtime.send_modify(|state| {
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
            }),
            RuntimeNews::Container { id, action } => self.on_container(&id, action),
        }
    }
}
