//! Builds the Go program beside this file, and asks it.

use serde_json::Value;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The built program, or why there is none: that Go or its modules are not on
/// this machine is no fault of ours, that the program is wrong would be.
pub(crate) fn build() -> Result<PathBuf, String> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle");
    let go = |arguments: &[&str]| {
        let mut command = Command::new("go");
        let command = command.args(arguments).current_dir(&source);
        command
            .env("GOFLAGS", "-mod=readonly")
            .env("GOTOOLCHAIN", "local")
            .output()
    };
    let fetched = go(&["mod", "download"]).map_err(|error| format!("there is no Go: {error}"))?;
    if !fetched.status.success() {
        let said = String::from_utf8_lossy(&fetched.stderr);
        let first = said.lines().next().unwrap_or_default();
        return Err(format!("Compose's module cannot be fetched: {first}"));
    }
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join("compose-oracle");
    let built = go(&[
        "build",
        "-buildvcs=false",
        "-o",
        program.to_str().unwrap(),
        ".",
    ])
    .unwrap();
    let said = String::from_utf8_lossy(&built.stderr);
    assert!(
        built.status.success(),
        "the oracle does not compile: {said}"
    );
    Ok(program)
}

/// What Compose makes of each file: the resolved project, or its error.
pub(crate) fn ask(program: &Path, files: &[PathBuf]) -> Vec<(PathBuf, Result<Value, String>)> {
    let mut child = Command::new(program)
        // `~` is the same for both.
        .env("HOME", "/home/me")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut questions = child.stdin.take().unwrap();
    let lines = files.iter().map(|f| format!("{}\n", f.display()));
    let lines: String = lines.collect();
    // On a thread of its own: neither side waits for the other to read.
    let asking = std::thread::spawn(move || questions.write_all(lines.as_bytes()).unwrap());
    let answers = BufReader::new(child.stdout.take().unwrap()).lines();
    let answers: Vec<_> = answers.map(|line| answer(&line.unwrap())).collect();
    asking.join().unwrap();
    assert!(child.wait().unwrap().success());
    assert_eq!(answers.len(), files.len(), "an answer for each file");
    answers
}

fn answer(line: &str) -> (PathBuf, Result<Value, String>) {
    let mut answer: Value = serde_json::from_str(line).unwrap();
    let path = PathBuf::from(answer["path"].as_str().unwrap());
    let result = match answer["error"].as_str() {
        Some(error) => Err(error.to_owned()),
        None => Ok(answer["project"].take()),
    };
    (path, result)
}
