//! The handle of the history: all that can be written and read.

use crate::error::StoreError;
use crate::message::{InstanceKey, Message};
use crate::open;
use crate::queue::{self, Queue};
use crate::readers::Readers;
use crate::record::{NewEnvironment, NewRun, ProbeRow, ScenarioRow, WholeRun};
use crate::row::{Annotation, Instance, KnownEnvironment, ProbeSpan, Run, Transition};
use crate::table::{
    alerts, environments, instances, probe_results, runs, scenarios, settings, silences,
    transitions, whole_run,
};
use crate::writer::Writer;
use benchtop_model::alert::{Alert, Silence};
use benchtop_model::exit::Exit;
use benchtop_model::probe::ProbeRole;
use benchtop_model::scenario::report::ScenarioReport;
use benchtop_model::time::Timestamp;
use rusqlite::Connection;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

pub use crate::queue::Losses;

/// How long [`History::flush`] waits for the disk.
const FLUSH_PATIENCE: Duration = Duration::from_secs(10);

/// A history that is open, and what a person should know about how it was opened.
#[derive(Debug)]
pub struct Opened {
    /// Always usable.
    pub history: History,
    /// Each a whole sentence with the cause and the next step; normally none.
    pub notices: Vec<String>,
}

/// The history. Clones are the same history.
///
/// Methods that write return at once and report nothing: see [`History::losses`].
/// Methods that read block on the disk, and may not see yet what was written a moment
/// ago; [`History::flush`] between the two makes sure. Dropping the last clone waits
/// until all is written.
#[derive(Clone)]
pub struct History {
    inner: Arc<Inner>,
}

struct Inner {
    /// Gone only while the last handle is being dropped.
    queue: Option<Queue>,
    readers: Readers,
    writer: Option<JoinHandle<()>>,
}

impl History {
    /// Opens or makes the file. Where that is impossible the history is in memory,
    /// and a notice says why.
    #[must_use]
    pub fn open(path: &Path) -> Opened {
        let mut notices = Vec::new();
        let history = match open::open(path, &mut notices) {
            Ok(connection) => Self::start(
                Arc::new(Mutex::new(connection)),
                Readers::of_file(path.to_owned()),
            ),
            Err(error) => {
                notices.push(open::in_memory_notice(path, &error));
                Self::in_memory()
            }
        };
        Opened { history, notices }
    }

    /// A history that ends with the last handle.
    ///
    /// # Panics
    ///
    /// Where SQLite cannot make an empty database in memory: there is none then.
    #[must_use]
    pub fn in_memory() -> Self {
        let connection = open::open_in_memory().expect("SQLite makes a database in memory");
        let connection = Arc::new(Mutex::new(connection));
        Self::start(connection.clone(), Readers::Memory(connection))
    }

    fn start(connection: Arc<Mutex<Connection>>, readers: Readers) -> Self {
        let (queue, inbox) = queue::queue();
        let writer = Writer { inbox, connection };
        let thread = std::thread::Builder::new()
            .name("history".to_owned())
            .spawn(move || writer.run());
        if let Err(error) = &thread {
            // Every write is then counted as lost; services matter more.
            tracing::error!(%error, "no thread for the history");
        }
        Self {
            inner: Arc::new(Inner {
                queue: Some(queue),
                readers,
                writer: thread.ok(),
            }),
        }
    }
}

/// Writing. Run, service and generation name what is meant; a record of a run that is
/// not known is refused and counted.
impl History {
    /// A run begins; or goes on, after an engine was lost.
    pub fn run_started(&self, run: NewRun) {
        self.send(Message::RunStarted(Box::new(run)));
    }

    /// Everything is Healthy or Completed. Only the first time of a run counts.
    pub fn run_ready(&self, run: &str, at: Timestamp) {
        self.send(Message::RunReady {
            run: run.to_owned(),
            at,
        });
    }

    /// Nothing runs any more, on purpose.
    pub fn run_ended(&self, run: &str, at: Timestamp) {
        self.send(Message::RunEnded {
            run: run.to_owned(),
            at,
        });
    }

    /// At the start of an engine: runs without an end that nobody goes on with.
    pub fn interrupt_runs(&self, except: &[String]) {
        self.send(Message::InterruptRuns {
            except: except.to_vec(),
        });
    }

    /// An instance was launched. What a repetition adds is added; its start stays.
    pub fn instance_started(&self, instance: Instance) {
        self.send(Message::InstanceStarted(Box::new(instance)));
    }

    /// An instance is Healthy. Only its first time counts.
    pub fn instance_ready(&self, run: &str, service: &str, generation: u64, at: Timestamp) {
        self.send(Message::InstanceReady(key(run, service, generation), at));
    }

    /// An instance ended. An end that was seen is not replaced by a later report.
    pub fn instance_ended(
        &self,
        run: &str,
        service: &str,
        generation: u64,
        at: Timestamp,
        exit: Exit,
    ) {
        self.send(Message::InstanceEnded(
            key(run, service, generation),
            at,
            exit,
        ));
    }

