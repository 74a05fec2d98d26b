//! Watches the files of an environment's definition: tells faces of a change, and
//! applies it where that is wanted.

use super::Host;
use super::notifier::Notifier;
use super::open::OpenEnvironment;
use crate::schema::Topic;
use benchtop_engine::watch::{FileWatch, Root};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::sync::mpsc;

/// A file is read when it was quiet for so long: editors write in several steps.
const QUIET: Duration = Duration::from_millis(300);

/// Notices that may wait; they only say that there is something to look at.
const BACKLOG: usize = 64;

/// Key of the setting; the next engine watches what this one watched.
fn key(environment: &str) -> String {
    format!("watch/{environment}")
}

impl Host {
    pub(super) fn remember_watching(&self, environment: &str, watching: bool) {
        let value = if watching { "on" } else { "" };
        self.history.set_setting(&key(environment), value);
    }

    /// Whether changes of the file were applied at once when the last engine ended.
    pub(super) fn was_watching(&self, environment: &str) -> bool {
        self.setting(&key(environment)).is_some()
    }
}

/// Watches until the environment is closed.
pub(super) fn spawn(environment: &Arc<OpenEnvironment>, notifier: Notifier) {
    let environment = Arc::downgrade(environment);
    tokio::spawn(run(environment, notifier));
}

async fn run(environment: Weak<OpenEnvironment>, notifier: Notifier) {
    let (told, mut news) = mpsc::channel(BACKLOG);
    let (mut inputs, mut watch) = (Vec::new(), None);
    loop {
        let Some(open) = environment.upgrade() else {
            return;
        };
        // Which files count is a part of what they say.
        let now = open.inputs();
        if now != inputs {
            watch = start(&now, told.clone());
            inputs = now;
        }
        drop(open);
        if watch.is_none() || news.recv().await.is_none() {
            return;
        }
        while let Ok(Some(())) = tokio::time::timeout(QUIET, news.recv()).await {}
        let Some(open) = environment.upgrade() else {
            return;
        };
        open.on_files();
        notifier.mark(Topic::Status);
    }
}

/// Watches the folders of these files: editors replace files, and one that is
/// missing may come.
fn start(files: &[PathBuf], told: mpsc::Sender<()>) -> Option<FileWatch> {
    let folder = |file: &PathBuf| Some(file.parent()?.to_owned()).filter(|dir| dir.is_dir());
    let root = |path| Root { path, deep: false };
    let roots: BTreeSet<Root> = files.iter().filter_map(folder).map(root).collect();
    let files: BTreeSet<PathBuf> = files.iter().cloned().collect();
    let started = FileWatch::start(roots, move |changed| {
        if changed.iter().any(|file| files.contains(file)) {
            // Where the queue is full, somebody is about to look anyway.
            _ = told.try_send(());
        }
    });
    started
        .inspect_err(|cause| tracing::warn!(%cause, "the definition is not watched"))
        .ok()
}
