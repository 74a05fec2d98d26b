//! What may go wrong between a broker and us.

use kafka_protocol::error::ResponseError;
use std::io;

/// Why a request to a broker has no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The connection broke. Trying again may help.
    #[error(transparent)]
    Io(io::Error),
    /// The broker closed the connection instead of answering: often its listener
    /// wants a login, or another one.
    #[error("the broker closed the connection without an answer")]
    Closed,
    /// What came is no answer to the request.
    #[error("the broker sent a malformed answer")]
    Malformed,
    /// The answer has this many bytes, which nobody waits for.
    #[error("the broker announces an answer of {0} bytes, which is too long")]
    TooLong(i64),
    /// No version of the request is known to both sides.
    #[error("the broker does not know the request {0}")]
    Unknown(i16),
    /// The broker answers with an error of the protocol.
    #[error("the broker says {0}")]
    Refused(ResponseError),
    /// Nothing came in time.
    #[error("the broker does not answer")]
    Silent,
    /// Nobody can be asked, for this reason.
    #[error("{0}")]
    Unreachable(String),
    /// What was asked cannot be had, for this reason.
    #[error("{0}")]
    Said(String),
    /// The listener takes no login of this kind; these it takes.
    #[error("the listener takes no login by PLAIN, but by {0}")]
    Mechanism(String),
    /// The login is wrong, in the broker's words.
    #[error("the broker refuses the login: {0}")]
    Login(String),
}

impl Error {
    /// Whether the same may go well a little later: brokers come and go, and lead now
    /// this and now that.
    #[must_use]
    pub fn passes(&self) -> bool {
        match self {
            Self::Io(_) | Self::Closed | Self::Silent | Self::Unreachable(_) => true,
            Self::Refused(error) => error.is_retriable(),
            _ => false,
        }
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::BrokenPipe => Self::Closed,
            _ => Self::Io(error),
        }
    }
}
