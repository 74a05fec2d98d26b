//! Watches files: tells what has changed below some folders, through the
//! operating system's own notices.
//!
//! Folders are watched one by one, so that those that only hold output, often
//! the largest, cost nothing and tell nothing.

use globset::{Glob, GlobBuilder, GlobSet, GlobSetBuilder};
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// Folders of tools, which hold output or records and no sources. They count
/// only where a pattern names them itself.
const OUTPUT: [&str; 9] = [
    ".git",
    ".hg",
    ".svn",
    "target",
    "bin",
    "obj",
    "node_modules",
    "__pycache__",
    ".venv",
];

/// Most folders that one watch takes on: the system allows a user a few tens of
/// thousands in all.
const MOST_FOLDERS: usize = 8_000;

/// Notices that may wait; the system's own queue takes more.
const BACKLOG: usize = 1024;

/// A folder to watch.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Root {
    /// The folder.
    pub path: PathBuf,
    /// With everything below it.
    pub deep: bool,
}

/// A watch; it ends when it is dropped.
#[derive(Debug)]
pub struct FileWatch {
    stop: SyncSender<Notice>,
}

enum Notice {
    Changed(notify::Result<notify::Event>),
    Stop,
}

impl FileWatch {
    /// Begins to watch in the background. `tell` is called with files that have
    /// changed, on a thread of the watch.
    ///
    /// # Errors
    /// One sentence that says why nothing can be watched.
    pub fn start(
        roots: BTreeSet<Root>,
        tell: impl Fn(Vec<PathBuf>) + Send + 'static,
    ) -> Result<Self, String> {
        let (stop, notices) = sync_channel(BACKLOG);
        let notify = stop.clone();
        let watcher = notify::recommended_watcher(move |notice| {
            // The watch may have ended.
            _ = notify.send(Notice::Changed(notice));
        });
        let watcher = watcher.map_err(|e| format!("files cannot be watched: {e}"))?;
        let mut work = Work {
            watcher,
            roots,
            folders: 0,
        };
        std::thread::Builder::new()
            .name("watch".to_owned())
            .spawn(move || work.run(&notices, &tell))
            .map_err(|e| format!("files cannot be watched: {e}"))?;
        Ok(Self { stop })
    }
}

impl Drop for FileWatch {
    fn drop(&mut self) {
        // Where the queue is full, the thread sees that nobody listens.
        _ = self.stop.try_send(Notice::Stop);
    }
}

struct Work {
    watcher: RecommendedWatcher,
    roots: BTreeSet<Root>,
    folders: usize,
}

impl Work {
    fn run(&mut self, notices: &Receiver<Notice>, tell: &dyn Fn(Vec<PathBuf>)) {
        for root in self.roots.clone() {
            self.add(&root.path, root.deep, &mut Vec::new());
        }
        while let Ok(notice) = notices.recv() {
            let event = match notice {
                Notice::Stop => return,
                Notice::Changed(Ok(event)) => event,
                Notice::Changed(Err(error)) => {
                    tracing::warn!(%error, "a watch on files has missed something");
                    continue;
                }
            };
            if matches!(event.kind, EventKind::Access(_)) {
                continue;
            }
            let mut files = Vec::new();
            for path in event.paths {
                // What was made together with its folder is told by nobody.
                if matches!(event.kind, EventKind::Create(_)) && path.is_dir() {
                    if self.is_deep(&path) {
                        self.add(&path, true, &mut files);
                    }
                } else {
                    files.push(path);
                }
            }
            if !files.is_empty() {
                tell(files);
            }
        }
    }

    fn is_deep(&self, path: &Path) -> bool {
        let below = |root: &Root| root.deep && path.starts_with(&root.path);
        self.roots.iter().any(below) && !is_output(path)
    }

    /// Watches a folder, and what lies below; `found` takes the files in it.
    fn add(&mut self, folder: &Path, deep: bool, found: &mut Vec<PathBuf>) {
        let mut open = vec![folder.to_owned()];
        while let Some(folder) = open.pop() {
            if self.folders >= MOST_FOLDERS {
                tracing::warn!(folder = %folder.display(), "too many folders to watch: give `watch` narrower patterns");
                return;
            }
            if let Err(error) = self.watcher.watch(&folder, RecursiveMode::NonRecursive) {
                tracing::warn!(folder = %folder.display(), %error, "a folder cannot be watched");
                continue;
            }
            self.folders += 1;
            for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
                let is_dir = entry.file_type().is_ok_and(|kind| kind.is_dir());
                match is_dir {
                    true if deep && !is_output(&entry.path()) => open.push(entry.path()),
                    true => {}
                    false => found.push(entry.path()),
                }
            }
        }
    }
}

fn is_output(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    name.is_some_and(|name| OUTPUT.contains(&name))
}

/// Which files are meant.
#[derive(Clone, Debug)]
pub struct Patterns {
    meant: GlobSet,
    not: GlobSet,
    roots: BTreeSet<Root>,
}

