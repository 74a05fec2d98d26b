//! Answering a query from the blocks of one moment.
//!
//! Blocks are looked at from the near end on, by all cores, until the window is full and
//! no other block can have a nearer record. Then counting goes on for a moment, so that a
//! small log has exact counts and a large one has its rows at once.

use super::remembered::{Question, Remembered};
use super::shelf::Sealed;
use super::{Cancel, MOST_RECORDS};
use crate::block::matches::Matches;
use crate::block::tokens::Word;
use crate::block::{Block, Summary};
use crate::file::{may_have, read_block_if};
use crate::level::Level;
use crate::log::LogRecord;
use crate::query::filter::Filter;
use crate::query::{LogPage, LogQuery, ServiceCount};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use window::Window;

mod window;

/// Blocks that one core looks at alone rather than waking the others.
const FEW: usize = 4;

/// A block, wherever it is.
#[derive(Clone, Debug)]
pub(super) enum Handle {
    /// Full.
    Sealed(Arc<Sealed>),
    /// As it is now, of this service.
    Open(Arc<str>, Arc<Block>),
}

/// The blocks of one moment.
pub(super) struct Snapshot {
    pub(super) handles: Vec<Handle>,
    pub(super) newest: u64,
    pub(super) dropped: u64,
}

/// When a search ends at the latest.
#[derive(Clone, Debug)]
pub(super) struct Bounds {
    pub(super) end: Instant,
    /// How long it goes on counting once its window is full.
    pub(super) counting: Duration,
    pub(super) cancel: Cancel,
}

impl Bounds {
    pub(super) fn is_over(&self) -> bool {
        self.cancel.is_cancelled() || Instant::now() >= self.end
    }
}

/// What looking at blocks has in common.
pub(super) struct Look<'a> {
    pub(super) filter: &'a Filter,
    words: Vec<Word>,
    pub(super) scanned: AtomicU64,
}

impl Handle {
    pub(super) fn service(&self) -> &str {
        match self {
            Self::Sealed(sealed) => &sealed.service,
            Self::Open(service, _) => service,
        }
    }

    pub(super) fn summary(&self) -> &Summary {
        match self {
            Self::Sealed(sealed) => &sealed.summary,
            Self::Open(_, block) => &block.summary,
        }
    }
}

impl<'a> Look<'a> {
    pub(super) fn new(filter: &'a Filter) -> Self {
        Self {
            filter,
            words: filter.words(),
            scanned: AtomicU64::new(0),
        }
    }

    /// The block and what fits in it; `None` where nothing can, which is found out
    /// without reading it if possible.
    pub(super) fn at(&self, handle: &Handle) -> Option<(Arc<Block>, Matches)> {
        let block = match handle {
            Handle::Open(_, block) => Arc::clone(block),
            Handle::Sealed(sealed) => match sealed.in_memory() {
                Some(block) => block,
                None => self.read(sealed)?,
            },
        };
        self.note_scanned(block.text());
        let matches = block.matches(handle.service(), self.filter);
        Some((block, matches))
    }

    fn read(&self, sealed: &Sealed) -> Option<Arc<Block>> {
        let row = sealed.row.load(Ordering::Relaxed);
        let filtered = sealed.filtered.load(Ordering::Relaxed);
        let text_bytes = sealed.summary.text_bytes as usize;
        let read = sealed.file.as_ref()?.read(|connection| {
            if filtered && !self.words.is_empty() && !may_have(connection, row, &self.words) {
                return Ok(None);
            }
            Ok(read_block_if(connection, row, text_bytes, |text| {
                let wanted = self.filter.may_hold_in(text);
                if !wanted {
                    self.note_scanned(text);
                }
                wanted
            }))
        });
        read.ok()?.map(Arc::new)
    }

    fn note_scanned(&self, text: &str) {
        let bytes = text.len() as u64;
        self.scanned.fetch_add(bytes, Ordering::Relaxed);
    }
}

