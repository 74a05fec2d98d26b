//! What must not leave this machine: the values of an environment's secrets, known by
//! their keys.

use super::handlers::Answer;
use super::open::OpenEnvironment;
use crate::schema::ApiError;
use benchtop_model::inject;
use benchtop_model::secret::{self, Redactor};
use std::collections::BTreeSet;

/// The keys of all secrets, and what takes their values out of a text. Both the definition
/// that runs and the one on disk are looked at.
pub(super) fn redactor(open: &OpenEnvironment) -> Answer<(BTreeSet<String>, Redactor)> {
    let snapshot = open.handle.snapshot();
    let (source, definition) = open.definition();
    let mut variables = vec![(*snapshot.base_environment).clone(), source.variables];
    let plans = [Some((*snapshot.plan).clone()), definition.plan];
    let (mut keys, mut values) = (BTreeSet::new(), BTreeSet::new());
    for plan in plans.iter().flatten() {
        let injected = plan
            .services
            .keys()
            .map(|name| inject::variables(plan, name, &snapshot.ports));
        variables.extend(injected);
        let (more_keys, more_values) = secret::values(plan, &variables);
        keys.extend(more_keys);
        values.extend(more_values);
    }
    let redactor = Redactor::new(values.iter().map(String::as_str)).map_err(ApiError::internal)?;
    Ok((keys, redactor))
}
