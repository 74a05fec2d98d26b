//! The blocks of all services in the present run, and which of them go when there are too
//! many.

use crate::block::{Block, MOST_TEXT, Summary};
use crate::file::RunFile;
use crate::incoming::{Incoming, LONGEST_LINE};
use crate::level::Level;
use crate::line::Severity;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// A few of the longest lines with their colours, and the slack of their blocks.
const LEAST_SIZE: usize = 8 * LONGEST_LINE;

/// Parts of an open block on disk; then they are written anew as one.
const MOST_PARTS: u32 = 64;

/// All blocks of the present run, by service.
#[derive(Debug)]
pub(super) struct Shelves {
    shelves: BTreeMap<Arc<str>, Shelf>,
    most_bytes: usize,
    /// Whether there is a disk behind it.
    on_disk: bool,
    bytes: usize,
    newest: u64,
    dropped: u64,
    /// The file of the present run.
    pub(super) file: Option<Arc<RunFile>>,
    pub(super) run: Option<String>,
    /// Earlier runs, oldest first.
    pub(super) past: Vec<super::runs::PastRun>,
    /// Full blocks that are not on disk yet, oldest first.
    waiting: VecDeque<Arc<Sealed>>,
    /// Full blocks that are in memory and on disk, oldest first.
    cached: VecDeque<Arc<Sealed>>,
    /// Full blocks on disk without a filter.
    pub(super) unfiltered: VecDeque<Arc<Sealed>>,
    positions: HashMap<(Arc<str>, u64), String>,
    committed_positions: HashMap<(Arc<str>, u64), String>,
    positions_changed: bool,
    /// The disk takes nothing at present.
    pub(super) failing: bool,
    pub(super) flush_wanted: bool,
    pub(super) closing: bool,
}

/// The blocks of one service, oldest first. Only the open one is appended to.
#[derive(Debug, Default)]
struct Shelf {
    sealed: VecDeque<Arc<Sealed>>,
    open: Arc<Block>,
    /// Records of the open block that are on disk as parts.
    committed: usize,
    parts: u32,
    bytes: usize,
    open_bytes: usize,
    /// Generation and level of the last record of each stream, for the lines that
    /// continue it.
    last: [Option<(u64, Level)>; 3],
    /// Records that the disk did not take, and the time of the latest of them.
    lost: Option<(u64, i64)>,
}

/// A block that does not change any more.
#[derive(Debug)]
pub(crate) struct Sealed {
    pub(crate) service: Arc<str>,
    pub(crate) summary: Summary,
    pub(crate) file: Option<Arc<RunFile>>,
    /// Its row in the file; 0 while it has none.
    pub(crate) row: AtomicI64,
    pub(crate) filtered: AtomicBool,
    memory: Mutex<Option<Arc<Block>>>,
    bytes: usize,
}

/// Everything that one commit writes.
pub(super) struct Cut {
    pub(super) file: Arc<RunFile>,
    pub(super) sealed: Vec<Arc<Sealed>>,
    pub(super) parts: Vec<Part>,
    pub(super) positions: Vec<((Arc<str>, u64), String)>,
}

/// What is new in an open block.
pub(super) struct Part {
    pub(super) service: Arc<str>,
    pub(super) block: Arc<Block>,
    /// Its first record that is not on disk.
    pub(super) from: usize,
    /// The parts that are there are to be replaced.
    pub(super) anew: bool,
}

impl Sealed {
    pub(crate) fn stored(
        service: Arc<str>,
        summary: Summary,
        file: Arc<RunFile>,
        row: i64,
        filtered: bool,
    ) -> Self {
        Self {
            service,
            summary,
            file: Some(file),
            row: AtomicI64::new(row),
            filtered: AtomicBool::new(filtered),
            memory: Mutex::default(),
            bytes: 0,
        }
    }