    /// A service changed its state. Entering Backoff counts as a restart of the run.
    /// A change while nothing runs has an empty run and is not kept.
    pub fn transition(&self, transition: Transition) {
        if !transition.run.is_empty() {
            self.send(Message::Transition(Box::new(transition)));
        }
    }

    /// A probe answered. Equal answers in a row are kept as one span. Never waits:
    /// where the queue is nearly full, the answer is dropped and counted.
    pub fn probe_result(&self, row: ProbeRow) {
        if let Some(queue) = &self.inner.queue {
            queue.send_probe(Message::ProbeResult(Box::new(row)));
        }
    }

    /// An environment was opened.
    pub fn remember_environment(&self, environment: NewEnvironment, at: Timestamp) {
        self.send(Message::RememberEnvironment(Box::new(environment), at));
    }

    /// An environment leaves the list; its runs stay.
    pub fn forget_environment(&self, id: &str) {
        self.send(Message::ForgetEnvironment { id: id.to_owned() });
    }

    /// What people say of a run now; what they said before is replaced.
    pub fn annotate(&self, run: &str, annotation: Annotation) {
        self.send(Message::Annotate {
            run: run.to_owned(),
            annotation: Box::new(annotation),
        });
    }

    /// How an execution of a scenario stands; what was said of it before is replaced.
    pub fn scenario_result(&self, row: ScenarioRow) {
        self.send(Message::ScenarioResult(Box::new(row)));
    }

    /// At the start of an engine: scenarios that went on when the last one ended.
    pub fn interrupt_scenarios(&self) {
        self.send(Message::InterruptScenarios);
    }

    /// A run comes from elsewhere with all that belongs to it. It is kept whole or, where
    /// a run of this number is known, not at all.
    pub fn import_run(&self, run: WholeRun) {
        self.send(Message::ImportRun(Box::new(run)));
    }

    /// Keeps a setting.
    pub fn set_setting(&self, key: &str, value: &str) {
        self.send(Message::SetSetting {
            key: key.to_owned(),
            value: value.to_owned(),
        });
    }

    /// Keeps an alert as it is now.
    pub fn keep_alert(&self, alert: Alert) {
        self.send(Message::KeepAlert(Box::new(alert)));
    }

    /// An alert turned out to be part of another one.
    pub fn withdraw_alert(&self, run: &str, number: u32) {
        self.send(Message::WithdrawAlert {
            run: run.to_owned(),
            number,
        });
    }

    /// Nobody wants to hear of a service; what was said of it before is replaced.
    pub fn silence(&self, environment: &str, silence: Silence) {
        self.send(Message::Silence {
            environment: environment.to_owned(),
            silence: Box::new(silence),
        });
    }

    /// People want to hear of a service again.
    pub fn end_silence(&self, environment: &str, service: &str) {
        self.send(Message::EndSilence {
            environment: environment.to_owned(),
            service: service.to_owned(),
        });
    }

    /// Waits until all that was handed over before is on the disk. `false` where the
    /// disk did not take it within ten seconds. Blocks.
    pub fn flush(&self) -> bool {
        self.inner
            .queue
            .as_ref()
            .is_some_and(|queue| queue.flush(FLUSH_PATIENCE))
    }

    /// What was handed over and is not in the history.
    #[must_use]
    pub fn losses(&self) -> Losses {
        self.inner
            .queue
            .as_ref()
            .map(Queue::losses)
            .unwrap_or_default()
    }

    fn send(&self, message: Message) {
        if let Some(queue) = &self.inner.queue {
            queue.send(message);
        }
    }
}

/// Reading. Lists have at most 5000 rows, whatever is asked.
impl History {
    /// Runs of one environment or of all, newest first.
    ///
    /// # Errors
    ///
    /// As all methods that read: the file is damaged, or the disk fails.
    pub fn runs(&self, environment: Option<&str>, limit: u32) -> Result<Vec<Run>, StoreError> {
        self.inner
            .readers
            .ask(|connection| runs::list(connection, environment, limit))
    }

    /// One run.
    ///
    /// # Errors
    ///
    /// See [`History::runs`].
    pub fn run(&self, id: &str) -> Result<Option<Run>, StoreError> {
        self.inner
            .readers
            .ask(|connection| runs::one(connection, id))
    }

    /// One run with all that belongs to it.
    ///
    /// # Errors
    ///
    /// See [`History::runs`].
    pub fn whole_run(&self, id: &str) -> Result<Option<WholeRun>, StoreError> {
        self.inner
            .readers
            .ask(|connection| whole_run::read(connection, id))
    }

    /// The runs that retention leaves alone.
    ///
    /// # Errors
    ///
    /// See [`History::runs`].
    pub fn pinned(&self) -> Result<Vec<String>, StoreError> {
        self.inner.readers.ask(runs::pinned)
    }

