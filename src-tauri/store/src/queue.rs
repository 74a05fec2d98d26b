//! The bounded way to the writer, and the count of what did not get through.

use crate::message::Message;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

/// Places in the queue.
const PLACES: usize = 10_000;

/// So many of them probe results may take: what happened to a service always finds
/// room beside what was measured of it.
const PLACES_FOR_PROBES: usize = 8_000;

/// How long a caller that is not a probe waits for a place. The caller supervises
/// services, and they must not stand still because a disk does.
const PATIENCE: Duration = Duration::from_secs(1);

/// Records that are not in the history although they were handed over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Losses {
    /// Probe results that found the queue full.
    pub probes: u64,
    /// Records that did not fit: of a run, for example, that is not known.
    pub refused: u64,
    /// Records that were given up because the disk did not take them.
    pub unwritten: u64,
}

/// Counters that the queue and the writer share.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    waiting: AtomicUsize,
    probes: AtomicU64,
    refused: AtomicU64,
    unwritten: AtomicU64,
    /// No handle is left: what cannot be written soon is given up.
    pub(crate) closing: AtomicBool,
}

impl Counters {
    pub(crate) fn add_refused(&self, count: u64) {
        self.refused.fetch_add(count, Ordering::Relaxed);
    }

    pub(crate) fn add_unwritten(&self, count: u64) {
        self.unwritten.fetch_add(count, Ordering::Relaxed);
    }
}

/// The end that callers hold.
#[derive(Debug)]
pub(crate) struct Queue {
    sender: SyncSender<Message>,
    pub(crate) counters: Arc<Counters>,
    /// Somebody waited in vain: nobody waits again before a place was free once.
    stalled: AtomicBool,
}

/// The end that the writer holds.
#[derive(Debug)]
pub(crate) struct Inbox {
    receiver: Receiver<Message>,
    pub(crate) counters: Arc<Counters>,
}

/// Both ends of a new queue.
pub(crate) fn queue() -> (Queue, Inbox) {
    let (sender, receiver) = sync_channel(PLACES);
    let counters = Arc::new(Counters::default());
    let queue = Queue {
        sender,
        counters: counters.clone(),
        stalled: AtomicBool::new(false),
    };
    (queue, Inbox { receiver, counters })
}

impl Queue {
    /// Hands over what matters; waits a little where the queue is full.
    pub(crate) fn send(&self, message: Message) {
        let patience = if self.stalled.load(Ordering::Relaxed) {
            Duration::ZERO
        } else {
            PATIENCE
        };
        if !self.send_within(message, patience) {
            self.counters.add_unwritten(1);
        }
    }

    /// Hands over a probe result, or counts it where the queue is nearly full.
    pub(crate) fn send_probe(&self, message: Message) {
        let full = self.counters.waiting.load(Ordering::Relaxed) >= PLACES_FOR_PROBES;
        if full || !self.send_within(message, Duration::ZERO) {
            self.counters.probes.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Whether everything handed over until now was committed within this time.
    pub(crate) fn flush(&self, patience: Duration) -> bool {
        let deadline = Instant::now() + patience;
        let (sender, done) = sync_channel(1);
        self.send_within(Message::Flush(sender), patience)
            && done.recv_timeout(deadline.saturating_duration_since(Instant::now())) == Ok(true)
    }

    pub(crate) fn losses(&self) -> Losses {
        Losses {
            probes: self.counters.probes.load(Ordering::Relaxed),
            refused: self.counters.refused.load(Ordering::Relaxed),
            unwritten: self.counters.unwritten.load(Ordering::Relaxed),
        }
    }

    fn send_within(&self, mut message: Message, patience: Duration) -> bool {
        let deadline = Instant::now() + patience;
        // Counted before it is there, or the writer could count it down first.
        self.counters.waiting.fetch_add(1, Ordering::Relaxed);
        loop {
            message = match self.sender.try_send(message) {
                Ok(()) => {
                    self.stalled.store(false, Ordering::Relaxed);
                    return true;
                }
                Err(TrySendError::Full(back)) if Instant::now() < deadline => back,
                Err(_) => break,
            };
            // The standard library has no send with a deadline.
            std::thread::sleep(Duration::from_millis(1));
        }
        self.counters.waiting.fetch_sub(1, Ordering::Relaxed);
        if !patience.is_zero() {
            self.stalled.store(true, Ordering::Relaxed);
        }
        false
    }
}

impl Inbox {
    /// The next message; an error when no handle is left and nothing waits.
    pub(crate) fn next(&self) -> Result<Message, mpsc::RecvError> {
        self.receiver.recv().inspect(|_| self.taken())
    }

    /// The next message, if one is there already.
    pub(crate) fn waiting(&self) -> Result<Message, mpsc::TryRecvError> {
        self.receiver.try_recv().inspect(|_| self.taken())
    }

    fn taken(&self) {
        self.counters.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write() -> Message {
        Message::ForgetEnvironment { id: String::new() }
    }

    #[test]
    fn probes_leave_room_for_what_matters() {
        let (queue, inbox) = queue();
        for _ in 0..PLACES {
            queue.send_probe(write());
        }
        assert_eq!(queue.losses().probes, (PLACES - PLACES_FOR_PROBES) as u64);
        queue.send(write());
        assert_eq!(queue.losses().unwritten, 0);
        for _ in 0..=PLACES_FOR_PROBES {
            inbox.waiting().unwrap();
        }
        assert!(inbox.waiting().is_err());
        queue.send_probe(write());
        assert!(inbox.waiting().is_ok(), "there is room again");
    }

    #[test]
    fn a_caller_waits_once_for_a_disk_that_stands_still_and_then_no_more() {
        let (queue, inbox) = queue();
        for _ in 0..PLACES {
            queue.send(write());
        }
        let begin = Instant::now();
        for _ in 0..100 {
            queue.send(write());
        }
        assert!((PATIENCE..PATIENCE * 3).contains(&begin.elapsed()));
        assert_eq!(
            queue.losses(),
            Losses {
                unwritten: 100,
                ..Losses::default()
            }
        );

        inbox.waiting().unwrap();
        queue.send(write());
        assert_eq!(queue.losses().unwritten, 100, "there is room again");
    }

    #[test]
    fn a_writer_that_is_gone_makes_nobody_wait() {
        let (queue, inbox) = queue();
        drop(inbox);
        assert!(!queue.flush(Duration::from_secs(60)));
        queue.send(write());
        assert_eq!(queue.losses().unwritten, 1);
    }
}
