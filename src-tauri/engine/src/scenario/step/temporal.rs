//! Starts a workflow of Temporal and waits for its end, however often its worker or the
//! connection dies on the way. Numbers in its result are metrics.

mod messages;
mod result;

use super::super::context::Attempt;
use super::super::outcome::Outcome;
use crate::clock;
use crate::probe::grpc::{self, Channel, Refusal};
use crate::probe::tap::{Heard, Tap};
use crate::probe::tcp;
use benchtop_model::inject::Address;
use benchtop_model::scenario::report::Progress;
use messages as m;
pub(crate) use messages::{Execution, WorkflowType};
use prost::Message;
use result::End;
use std::time::Duration;

const SERVICE: &str = "temporal.api.workflowservice.v1.WorkflowService";

/// Who asks, as the server notes it.
const IDENTITY: &str = "benchtop";

/// The server answers a long poll within 20 s; after this it is gone.
const LONGEST_POLL: Duration = Duration::from_secs(60);

/// After a call that failed.
const PAUSE: Duration = Duration::from_secs(1);

/// Why a call has no answer.
enum Fault {
    /// There is no connection, or not just now.
    Away(String),
    /// The server says no.
    Refused(String),
}

/// A workflow that was started.
struct Running {
    at: Address,
    namespace: String,
    task_queue: m::TaskQueue,
    execution: m::Execution,
    /// Its runs: one more each time it continued as new.
    runs: u32,
    /// It has not ended, as far as is known.
    open: bool,
}

pub(super) async fn perform(attempt: &Attempt<'_>) -> Result<Outcome, String> {
    let mut running = Running::start(attempt).await?;
    let (event, end) = running.wait(attempt).await?;
    let outcome = result::outcome(end, attempt.required("workflow")?);
    Ok(outcome
        .detail("workflow id", &*running.execution.workflow_id)
        .detail("run id", &*running.execution.run_id)
        .metric("events", event as f64)
        .metric("runs", f64::from(running.runs)))
}

/// One call for whoever is no scenario.
///
/// # Errors
/// One sentence, where the server does not answer or says no.
pub(crate) async fn ask<A: Message + Default>(
    at: &Address,
    method: &str,
    request: &impl Message,
) -> Result<A, String> {
    call(at, method, request).await.map_err(Fault::text)
}

/// One call on a connection of its own: so a server that starts anew does no harm.
async fn call<A: Message + Default>(
    at: &Address,
    method: &str,
    request: &impl Message,
) -> Result<A, Fault> {
    let connected = tcp::connect(&at.host, at.port).await;
    let (stream, address) =
        connected.map_err(|error| Fault::Away(format!("{at}: {}", tcp::say(&error))))?;
    let tap = Tap::new(stream, grpc::is_own, Heard::default());
    let method = format!("{SERVICE}/{method}");
    let asks = async |channel: &mut Channel| channel.call::<A>(&method, request).await;
    match grpc::talk(tap, address, asks).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(refusal)) => Err(fault(&refusal)),
        Err(text) => Err(Fault::Away(format!("{at}: {text}"))),
    }
}

fn fault(refusal: &Refusal) -> Fault {
    let text = refusal.text().to_owned();
    match refusal.is_passing() {
        true => Fault::Away(text),
        false => Fault::Refused(text),
    }
}

impl Fault {
    fn text(self) -> String {
        match self {
            Self::Away(text) | Self::Refused(text) => text,
        }
    }
}

