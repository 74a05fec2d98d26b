//! The examination of this machine, the removal of what is left over, and the look that
//! comes before a start.

use super::Host;
use super::handlers::Answer;
use super::open::OpenEnvironment;
use crate::doctor::{self, RUNTIME_SETTING, Subject};
use crate::schema::{
    ApiError, DoctorCleanRequest, DoctorCleaned, DoctorRunRequest, ErrorCode, KeptLeftover,
    PROTOCOL,
};
use benchtop_engine::container::runtime::discover::Surroundings;
use benchtop_engine::container::runtime::{self, Wish};
use benchtop_engine::doctor as engine;
use benchtop_model::doctor::facts::EngineFact;
use benchtop_model::doctor::preflight::{Obstacles, obstacles};
use benchtop_model::doctor::{DoctorCheck, DoctorReport};
use benchtop_model::plan::{Plan, ServiceKind};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

impl Host {
    pub(crate) async fn doctor_run(
        self: &Arc<Self>,
        request: DoctorRunRequest,
    ) -> Answer<DoctorReport> {
        let subject = match &request.environment {
            Some(id) => subject(&*self.get(id).await?),
            None => Subject {
                definition: Err("no environment is open".to_owned()),
                wish: self.default_wish(),
                own: BTreeSet::new(),
            },
        };
        let own = EngineFact {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            protocol: PROTOCOL,
            pid: std::process::id(),
        };
        Ok(doctor::run(&self.paths, &subject, Ok(Some(own))).await)
    }

    pub(crate) async fn doctor_clean(
        self: &Arc<Self>,
        request: DoctorCleanRequest,
    ) -> Answer<DoctorCleaned> {
        let runtime = runtime::connect(&self.default_wish()).await.ok();
        let (removed, kept) =
            engine::leftovers::remove(runtime.as_ref(), &self.paths.data, &request.items).await;
        let kept = kept.into_iter().map(|(id, why)| KeptLeftover { id, why });
        Ok(DoctorCleaned {
            removed,
            kept: kept.collect(),
        })
    }

    fn default_wish(&self) -> Wish {
        Wish {
            address: self.setting(RUNTIME_SETTING),
            surroundings: Arc::new(Surroundings::of(&BTreeMap::new())),
        }
    }

    /// What stands in the way of a start. Takes [`engine::QUICK`] at the most.
    ///
    /// # Errors
    /// Where nothing of what is asked for can work.
    pub(super) async fn before_start(
        &self,
        open: &OpenEnvironment,
        plan: &Plan,
        wanted: &[String],
    ) -> Answer<Vec<DoctorCheck>> {
        let subject = subject(open);
        // What runs already needs nothing more.
        let is_due = |name: &&String| !subject.own.contains(*name);
        let due: Vec<String> = match wanted {
            [] => plan.services.keys().filter(is_due).cloned().collect(),
            wanted => wanted.iter().filter(is_due).cloned().collect(),
        };
        if due.is_empty() {
            return Ok(Vec::new());
        }
        let answers = open
            .handle
            .snapshot()
            .runtime
            .as_ref()
            .is_some_and(|r| r.available);
        let containers = plan
            .services
            .values()
            .any(|s| s.kind() == ServiceKind::Container);
        let glance = engine::glance(&subject.question(&self.paths), containers && !answers).await;
        let found = obstacles(plan, &glance);
        match found.refusal(plan, &due) {
            Some(check) => Err(refused(check)),
            None => Ok(concerning(found, plan, &due)),
        }
    }
}

/// A warning about a service that nobody asked for would only confuse.
fn concerning(found: Obstacles, plan: &Plan, due: &[String]) -> Vec<DoctorCheck> {
    let blocked = &found.blocked;
    let is_due = |check: &DoctorCheck| {
        let mut services = blocked
            .iter()
            .filter(|(_, id)| **id == check.id)
            .map(|(name, _)| name);
        let any = services.clone().next().is_some();
        !any || services.any(|name| due.contains(name) || due.len() == plan.services.len())
    };
    found
        .checks
        .iter()
        .filter(|check| is_due(check))
        .cloned()
        .collect()
}

fn refused(check: &DoctorCheck) -> ApiError {
    let code = match check.id.as_str() {
        "container-runtime" => ErrorCode::NoRuntime,
        _ => ErrorCode::Unavailable,
    };
    ApiError {
        code,
        hint: check.fix.clone(),
        ..ApiError::internal(check.reason.clone())
    }
}

fn subject(open: &OpenEnvironment) -> Subject {
    let snapshot = open.handle.snapshot();
    let alive = snapshot
        .services
        .iter()
        .filter(|s| s.lifecycle.may_have_instance());
    Subject {
        definition: Ok(open.definition()),
        wish: snapshot.wish.clone(),
        own: alive.map(|s| s.name.clone()).collect(),
    }
}
