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

/// Whether the images of a real system are there; a skipped test where one is not, since
/// not every source of them answers everywhere (`tests/images/systems.sh` makes them).
#[must_use]
pub fn images(test: &str, images: &[&str]) -> bool {
    let absent = images.iter().find(|image| !is_image(image));
    if let Some(image) = absent {
        println!("SKIPPED {test}: there is no {image}; `cargo xtask test --full` builds it");
    }
    absent.is_none()
}

/// Whether the container engine has an image of this name.
#[must_use]
pub fn is_image(name: &str) -> bool {
    let found = Command::new("docker")
        .args(["image", "inspect", name])
        .output();
    found.is_ok_and(|output| output.status.success())
}

/// Whether tests that take minutes are to be run, too.
#[must_use]
pub fn full(test: &str) -> bool {
    let full = std::env::var_os("BENCHTOP_FULL").is_some();
    if !full {
        println!("SKIPPED {test}: it takes long; `cargo xtask test --full` runs it");
    }
    full
}

fn is_demanded(what: &str) -> bool {
    std::env::var("BENCHTOP_REQUIRE").is_ok_and(|list| list.split(',').any(|word| word == what))
}
