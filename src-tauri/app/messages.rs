//! What the shell tells the page: the engine's events, and a few of its own.

use crate::link::Wish;
use benchtop_api::schema::Event;
use serde::Serialize;

/// One message on the page's channel.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Message {
    /// From the engine.
    Engine(Event),
    /// From the shell.
    Shell(ShellEvent),
}

/// What the shell itself has to say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum ShellEvent {
    /// Whether the engine answers.
    Connection {
        /// It does.
        connected: bool,
        /// What is wrong, where it does not.
        message: Option<String>,
    },
    /// The user wants to quit while something runs.
    QuitRequested,
    /// Go to this view.
    Navigate {
        /// `#/e/ID/logs?service=NAME`.
        to: String,
    },
    /// A link wants something that the person must agree to.
    Wish {
        /// What it is.
        wish: Wish,
    },
    /// The person has dropped this folder or file on the window.
    Dropped {
        /// Its absolute path.
        path: String,
    },
    /// Something is being dragged over the window.
    Dragging {
        /// It is; else it has left.
        over: bool,
    },
}