impl Patterns {
    /// From absolute patterns; `!` in front of one takes files out again. A path
    /// without wildcards means a file, or all that lies below a folder.
    ///
    /// # Errors
    /// One sentence that says which pattern cannot be understood.
    pub fn new(patterns: &[String]) -> Result<Self, String> {
        let (mut meant, mut not) = (GlobSetBuilder::new(), GlobSetBuilder::new());
        let mut roots = BTreeSet::new();
        for pattern in patterns {
            let (set, pattern) = match pattern.strip_prefix('!') {
                Some(pattern) => (&mut not, pattern),
                None => {
                    roots.insert(root_of(pattern));
                    (&mut meant, pattern.as_str())
                }
            };
            set.add(glob(pattern)?);
            set.add(glob(&format!("{}/**", pattern.trim_end_matches('/')))?);
        }
        let built = |set: GlobSetBuilder| set.build().map_err(|e| e.to_string());
        Ok(Self {
            meant: built(meant)?,
            not: built(not)?,
            roots,
        })
    }

    /// Where files of these patterns can lie.
    #[must_use]
    pub fn roots(&self) -> &BTreeSet<Root> {
        &self.roots
    }

    /// Whether a file is meant: it matches, and lies in no folder of output that
    /// its pattern does not name.
    #[must_use]
    pub fn mean(&self, file: &Path) -> bool {
        let below = |root: &&Root| file.starts_with(&root.path);
        let hidden = |root: &Root| {
            let inner = file.strip_prefix(&root.path).unwrap_or(file);
            inner.ancestors().skip(1).any(is_output)
        };
        let visible = self.roots.iter().filter(below).any(|root| !hidden(root));
        visible && self.meant.is_match(file) && !self.not.is_match(file)
    }
}

fn glob(pattern: &str) -> Result<Glob, String> {
    GlobBuilder::new(pattern)
        .literal_separator(true)
        .build()
        .map_err(|e| format!("`{pattern}` is no pattern of files: {e}"))
}

/// The folder of a pattern up to its first wildcard. A file is watched through
/// its folder: editors replace files.
fn root_of(pattern: &str) -> Root {
    let is_wild = |part: &std::path::Component<'_>| {
        let text = part.as_os_str().to_string_lossy();
        text.contains(['*', '?', '[', '{'])
    };
    let path = Path::new(pattern);
    let fixed: PathBuf = path
        .components()
        .take_while(|part| !is_wild(part))
        .collect();
    let rest = path.components().count() - fixed.components().count();
    if rest == 0 && !fixed.is_dir() {
        let folder = fixed.parent().unwrap_or(Path::new("/")).to_owned();
        return Root {
            path: folder,
            deep: false,
        };
    }
    // `src/*.c` needs one folder, `src/**` and a folder by itself need all.
    Root {
        path: fixed,
        deep: rest != 1 || pattern.contains("**"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn means(patterns: &[&str], file: &str) -> bool {
        let patterns: Vec<String> = patterns.iter().map(|p| (*p).to_owned()).collect();
        Patterns::new(&patterns)
            .expect("patterns")
            .mean(Path::new(file))
    }

    #[test]
    fn patterns_mean_files() {
        let cs = ["/shop/src/**/*.cs"];
        assert!(means(&cs, "/shop/src/Auth/a.cs") && means(&cs, "/shop/src/a.cs"));
        assert!(!means(&cs, "/shop/src/a.rs") && !means(&cs, "/shop/a.cs"));
        assert!(!means(&cs, "/shop/src/obj/a.cs"), "output of a build");
        assert!(means(&["/shop/bin/*.sh"], "/shop/bin/x.sh"), "named");
        assert!(!means(&["/shop/*.c"], "/shop/src/a.c"));
        let not = ["/shop/src", "!/shop/src/gen"];
        assert!(means(&not, "/shop/src/deep/x") && !means(&not, "/shop/src/gen/x"));
        assert!(Patterns::new(&["/a[".to_owned()]).is_err());
    }

    #[test]
    fn changes_are_told_also_in_folders_that_are_new_and_not_in_output() {
        let dir = tempfile::tempdir().expect("a folder");
        let at = |name: &str| dir.path().join(name);
        std::fs::create_dir_all(at("src/deep")).expect("folders");
        std::fs::create_dir_all(at("src/target")).expect("folders");
        let (told, news) = sync_channel(BACKLOG);
        let root = Root {
            path: at("src"),
            deep: true,
        };
        let watch = FileWatch::start([root].into(), move |files| {
            files.into_iter().for_each(|file| _ = told.try_send(file));
        });
        let watch = watch.expect("a watch");
        let wait_for = |name: &str| {
            // The watch begins in the background: until then nothing is told.
            for _ in 0..600 {
                std::fs::write(at(name), "text").expect("write");
                let told = news.recv_timeout(Duration::from_millis(100));
                if told.is_ok_and(|file| file == at(name)) {
                    return;
                }
            }
            panic!("nothing was told of {name}");
        };
        wait_for("src/deep/a");
        std::fs::create_dir(at("src/new")).expect("a folder");
        wait_for("src/new/b");
        while news.try_recv().is_ok() {}
        std::fs::write(at("src/target/c"), "text").expect("write");
        wait_for("src/deep/d");
        assert!(
            news.try_iter()
                .all(|file| !file.starts_with(at("src/target")))
        );
        drop(watch);
    }
}
