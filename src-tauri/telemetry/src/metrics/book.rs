//! The metrics of one environment: what is new in memory, all of it in the file of the
//! run, beside its logs.
//!
//! A push finds the number of each series and keeps the point. One thread (`writer`)
//! appends what is new every 150 ms and now and then sorts it into chunks (`table`). A
//! chart takes the new points under the lock and reads the older ones outside of it.

use super::point::{Point, Sample, SeriesKey};
use super::query::{MetricFrames, MetricList, MetricQuery, MetricRange};
use super::red::Red;
use crate::book::runs::{files, make_folder, path_of, run_of};
use crate::file::RunFile;
use benchtop_model::time::Timestamp;
use state::State;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::watch;

mod read;
mod state;
mod writer;

/// What the metrics of a run may take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetricLimits {
    /// Series of one run.
    pub series: usize,
    /// Series of one metric of one service: more is a mistake, such as an attribute that
    /// has an id.
    pub series_of_metric: u32,
    /// Memory for points that are in no chunk yet, in bytes, where the disk takes none.
    pub memory: usize,
    /// Memory for such points, in bytes, at which they become chunks.
    pub chunk: usize,
    /// How long a point waits for that.
    pub wait: Duration,
    /// Bytes of chunks of one run.
    pub disk: u64,
}

impl Default for MetricLimits {
    fn default() -> Self {
        Self {
            series: 20_000,
            series_of_metric: 2_000,
            memory: 32 << 20,
            chunk: 1 << 20,
            wait: Duration::from_mins(10),
            disk: 256 << 20,
        }
    }
}

/// The metrics of one environment.
///
/// All methods may be called from any thread. None waits for the disk but those that read
/// old points, and [`Self::commit`].
#[derive(Debug)]
pub struct MetricBook {
    /// What spans have told and no point has yet.
    pub(super) red: Red,
    shared: Arc<Shared>,
    writer: Option<JoinHandle<()>>,
}

/// What the book and its writer have in common.
#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    /// Signalled when there is something to write.
    work: Condvar,
    /// Signalled when something was written.
    written: Condvar,
    pushed: watch::Sender<u64>,
    limits: MetricLimits,
    folder: Option<PathBuf>,
}

impl Default for MetricBook {
    /// In memory only.
    fn default() -> Self {
        Self {
            red: Red::default(),
            shared: Arc::new(Shared::new(MetricLimits::default(), None)),
            writer: None,
        }
    }
}

impl MetricBook {
    /// The metrics in this folder, which holds one file for each run. With a run that
    /// goes on, its series are continued; until [`Self::begin_run`] there is none
    /// otherwise.
    ///
    /// # Errors
    /// Where the folder cannot be made, or no thread started.
    pub fn open(folder: &Path, run: Option<&str>, limits: MetricLimits) -> std::io::Result<Self> {
        make_folder(folder)?;
        let shared = Arc::new(Shared::new(limits, Some(folder.to_owned())));
        if let Some(run) = run {
            let file = path_of(folder, run, Timestamp(0));
            shared.lock().go_on(run, Arc::new(RunFile::new(file)));
        }
        let for_writer = Arc::clone(&shared);
        let writer = std::thread::Builder::new()
            .name("metrics".to_owned())
            .spawn(move || writer::run(&for_writer))?;
        Ok(Self {
            red: Red::default(),
            shared,
            writer: Some(writer),
        })
    }

    /// A run begins: what comes from now on goes into its file.
    pub fn begin_run(&self, run: &str, at: Timestamp) {
        let file = self.shared.folder.as_ref().map(|folder| {
            let path = path_of(folder, run, at);
            Arc::new(RunFile::new(path))
        });
        self.shared.lock().begin(run, file);
        self.shared.work.notify_one();
    }

    /// Keeps points of the present run; answers how many it has refused, because there
    /// are too many series, or no run.
    pub fn push(&self, samples: Vec<Sample>) -> u64 {
        let mut state = self.shared.lock();
        let refused = state.push(samples, &self.shared.limits);
        let wake = state.has_work();
        drop(state);
        if wake {
            self.shared.work.notify_one();
        }
        self.shared.pushed.send_modify(|count| *count += 1);
        refused
    }

    /// Makes points of the spans that came since the last time.
    pub fn count_spans(&self) {
        let samples = self.red.take(super::now());
        if !samples.is_empty() {
            self.push(samples);
        }
    }

    /// Is marked whenever there are new points.
    #[must_use]
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.shared.pushed.subscribe()
    }

    /// What was measured in a run; in the present one, or the newest that is kept, where
    /// none is named.
    ///
    /// # Errors
    /// One sentence that says why a file cannot be read.
    pub fn list(&self, run: Option<&str>) -> Result<MetricList, String> {
        read::list(&self.shared, run)
    }

    /// Computes charts. Their marks are for those to add who know the history.
    ///
    /// # Errors
    /// One sentence that says why a file cannot be read.
    pub fn query(
        &self,
        run: Option<&str>,
        queries: &[MetricQuery],
        range: &MetricRange,
    ) -> Result<MetricFrames, String> {
        read::query(&self.shared, run, queries, range)
    }

    /// A book of its own for one more run in the same folder; see
    /// [`LogBook::beside`](crate::book::LogBook::beside).
    ///
    /// # Errors
    /// Where this book is in memory only, or no thread can be started.
    pub fn beside(&self, run: &str, at: Timestamp) -> std::io::Result<Self> {
        let Some(folder) = &self.shared.folder else {
            return Err(std::io::Error::other("metrics are kept in memory only"));
        };
        let book = Self::open(folder, None, self.shared.limits.clone())?;
        book.begin_run(run, at);
        Ok(book)
    }

    /// Hands over all series of a run with their points, in order of time. Of the present
    /// run, those that are on disk: see [`Self::commit`].
    ///
    /// # Errors
    /// Where the file cannot be read, or the one who takes them fails.
    pub fn export(
        &self,
        run: &str,
        each: &mut dyn FnMut(&SeriesKey, Vec<Point>) -> std::io::Result<()>,
    ) -> std::io::Result<()> {
        read::export(&self.shared, run, each)
    }

    /// The run that is meant where none is named.
    #[must_use]
    pub fn run(&self) -> Option<String> {
        let present = self.shared.lock().run.clone();
        present.or_else(|| run_of(files(self.shared.folder.as_ref()?).last()?))
    }

    /// Waits until everything that was pushed is on disk, or the disk has refused it.
    pub fn commit(&self) {
        let mut state = self.shared.lock();
        while self.writer.is_some() && !state.failing && state.has_work() {
            state.flush_wanted = true;
            self.shared.work.notify_one();
            // Woken by each commit; the limit is for a writer that died.
            let waited = self
                .shared
                .written
                .wait_timeout(state, Duration::from_secs(1));
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        state.flush_wanted = false;
    }
}

impl Drop for MetricBook {
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
    fn new(limits: MetricLimits, folder: Option<PathBuf>) -> Self {
        Self {
            state: Mutex::new(State::new(folder.is_some())),
            work: Condvar::new(),
            written: Condvar::new(),
            pushed: watch::Sender::new(0),
            limits,
            folder,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A series with what is known of it without reading its points.
#[derive(Clone, Debug)]
struct Known {
    id: u32,
    key: SeriesKey,
    first: i64,
    last: i64,
}
