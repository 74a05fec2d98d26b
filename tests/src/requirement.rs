//! What a test needs of the machine. What is missing is said, or fails where it
//! was demanded (`cargo xtask test --require docker`).

use std::process::{Command, Stdio};

/// Whether a container engine answers; the line that is printed where none does
/// is counted as a skipped test.
///
/// # Panics
/// Where none answers though one was demanded.
#[must_use]
pub fn docker(test: &str) -> bool {
    let answers = Command::new("docker")
        .args(["version", "--format", "{{.Server.Version}}"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    let answers = answers.is_ok_and(|status| status.success());
    if !answers {
        assert!(
            !is_demanded("docker"),
            "{test} needs a container engine, and none answers"
        );
        println!("SKIPPED {test}: no container engine answers");
    }
    answers
}

fn is_demanded(what: &str) -> bool {
    std::env::var("BENCHTOP_REQUIRE").is_ok_and(|list| list.split(',').any(|word| word == what))
}
