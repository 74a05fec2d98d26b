//! The log of one environment: what is written now in memory, all of it on disk.
//!
//! A push numbers the lines and appends them to the open block of their service. One
//! thread (`writer`) commits what is new every 150 ms, compresses full blocks, and builds
//! their filters when there is nothing else to do. A search (`search`) takes a list of the
//! blocks under the lock and looks at them outside of it, newest first, on all cores.

use crate::incoming::{self, Incoming};
use crate::level::Level;
use crate::line::Severity;
use crate::log::{Mark, Stream};
use crate::query::filter::Filter;
use crate::query::language::QueryError;
use crate::query::{LogPage, LogQuery};
use benchtop_model::time::Timestamp;
use remembered::Remembered;
use serde::{Deserialize, Serialize};
use shelf::Shelves;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::watch;

mod derived;
mod histogram;
mod join;
mod remembered;
pub mod retention;
pub(crate) mod runs;
mod search;
mod shelf;
mod writer;

/// Records in one answer.
const MOST_RECORDS: u32 = 5000;

/// What a book may take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Memory for records, in bytes: without a folder all there is, with one what is not
    /// yet on disk and the newest of what is.
    pub memory: usize,
    /// How long one search may take; then it answers with what it has.
    pub search: Duration,
    /// How long a search whose window is full goes on counting.
    pub counting: Duration,
    /// What is kept on disk.
    pub retention: retention::Retention,
    /// How often is looked whether something has to go.
    pub retention_turn: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory: 32 << 20,
            search: Duration::from_secs(5),
            counting: Duration::from_millis(20),
            retention: retention::Retention::default(),
            retention_turn: Duration::from_secs(10),
        }
    }
}

/// A line as it comes from a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawLine {
    /// When it was written.
    pub time: Timestamp,
    /// Where it was written.
    pub stream: Stream,
    /// The text; a line end is taken off.
    pub text: String,
    /// What its source knows of it.
    pub marks: Vec<Mark>,
}

/// A record as a book had it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptRecord {
    /// When it was written.
    pub time: Timestamp,
    /// Where it was written.
    pub stream: Stream,
    /// As it was recognised.
    pub level: Level,
    /// The text, colours kept; several lines where it was joined.
    pub text: String,
    /// What was done to it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub marks: Vec<Mark>,
    /// How many bytes it had before it was cut.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cut_from: Option<u64>,
}

impl KeptRecord {
    fn into_incoming(self) -> Incoming {
        let read = incoming::read(RawLine {
            time: self.time,
            stream: self.stream,
            text: self.text,
            marks: self.marks,
        });
        Incoming {
            severity: Severity::Named(self.level),
            cut_from: self.cut_from.and_then(|bytes| usize::try_from(bytes).ok()),
            ..read
        }
    }
}

/// Ends a search before its time: the one who asked has gone.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Ends every search that has it.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether somebody has called it off.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// The log of one environment. Records are numbered in order of arrival, from 1, through
/// all runs.
///
/// All methods may be called from any thread. A search, however large, holds no lock; a
/// push waits only where its service writes faster than the disk takes.
#[derive(Debug)]
pub struct LogBook {
    shared: Arc<Shared>,
    writer: Option<JoinHandle<()>>,
}

/// What the book and its writer have in common.
#[derive(Debug)]
struct Shared {
    shelves: Mutex<Shelves>,
    /// Signalled when there is something to write.
    work: Condvar,
    /// Signalled when something was written.
    room: Condvar,
    newest: watch::Sender<u64>,
    remembered: Remembered,
    /// Runs that retention leaves alone.
    pinned: Mutex<Vec<String>>,
    limits: Limits,
    folder: Option<PathBuf>,
}

impl Default for LogBook {
    /// In memory only, 64 MiB.
    fn default() -> Self {
        Self::new(64 << 20)
    }
}

impl LogBook {
    /// A book in memory, of at most so many bytes; never less than half a MiB, which the
    /// longest lines need.
    #[must_use]
    pub fn new(max_bytes: usize) -> Self {
        Self::in_memory(Limits {
            memory: max_bytes,
            ..Limits::default()
        })
    }

    /// A book in memory.
    #[must_use]
    pub fn in_memory(limits: Limits) -> Self {
        Self {
            shared: Arc::new(Shared::new(limits, None)),
            writer: None,
        }
    }

