//! What of the metrics is in memory: the dictionary, and points that are in no chunk.

use super::{Known, MetricLimits};
use crate::file::RunFile;
use crate::metrics::codec::Encoder;
use crate::metrics::point::{Descriptor, Point, Sample, SeriesKey};
use crate::metrics::table::{self, Chunk};
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;
use std::time::Instant;

/// Refused series that are told apart in their count.
const MOST_REFUSED: usize = 100_000;

/// What of the metrics is in memory.
pub(super) struct State {
    pub(super) run: Option<String>,
    pub(super) file: Option<Arc<RunFile>>,
    on_disk: bool,
    ids: HashMap<SeriesKey, u32>,
    /// By number.
    series: Vec<Entry>,
    of_metric: HashMap<(Arc<Descriptor>, String), u32>,
    /// How many of the series are in the dictionary on disk.
    written: usize,
    /// Points that are to be appended.
    batch: Encoder,
    /// Points in memory that nobody has taken to disk, and the batch has not either: the
    /// disk has refused them. They become chunks.
    must_seal: bool,
    open_bytes: usize,
    open_since: Option<Instant>,
    /// Chunks that are being written.
    sealing: Vec<Chunk>,
    /// What is left to write of the run before.
    leaving: Option<Cut>,
    pub(super) chunk_bytes: u64,
    pub(super) dropped_points: u64,
    refused: HashSet<u64>,
    hasher: RandomState,
    pub(super) failing: bool,
    pub(super) closing: bool,
    pub(super) flush_wanted: bool,
}

/// One series.
struct Entry {
    key: SeriesKey,
    first: i64,
    last: i64,
    /// Points that are in no chunk.
    open: Vec<Point>,
}

/// What one commit writes.
pub(super) struct Cut {
    pub(super) file: Arc<RunFile>,
    /// Series that the dictionary does not have yet.
    pub(super) series: Vec<(u32, SeriesKey)>,
    pub(super) batch: Vec<u8>,
    /// In place of all that was appended.
    pub(super) chunks: Option<Vec<Chunk>>,
    /// How many series the dictionary has then.
    written: usize,
}

impl State {
    pub(super) fn new(on_disk: bool) -> Self {
        Self {
            run: None,
            file: None,
            on_disk,
            ids: HashMap::new(),
            series: Vec::new(),
            of_metric: HashMap::new(),
            written: 0,
            batch: Encoder::default(),
            must_seal: false,
            open_bytes: 0,
            open_since: None,
            sealing: Vec::new(),
            leaving: None,
            chunk_bytes: 0,
            dropped_points: 0,
            refused: HashSet::new(),
            hasher: RandomState::new(),
            failing: false,
            closing: false,
            flush_wanted: false,
        }
    }

    /// Goes on with the file of a run, where there is one.
    pub(super) fn go_on(&mut self, run: &str, file: Arc<RunFile>) {
        self.run = Some(run.to_owned());
        if file.path.exists()
            && let Err(error) = self.restore(&file)
        {
            tracing::warn!(%error, "the metrics of the run so far cannot be read");
        }
        self.file = Some(file);
    }

    fn restore(&mut self, file: &RunFile) -> rusqlite::Result<()> {
        file.read(|connection| {
            if !table::exists(connection)? {
                return Ok(());
            }
            let (bytes, spans) = table::read_spans(connection)?;
            self.chunk_bytes = bytes;
            for (id, key) in table::read_series(connection)? {
                // Numbers are given in order, so a gap is damage: better a series twice.
                if id as usize == self.series.len() {
                    let id = self.insert(key);
                    if let Some((first, last)) = spans.get(&id) {
                        let entry = &mut self.series[id as usize];
                        (entry.first, entry.last) = (*first, *last);
                    }
                }
            }
            self.written = self.series.len();
            for (id, point) in table::read_batches(connection)? {
                self.keep(id, point);
            }
            Ok(())
        })
    }

