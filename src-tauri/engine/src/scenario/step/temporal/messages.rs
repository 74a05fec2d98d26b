//! Of Temporal's messages the fields that are sent or read here, by their numbers.

use prost::Message;
use std::collections::HashMap;

/// Filter of a history: only the event with which the workflow closes.
pub(super) const ONLY_THE_END: i32 = 2;

/// A task queue has one for workflows and one for activities.
pub(super) const QUEUE_OF_WORKFLOWS: i32 = 1;

#[derive(Clone, PartialEq, Message)]
pub(super) struct Nothing {}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Execution {
    #[prost(string, tag = "1")]
    pub(crate) workflow_id: String,
    #[prost(string, tag = "2")]
    pub(crate) run_id: String,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct WorkflowType {
    #[prost(string, tag = "1")]
    pub(crate) name: String,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct TaskQueue {
    #[prost(string, tag = "1")]
    pub(super) name: String,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Payloads {
    #[prost(message, repeated, tag = "1")]
    pub(super) all: Vec<Payload>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Payload {
    #[prost(map = "string, bytes", tag = "1")]
    pub(super) metadata: HashMap<String, Vec<u8>>,
    #[prost(bytes = "vec", tag = "2")]
    pub(super) data: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Start {
    #[prost(string, tag = "1")]
    pub(super) namespace: String,
    #[prost(string, tag = "2")]
    pub(super) workflow_id: String,
    #[prost(message, optional, tag = "3")]
    pub(super) workflow_type: Option<WorkflowType>,
    #[prost(message, optional, tag = "4")]
    pub(super) task_queue: Option<TaskQueue>,
    #[prost(message, optional, tag = "5")]
    pub(super) input: Option<Payloads>,
    #[prost(string, tag = "9")]
    pub(super) identity: String,
    #[prost(string, tag = "10")]
    pub(super) request_id: String,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Started {
    #[prost(string, tag = "1")]
    pub(super) run_id: String,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Cancel {
    #[prost(string, tag = "1")]
    pub(super) namespace: String,
    #[prost(message, optional, tag = "2")]
    pub(super) execution: Option<Execution>,
    #[prost(string, tag = "3")]
    pub(super) identity: String,
    #[prost(string, tag = "6")]
    pub(super) reason: String,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct QueueRequest {
    #[prost(string, tag = "1")]
    pub(super) namespace: String,
    #[prost(message, optional, tag = "2")]
    pub(super) task_queue: Option<TaskQueue>,
    #[prost(int32, tag = "3")]
    pub(super) kind: i32,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct QueueAnswer {
    #[prost(message, repeated, tag = "1")]
    pub(super) pollers: Vec<Nothing>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct HistoryRequest {
    #[prost(string, tag = "1")]
    pub(super) namespace: String,
    #[prost(message, optional, tag = "2")]
    pub(super) execution: Option<Execution>,
    #[prost(bool, tag = "5")]
    pub(super) wait_new_event: bool,
    #[prost(int32, tag = "6")]
    pub(super) filter: i32,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct HistoryAnswer {
    #[prost(message, optional, tag = "1")]
    pub(super) history: Option<History>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct History {
    #[prost(message, repeated, tag = "1")]
    pub(super) events: Vec<Event>,
}

/// Which of the ends it is, is said by the one that is there.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Event {
    #[prost(int64, tag = "1")]
    pub(super) event_id: i64,
    #[prost(message, optional, tag = "7")]
    pub(super) completed: Option<Completed>,
    #[prost(message, optional, tag = "8")]
    pub(super) failed: Option<Failed>,
    #[prost(message, optional, tag = "9")]
    pub(super) timed_out: Option<TimedOut>,
    #[prost(message, optional, tag = "27")]
    pub(super) terminated: Option<Terminated>,
    #[prost(message, optional, tag = "29")]
    pub(super) canceled: Option<Nothing>,
    #[prost(message, optional, tag = "33")]
    pub(super) continued: Option<Continued>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Completed {
    #[prost(message, optional, tag = "1")]
    pub(super) result: Option<Payloads>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Failed {
    #[prost(message, optional, tag = "1")]
    pub(super) failure: Option<Failure>,
    #[prost(string, tag = "4")]
    pub(super) next_run: String,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct TimedOut {
    #[prost(string, tag = "2")]
    pub(super) next_run: String,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Terminated {
    #[prost(string, tag = "1")]
    pub(super) reason: String,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Continued {
    #[prost(string, tag = "1")]
    pub(super) next_run: String,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Failure {
    #[prost(string, tag = "1")]
    pub(super) message: String,
    #[prost(message, optional, boxed, tag = "4")]
    pub(super) cause: Option<Box<Failure>>,
}