    /// The book in this folder, which holds one file for each run. With a run that goes
    /// on, its file is continued; until [`Self::begin_run`] there is none otherwise.
    ///
    /// # Errors
    /// Where the folder cannot be made or read.
    pub fn open(folder: &Path, run: Option<&str>, limits: Limits) -> std::io::Result<Self> {
        let shared = Arc::new(Shared::new(limits, Some(folder.to_owned())));
        runs::open(&shared, folder, run)?;
        let for_writer = Arc::clone(&shared);
        let writer = std::thread::Builder::new()
            .name("logs".to_owned())
            .spawn(move || writer::run(&for_writer))?;
        Ok(Self {
            shared,
            writer: Some(writer),
        })
    }

    /// A run begins: what comes from now on goes into its file.
    pub fn begin_run(&self, run: &str, at: Timestamp) {
        if let Some(folder) = &self.shared.folder {
            runs::begin(&self.shared, folder, run, at);
        }
    }

    /// A book of its own for one more run in the same folder, such as one that is read from
    /// a file. So many numbers are left free here for its records. Once it is filled and
    /// dropped, [`Self::include`] makes it one of the earlier runs.
    ///
    /// # Errors
    /// Where this book is in memory only, or no thread can be started.
    pub fn beside(&self, run: &str, at: Timestamp, records: u64) -> std::io::Result<Self> {
        let Some(folder) = &self.shared.folder else {
            return Err(std::io::Error::other("the log is kept in memory only"));
        };
        let limits = Limits {
            retention: retention::Retention::everything(),
            ..self.shared.limits.clone()
        };
        let shared = Arc::new(Shared::new(limits, Some(folder.clone())));
        let first = {
            let mut shelves = self.shared.lock();
            let newest = shelves.newest();
            shelves.set_newest(newest + records);
            newest
        };
        shared.lock().set_newest(first);
        runs::begin(&shared, folder, run, at);
        let for_writer = Arc::clone(&shared);
        let writer = std::thread::Builder::new()
            .name("logs".to_owned())
            .spawn(move || writer::run(&for_writer))?;
        Ok(Self {
            shared,
            writer: Some(writer),
        })
    }

    /// A run whose file came into the folder is one of the earlier ones from now on.
    pub fn include(&self, run: &str) {
        if let Some(folder) = &self.shared.folder {
            runs::include(&self.shared, folder, run);
        }
    }

    /// Removes the file of a run that is neither the present one nor one of the earlier
    /// ones: what came of it is of no use.
    pub fn discard(&self, run: &str) {
        let known = self.run_file(Some(run)).is_some();
        if let (Some(folder), false) = (&self.shared.folder, known) {
            crate::file::remove(&runs::path_of(folder, run, Timestamp(0)));
        }
    }

    /// From now on these runs stay, whatever the limits of retention say.
    pub fn pin(&self, runs: &[String]) {
        *self.shared.pinned() = runs.to_vec();
    }

    /// Appends lines of one service, in their order. In memory, the oldest lines of the
    /// service that has the most go when there are too many; on disk, this waits.
    pub fn push(&self, service: &str, generation: u64, lines: Vec<RawLine>) {
        self.push_from(service, generation, lines, None);
    }

    /// The same, from a source that has been read up to a position, in whatever form it
    /// has. It is kept together with the lines: [`Self::position`] answers it after a
    /// crash, and exactly the lines before it are there.
    pub fn push_from(
        &self,
        service: &str,
        generation: u64,
        lines: Vec<RawLine>,
        position: Option<String>,
    ) {
        if lines.is_empty() && position.is_none() {
            return;
        }
        let incoming = join::join(lines.into_iter().map(incoming::read).collect());
        self.append(service, generation, incoming, position);
    }

    /// Appends records of one service as a book had them before, such as those of a run
    /// that is read from a file: they are not joined, and keep their level.
    pub fn restore(&self, service: &str, generation: u64, records: Vec<KeptRecord>) {
        let incoming = records.into_iter().map(KeptRecord::into_incoming).collect();
        self.append(service, generation, incoming, None);
    }

