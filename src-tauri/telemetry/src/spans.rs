//! The spans of one environment: kept in the telemetry file of their run, and asked for as
//! traces.
//!
//! Who hands spans over gets its answer when they are on disk: one thread (`writer`) takes
//! all that waits and commits it at once, so that a lone span waits for one commit and a
//! flood shares one. The queue is bounded; when it is full, senders are told to come back.
//! How a trace is drawn is decided by a pure function (`tree`) when somebody asks.

use crate::book::LogBook;
use crate::file::RunFile;
use crate::query::language::QueryError;
use crate::trace::{RouteLatency, ServiceMap, Trace, TracePage, TraceQuery};
use benchtop_model::time::Timestamp;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
pub use own::OwnSpan;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::{oneshot, watch};

mod commit;
mod dictionary;
pub(crate) mod export;
mod facts;
mod filter;
pub mod incoming;
mod list;
mod map;
mod own;
mod read;
mod routes;
mod schema;
mod skip;
pub mod tree;
pub(crate) mod value;
mod writer;

pub use filter::nanoseconds;
pub use map::Declared;

/// What a store may take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Spans that wait for the disk.
    pub waiting: u64,
    /// Bytes on disk that the spans of one run may take; then its oldest traces go.
    pub bytes: u64,
    /// How long a question may take; then it is answered with what is known.
    pub search: Duration,
}

impl Default for Limits {
    /// 200 000 spans waiting (some 200 MB at worst, for less than a second), 512 MiB on disk
    /// (about four million spans), 5 s.
    fn default() -> Self {
        Self {
            waiting: 200_000,
            bytes: 512 << 20,
            search: Duration::from_secs(5),
        }
    }
}

/// Why spans were not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Too many wait already; later there is room again.
    Busy,
    /// The disk takes nothing at the moment.
    Disk,
    /// There is no run that they could belong to.
    NoRun,
}

/// Why a question has no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SpanError {
    /// It cannot be understood.
    Query(QueryError),
    /// The file cannot be read, with the reason.
    File(String),
}

impl From<QueryError> for SpanError {
    fn from(error: QueryError) -> Self {
        Self::Query(error)
    }
}

impl From<rusqlite::Error> for SpanError {
    fn from(error: rusqlite::Error) -> Self {
        Self::File(error.to_string())
    }
}

