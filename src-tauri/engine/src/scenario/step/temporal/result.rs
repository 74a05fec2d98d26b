//! What goes into a workflow and what comes out of it.

use super::super::super::outcome::Outcome;
use super::messages as m;
use serde_json::Value;

/// Causes within causes are followed this far.
const DEEPEST: usize = 20;

/// How a run of a workflow ended.
#[derive(Debug, PartialEq)]
pub(super) enum End {
    /// With a result, or with none.
    Completed(Option<m::Payload>),
    /// Otherwise, and why.
    Failed(String),
    /// The run with this id goes on where it stopped.
    GoesOn(String),
}

impl End {
    pub(super) fn of(event: m::Event) -> Self {
        let next = |run: String| (!run.is_empty()).then_some(Self::GoesOn(run));
        if let Some(continued) = event.continued {
            return Self::GoesOn(continued.next_run);
        }
        // A workflow with a cron line or a retry policy begins anew at its end; of a cron
        // line the first result counts, of a retry the last.
        if let Some(completed) = event.completed {
            let first = completed.result.and_then(|all| all.all.into_iter().next());
            return Self::Completed(first);
        }
        if let Some(failed) = event.failed {
            let why = failed.failure.as_ref().map_or_else(String::new, why);
            return next(failed.next_run).unwrap_or(Self::Failed(format!("failed: {why}")));
        }
        if let Some(late) = event.timed_out {
            return next(late.next_run).unwrap_or(Self::Failed("timed out".to_owned()));
        }
        Self::Failed(match (event.terminated, event.canceled) {
            (Some(said), _) if said.reason.is_empty() => "was terminated".to_owned(),
            (Some(said), _) => format!("was terminated: {}", said.reason),
            (None, Some(_)) => "was cancelled".to_owned(),
            (None, None) => "ended in a way that is not known here".to_owned(),
        })
    }
}

/// All that failed, from the outermost to the cause; what says the same is said once.
fn why(failure: &m::Failure) -> String {
    let mut said: Vec<&str> = Vec::new();
    let mut next = Some(failure);
    while let Some(failure) = next.filter(|_| said.len() < DEEPEST) {
        if said.last() != Some(&failure.message.as_str()) {
            said.push(&failure.message);
        }
        next = failure.cause.as_deref();
    }
    said.retain(|message| !message.is_empty());
    match said.is_empty() {
        true => "no cause is told".to_owned(),
        false => said.join(": "),
    }
}

/// One argument: as it stands where it is JSON, otherwise a text.
pub(super) fn payloads(input: &str) -> m::Payloads {
    let data = match serde_json::from_str::<serde::de::IgnoredAny>(input) {
        Ok(_) => input.trim().to_owned(),
        Err(_) => Value::from(input).to_string(),
    };
    let encoding = ("encoding".to_owned(), b"json/plain".to_vec());
    m::Payloads {
        all: vec![m::Payload {
            metadata: [encoding].into(),
            data: data.into_bytes(),
        }],
    }
}

pub(super) fn outcome(end: End, workflow: &str) -> Outcome {
    let payload = match end {
        End::Completed(payload) => payload,
        End::Failed(text) => return Outcome::failed(format!("{workflow} {text}")),
        End::GoesOn(_) => return Outcome::failed(format!("{workflow} goes on")),
    };
    let outcome = Outcome::passed(format!("{workflow} completed"));
    let Some(payload) = payload.filter(|payload| !is_null(payload)) else {
        return outcome;
    };
    let text = String::from_utf8_lossy(&payload.data).into_owned();
    let outcome = measured(outcome, serde_json::from_str(&text).unwrap_or_default());
    outcome.detail("result", text)
}

fn is_null(payload: &m::Payload) -> bool {
    let encoding = payload.metadata.get("encoding");
    encoding.is_some_and(|encoding| encoding == b"binary/null")
}

/// A number is the metric `value`; those of an object have their own names.
fn measured(outcome: Outcome, value: Value) -> Outcome {
    match value {
        Value::Number(number) => outcome.metric("value", number.as_f64().unwrap_or(f64::NAN)),
        Value::Object(fields) => fields.iter().fold(outcome, |outcome, (name, value)| {
            outcome.metric(name, value.as_f64().unwrap_or(f64::NAN))
        }),
        _ => outcome,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn completed(json: &str) -> Outcome {
        let result = Some(payloads(json));
        let event = m::Event {
            completed: Some(m::Completed { result }),
            ..m::Event::default()
        };
        outcome(End::of(event), "Renewal")
    }

    #[test]
    fn numbers_of_a_result_are_metrics() {
        assert_eq!(completed("42").metrics["value"], 42.0);
        let object = completed(r#"{"renewals": 3, "every": 10.5, "token": "x", "on": true}"#);
        assert_eq!(object.metrics.len(), 2);
        assert_eq!(
            (object.metrics["renewals"], object.metrics["every"]),
            (3.0, 10.5)
        );
        assert!(object.passed && object.details["result"].contains("token"));
        let text = completed("not JSON");
        assert_eq!(text.details["result"], "\"not JSON\"");
        let nothing = outcome(End::Completed(None), "Renewal");
        assert!(nothing.passed && nothing.details.is_empty());
    }

    #[test]
    fn other_ends_are_failures_with_their_cause() {
        let failure = |message: &str, cause| m::Failure {
            message: message.to_owned(),
            cause,
        };
        let inner = failure("Redis refused", None);
        let middle = failure("Activity task failed", Some(Box::new(inner)));
        let event = m::Event {
            failed: Some(m::Failed {
                failure: Some(middle),
                next_run: String::new(),
            }),
            ..m::Event::default()
        };
        let outcome = outcome(End::of(event), "Renewal");
        assert!(!outcome.passed);
        assert_eq!(
            outcome.text,
            "Renewal failed: Activity task failed: Redis refused"
        );
        let terminated = m::Event {
            terminated: Some(m::Terminated {
                reason: "enough".to_owned(),
            }),
            ..m::Event::default()
        };
        assert_eq!(
            End::of(terminated),
            End::Failed("was terminated: enough".to_owned())
        );
    }

    #[test]
    fn a_run_that_continues_or_is_retried_is_followed() {
        let continued = m::Event {
            continued: Some(m::Continued {
                next_run: "b".to_owned(),
            }),
            ..m::Event::default()
        };
        assert_eq!(End::of(continued), End::GoesOn("b".to_owned()));
        let retried = m::Event {
            timed_out: Some(m::TimedOut {
                next_run: "c".to_owned(),
            }),
            ..m::Event::default()
        };
        assert_eq!(End::of(retried), End::GoesOn("c".to_owned()));
    }
}
