//! The runs of a book: the one that goes on, and those that are kept.

use super::Shared;
use super::search::{Handle, Snapshot};
use super::shelf::{Sealed, Shelves};
use crate::file::{self, RunFile, RunWriter};
use benchtop_model::time::Timestamp;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A run that is not written to any more.
#[derive(Debug)]
pub(super) struct PastRun {
    pub(super) run: Option<String>,
    pub(super) file: Arc<RunFile>,
    /// Its blocks, once somebody has asked for them.
    pub(super) blocks: Option<Vec<Arc<Sealed>>>,
}

/// Finds the files in the folder, and goes on with the one of the run.
pub(super) fn open(shared: &Shared, folder: &Path, run: Option<&str>) -> std::io::Result<()> {
    make_folder(folder)?;
    let mut shelves = shared.lock();
    for path in files(folder) {
        let of = run_of(&path);
        let file = Arc::new(RunFile::new(path));
        if of.is_some() && of.as_deref() == run {
            go_on(&mut shelves, of, file);
        } else {
            let run = of;
            let blocks = None;
            shelves.past.push(PastRun { run, file, blocks });
        }
    }
    // Numbers only grow, so the newest file that has any has the newest.
    let files = shelves.past.iter().map(|past| &past.file);
    let newest = files
        .rev()
        .map(|file| file.newest().unwrap_or_default())
        .find(|newest| *newest > 0);
    shelves.set_newest(newest.unwrap_or_default());
    if let (Some(run), None) = (run, &shelves.file) {
        let path = path_of(folder, run, Timestamp(0));
        shelves.change_run(Some(run.to_owned()), Some(Arc::new(RunFile::new(path))));
    }
    Ok(())
}

fn go_on(shelves: &mut Shelves, run: Option<String>, file: Arc<RunFile>) {
    // Opened by the writer first: that puts a damaged one aside.
    match RunWriter::open(&file.path) {
        Ok((writer, said)) => {
            if let Some(said) = said {
                tracing::warn!("{said}");
            }
            shelves.restore_positions(writer.positions().unwrap_or_default());
        }
        Err(error) => tracing::warn!(%error, "the log file of the run cannot be opened"),
    }
    shelves.change_run(run, Some(Arc::clone(&file)));
    for block in load(&file) {
        shelves.set_newest(block.summary.last);
        shelves.add_stored(block);
    }
}

/// Changes to the file of this run, new or not.
pub(super) fn begin(shared: &Shared, folder: &Path, run: &str, at: Timestamp) {
    let mut shelves = shared.lock();
    if shelves.run.as_deref() == Some(run) {
        return;
    }
    let path = path_of(folder, run, at);
    shelves.change_run(Some(run.to_owned()), Some(Arc::new(RunFile::new(path))));
    drop(shelves);
    shared.work.notify_one();
}

/// Finds the file of a run that is not known yet.
pub(super) fn include(shared: &Shared, folder: &Path, run: &str) {
    let path = path_of(folder, run, Timestamp(0));
    let mut shelves = shared.lock();
    if shelves.past.iter().any(|past| past.file.path == path) {
        return;
    }
    shelves.past.push(PastRun {
        run: run_of(&path),
        file: Arc::new(RunFile::new(path)),
        blocks: None,
    });
    shelves
        .past
        .sort_by(|one, other| one.file.path.cmp(&other.file.path));
}

/// The file of a run; absent: of the present one, or the newest that is kept.
pub(super) fn file(shared: &Shared, run: Option<&str>) -> Option<Arc<RunFile>> {
    let shelves = shared.lock();
    let present = shelves.file.as_ref();
    let found = match run {
        Some(run) if shelves.run.as_deref() == Some(run) => present,
        Some(run) => {
            let of = |past: &&PastRun| past.run.as_deref() == Some(run);
            shelves.past.iter().find(of).map(|past| &past.file)
        }
        None => present.or(shelves.past.last().map(|past| &past.file)),
    };
    found.cloned()
}

/// The blocks of one run or of all that are kept, as they are now.
pub(super) fn snapshot(shared: &Shared, run: Option<&str>) -> Snapshot {
    let mut shelves = shared.lock();
    let mut unread = Vec::new();
    for past in &shelves.past {
        if past.blocks.is_none() && run.is_none_or(|run| past.run.as_deref() == Some(run)) {
            unread.push(Arc::clone(&past.file));
        }
    }
    if !unread.is_empty() {
        // Files are not read under the lock.
        drop(shelves);
        let read: HashMap<PathBuf, Vec<Arc<Sealed>>> = unread
            .iter()
            .map(|file| (file.path.clone(), load(file)))
            .collect();
        shelves = shared.lock();
        for past in &mut shelves.past {
            if let Some(blocks) = read.get(&past.file.path) {
                past.blocks = Some(blocks.clone());
            }
        }
    }
    let wanted = |of: Option<&str>| run.is_none() || run == of;
    let mut handles = Vec::new();
    for past in &shelves.past {
        if wanted(past.run.as_deref()) {
            let blocks = past.blocks.iter().flatten().cloned();
            handles.extend(blocks.map(Handle::Sealed));
        }
    }
    if wanted(shelves.run.as_deref()) {
        handles.extend(shelves.blocks());
    }
    Snapshot {
        handles,
        newest: shelves.newest(),
        dropped: shelves.dropped(),
    }
}

fn load(file: &Arc<RunFile>) -> Vec<Arc<Sealed>> {
    let blocks = file.blocks().unwrap_or_else(|error| {
        let path = file.path.display();
        tracing::warn!(%error, %path, "the log of an earlier run cannot be read and is left out");
        Vec::new()
    });
    let mut names: HashMap<String, Arc<str>> = HashMap::new();
    let mut sealed = |block: file::StoredBlock| {
        let name = names
            .entry(block.service)
            .or_insert_with_key(|name| name.as_str().into());
        // Parts are small and stay without a filter.
        let filtered = block.filtered || block.part_of.is_some();
        Arc::new(Sealed::stored(
            Arc::clone(name),
            block.summary,
            Arc::clone(file),
            block.id,
            filtered,
        ))
    };
    blocks.into_iter().map(&mut sealed).collect()
}

/// The files in the folder, oldest first: their names begin with the time.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "db"))
        .collect();
    files.sort();
    files
}

/// `0001763790000000-RUN.db`.
pub(crate) fn path_of(folder: &Path, run: &str, at: Timestamp) -> PathBuf {
    let safe = |c: char| {
        if c.is_ascii_alphanumeric() || c == '-' {
            c
        } else {
            '_'
        }
    };
    let run: String = run.chars().map(safe).collect();
    let existing = files(folder)
        .into_iter()
        .find(|path| run_of(path).as_deref() == Some(&run));
    existing.unwrap_or_else(|| folder.join(format!("{:016}-{run}.db", at.0)))
}

pub(crate) fn run_of(path: &Path) -> Option<String> {
    let name = path.file_stem()?.to_str()?;
    Some(name.split_once('-')?.1.to_owned())
}

pub(crate) fn make_folder(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}
