//! The shim's socket: whoever connects is told the state, then what happens, and
//! may ask for a stop.

use super::super::protocol::{Notice, Request, State};
use super::{Shared, lock, stop};
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

/// How long the end of an instance waits for its pipes to be drained. They stay
/// open only where a descendant could not be found and killed.
const DRAIN: Duration = Duration::from_secs(2);

/// The socket and those connected to it.
pub(super) struct Server {
    listener: UnixListener,
    path: PathBuf,
    clients: Mutex<Vec<UnixStream>>,
    open_outputs: Mutex<u32>,
    output_changed: Condvar,
}

impl Server {
    pub(super) fn bind(path: &Path) -> std::io::Result<Self> {
        _ = std::fs::remove_file(path);
        let listener = UnixListener::bind(path)?;
        Ok(Self {
            listener,
            path: path.to_owned(),
            clients: Mutex::default(),
            open_outputs: Mutex::default(),
            output_changed: Condvar::new(),
        })
    }

    /// A pipe of the program is being drained.
    pub(super) fn output_opened(&self) {
        *lock(&self.open_outputs) += 1;
    }

    /// A pipe of the program has reached its end.
    pub(super) fn output_closed(&self) {
        *lock(&self.open_outputs) -= 1;
        self.output_changed.notify_all();
    }

    /// Waits until all output is in the log file.
    pub(super) fn wait_for_output(&self) {
        let open = lock(&self.open_outputs);
        drop(
            self.output_changed
                .wait_timeout_while(open, DRAIN, |open| *open > 0),
        );
    }

    /// The log file has grown. A client that does not keep up misses the notice,
    /// not the lines: it has an earlier notice still to read.
    pub(super) fn wrote(&self) {
        self.tell(&Notice::Wrote);
    }

    /// Whether an engine is there to read.
    pub(super) fn has_clients(&self) -> bool {
        !lock(&self.clients).is_empty()
    }

    /// Says the last word and takes the socket away.
    pub(super) fn close(&self, last: &Notice) {
        for client in lock(&self.clients).iter() {
            _ = client.set_nonblocking(false);
            _ = client.set_write_timeout(Some(Duration::from_secs(1)));
        }
        self.tell(last);
        _ = std::fs::remove_file(&self.path);
    }

    fn tell(&self, notice: &Notice) {
        let mut line = serde_json::to_vec(notice).unwrap_or_default();
        line.push(b'\n');
        lock(&self.clients).retain_mut(|client| match client.write(&line) {
            // A torn line would confuse; a client that slow is let go, and reads
            // the files instead.
            Ok(n) => n == line.len(),
            Err(e) => e.kind() == std::io::ErrorKind::WouldBlock,
        });
    }

    /// Takes a client in: the state first, then it is told what happens.
    fn welcome(&self, mut client: UnixStream, state: &State) {
        let mut line = serde_json::to_vec(&Notice::Running(state.clone())).unwrap_or_default();
        line.push(b'\n');
        let mut clients = lock(&self.clients);
        if client.write_all(&line).is_ok() && client.set_nonblocking(true).is_ok() {
            clients.push(client);
        }
    }
}

/// Accepts clients for as long as the shim lives.
pub(super) fn serve(shared: &Arc<Shared>, state: State) {
    let shared = Arc::clone(shared);
    std::thread::spawn(move || {
        while let Ok((client, _)) = shared.server.listener.accept() {
            if let Ok(reader) = client.try_clone() {
                let (shared, child) = (Arc::clone(&shared), state.child.pid);
                std::thread::spawn(move || obey(&shared, child, reader));
            }
            shared.server.welcome(client, &state);
        }
    });
}

/// Performs what one client asks for.
fn obey(shared: &Arc<Shared>, child: u32, client: UnixStream) {
    let mut reader = BufReader::new(client);
    let mut line = String::new();
    loop {
        line.clear();
        match reader.read_line(&mut line) {
            Ok(0) => return,
            // The socket does not block, because writing to it must not.
            Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => wait_readable(reader.get_ref()),
            Err(_) => return,
            Ok(_) => {
                if let Ok(Request::Stop { signal, grace_ms }) = serde_json::from_str(&line) {
                    let shared = Arc::clone(shared);
                    std::thread::spawn(move || {
                        stop(&shared, child, signal, Duration::from_millis(grace_ms))
                    });
                }
            }
        }
    }
}

fn wait_readable(stream: &UnixStream) {
    use std::os::fd::AsFd as _;
    let mut fds = [nix::poll::PollFd::new(
        stream.as_fd(),
        nix::poll::PollFlags::POLLIN,
    )];
    _ = nix::poll::poll(&mut fds, nix::poll::PollTimeout::NONE);
}