/// The spans of one environment. All methods may be called from any thread.
#[derive(Debug)]
pub struct SpanStore {
    shared: Arc<Shared>,
    writer: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    queue: Mutex<Queue>,
    work: Condvar,
    book: Arc<LogBook>,
    limits: Limits,
    /// Spans that were removed or lost because there was too much.
    dropped: AtomicU64,
    /// Counts commits.
    changed: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Queue {
    waiting: VecDeque<Waiting>,
    spans: u64,
    closing: bool,
}

/// The request with those of its spans that were not there yet.
type Answer = Result<ExportTraceServiceRequest, Refused>;

#[derive(Debug)]
struct Waiting {
    request: ExportTraceServiceRequest,
    spans: u64,
    done: oneshot::Sender<Answer>,
}

impl SpanStore {
    /// Keeps spans in the files of this book.
    ///
    /// # Errors
    /// Where no thread can be started.
    pub fn new(book: Arc<LogBook>, limits: Limits) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            queue: Mutex::default(),
            work: Condvar::new(),
            book,
            limits,
            dropped: AtomicU64::new(0),
            changed: watch::Sender::new(0),
        });
        let for_writer = Arc::clone(&shared);
        let writer = std::thread::Builder::new()
            .name("spans".to_owned())
            .spawn(move || writer::run(&for_writer))?;
        Ok(Self {
            shared,
            writer: Some(writer),
        })
    }

    /// Takes the spans of a checked request; answers when they are on disk, with those of
    /// them that were not there yet: a sender that got no answer sends again.
    ///
    /// # Errors
    /// Where they were not taken; then none of them was.
    pub async fn push(
        &self,
        request: ExportTraceServiceRequest,
    ) -> Result<ExportTraceServiceRequest, Refused> {
        let waiting = self.enqueue(request)?;
        // The writer has gone: the environment is being closed.
        waiting.await.unwrap_or(Err(Refused::Disk))
    }

    /// The same, waiting on a thread of its own.
    ///
    /// # Errors
    /// Where they were not taken; then none of them was.
    pub fn push_blocking(
        &self,
        request: ExportTraceServiceRequest,
    ) -> Result<ExportTraceServiceRequest, Refused> {
        let waiting = self.enqueue(request)?;
        waiting.blocking_recv().unwrap_or(Err(Refused::Disk))
    }

    /// Keeps spans of Benchtop's own, all of one trace (32 hexadecimal digits) and service.
    /// Waits for the disk.
    ///
    /// # Errors
    /// Where they were not taken; then none of them was.
    pub fn push_own(&self, service: &str, trace: &str, spans: Vec<OwnSpan>) -> Result<(), Refused> {
        let kept = self.push_blocking(own::request(service, trace, spans));
        kept.map(|_| ())
    }

    fn enqueue(
        &self,
        request: ExportTraceServiceRequest,
    ) -> Result<oneshot::Receiver<Answer>, Refused> {
        let spans = incoming::count(&request);
        let (done, waiting) = oneshot::channel();
        let mut queue = self.shared.lock();
        // One that is larger than the limit is taken where it is the only one.
        if queue.spans > 0 && queue.spans + spans > self.shared.limits.waiting {
            return Err(Refused::Busy);
        }
        queue.spans += spans;
        queue.waiting.push_back(Waiting {
            request,
            spans,
            done,
        });
        drop(queue);
        self.shared.work.notify_one();
        Ok(waiting)
    }

    /// A page of traces.
    ///
    /// # Errors
    /// Where the query cannot be understood, or the file cannot be read.
    pub fn list(&self, query: &TraceQuery) -> Result<TracePage, SpanError> {
        let filter = filter::Filter::new(query.text.as_deref().unwrap_or_default())?;
        let mut page = match self.file(query.run.as_deref()) {
            Some(file) => file.read(|connection| {
                list::list(connection, query, &filter, self.shared.limits.search)
            })?,
            None => TracePage {
                complete: true,
                ..TracePage::default()
            },
        };
        page.spans_dropped = self.dropped();
        Ok(page)
    }

    /// One trace; `None` where there is none of that id in the run.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn get(&self, run: Option<&str>, trace_id: &str) -> Result<Option<Trace>, SpanError> {
        let Some(id) = value::unhex(trace_id).filter(|id| id.len() == 16) else {
            return Ok(None);
        };
        let Some(file) = self.file(run) else {
            return Ok(None);
        };
        Ok(file.read(|connection| read::trace(connection, &id))?)
    }

    /// Who calls whom, in traces that began in this range, as spans tell and as is declared.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn map(
        &self,
        run: Option<&str>,
        since: Option<Timestamp>,
        until: Option<Timestamp>,
        declared: &Declared,
    ) -> Result<ServiceMap, SpanError> {
        let seen = match self.file(run) {
            Some(file) => file.read(|connection| {
                map::observe(
                    connection,
                    (since, until),
                    declared,
                    self.shared.limits.search,
                )
            })?,
            None => map::Observed::default(),
        };
        Ok(seen.into_map(declared))
    }

    /// How long services took to answer, by what they were asked.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn routes(&self, run: Option<&str>) -> Result<Vec<RouteLatency>, SpanError> {
        match self.file(run) {
            Some(file) => {
                let limit = self.shared.limits.search;
                Ok(file.read(|connection| routes::routes(connection, limit))?)
            }
            None => Ok(Vec::new()),
        }
    }

    /// Hands every request that the spans of a run make up to somebody, in the order of
    /// their traces.
    ///
    /// # Errors
    /// Where the file cannot be read, or that somebody fails.
    pub fn export(
        &self,
        run: Option<&str>,
        each: &mut dyn FnMut(ExportTraceServiceRequest) -> std::io::Result<()>,
    ) -> Result<u64, SpanError> {
        match self.file(run) {
            Some(file) => file
                .read(|connection| Ok(export::export(connection, each)))?
                .map_err(|error| SpanError::File(error.to_string())),
            None => Ok(0),
        }
    }

    /// Spans that were removed or lost because there was too much.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.shared.dropped.load(Ordering::Relaxed)
    }

    /// Tells when there is something new.
    #[must_use]
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.shared.changed.subscribe()
    }

    /// The file of a run that has spans.
    fn file(&self, run: Option<&str>) -> Option<Arc<RunFile>> {
        let file = self.shared.book.run_file(run)?;
        let there = file.path.exists() && file.read(schema::is_there).unwrap_or(false);
        there.then_some(file)
    }
}

impl Drop for SpanStore {
    fn drop(&mut self) {
        self.shared.lock().closing = true;
        self.shared.work.notify_one();
        if let Some(writer) = self.writer.take() {
            // A panic of the writer was reported where it happened.
            _ = writer.join();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