/// Calls `each` with all items, in their order but on all cores, until it says to stop.
pub(super) fn on_all_cores<T: Sync>(items: &[T], each: impl Fn(usize, &T) -> bool + Sync) {
    let next = AtomicUsize::new(0);
    let work = || {
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            match items.get(index) {
                Some(item) if each(index, item) => {}
                // The others see the end of the list, too.
                _ => return next.store(items.len(), Ordering::Relaxed),
            }
        }
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    if items.len() <= FEW || cores == 1 {
        return work();
    }
    std::thread::scope(|scope| {
        for _ in 1..cores {
            scope.spawn(work);
        }
        work();
    });
}

/// Answers a query.
pub(super) fn search(
    snapshot: &Snapshot,
    filter: &Filter,
    query: &LogQuery,
    bounds: &Bounds,
    remembered: &Remembered,
) -> LogPage {
    let question = Question::of(query);
    let mut search = Search {
        look: Look::new(filter),
        least: query.min_level.unwrap_or(Level::Trace),
        window: Window::new(query, MOST_RECORDS),
        bounds,
        known: remembered.take(&question),
        learnt: Mutex::default(),
        levels: [0; 6],
        uncounted: 0,
    };
    let (near, rest) = search.sort(snapshot);
    let reached = if query.limit > 0 {
        search.fill(&near)
    } else {
        None
    };
    let counts_all = query.limit == 0;
    search.count(&near, &rest, counts_all);
    let services = if filter.is_plain() {
        count_services(snapshot, filter, search.least)
    } else {
        Vec::new()
    };
    remembered.put(question, search.lasting(snapshot));
    search.page(snapshot, services, reached)
}

struct Search<'a> {
    look: Look<'a>,
    least: Level,
    window: Window,
    bounds: &'a Bounds,
    /// Counts of full blocks, from earlier questions of the same kind.
    known: HashMap<u64, [u32; 6]>,
    learnt: Mutex<HashMap<u64, [u32; 6]>>,
    levels: [u64; 6],
    /// Blocks that nobody has looked at.
    uncounted: usize,
}

