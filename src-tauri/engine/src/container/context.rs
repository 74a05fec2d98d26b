//! The folder from which an image is built, as an archive that is made while it
//! is sent.

use super::ignore::Ignore;
use benchtop_model::plan::{Build, InlineFile};
use bytes::Bytes;
use futures_util::Stream;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use tokio::sync::mpsc;

/// Bytes that are sent at once.
const CHUNK: usize = 64 * 1024;

/// Chunks that may wait for the engine.
const WAITING: usize = 8;

/// Name under which a build file is sent that is not taken from the context.
const OUTSIDE: &str = ".benchtop.Dockerfile";

/// A context on its way.
pub(super) struct Packed<S> {
    /// The archive.
    pub(super) stream: S,
    /// Name of the build file in it.
    pub(super) dockerfile: String,
}

/// Whether the engine fetches a context itself.
pub(super) fn is_remote(context: &str) -> bool {
    let schemes = [
        "https://",
        "http://",
        "git://",
        "ssh://",
        "github.com/",
        "git@",
    ];
    schemes.iter().any(|scheme| context.starts_with(scheme))
}

/// An archive of small files, readable by everybody who may read them inside.
pub(super) fn of_files(files: &[InlineFile]) -> io::Result<Vec<u8>> {
    let mut archive = tar::Builder::new(Vec::new());
    for file in files {
        let name = file.target.trim_start_matches('/');
        append_text(&mut archive, name, &file.content, file.mode)?;
    }
    archive.into_inner()
}

fn append_text<W: Write>(
    archive: &mut tar::Builder<W>,
    name: &str,
    text: &str,
    mode: u32,
) -> io::Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_size(text.len() as u64);
    header.set_mode(mode);
    header.set_mtime(0);
    archive.append_data(&mut header, name, text.as_bytes())
}

/// Begins to pack the context of a build.
///
/// # Errors
/// One sentence, where the folder or its build file is not there.
pub(super) fn pack(
    recipe: &Build,
) -> Result<Packed<impl Stream<Item = io::Result<Bytes>> + Send + 'static>, String> {
    let dir = PathBuf::from(&recipe.context);
    if !dir.is_dir() {
        return Err(format!(
            "the folder to build from is not there: {}",
            dir.display()
        ));
    }
    let (dockerfile, text) = build_file(&dir, recipe)?;
    let ignore = Ignore::read(&dir, &dockerfile);
    let (chunks, waiting) = mpsc::channel(WAITING);
    let name = dockerfile.clone();
    tokio::task::spawn_blocking(move || {
        let packed = write(
            &dir,
            &ignore,
            &name,
            text,
            Chunks {
                chunks: chunks.clone(),
                buffer: Vec::new(),
            },
        );
        if let Err(error) = packed {
            // The engine has hung up, or is told what went wrong.
            _ = chunks.blocking_send(Err(error));
        }
    });
    let stream = futures_util::stream::unfold(waiting, |mut waiting| async {
        let chunk: io::Result<Bytes> = waiting.recv().await?;
        Some((chunk, waiting))
    });
    Ok(Packed { stream, dockerfile })
}

/// Name of the build file in the archive, and its text where it does not lie in
/// the context.
fn build_file(dir: &Path, recipe: &Build) -> Result<(String, Option<String>), String> {
    if let Some(text) = &recipe.dockerfile_inline {
        return Ok((OUTSIDE.to_owned(), Some(text.clone())));
    }
    let written = recipe.dockerfile.as_deref().unwrap_or("Dockerfile");
    let path = dir.join(written);
    if !path.is_file() {
        return Err(format!("there is no build file {}", path.display()));
    }
    let inside = std::fs::canonicalize(&path)
        .ok()
        .zip(std::fs::canonicalize(dir).ok());
    let inside = inside.and_then(|(path, dir)| Some(path.strip_prefix(dir).ok()?.to_owned()));
    match inside {
        Some(inside) => Ok((inside.display().to_string(), None)),
        None => {
            let text = std::fs::read_to_string(&path)
                .map_err(|e| format!("cannot read the build file {}: {e}", path.display()))?;
            Ok((OUTSIDE.to_owned(), Some(text)))
        }
    }
}

