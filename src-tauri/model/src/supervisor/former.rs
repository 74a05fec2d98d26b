//! Services that are no longer defined: what is left of them is ended and then
//! forgotten, except for the number of their last start.

use super::Supervisor;
use super::message::Effect;
use super::service::ServiceState;
use crate::plan::{Plan, Service};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What must be known of services that are no longer defined.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Former {
    /// The last definitions of those that are not gone yet.
    pub retiring: BTreeMap<String, Service>,
    /// Numbers of the last starts of those that are. A number is never used
    /// twice: whatever belongs to an old start must not be taken for a new one.
    pub generations: BTreeMap<String, u64>,
}

impl Supervisor {
    /// The machine of an engine that takes over.
    #[must_use]
    pub fn resumed(plan: &Plan, former: &Former) -> Self {
        let mut supervisor = Self::new(plan);
        supervisor.generations.clone_from(&former.generations);
        for (name, spec) in &former.retiring {
            let entry = supervisor.services.entry(name.clone());
            entry.or_insert_with(|| ServiceState::retiring(spec.clone()));
        }
        supervisor
    }

    /// What the next engine must know of services that are no longer defined.
    #[must_use]
    pub fn former(&self) -> Former {
        let removed = self.services.iter().filter(|(_, state)| state.removed);
        Former {
            retiring: removed
                .map(|(name, state)| (name.clone(), state.spec.clone()))
                .collect(),
            generations: self.generations.clone(),
        }
    }

    /// Takes up a service that is defined now.
    pub(super) fn define(&mut self, name: &str, spec: &Service) {
        let mut state = ServiceState::new(spec.clone());
        state.generation = self.generations.remove(name).unwrap_or(0);
        state.told.2 = state.generation;
        state
            .builds
            .go_on_from(self.builds.remove(name).unwrap_or(0));
        self.services.insert(name.to_owned(), state);
    }

    pub(super) fn forget_removed(&mut self, effects: &mut Vec<Effect>) {
        let (generations, builds) = (&mut self.generations, &mut self.builds);
        self.services.retain(|name, service| {
            let gone = service.removed && service.is_gone();
            if gone {
                generations.insert(name.clone(), service.generation);
                builds.insert(name.clone(), service.builds.count());
                effects.push(Effect::Forget {
                    service: name.clone(),
                });
            }
            !gone
        });
    }
}