    /// Changes to another run, new or not.
    pub(super) fn begin(&mut self, run: &str, file: Option<Arc<RunFile>>) {
        if self.run.as_deref() == Some(run) {
            return;
        }
        // What of an earlier run was not written until now is lost with its disk.
        self.leaving = self.cut(usize::MAX, false);
        let leaving = self.leaving.take();
        let dropped = self.dropped_points;
        let refused = std::mem::take(&mut self.refused);
        let closing = self.closing;
        *self = Self::new(self.on_disk);
        (self.leaving, self.dropped_points) = (leaving, dropped);
        (self.refused, self.closing) = (refused, closing);
        match file {
            Some(file) => self.go_on(run, file),
            None => self.run = Some(run.to_owned()),
        }
    }

    pub(super) fn push(&mut self, samples: Vec<Sample>, limits: &MetricLimits) -> u64 {
        let mut refused = 0;
        for Sample { series, point } in samples {
            let Some(id) = self.id_of(series, limits) else {
                refused += 1;
                continue;
            };
            if self.on_disk && !self.must_seal {
                self.batch.natural(id.into());
                self.batch.point(&point);
            }
            self.keep(id, point);
        }
        self.dropped_points += refused;
        if self.open_bytes > limits.memory {
            self.forget_older_half();
        }
        refused
    }

    /// The number of a series; a new one, where there is room.
    fn id_of(&mut self, key: SeriesKey, limits: &MetricLimits) -> Option<u32> {
        if let Some(id) = self.ids.get(&key) {
            return Some(*id);
        }
        let of_metric = (Arc::clone(&key.metric), key.service.clone());
        let siblings = self.of_metric.get(&of_metric).copied().unwrap_or(0);
        let full = self.series.len() >= limits.series || siblings >= limits.series_of_metric;
        if self.run.is_none() || full {
            if self.refused.len() < MOST_REFUSED {
                self.refused.insert(self.hasher.hash_one(&key));
            }
            return None;
        }
        Some(self.insert(key))
    }

    fn insert(&mut self, key: SeriesKey) -> u32 {
        let id = u32::try_from(self.series.len()).unwrap_or(u32::MAX);
        let of_metric = (Arc::clone(&key.metric), key.service.clone());
        *self.of_metric.entry(of_metric).or_default() += 1;
        self.ids.insert(key.clone(), id);
        self.series.push(Entry {
            key,
            first: i64::MAX,
            last: i64::MIN,
            open: Vec::new(),
        });
        id
    }

    fn keep(&mut self, id: u32, point: Point) {
        let Some(entry) = self.series.get_mut(id as usize) else {
            return;
        };
        entry.first = entry.first.min(point.at);
        entry.last = entry.last.max(point.at);
        self.open_bytes += point.weight();
        self.open_since.get_or_insert_with(Instant::now);
        entry.open.push(point);
    }

    /// The disk takes nothing, or there is none: the older half of all goes.
    fn forget_older_half(&mut self) {
        let mut left = 0;
        for entry in &mut self.series {
            let goes = entry.open.len() / 2;
            self.dropped_points += goes as u64;
            entry.open.drain(..goes);
            left += entry.open.iter().map(Point::weight).sum::<usize>();
        }
        self.open_bytes = left;
        self.must_seal |= self.on_disk;
        self.batch = Encoder::default();
    }

    pub(super) fn dropped_series(&self) -> u64 {
        self.refused.len() as u64
    }

    /// Whether there is something that is not on disk.
    pub(super) fn has_work(&self) -> bool {
        self.leaving.is_some()
            || (self.file.is_some()
                && (!self.batch.is_empty()
                    || self.must_seal
                    || !self.sealing.is_empty()
                    || self.written < self.series.len()))
    }

    /// What is to be written; `None` where there is nothing.
    pub(super) fn next_cut(&mut self, limits: &MetricLimits) -> Option<Cut> {
        if let Some(leaving) = self.leaving.take() {
            return Some(leaving);
        }
        let old = self
            .open_since
            .is_some_and(|since| since.elapsed() >= limits.wait);
        // Points that waited long are sorted when the next ones come.
        self.cut(limits.chunk, old)
    }

