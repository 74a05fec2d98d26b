//! The files that an environment is made of, as text.

use crate::problem::{Place, Problem};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

/// Largest file that is read.
const MOST_BYTES: usize = 10 << 20;

/// Most that all files together may have; one file may be named by many services.
const MOST_IN_ALL: usize = 64 << 20;

/// Reads files and remembers which.
pub(crate) struct Files<'a> {
    read: &'a dyn Fn(&Path) -> io::Result<Vec<u8>>,
    /// Folder against which files are named.
    dir: &'a Path,
    inputs: RefCell<Vec<PathBuf>>,
    seen: RefCell<BTreeSet<PathBuf>>,
    /// By the name that is shown, for excerpts in messages.
    texts: RefCell<BTreeMap<Arc<str>, Rc<str>>>,
    left: Cell<usize>,
}

/// Why a file has no text.
#[derive(Debug)]
pub(crate) enum Unreadable {
    Missing,
    TooLarge,
    TooMuch,
    NotText { line: u32, column: u32 },
    Failed(io::Error),
}

impl<'a> Files<'a> {
    pub(crate) fn new(read: &'a dyn Fn(&Path) -> io::Result<Vec<u8>>, dir: &'a Path) -> Self {
        Self {
            read,
            dir,
            inputs: RefCell::default(),
            seen: RefCell::default(),
            texts: RefCell::default(),
            left: Cell::new(MOST_IN_ALL),
        }
    }

    /// The text of a file.
    pub(crate) fn text(&self, path: &Path) -> Result<Rc<str>, Unreadable> {
        if self.seen.borrow_mut().insert(path.to_owned()) {
            self.inputs.borrow_mut().push(path.to_owned());
        }
        if self.left.get() == 0 {
            return Err(Unreadable::TooMuch);
        }
        let bytes = (self.read)(path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => Unreadable::Missing,
            _ => Unreadable::Failed(error),
        })?;
        if bytes.len() > MOST_BYTES {
            return Err(Unreadable::TooLarge);
        }
        self.left.set(self.left.get().saturating_sub(bytes.len()));
        let text: Rc<str> = String::from_utf8(bytes)
            .map_err(|error| not_text(&error))?
            .into();
        let mut texts = self.texts.borrow_mut();
        texts.insert(self.name(path), Rc::clone(&text));
        Ok(text)
    }

    /// The text of a file that was read, by the name that is shown.
    pub(crate) fn seen_text(&self, name: &str) -> Option<Rc<str>> {
        self.texts.borrow().get(name).cloned()
    }

    /// A file as the user would name it: relative to the project folder where it
    /// lies in it.
    pub(crate) fn name(&self, path: &Path) -> Arc<str> {
        let shown = path.strip_prefix(self.dir).unwrap_or(path);
        shown.to_string_lossy().into()
    }

    /// Every file that was looked for, in that order, whether it was there or not.
    pub(crate) fn into_inputs(self) -> Vec<PathBuf> {
        self.inputs.into_inner()
    }
}

impl Unreadable {
    /// The same for people. `name` is the file, `asked` the place that names it.
    pub(crate) fn problem(&self, name: &str, asked: &Place) -> Problem {
        match self {
            Self::Missing => Problem::error(asked, format!("the file `{name}` does not exist")),
            Self::TooLarge => Problem::error(
                asked,
                format!("the file `{name}` is larger than {} MB", MOST_BYTES >> 20),
            ),
            Self::TooMuch => Problem::error(
                asked,
                format!("all files together have more than {} MB", MOST_IN_ALL >> 20),
            ),
            Self::Failed(error) => {
                Problem::error(asked, format!("the file `{name}` cannot be read: {error}"))
            }
            Self::NotText { line, column } => {
                let place = Place {
                    file: name.into(),
                    line: *line,
                    column: *column,
                };
                Problem::error(&place, "this is not UTF-8 text")
                    .hint("save the file with the encoding UTF-8")
            }
        }
    }
}

fn not_text(error: &std::string::FromUtf8Error) -> Unreadable {
    let good = String::from_utf8_lossy(&error.as_bytes()[..error.utf8_error().valid_up_to()]);
    let last_line = good.rsplit('\n').next().unwrap_or_default();
    Unreadable::NotText {
        line: small(good.matches('\n').count() + 1),
        column: small(last_line.chars().count() + 1),
    }
}

fn small(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
