//! A stream that knows what the peer said first, and ends the exchange when that
//! is another protocol, or when the peer says too much.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// No answer to a probe is longer.
const MOST: usize = 4 * 1024 * 1024;

/// So much of the beginning is remembered.
const MEMORY: usize = 256;

/// Whether an answer can begin with these bytes.
pub(crate) type Own = fn(&[u8]) -> bool;

/// The first bytes that a peer sent.
#[derive(Clone, Debug, Default)]
pub(crate) struct Heard(Arc<Mutex<Vec<u8>>>);

impl Heard {
    pub(super) fn bytes(&self) -> Vec<u8> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn add(&self, bytes: &[u8]) {
        let mut heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let room = MEMORY.saturating_sub(heard.len());
        heard.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Tap {
    stream: TcpStream,
    own: Own,
    heard: Heard,
    total: usize,
}

impl Tap {
    pub(crate) fn new(stream: TcpStream, own: Own, heard: Heard) -> Self {
        Self {
            stream,
            own,
            heard,
            total: 0,
        }
    }

    fn judge(&mut self, bytes: &[u8]) -> io::Result<()> {
        let is_first = self.total == 0 && !bytes.is_empty();
        self.total += bytes.len();
        self.heard.add(bytes);
        if is_first && !(self.own)(bytes) {
            return Err(io::Error::other("another protocol"));
        }
        if self.total > MOST {
            return Err(io::Error::other("the answer is too long"));
        }
        Ok(())
    }
}

impl AsyncRead for Tap {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        Poll::Ready(self.judge(&buffer.filled()[before..]))
    }
}

impl AsyncWrite for Tap {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
