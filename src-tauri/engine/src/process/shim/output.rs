//! Drains the program's pipes into the log file, always: a full pipe would stop
//! the program.

use super::super::log_file::LogWriter;
use super::super::pieces::{self, without_returns};
use super::{Shared, lock};
use crate::clock;
use std::io::Read;
use std::process::Child;
use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard};
use std::time::{Duration, Instant};

/// How long the program is held up at most, where the engine does not read.
const PATIENCE: Duration = Duration::from_secs(2);

/// Between two looks whether it has.
const PAUSE: Duration = Duration::from_millis(2);

/// Starts one thread per pipe.
pub(super) fn keep(shared: &Arc<Shared>, child: &mut Child) {
    if let Some(stdout) = child.stdout.take() {
        keep_stream(shared, stdout, b'o');
    }
    if let Some(stderr) = child.stderr.take() {
        keep_stream(shared, stderr, b'e');
    }
}

fn keep_stream(shared: &Arc<Shared>, pipe: impl Read + Send + 'static, stream: u8) {
    let shared = Arc::clone(shared);
    shared.server.output_opened();
    std::thread::spawn(move || {
        drain(&shared, pipe, stream);
        shared.server.output_closed();
    });
}

fn drain(shared: &Shared, mut pipe: impl Read, stream: u8) {
    let mut chunk = vec![0; 64 * 1024];
    let mut pending = Vec::new();
    loop {
        match pipe.read(&mut chunk) {
            Ok(0) => break,
            Ok(n) => take(shared, &chunk[..n], &mut pending, stream),
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) => break,
        }
    }
    if !pending.is_empty() {
        let mut log = lock(&shared.log);
        log.line(clock::micros(), stream, false, &pending);
        _ = log.flush();
    }
    shared.server.wrote();
}

/// Writes the lines that end in what was read; the rest waits in `pending` for its end.
fn take(shared: &Shared, read: &[u8], pending: &mut Vec<u8>, stream: u8) {
    let time = clock::micros();
    let mut log = lock(&shared.log);
    pieces::split(read, pending, |piece, ends| {
        let piece = if ends { without_returns(piece) } else { piece };
        log.line(time, stream, ends, piece);
    });
    if log.is_about_to_lose() {
        log = wait_for_reader(shared, log);
    }
    _ = log.flush();
    drop(log);
    shared.server.wrote();
}

/// Holds the program up for a moment, where it writes faster than a connected engine
/// reads: otherwise lines would be lost that nobody has seen. An engine that does not
/// read at all holds nothing up again until it does.
fn wait_for_reader<'a>(
    shared: &'a Shared,
    log: MutexGuard<'a, LogWriter>,
) -> MutexGuard<'a, LogWriter> {
    let begin = Instant::now();
    let mut log = log;
    let patient = !shared.reader_is_slow.load(Ordering::Relaxed);
    while patient && log.is_about_to_lose() && shared.server.has_clients() {
        drop(log);
        shared.server.wrote();
        std::thread::sleep(PAUSE);
        log = lock(&shared.log);
        if begin.elapsed() > PATIENCE {
            shared.reader_is_slow.store(true, Ordering::Relaxed);
            return log;
        }
    }
    if patient {
        return log;
    }
    let still = log.is_about_to_lose();
    shared.reader_is_slow.store(still, Ordering::Relaxed);
    log
}