    fn cut(&mut self, chunk: usize, old: bool) -> Option<Cut> {
        let file = self.file.clone()?;
        if !self.has_work() {
            return None;
        }
        let seal = self.must_seal || self.open_bytes > chunk || old;
        let batch = std::mem::take(&mut self.batch).into_bytes();
        let new = self.series[self.written..].iter().zip(self.written..);
        let series =
            new.map(|(entry, id)| (u32::try_from(id).unwrap_or(u32::MAX), entry.key.clone()));
        let series = series.collect();
        let chunks = seal.then(|| self.seal());
        Some(Cut {
            file,
            series,
            batch: if seal { Vec::new() } else { batch },
            chunks,
            written: self.series.len(),
        })
    }

    fn seal(&mut self) -> Vec<Chunk> {
        let open = self.series.iter_mut().zip(0..);
        let full = open.filter(|(entry, _)| !entry.open.is_empty());
        self.sealing = full
            .map(|(entry, series)| {
                let mut points = std::mem::take(&mut entry.open);
                points.sort_by_key(|point| point.at);
                Chunk {
                    series,
                    points: Arc::new(points),
                }
            })
            .collect();
        (self.open_bytes, self.open_since, self.must_seal) = (0, None, false);
        self.sealing.clone()
    }

    /// The cut is on disk, with so many bytes of chunks.
    pub(super) fn committed(&mut self, cut: &Cut, bytes: u64) {
        self.failing = false;
        if self.is_of(cut) {
            self.written = self.written.max(cut.written);
            self.chunk_bytes += bytes;
            if cut.chunks.is_some() {
                self.sealing.clear();
            }
        }
    }

    /// The cut is not on disk: all that is in memory becomes chunks at the next attempt.
    pub(super) fn failed(&mut self, cut: &Cut) {
        self.failing = true;
        if !self.is_of(cut) {
            return;
        }
        for chunk in std::mem::take(&mut self.sealing) {
            let Some(entry) = self.series.get_mut(chunk.series as usize) else {
                continue;
            };
            let mut points = Arc::unwrap_or_clone(chunk.points);
            self.open_bytes += points.iter().map(Point::weight).sum::<usize>();
            points.append(&mut entry.open);
            entry.open = points;
        }
        self.open_since.get_or_insert_with(Instant::now);
        self.must_seal = true;
        self.batch = Encoder::default();
    }

    /// The file is another one than before: it knows no series.
    pub(super) fn forget_written(&mut self) {
        self.written = 0;
    }

    fn is_of(&self, cut: &Cut) -> bool {
        self.file
            .as_ref()
            .is_some_and(|file| Arc::ptr_eq(file, &cut.file))
    }

    /// All series of the run.
    pub(super) fn known(&self) -> impl Iterator<Item = Known> {
        let with_points = self
            .series
            .iter()
            .zip(0..)
            .filter(|(entry, _)| entry.first <= entry.last);
        with_points.map(|(entry, id)| Known {
            id,
            key: entry.key.clone(),
            first: entry.first,
            last: entry.last,
        })
    }

    /// Numbers of the series that fit.
    pub(super) fn find(&self, fits: impl Fn(&SeriesKey) -> bool) -> Vec<u32> {
        let all = self.series.iter().zip(0..);
        all.filter(|(entry, _)| fits(&entry.key))
            .map(|(_, id)| id)
            .collect()
    }

    /// Key of a series, and its points in memory within this time.
    pub(super) fn take(
        &self,
        id: u32,
        (since, until): (i64, i64),
    ) -> Option<(SeriesKey, Vec<Point>)> {
        let entry = self.series.get(id as usize)?;
        let sealing = self.sealing.iter().filter(|chunk| chunk.series == id);
        let points = sealing
            .flat_map(|chunk| chunk.points.iter())
            .chain(&entry.open);
        let inside = points.filter(|point| (since..until).contains(&point.at));
        Some((entry.key.clone(), inside.cloned().collect()))
    }

    /// First and last moment of the run.
    pub(super) fn span(&self) -> Option<(i64, i64)> {
        let with_points = || self.series.iter().filter(|entry| entry.first <= entry.last);
        let first = with_points().map(|entry| entry.first).min()?;
        Some((first, with_points().map(|entry| entry.last).max()?))
    }
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State")
            .field("run", &self.run)
            .field("series", &self.series.len())
            .field("open_bytes", &self.open_bytes)
            .finish_non_exhaustive()
    }
}
