//! What the shell tells the page: the engine's events, and a few of its own.

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
}
