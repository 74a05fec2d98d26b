//! A wire between the engine and a daemon's socket that a test can cut.

use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tempfile::TempDir;

/// Passes connections on, until it is cut.
#[derive(Debug)]
pub struct Proxy {
    dir: TempDir,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    to: PathBuf,
    is_cut: AtomicBool,
    open: Mutex<Vec<UnixStream>>,
}

impl Proxy {
    /// A wire to this socket.
    ///
    /// # Panics
    /// Where its own socket cannot be made.
    #[must_use]
    pub fn to(socket: &Path) -> Self {
        let dir = tempfile::Builder::new()
            .prefix("bt-w")
            .tempdir_in("/tmp")
            .expect("a folder");
        let shared = Arc::new(Shared {
            to: socket.to_owned(),
            is_cut: AtomicBool::new(false),
            open: Mutex::default(),
        });
        let listener = UnixListener::bind(dir.path().join("wire.sock")).expect("a socket");
        let own = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                own.pass_on(&stream);
            }
        });
        Self { dir, shared }
    }

    /// Its address for `DOCKER_HOST`.
    #[must_use]
    pub fn address(&self) -> String {
        format!("unix://{}", self.dir.path().join("wire.sock").display())
    }

    /// Breaks every connection, and refuses new ones.
    pub fn cut(&self) {
        self.shared.is_cut.store(true, Ordering::SeqCst);
        for stream in self.shared.lock().drain(..) {
            // It may have ended by itself.
            _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// Lets new connections through.
    pub fn mend(&self) {
        self.shared.is_cut.store(false, Ordering::SeqCst);
    }
}

impl Shared {
    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<UnixStream>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn pass_on(&self, near: &UnixStream) {
        let far = match UnixStream::connect(&self.to) {
            Ok(far) if !self.is_cut.load(Ordering::SeqCst) => far,
            _ => {
                // It may have ended by itself.
                _ = near.shutdown(Shutdown::Both);
                return;
            }
        };
        let pairs = [(near, &far), (&far, near)].map(|(from, to)| {
            let copy = |stream: &UnixStream| stream.try_clone().expect("a second handle");
            (copy(from), copy(to))
        });
        let mut open = self.lock();
        open.extend([&pairs[0].0, &pairs[1].0].map(|s| s.try_clone().expect("a handle")));
        for (mut from, mut to) in pairs {
            std::thread::spawn(move || {
                // Either end may go first.
                _ = std::io::copy(&mut from, &mut to);
                _ = to.shutdown(Shutdown::Write);
            });
        }
    }
}