fn write(
    dir: &Path,
    ignore: &Ignore,
    dockerfile: &str,
    text: Option<String>,
    chunks: Chunks,
) -> io::Result<()> {
    let mut archive = tar::Builder::new(chunks);
    archive.follow_symlinks(false);
    append_folder(&mut archive, dir, Path::new(""), ignore, dockerfile)?;
    if let Some(text) = text {
        append_text(&mut archive, dockerfile, &text, 0o644)?;
    }
    archive.into_inner()?.flush()
}

fn append_folder<W: Write>(
    archive: &mut tar::Builder<W>,
    root: &Path,
    folder: &Path,
    ignore: &Ignore,
    dockerfile: &str,
) -> io::Result<()> {
    let mut entries: Vec<_> = std::fs::read_dir(root.join(folder))?.collect::<Result<_, _>>()?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let (name, kind) = (folder.join(entry.file_name()), entry.file_type()?);
        // The engine needs these two, whatever is ignored.
        let needed = [Path::new(dockerfile), Path::new(".dockerignore")].contains(&name.as_path());
        let left_out = ignore.is_ignored(&name) && !needed;
        if kind.is_dir() {
            if !left_out {
                archive.append_path_with_name(entry.path(), &name)?;
            }
            if !left_out || ignore.may_take_back(&name) || Path::new(dockerfile).starts_with(&name)
            {
                append_folder(archive, root, &name, ignore, dockerfile)?;
            }
        } else if !left_out && (kind.is_file() || kind.is_symlink()) {
            archive.append_path_with_name(entry.path(), &name)?;
        }
    }
    Ok(())
}

/// Hands on what is written in chunks.
struct Chunks {
    chunks: mpsc::Sender<io::Result<Bytes>>,
    buffer: Vec<u8>,
}

impl Write for Chunks {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= CHUNK {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let chunk = Bytes::from(std::mem::take(&mut self.buffer));
        let sent = self.chunks.blocking_send(Ok(chunk));
        sent.map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::StreamExt as _;

    #[tokio::test]
    async fn a_context_is_packed_without_what_is_ignored() {
        let dir = tempfile::tempdir().expect("a folder");
        let files = [
            ("Dockerfile", "FROM scratch"),
            (".dockerignore", "*\n!src\nsrc/*.log\nDockerfile"),
            ("src/a.txt", "a"),
            ("src/b.log", "b"),
            ("other/c.txt", "c"),
        ];
        for (name, text) in files {
            let path = dir.path().join(name);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            std::fs::write(path, text).expect("written");
        }
        let recipe = Build {
            context: dir.path().display().to_string(),
            ..Build::default()
        };
        let packed = pack(&recipe).expect("packed");
        assert_eq!(packed.dockerfile, "Dockerfile");
        let chunks: Vec<_> = packed.stream.collect().await;
        let bytes: Vec<u8> = chunks
            .into_iter()
            .flat_map(|chunk| chunk.expect("a chunk"))
            .collect();
        let mut archive = tar::Archive::new(bytes.as_slice());
        let names = archive.entries().expect("entries").map(|entry| {
            let entry = entry.expect("an entry");
            entry.path().expect("a path").display().to_string()
        });
        let names: Vec<_> = names.collect();
        assert_eq!(names, [".dockerignore", "Dockerfile", "src", "src/a.txt"]);
    }

    #[test]
    fn what_is_not_there_is_said_before_anything_is_sent() {
        let dir = tempfile::tempdir().expect("a folder");
        let recipe = |context: &Path| Build {
            context: context.display().to_string(),
            ..Build::default()
        };
        let error = |context: &Path| pack(&recipe(context)).err().unwrap_or_default();
        assert!(error(dir.path()).starts_with("there is no build file"));
        assert!(error(&dir.path().join("no")).starts_with("the folder to build from is not there"));
    }
}
