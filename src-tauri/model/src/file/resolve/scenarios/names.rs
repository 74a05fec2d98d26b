//! The names that expressions of a scenario may use.

use crate::file::findings::Findings;
use crate::problem::{Place, Problem};
use crate::scenario::expression::Expression;
use std::collections::BTreeMap;

/// What is known at a point of a scenario.
pub(super) struct Known<'a> {
    vars: &'a BTreeMap<String, String>,
    /// Ids of the steps before this point.
    steps: Vec<String>,
}

impl<'a> Known<'a> {
    pub(super) fn new(vars: &'a BTreeMap<String, String>) -> Self {
        Self {
            vars,
            steps: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, steps: impl Iterator<Item = String>) {
        self.steps.extend(steps);
    }

    /// Says which names of an expression are not known here. A single name is a metric
    /// where there are `metrics`; which there are is known only when the step has run.
    pub(super) fn check(
        &self,
        expression: &Expression,
        place: &Place,
        metrics: bool,
        findings: &mut Findings,
    ) {
        for name in expression.names() {
            if let Some(problem) = self.fault(name, place, metrics, findings) {
                findings.push(problem);
            }
        }
    }

    fn fault(
        &self,
        name: &[String],
        place: &Place,
        metrics: bool,
        findings: &Findings,
    ) -> Option<Problem> {
        let whole = name.join(".");
        let parts: Vec<&str> = name.iter().map(String::as_str).collect();
        let (message, near) = match parts.as_slice() {
            ["vars", var] if self.vars.contains_key(*var) => return None,
            ["steps", id, "status"] | ["steps", id, "metrics", _] if self.has(id) => return None,
            ["env", _] => return None,
            [_] if metrics => return None,
            ["vars", var] => (
                format!("there is no variable `{var}`"),
                findings.nearest(var, self.vars.keys().map(String::as_str)),
            ),
            ["steps", id, "status"] | ["steps", id, "metrics", _] => (
                format!("there is no step with the id `{id}` before this one"),
                findings.nearest(id, self.steps.iter().map(String::as_str)),
            ),
            [single] if self.vars.contains_key(*single) => {
                let problem = Problem::error(place, format!("`{whole}` is not known here"));
                return Some(problem.hint(format!("did you mean `vars.{single}`?")));
            }
            _ => (format!("`{whole}` is not known here"), None),
        };
        let problem = Problem::error(place, message);
        Some(match near {
            Some(near) => problem.hint(format!("did you mean `{near}`?")),
            None => problem.hint(
                "known are `vars.NAME`, `env.NAME`, `steps.ID.metrics.NAME` and `steps.ID.status`",
            ),
        })
    }

    fn has(&self, id: &str) -> bool {
        self.steps.iter().any(|known| known == id)
    }
}
