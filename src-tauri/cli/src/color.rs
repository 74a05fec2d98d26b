//! Colours for a terminal, and none for anything else.

use benchtop_api::model::doctor::DoctorState;
use benchtop_api::model::status::Status;
use std::io::IsTerminal as _;
use std::sync::LazyLock;

/// See <https://no-color.org>.
static ENABLED: LazyLock<bool> =
    LazyLock::new(|| std::env::var_os("NO_COLOR").is_none() && std::io::stdout().is_terminal());

fn paint(code: &str, text: &str) -> String {
    if *ENABLED {
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    } else {
        text.to_owned()
    }
}

pub(crate) fn red(text: &str) -> String {
    paint("31", text)
}

pub(crate) fn yellow(text: &str) -> String {
    paint("33", text)
}

pub(crate) fn cyan(text: &str) -> String {
    paint("36", text)
}

pub(crate) fn dim(text: &str) -> String {
    paint("2", text)
}

/// Shape, colour and word of a verdict, padded to one width.
pub(crate) fn verdict(state: DoctorState) -> String {
    let (code, shape) = match state {
        DoctorState::Pass => ("32", "●"),
        DoctorState::Warn => ("33", "▲"),
        DoctorState::Fail => ("31", "✖"),
        DoctorState::Skipped => ("2", "○"),
    };
    paint(code, &format!("{shape} {:<7}", state.word()))
}

/// One of six colours, always the same for the same name.
pub(crate) fn by_name(name: &str, text: &str) -> String {
    let sum = name.bytes().fold(0_usize, |sum, byte| {
        sum.wrapping_mul(31).wrapping_add(usize::from(byte))
    });
    paint(["36", "35", "34", "32", "33", "96"][sum % 6], text)
}

/// Shape, colour and word: colour is never the only carrier.
pub(crate) fn status(status: Status) -> String {
    let (code, shape) = match status {
        Status::Healthy => ("32", "●"),
        Status::Degraded => ("33", "▲"),
        Status::Unhealthy => ("31", "✖"),
        Status::Starting => ("34", "◌"),
        Status::Stopped => ("2", "○"),
    };
    paint(code, &format!("{shape} {}", status.word()))
}

/// How something that was run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// As it should.
    Good,
    /// Not as it should.
    Bad,
    /// It goes on.
    Open,
    /// It was not brought to its end.
    Off,
}

/// Shape, colour and word of an outcome, padded to one width.
pub(crate) fn outcome(outcome: Outcome, word: &str) -> String {
    let (code, shape) = match outcome {
        Outcome::Good => ("32", "●"),
        Outcome::Bad => ("31", "✖"),
        Outcome::Open => ("34", "◌"),
        Outcome::Off => ("2", "○"),
    };
    paint(code, &format!("{shape} {word:<11}"))
}