    fn append(
        &self,
        service: &str,
        generation: u64,
        incoming: Vec<Incoming>,
        position: Option<String>,
    ) {
        let mut shelves = self.shared.lock();
        let mut incoming = incoming.into_iter();
        loop {
            shelves.append(service, generation, &mut incoming);
            if incoming.len() == 0 {
                break;
            }
            self.shared.work.notify_one();
            // Woken by each commit; the limit is for a writer that died.
            let waited = self
                .shared
                .room
                .wait_timeout(shelves, Duration::from_secs(1));
            shelves = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        if let Some(position) = position {
            shelves.set_position(service, generation, position);
        }
        let newest = shelves.newest();
        if shelves.is_urgent() {
            self.shared.work.notify_one();
        }
        drop(shelves);
        // Another push may have told a later number meanwhile.
        self.shared.newest.send_if_modified(|told| {
            let later = newest > *told;
            *told = newest.max(*told);
            later
        });
    }

    /// The telemetry file of a run; absent: of the present one, or the newest that is kept.
    /// Everything else about a run is kept in it, too, and goes with it.
    pub(crate) fn run_file(&self, run: Option<&str>) -> Option<Arc<crate::file::RunFile>> {
        runs::file(&self.shared, run)
    }

    /// How far a source was taken, as of what is on disk.
    #[must_use]
    pub fn position(&self, service: &str, generation: u64) -> Option<String> {
        self.shared.lock().committed_position(service, generation)
    }

    /// Answers with the window that was asked for.
    ///
    /// # Errors
    /// What of the query's text cannot be understood.
    pub fn query(&self, query: &LogQuery) -> Result<LogPage, QueryError> {
        self.query_until(query, &Cancel::default())
    }

    /// The same, until somebody cancels it.
    ///
    /// # Errors
    /// What of the query's text cannot be understood.
    pub fn query_until(&self, query: &LogQuery, cancel: &Cancel) -> Result<LogPage, QueryError> {
        let filter = Filter::new(query)?;
        let bounds = self.bounds(cancel);
        let snapshot = runs::snapshot(&self.shared, query.run.as_deref());
        Ok(search::search(
            &snapshot,
            &filter,
            query,
            &bounds,
            &self.shared.remembered,
        ))
    }

    /// Number of the newest record; 0 where there was none yet.
    #[must_use]
    pub fn newest(&self) -> u64 {
        self.shared.lock().newest()
    }

    /// Records that were dropped since the start.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.shared.lock().dropped()
    }

    /// Memory that the records take, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.shared.lock().bytes()
    }

    /// Tells the number of the newest record whenever it changes. However slow the
    /// receiver, it finds one number and not a queue of them.
    #[must_use]
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.shared.newest.subscribe()
    }

    /// Waits until everything that was pushed is on disk, or the disk has refused it.
    pub fn commit(&self) {
        self.wait_until(|shelves| shelves.failing || shelves.cut().is_none());
    }

    /// The same, and until the filters of all full blocks are built.
    pub fn flush(&self) {
        self.wait_until(Shelves::is_settled);
    }

    fn wait_until(&self, done: impl Fn(&mut Shelves) -> bool) {
        let mut shelves = self.shared.lock();
        while self.writer.is_some() && !done(&mut shelves) {
            shelves.flush_wanted = true;
            self.shared.work.notify_one();
            let waited = self
                .shared
                .room
                .wait_timeout(shelves, Duration::from_secs(1));
            shelves = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        shelves.flush_wanted = false;
    }

    fn bounds(&self, cancel: &Cancel) -> search::Bounds {
        let now = Instant::now();
        search::Bounds {
            end: now + self.shared.limits.search,
            counting: self.shared.limits.counting,
            cancel: cancel.clone(),
        }
    }
}

impl Drop for LogBook {
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
    fn new(limits: Limits, folder: Option<PathBuf>) -> Self {
        Self {
            shelves: Mutex::new(Shelves::new(limits.memory, folder.is_some())),
            work: Condvar::new(),
            room: Condvar::new(),
            newest: watch::Sender::new(0),
            remembered: Remembered::default(),
            pinned: Mutex::new(limits.retention.pinned.clone()),
            limits,
            folder,
        }
    }

    fn pinned(&self) -> MutexGuard<'_, Vec<String>> {
        self.pinned.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, Shelves> {
        self.shelves.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
