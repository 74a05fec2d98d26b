//! The last workflows of a Temporal server.

use super::in_time;
use crate::scenario::temporal::{Execution, WorkflowType, ask};
use benchtop_model::inject::Address;
use benchtop_model::systems::{TemporalView, TemporalWorkflow};
use benchtop_model::time::Timestamp;
use prost::Message;

/// Workflows of one answer.
const MOST: i32 = 50;

/// What is asked.
#[derive(Clone, PartialEq, Message)]
struct List {
    #[prost(string, tag = "1")]
    namespace: String,
    #[prost(int32, tag = "2")]
    page_size: i32,
}

/// What is answered.
#[derive(Clone, PartialEq, Message)]
struct Listed {
    #[prost(message, repeated, tag = "1")]
    executions: Vec<Info>,
    #[prost(bytes = "vec", tag = "2")]
    next_page: Vec<u8>,
}

/// Of one execution what is shown.
#[derive(Clone, PartialEq, Message)]
struct Info {
    #[prost(message, optional, tag = "1")]
    execution: Option<Execution>,
    #[prost(message, optional, tag = "2")]
    kind: Option<WorkflowType>,
    #[prost(message, optional, tag = "3")]
    start: Option<Moment>,
    #[prost(message, optional, tag = "4")]
    close: Option<Moment>,
    #[prost(int32, tag = "5")]
    status: i32,
    #[prost(int64, tag = "6")]
    history_length: i64,
    #[prost(string, tag = "13")]
    task_queue: String,
}

/// `google.protobuf.Timestamp`.
#[derive(Clone, Copy, PartialEq, Message)]
struct Moment {
    #[prost(int64, tag = "1")]
    seconds: i64,
    #[prost(int32, tag = "2")]
    nanos: i32,
}

impl From<Moment> for Timestamp {
    fn from(moment: Moment) -> Self {
        let millis = moment.seconds.saturating_mul(1000);
        Self(millis.saturating_add(i64::from(moment.nanos / 1_000_000)))
    }
}

/// Asks for the last workflows of a namespace.
///
/// # Errors
/// One sentence, where the server does not answer or has no such namespace.
pub async fn look(at: &Address, namespace: &str) -> Result<TemporalView, String> {
    let request = List {
        namespace: namespace.to_owned(),
        page_size: MOST,
    };
    let answer: Listed = in_time(ask(at, "ListWorkflowExecutions", &request)).await?;
    Ok(TemporalView {
        namespace: namespace.to_owned(),
        workflows: answer.executions.into_iter().map(workflow).collect(),
        more: !answer.next_page.is_empty(),
    })
}

fn workflow(info: Info) -> TemporalWorkflow {
    let execution = info.execution.unwrap_or_default();
    TemporalWorkflow {
        id: execution.workflow_id,
        run: execution.run_id,
        kind: info.kind.unwrap_or_default().name,
        state: state(info.status).to_owned(),
        task_queue: info.task_queue,
        started: info.start.map(Timestamp::from),
        ended: info.close.map(Timestamp::from),
        events: info.history_length,
    }
}

/// The words of `WorkflowExecutionStatus`, by its numbers.
fn state(number: i32) -> &'static str {
    match number {
        1 => "Running",
        2 => "Completed",
        3 => "Failed",
        4 => "Canceled",
        5 => "Terminated",
        6 => "ContinuedAsNew",
        7 => "TimedOut",
        8 => "Paused",
        _ => "Unspecified",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_told_is_absent() {
        let told = workflow(Info {
            status: 1,
            start: Some(Moment {
                seconds: 12,
                nanos: 345_678_901,
            }),
            ..Info::default()
        });
        assert_eq!(told.state, "Running");
        assert_eq!((told.started, told.ended), (Some(Timestamp(12_345)), None));
        assert_eq!(state(99), "Unspecified");
    }
}
