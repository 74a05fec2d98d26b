//! How an instance ended, and what its exit code usually means.

use crate::signal;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// How an instance ended. Everything is `None` where nobody saw the end.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Exit {
    /// The exit code, in the form 128 + n for death by signal n.
    pub code: Option<i32>,
    /// The signal that ended it, where it is known.
    pub signal: Option<i32>,
    /// The container runtime saw the out-of-memory killer at work.
    pub oom: bool,
    /// It did not end within the grace period and was killed by us.
    pub killed_after_grace: bool,
}

impl Exit {
    /// An end that nobody saw: the engine and the shim were both away.
    #[must_use]
    pub fn unseen() -> Self {
        Self::default()
    }

    /// An ordinary end with this code.
    #[must_use]
    pub fn with_code(code: i32) -> Self {
        Self {
            code: Some(code),
            ..Self::default()
        }
    }

    /// Whether the program says it did its work.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.code == Some(0)
    }

    /// One line for people: `exited with code 137 (killed, out of memory)`.
    #[must_use]
    pub fn describe(&self) -> String {
        let Some(code) = self.code else {
            return "ended while nobody watched; its exit code is unknown".to_owned();
        };
        match self.meaning() {
            Some(meaning) => format!("exited with code {code} ({meaning})"),
            None => format!("exited with code {code}"),
        }
    }

    /// What the code usually means, where it has a usual meaning.
    fn meaning(&self) -> Option<String> {
        let code = self.code?;
        if self.oom {
            return Some("killed: out of memory".to_owned());
        }
        if self.killed_after_grace {
            return Some("killed: did not end within the grace period".to_owned());
        }
        // A signal that was seen, or a shell's and Docker's 128 + n.
        if let Some(number) = self
            .signal
            .or((129..=159).contains(&code).then_some(code - 128))
        {
            return Some(match signal::name(number) {
                Some(name) => format!("ended by {name}"),
                None => format!("ended by signal {number}"),
            });
        }
        known_code(code).map(str::to_owned)
    }
}

/// Codes with one well-known meaning: shells (126, 127), Rust's panic (101),
/// Docker's own failure (125) and the CLR's unhandled exception, 0xE0434352,
/// which is printed signed or unsigned depending on who prints it.
fn known_code(code: i32) -> Option<&'static str> {
    Some(match code {
        0 => "success",
        101 => "Rust panic",
        125 => "the container runtime could not run it",
        126 => "found, but not executable",
        127 => "command not found",
        -532_462_766 => "unhandled .NET exception",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_killed_container_is_out_of_memory_only_when_the_runtime_says_so() {
        let killed = Exit {
            code: Some(137),
            ..Exit::default()
        };
        assert_eq!(killed.describe(), "exited with code 137 (ended by SIGKILL)");
        let oom = Exit {
            oom: true,
            ..killed
        };
        assert_eq!(
            oom.describe(),
            "exited with code 137 (killed: out of memory)"
        );
    }

    #[test]
    fn codes_are_explained_where_they_have_a_meaning() {
        assert_eq!(
            Exit::with_code(127).describe(),
            "exited with code 127 (command not found)"
        );
        assert_eq!(Exit::with_code(3).describe(), "exited with code 3");
        assert!(Exit::with_code(-532_462_766).describe().contains(".NET"));
        assert!(Exit::unseen().describe().contains("unknown"));
    }
}
