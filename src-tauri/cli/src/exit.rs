//! Exit codes, decided in one place, and how failures are told.

use crate::color;
use benchtop_api::schema::{ApiError, ErrorCode};
use std::process::ExitCode;

/// What the exit code says; part of the interface, see README.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    /// All is well.
    Fine = 0,
    /// A service failed or is unhealthy.
    Trouble = 1,
    /// The command line or the definition is wrong.
    Usage = 2,
    /// A container runtime is needed, and there is none.
    NoRuntime = 3,
    /// It took longer than was allowed.
    TimedOut = 4,
}

impl From<Code> for ExitCode {
    fn from(code: Code) -> Self {
        Self::from(code as u8)
    }
}

/// Why a command could not do its work.
#[derive(Debug)]
pub(crate) struct Failure(anyhow::Error);

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl Failure {
    /// Prints the failure and returns its exit code.
    pub(crate) fn report(&self) -> ExitCode {
        let Some(error) = self.0.downcast_ref::<ApiError>() else {
            eprintln!("{} {:#}", color::red("error:"), self.0);
            return Code::Trouble.into();
        };
        match error.problems.as_slice() {
            [] => eprintln!("{} {}", color::red("error:"), error.message),
            problems => crate::render::problems(problems),
        }
        if let Some(hint) = &error.hint {
            eprintln!("{} {hint}", color::cyan("hint:"));
        }
        code_of(error.code).into()
    }
}

fn code_of(code: ErrorCode) -> Code {
    match code {
        ErrorCode::Definition | ErrorCode::NotFound | ErrorCode::Invalid => Code::Usage,
        ErrorCode::NoRuntime => Code::NoRuntime,
        ErrorCode::Version | ErrorCode::Unavailable | ErrorCode::Internal => Code::Trouble,
    }
}