    pub(crate) fn in_memory(&self) -> Option<Arc<Block>> {
        self.memory
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn forget(&self) {
        *self.memory.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl Shelves {
    pub(super) fn new(most_bytes: usize, on_disk: bool) -> Self {
        Self {
            shelves: BTreeMap::new(),
            most_bytes: most_bytes.max(LEAST_SIZE),
            on_disk,
            bytes: 0,
            newest: 0,
            dropped: 0,
            file: None,
            run: None,
            past: Vec::new(),
            waiting: VecDeque::new(),
            cached: VecDeque::new(),
            unfiltered: VecDeque::new(),
            positions: HashMap::new(),
            committed_positions: HashMap::new(),
            positions_changed: false,
            failing: false,
            flush_wanted: false,
            closing: false,
        }
    }

    /// Numbers the lines and keeps them. Where the disk is behind, some are left.
    pub(super) fn append(
        &mut self,
        service: &str,
        generation: u64,
        lines: &mut impl Iterator<Item = Incoming>,
    ) {
        if !self.shelves.contains_key(service) {
            self.shelves.insert(service.into(), Shelf::default());
        }
        let most_text = (self.most_bytes / 64).min(MOST_TEXT);
        while self.has_room(service) {
            let Some(line) = lines.next() else {
                return;
            };
            self.newest += 1;
            let Some((name, shelf)) = self.shelves.get_key_value(service) else {
                return;
            };
            if shelf.open.is_full(&line, most_text) {
                let name = Arc::clone(name);
                self.seal(&name);
            }
            if let Some(shelf) = self.shelves.get_mut(service) {
                let before = shelf.bytes;
                shelf.append(self.newest, generation, line);
                self.bytes = self.bytes + shelf.bytes - before;
            }
            self.make_room();
        }
    }

    /// Whether a line of the service may come in: it must not have more than its share
    /// of what waits for the disk.
    fn has_room(&self, service: &str) -> bool {
        if !self.on_disk || self.file.is_none() || self.failing || self.closing {
            return true;
        }
        let own = |sealed: &&Arc<Sealed>| &*sealed.service == service;
        self.waiting.len() < 32
            || self
                .waiting
                .iter()
                .filter(own)
                .map(|sealed| sealed.bytes)
                .sum::<usize>()
                < self.most_bytes / 4
    }

    /// Makes the open block of a service a full one.
    fn seal(&mut self, service: &Arc<str>) {
        let file = self.file.clone();
        let Some(shelf) = self.shelves.get_mut(service) else {
            return;
        };
        if shelf.open.len() == 0 {
            return;
        }
        let mut open = std::mem::take(&mut shelf.open);
        Arc::make_mut(&mut open).seal();
        let bytes = open.bytes();
        self.bytes = self.bytes + bytes - shelf.open_bytes;
        shelf.bytes = shelf.bytes + bytes - shelf.open_bytes;
        (shelf.open_bytes, shelf.committed, shelf.parts) = (0, 0, 0);
        let sealed = Arc::new(Sealed {
            service: Arc::clone(service),
            summary: open.summary.clone(),
            file,
            row: AtomicI64::new(0),
            filtered: AtomicBool::new(false),
            memory: Mutex::new(Some(open)),
            bytes,
        });
        shelf.sealed.push_back(Arc::clone(&sealed));
        if sealed.file.is_some() {
            self.waiting.push_back(sealed);
        }
    }

    /// In memory, a service that floods pushes out its own lines, not those of the quiet
    /// ones. On disk, what is there already is let go; where the disk takes nothing, the
    /// oldest of what waits is dropped.
    fn make_room(&mut self) {
        while self.bytes > self.most_bytes {
            if let Some(oldest) = self.cached.pop_front() {
                oldest.forget();
                self.release(&oldest.service, oldest.bytes);
            } else if !self.on_disk || self.file.is_none() || self.failing {
                if !self.drop_oldest() {
                    return;
                }
            } else {
                return;
            }
        }
    }

    fn drop_oldest(&mut self) -> bool {
        let droppable = |shelf: &&mut Shelf| {
            shelf
                .sealed
                .iter()
                .any(|sealed| sealed.row.load(Ordering::Relaxed) == 0)
        };
        let largest = self
            .shelves
            .values_mut()
            .filter(droppable)
            .max_by_key(|shelf| shelf.bytes);
        let Some(shelf) = largest else {
            return false;
        };
        let unsaved = shelf
            .sealed
            .iter()
            .position(|sealed| sealed.row.load(Ordering::Relaxed) == 0);
        let Some(oldest) = unsaved.and_then(|at| shelf.sealed.remove(at)) else {
            return false;
        };
        shelf.bytes -= oldest.bytes;
        self.bytes -= oldest.bytes;
        let count = u64::from(oldest.summary.count);
        self.dropped += count;
        if self.failing {
            let (before, _) = shelf.lost.unwrap_or_default();
            shelf.lost = Some((before + count, oldest.summary.latest));
        }
        self.waiting.retain(|one| !Arc::ptr_eq(one, &oldest));
        true
    }

    fn release(&mut self, service: &str, bytes: usize) {
        self.bytes = self.bytes.saturating_sub(bytes);
        if let Some(shelf) = self.shelves.get_mut(service) {
            shelf.bytes = shelf.bytes.saturating_sub(bytes);
        }
    }

    /// All blocks of the present run, as they are now.
    pub(super) fn blocks(&self) -> Vec<super::search::Handle> {
        let mut handles = Vec::new();
        for (name, shelf) in &self.shelves {
            let sealed = shelf.sealed.iter().cloned();
            handles.extend(sealed.map(super::search::Handle::Sealed));
            if shelf.open.len() > 0 {
                let open = super::search::Handle::Open(Arc::clone(name), Arc::clone(&shelf.open));
                handles.push(open);
            }
        }
        handles
    }

    /// What is to be written now; nothing where there is nothing new.
    pub(super) fn cut(&mut self) -> Option<Cut> {
        let file = match self.waiting.front() {
            Some(oldest) => oldest.file.clone()?,
            None => self.file.clone()?,
        };
        let of_file =
            |one: &&Arc<Sealed>| one.file.as_ref().is_some_and(|own| Arc::ptr_eq(own, &file));
        let sealed: Vec<_> = self.waiting.iter().take_while(of_file).cloned().collect();
        let mut cut = Cut {
            sealed,
            parts: Vec::new(),
            positions: Vec::new(),
            file,
        };
        // Blocks of an earlier run first, and by themselves.
        if cut.sealed.len() == self.waiting.len()
            && self
                .file
                .as_ref()
                .is_some_and(|own| Arc::ptr_eq(own, &cut.file))
        {
            for (name, shelf) in &self.shelves {
                if shelf.open.len() > shelf.committed {
                    let anew = shelf.parts >= MOST_PARTS;
                    cut.parts.push(Part {
                        service: Arc::clone(name),
                        block: Arc::clone(&shelf.open),
                        from: if anew { 0 } else { shelf.committed },
                        anew,
                    });
                }
            }
            if self.positions_changed {
                let all = self.positions.iter();
                cut.positions = all.map(|(key, at)| (key.clone(), at.clone())).collect();
            }
        }
        let empty = cut.sealed.is_empty() && cut.parts.is_empty() && cut.positions.is_empty();
        (!empty).then_some(cut)
    }

    /// A cut is on disk.
    pub(super) fn committed(&mut self, cut: Cut, rows: &[i64]) {
        for (sealed, row) in cut.sealed.iter().zip(rows) {
            sealed.row.store(*row, Ordering::Relaxed);
            self.cached.push_back(Arc::clone(sealed));
            self.unfiltered.push_back(Arc::clone(sealed));
        }
        self.waiting
            .retain(|one| one.row.load(Ordering::Relaxed) == 0);
        for part in cut.parts {
            if let Some(shelf) = self.shelves.get_mut(&part.service)
                && shelf.open.summary.first == part.block.summary.first
            {
                shelf.committed = part.block.len();
                shelf.parts = if part.anew { 1 } else { shelf.parts + 1 };
            }
        }
        if !cut.positions.is_empty() {
            self.positions_changed = cut
                .positions
                .iter()
                .any(|(key, at)| self.positions.get(key) != Some(at));
            self.committed_positions.extend(cut.positions);
        }
        if std::mem::take(&mut self.failing) {
            self.say_losses();
        }
        self.make_room();
    }

    /// The disk takes something again: in each log that has lost lines, a record says so.
    fn say_losses(&mut self) {
        let lost: Vec<_> = self
            .shelves
            .iter_mut()
            .filter_map(|(name, shelf)| Some((Arc::clone(name), shelf.lost.take()?)))
            .collect();
        for (service, (count, latest)) in lost {
            let generation = self.generation_of(&service);
            let mut said = std::iter::once(Incoming::gap(count, latest));
            self.append(&service, generation, &mut said);
        }
    }

    /// The start that a service's last line is from.
    fn generation_of(&self, service: &str) -> u64 {
        let shelf = self.shelves.get(service);
        let last = shelf.map(|shelf| shelf.last.iter().flatten());
        last.into_iter()
            .flatten()
            .map(|(generation, _)| *generation)
            .max()
            .unwrap_or_default()
    }

    /// The file of the present run is another from now on.
    pub(super) fn change_run(&mut self, run: Option<String>, file: Option<Arc<RunFile>>) {
        let names: Vec<_> = self.shelves.keys().cloned().collect();
        names.iter().for_each(|name| self.seal(name));
        let blocks: Vec<_> = self
            .shelves
            .values_mut()
            .flat_map(|shelf| std::mem::take(&mut shelf.sealed))
            .collect();
        if let Some(file) = self.file.take() {
            self.past.push(super::runs::PastRun {
                run: self.run.take(),
                file,
                blocks: Some(blocks),
            });
            self.positions.clear();
            self.committed_positions.clear();
            self.positions_changed = false;
        } else {
            // What came before the first run goes with it.
            for block in blocks {
                self.adopt(block, file.clone());
            }
        }
        (self.run, self.file) = (run, file);
    }

    fn adopt(&mut self, block: Arc<Sealed>, file: Option<Arc<RunFile>>) {
        let moved = Arc::new(Sealed {
            service: Arc::clone(&block.service),
            summary: block.summary.clone(),
            file,
            row: AtomicI64::new(0),
            filtered: AtomicBool::new(false),
            memory: Mutex::new(block.in_memory()),
            bytes: block.bytes,
        });
        if let Some(shelf) = self.shelves.get_mut(&block.service) {
            shelf.sealed.push_back(Arc::clone(&moved));
        }
        if moved.file.is_some() {
            self.waiting.push_back(moved);
        }
    }

    /// A block that was on disk before.
    pub(super) fn add_stored(&mut self, block: Arc<Sealed>) {
        let shelf = self.shelves.entry(Arc::clone(&block.service)).or_default();
        if !block.filtered.load(Ordering::Relaxed) {
            self.unfiltered.push_back(Arc::clone(&block));
        }
        shelf.sealed.push_back(block);
    }

    /// Bytes of text in full blocks on disk.
    pub(super) fn text_on_disk(&self) -> u64 {
        let sealed = self.shelves.values().flat_map(|shelf| &shelf.sealed);
        sealed
            .filter(|one| one.row.load(Ordering::Relaxed) != 0)
            .map(|one| u64::from(one.summary.text_bytes))
            .sum()
    }

    /// Takes the oldest full blocks on disk away, until so many bytes of text have gone.
    pub(super) fn take_oldest(&mut self, mut text_bytes: u64) -> Vec<Arc<Sealed>> {
        let mut taken = Vec::new();
        while text_bytes > 0 {
            let oldest = self
                .shelves
                .values_mut()
                .filter(|shelf| {
                    shelf
                        .sealed
                        .front()
                        .is_some_and(|one| one.row.load(Ordering::Relaxed) != 0)
                })
                .min_by_key(|shelf| shelf.sealed.front().map(|one| one.summary.first));
            let Some(block) = oldest.and_then(|shelf| shelf.sealed.pop_front()) else {
                break;
            };
            self.cached.retain(|one| !Arc::ptr_eq(one, &block));
            if block.in_memory().is_some() {
                self.release(&block.service, block.bytes);
            }
            self.dropped += u64::from(block.summary.count);
            text_bytes = text_bytes.saturating_sub(u64::from(block.summary.text_bytes));
            taken.push(block);
        }
        taken
    }

    pub(super) fn set_position(&mut self, service: &str, generation: u64, position: String) {
        self.positions
            .insert((service.into(), generation), position);
        self.positions_changed = true;
    }

    pub(super) fn restore_positions(&mut self, positions: Vec<(String, u64, String)>) {
        for (service, generation, position) in positions {
            let key = (Arc::from(service), generation);
            self.positions.insert(key, position);
        }
        self.committed_positions = self.positions.clone();
    }

    pub(super) fn committed_position(&self, service: &str, generation: u64) -> Option<String> {
        self.committed_positions
            .get(&(service.into(), generation))
            .cloned()
    }

    /// Whether the writer should not wait for its next turn.
    pub(super) fn is_urgent(&self) -> bool {
        self.on_disk && self.waiting.len() >= 16
    }

    pub(super) fn is_settled(&mut self) -> bool {
        self.failing || self.cut().is_none() && self.unfiltered.is_empty()
    }

    /// The newest number there was before.
    pub(super) fn set_newest(&mut self, newest: u64) {
        self.newest = self.newest.max(newest);
    }

    pub(super) fn newest(&self) -> u64 {
        self.newest
    }

    pub(super) fn dropped(&self) -> u64 {
        self.dropped
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }
}

impl Shelf {
    fn append(&mut self, seq: u64, generation: u64, line: Incoming) {
        let level = self.level(generation, &line);
        let block = Arc::make_mut(&mut self.open);
        block.push(seq, generation, level, line);
        let bytes = block.bytes();
        self.bytes = self.bytes + bytes - self.open_bytes;
        self.open_bytes = bytes;
    }

    /// The level of a line, which it may have from the line before it.
    fn level(&mut self, generation: u64, line: &Incoming) -> Level {
        let last = &mut self.last[line.stream as usize];
        let level = match (line.severity, *last) {
            (Severity::Named(level), _) => level,
            (Severity::Continued(_), Some((same, level))) if same == generation => level,
            (Severity::Continued(alone), _) => alone,
        };
        *last = Some((generation, level));
        level
    }
}
