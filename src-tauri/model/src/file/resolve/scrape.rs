//! Where a service offers its metrics.

use super::{duration, health, place_of};
use crate::file::findings::Findings;
use crate::file::written::service::Service as Written;
use crate::plan::{Endpoint, Scrape};
use crate::problem::{Problem, nearest};
use crate::time::Millis;

/// Between two fetches where the file says nothing, as usual with Prometheus.
const INTERVAL: Millis = Millis::from_secs(15);

/// More often is a load of its own.
const SHORTEST: Millis = Millis::from_secs(1);

/// What is written behind `metrics`. `endpoints` is nothing where they are not known,
/// because something is wrong with them.
pub(super) fn resolve(
    written: &Written,
    endpoints: Option<&[Endpoint]>,
    findings: &mut Findings,
) -> Option<Scrape> {
    let metrics = written.metrics.as_ref()?;
    let path = health::http_path(Some(metrics.path.as_ref()?), findings);
    let interval = duration::positive("interval", metrics.interval.as_ref(), findings);
    if let (Some(interval), Some(text)) = (interval, &metrics.interval)
        && interval < SHORTEST
    {
        let problem = Problem::error(&text.place, "`interval` of `metrics` is too short");
        findings.push(problem.hint("write `1s` or more"));
    }
    let endpoint = match &metrics.endpoint {
        Some(name) => {
            let known = endpoints?.iter().map(|endpoint| endpoint.name.as_str());
            if !known.clone().any(|known| known == name.value) {
                let message = format!("`{}` has no endpoint `{}`", written.name(), name.value);
                let problem = Problem::error(&name.place, message);
                findings.push(match nearest(&name.value, known) {
                    Some(near) => problem.hint(format!("did you mean `{near}`?")),
                    None => problem.hint("name one of its `endpoints`"),
                });
            }
            name.value.clone()
        }
        None => {
            let usual = endpoints?
                .iter()
                .find(|e| e.is_http())
                .or(endpoints?.first());
            if usual.is_none() {
                let place = place_of(written, "metrics");
                let problem = Problem::error(place, "there is no endpoint to fetch metrics from");
                findings.push(problem.hint("give the service an endpoint such as `http: auto`"));
            }
            usual?.name.clone()
        }
    };
    Some(Scrape {
        endpoint,
        path: path?,
        interval: interval.unwrap_or(INTERVAL),
    })
}