impl Search<'_> {
    /// The blocks that may be in the window, nearest first, and the others that count.
    fn sort(&self, snapshot: &Snapshot) -> (Vec<Handle>, Vec<Handle>) {
        let mut near = Vec::new();
        let mut rest = Vec::new();
        let filter = self.look.filter;
        for handle in &snapshot.handles {
            let (service, summary) = (handle.service(), handle.summary());
            if !filter.wants_service(service) || !filter.may_fit(service, summary) {
                continue;
            }
            let empty = self
                .known
                .get(&summary.first)
                .is_some_and(|levels| levels[self.least as usize..].iter().all(|n| *n == 0));
            if self.window.overlaps(summary) && summary.count_from(self.least) > 0 && !empty {
                near.push(handle.clone());
            } else {
                rest.push(handle.clone());
            }
        }
        near.sort_by_key(|handle| std::cmp::Reverse(self.window.bound(handle.summary())));
        (near, rest)
    }

    /// Looks for the records of the window. Answers how far it came where it had to stop.
    fn fill(&self, near: &[Handle]) -> Option<u64> {
        let left_out = AtomicUsize::new(usize::MAX);
        on_all_cores(near, |index, handle| {
            let bound = self.window.bound(handle.summary());
            if self.window.is_full_before(bound) {
                return false;
            }
            if self.bounds.is_over() {
                left_out.fetch_min(index, Ordering::Relaxed);
                return false;
            }
            if let Some((block, matches)) = self.look.at(handle) {
                self.learn(handle, &matches);
                self.window
                    .offer(&block, handle.service(), &matches, self.least);
            } else {
                self.learn_levels(handle, [0; 6]);
            }
            true
        });
        let stopped_at = near.get(left_out.into_inner())?;
        Some(self.window.bound(stopped_at.summary()))
    }

    /// Counts what is not counted yet: what costs nothing always, the rest for a moment
    /// or, where that is the question, to the end.
    fn count(&mut self, near: &[Handle], rest: &[Handle], all: bool) {
        let learnt = std::mem::take(
            self.learnt
                .get_mut()
                .unwrap_or_else(PoisonError::into_inner),
        );
        let filter = self.look.filter;
        let mut unknown = Vec::new();
        for handle in near.iter().chain(rest) {
            let summary = handle.summary();
            let key = &summary.first;
            if filter.is_plain() && filter.covers(summary) {
                add(&mut self.levels, &summary.levels);
            } else if let Some(levels) = learnt.get(key).or_else(|| self.known.get(key)) {
                add(&mut self.levels, levels);
            } else {
                unknown.push(handle.clone());
            }
        }
        *self
            .learnt
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner) = learnt;
        let moment = Instant::now() + self.bounds.counting;
        let end = if all {
            self.bounds.end
        } else {
            moment.min(self.bounds.end)
        };
        let sum = Mutex::new(([0; 6], 0));
        on_all_cores(&unknown, |_, handle| {
            if self.bounds.cancel.is_cancelled() || Instant::now() >= end {
                return false;
            }
            let found = self.look.at(handle);
            let levels = found.map_or([0; 6], |(_, matches)| matches.levels.map(|n| n as u32));
            self.learn_levels(handle, levels);
            let mut sum = sum.lock().unwrap_or_else(PoisonError::into_inner);
            add(&mut sum.0, &levels);
            sum.1 += 1;
            true
        });
        let (levels, counted) = sum.into_inner().unwrap_or_else(PoisonError::into_inner);
        for (sum, level) in self.levels.iter_mut().zip(levels) {
            *sum += level;
        }
        self.uncounted = unknown.len() - counted;
    }

    fn learn(&self, handle: &Handle, matches: &Matches) {
        self.learn_levels(handle, matches.levels.map(|count| count as u32));
    }

    /// What was learnt of full blocks. An open one has other counts tomorrow, under the
    /// same number.
    fn lasting(&mut self, snapshot: &Snapshot) -> HashMap<u64, [u32; 6]> {
        let learnt = self
            .learnt
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        let mut learnt = std::mem::take(learnt);
        for handle in &snapshot.handles {
            if let Handle::Open(_, block) = handle {
                learnt.remove(&block.summary.first);
            }
        }
        learnt
    }

    fn learn_levels(&self, handle: &Handle, levels: [u32; 6]) {
        let mut learnt = self.learnt.lock().unwrap_or_else(PoisonError::into_inner);
        learnt.insert(handle.summary().first, levels);
    }

    fn page(
        self,
        snapshot: &Snapshot,
        services: Vec<ServiceCount>,
        stopped: Option<u64>,
    ) -> LogPage {
        let forward = self.window.forward;
        let (records, full, beyond) = self.window.finish(stopped);
        let matched = self.levels[self.least as usize..].iter().sum();
        let near_end = |records: &[LogRecord]| {
            if forward {
                records.last().map_or(snapshot.newest, |record| record.seq)
            } else {
                records.first().map_or(0, |record| record.seq)
            }
        };
        // Where the window is full, what was not looked at lies behind it.
        let stopped = stopped.filter(|_| !full);
        let more = full || beyond || stopped.is_some();
        let reached = match stopped {
            Some(bound) => Window::place(forward, bound),
            None if more => near_end(&records),
            None if forward => snapshot.newest,
            None => 0,
        };
        LogPage {
            newest: snapshot.newest,
            more,
            dropped: snapshot.dropped,
            levels: self.levels,
            services,
            matched: (self.uncounted == 0).then_some(matched),
            complete: stopped.is_none(),
            reached,
            scanned_bytes: self.look.scanned.into_inner(),
            records,
        }
    }
}

fn add(sum: &mut [u64; 6], levels: &[u32; 6]) {
    for (sum, count) in sum.iter_mut().zip(levels) {
        *sum += u64::from(*count);
    }
}

/// How many records each service has, whatever the chosen services. Blocks at the edges
/// of the time count whole: to know better they would have to be read.
fn count_services(snapshot: &Snapshot, filter: &Filter, least: Level) -> Vec<ServiceCount> {
    let mut counts: Vec<ServiceCount> = Vec::new();
    for handle in &snapshot.handles {
        let summary = handle.summary();
        if !filter.may_fit(handle.service(), summary) {
            continue;
        }
        let records = summary.count_from(least);
        match counts
            .iter_mut()
            .find(|one| one.service == handle.service())
        {
            Some(one) => one.records += records,
            None => counts.push(ServiceCount {
                service: handle.service().to_owned(),
                records,
            }),
        }
    }
    counts.sort_by(|a, b| a.service.cmp(&b.service));
    counts
}