    /// The resolved definition of a run, as JSON.
    ///
    /// # Errors
    ///
    /// See [`History::runs`].
    pub fn definition(&self, run: &str) -> Result<Option<String>, StoreError> {
        self.inner
            .readers
            .ask(|connection| runs::definition(connection, run))
    }

    /// The instances of a run, oldest first.
    ///
    /// # Errors
    ///
    /// See [`History::runs`].
    pub fn instances(&self, run: &str) -> Result<Vec<Instance>, StoreError> {
        self.inner
            .readers
            .ask(|connection| instances::of_run(connection, run))
    }

    /// The changes of state in a run, oldest first; the newest where there are too many.
    ///
    /// # Errors
    ///
    /// See [`History::runs`].
    pub fn transitions(&self, run: &str) -> Result<Vec<Transition>, StoreError> {
        self.inner
            .readers
            .ask(|connection| transitions::of_run(connection, run))
    }

    /// What the probes of a run answered, service by service, oldest first.
    ///
    /// # Errors
    ///
    /// See [`History::runs`].
    pub fn probe_results(&self, run: &str) -> Result<Vec<ProbeSpan>, StoreError> {
        self.inner
            .readers
            .ask(|connection| probe_results::of_run(connection, run))
    }

    /// The alerts of a run, newest first.
    ///
    /// # Errors
    ///
    /// See [`History::runs`].
    pub fn alerts(&self, run: &str) -> Result<Vec<Alert>, StoreError> {
        self.inner
            .readers
            .ask(|connection| alerts::of_run(connection, run))
    }

    /// The silences of an environment by service, ended ones too.
    ///
    /// # Errors
    ///
    /// See [`History::runs`].
    pub fn silences(&self, environment: &str) -> Result<Vec<Silence>, StoreError> {
        self.inner
            .readers
            .ask(|connection| silences::of_environment(connection, environment))
    }

    /// Executions of one scenario of an environment or of all, newest first.
    ///
    /// # Errors
    ///
    /// See [`History::runs`].
    pub fn scenario_results(
        &self,
        environment: &str,
        scenario: Option<&str>,
        limit: u32,
    ) -> Result<Vec<ScenarioReport>, StoreError> {
        self.inner
            .readers
            .ask(|connection| scenarios::list(connection, environment, scenario, limit))
    }

    /// Executions in one run, oldest first.
    ///
    /// # Errors
    ///
    /// See [`History::runs`].
    pub fn scenario_results_of_run(&self, run: &str) -> Result<Vec<ScenarioReport>, StoreError> {
        self.inner
            .readers
            .ask(|connection| scenarios::of_run(connection, run))
    }

    /// The last instances of a service over all runs, newest first.
    ///
    /// # Errors
    ///
    /// See [`History::runs`].
    pub fn service_instances(
        &self,
        environment: &str,
        service: &str,
        limit: u32,
    ) -> Result<Vec<Instance>, StoreError> {
        self.inner
            .readers
            .ask(|connection| instances::of_service(connection, environment, service, limit))
    }

    /// The last changes of a service over all runs, newest first.
    ///
    /// # Errors
    ///
    /// See [`History::runs`].
    pub fn service_transitions(
        &self,
        environment: &str,
        service: &str,
        limit: u32,
    ) -> Result<Vec<Transition>, StoreError> {
        self.inner
            .readers
            .ask(|connection| transitions::of_service(connection, environment, service, limit))
    }

    /// What a probe answered since then, over all runs, oldest first; the newest where
    /// there are too many.
    ///
    /// # Errors
    ///
    /// See [`History::runs`].
    pub fn probe_history(
        &self,
        environment: &str,
        service: &str,
        role: ProbeRole,
        since: Timestamp,
    ) -> Result<Vec<ProbeSpan>, StoreError> {
        self.inner
            .readers
            .ask(|connection| probe_results::since(connection, environment, service, role, since))
    }

    /// The environments that were opened, the last one first.
    ///
    /// # Errors
    ///
    /// See [`History::runs`].
    pub fn environments(&self) -> Result<Vec<KnownEnvironment>, StoreError> {
        self.inner.readers.ask(environments::list)
    }

    /// A setting.
    ///
    /// # Errors
    ///
    /// See [`History::runs`].
    pub fn setting(&self, key: &str) -> Result<Option<String>, StoreError> {
        self.inner
            .readers
            .ask(|connection| settings::get(connection, key))
    }
}

impl Drop for Inner {
    /// Closing the queue ends the writer once it has written all of it.
    fn drop(&mut self) {
        if let Some(queue) = self.queue.take() {
            queue.counters.closing.store(true, Ordering::Relaxed);
        }
        if let Some(writer) = self.writer.take()
            && writer.join().is_err()
        {
            tracing::error!("the history's writer has panicked");
        }
    }
}

impl std::fmt::Debug for History {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("History")
            .field("losses", &self.losses())
            .finish_non_exhaustive()
    }
}

fn key(run: &str, service: &str, generation: u64) -> Box<InstanceKey> {
    Box::new(InstanceKey {
        run: run.to_owned(),
        service: service.to_owned(),
        generation,
    })
}