impl Running {
    async fn start(attempt: &Attempt<'_>) -> Result<Self, String> {
        let (_, at) = attempt.service()?;
        let unique = format!(
            "benchtop-{}-{}-{}",
            attempt.context.scenario.name,
            attempt.step.id,
            clock::micros()
        );
        let namespace = attempt.text("namespace").unwrap_or("default").to_owned();
        let task_queue = m::TaskQueue {
            name: attempt.required("task_queue")?.to_owned(),
        };
        let workflow_id = attempt.text("workflow_id").unwrap_or(&unique).to_owned();
        let request = m::Start {
            namespace: namespace.clone(),
            workflow_id: workflow_id.clone(),
            workflow_type: Some(m::WorkflowType {
                name: attempt.required("workflow")?.to_owned(),
            }),
            task_queue: Some(task_queue.clone()),
            input: attempt.text("input").map(result::payloads),
            identity: IDENTITY.to_owned(),
            request_id: unique,
        };
        let started: Result<m::Started, Fault> =
            call(&at, "StartWorkflowExecution", &request).await;
        let run_id = started.map_err(Fault::text)?.run_id;
        Ok(Self {
            at,
            namespace,
            task_queue,
            execution: m::Execution {
                workflow_id,
                run_id,
            },
            runs: 1,
            open: true,
        })
    }

    /// How it ended, and with which event.
    async fn wait(&mut self, attempt: &Attempt<'_>) -> Result<(i64, End), String> {
        loop {
            self.tell(attempt).await;
            let event = match self.poll().await {
                Ok(Some(event)) => event,
                Ok(None) => continue,
                Err(Fault::Refused(text)) => return Err(text),
                Err(Fault::Away(text)) => {
                    progress(attempt, text);
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
            };
            let number = event.event_id;
            match End::of(event) {
                End::GoesOn(run_id) => {
                    self.execution.run_id = run_id;
                    self.runs += 1;
                }
                end => {
                    self.open = false;
                    return Ok((number, end));
                }
            }
        }
    }

    /// The event with which it ended, or nothing where that has not come yet.
    async fn poll(&self) -> Result<Option<m::Event>, Fault> {
        let request = m::HistoryRequest {
            namespace: self.namespace.clone(),
            execution: Some(self.execution.clone()),
            wait_new_event: true,
            filter: m::ONLY_THE_END,
        };
        let answer = call::<m::HistoryAnswer>(&self.at, "GetWorkflowExecutionHistory", &request);
        let answer = tokio::time::timeout(LONGEST_POLL, answer).await;
        let answer = answer.unwrap_or_else(|_| {
            let seconds = LONGEST_POLL.as_secs();
            Err(Fault::Away(format!("no answer within {seconds} s")))
        })?;
        Ok(answer.history.and_then(|mut history| history.events.pop()))
    }

    /// Says where nobody would perform it: it waits for ever otherwise, without a word.
    async fn tell(&self, attempt: &Attempt<'_>) {
        let request = m::QueueRequest {
            namespace: self.namespace.clone(),
            task_queue: Some(self.task_queue.clone()),
            kind: m::QUEUE_OF_WORKFLOWS,
        };
        let asked = call::<m::QueueAnswer>(&self.at, "DescribeTaskQueue", &request);
        let asked = tokio::time::timeout(PAUSE * 5, asked).await;
        let queue = &self.task_queue.name;
        let what = match asked {
            Ok(Ok(answer)) if answer.pollers.is_empty() => {
                format!("no worker polls the task queue `{queue}`")
            }
            _ => format!("the workflow runs on `{queue}`"),
        };
        progress(attempt, what);
    }
}

fn progress(attempt: &Attempt<'_>, what: String) {
    attempt.progress(|| Progress {
        done: 0.0,
        total: None,
        rate: None,
        what,
    });
}

impl Drop for Running {
    /// Where nobody waits for it any more it is asked to end: the step was cancelled or
    /// took too long.
    fn drop(&mut self) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return;
        };
        if !self.open {
            return;
        }
        let at = self.at.clone();
        let request = m::Cancel {
            namespace: self.namespace.clone(),
            execution: Some(self.execution.clone()),
            identity: IDENTITY.to_owned(),
            reason: "the step of the scenario ended before it".to_owned(),
        };
        runtime.spawn(async move {
            let cancel = call::<m::Nothing>(&at, "RequestCancelWorkflowExecution", &request);
            _ = tokio::time::timeout(LONGEST_POLL, cancel).await;
        });
    }
}
