//! A command that exits with 0.

use super::{Finding, first_line, shorten};
use benchtop_model::exit::Exit;
use benchtop_model::probe::Verdict;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use tokio::process::Command;

/// Runs a command of the host; it is killed when the deadline passes.
pub(super) async fn run(
    command: &[String],
    cwd: &Path,
    environment: &BTreeMap<String, String>,
) -> Finding {
    let Some((program, arguments)) = command.split_first() else {
        return Finding::fail("the command is empty");
    };
    let output = Command::new(program)
        .args(arguments)
        .current_dir(cwd)
        .env_clear()
        .envs(environment)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await;
    finding(match output {
        Ok(output) => {
            let text = [output.stdout, output.stderr].concat();
            Ok((
                output.status.code().map_or(-1, i64::from),
                String::from_utf8_lossy(&text).into_owned(),
            ))
        }
        Err(error) => Err(format!("cannot run {program}: {error}")),
    })
}

/// What a finished command means.
pub(super) fn finding(outcome: Result<(i64, String), String>) -> Finding {
    match outcome {
        Ok((0, output)) => {
            Finding::new(Verdict::Pass, "exit code 0").detail("output", shorten(&output))
        }
        Ok((code, output)) => {
            let exit = Exit::with_code(i32::try_from(code).unwrap_or(-1)).describe();
            Finding::fail(format!("{exit}: {}", first_line(&output)))
                .detail("output", shorten(&output))
        }
        Err(cause) => Finding::miss(cause),
    }
}
