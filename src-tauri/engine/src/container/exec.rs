//! Runs a command inside a container.

use super::instance::say;
use super::runtime::Runtime;
use bollard::exec::StartExecResults;
use bollard::models::ExecConfig;
use futures_util::StreamExt as _;

/// Output is kept up to so many bytes.
const KEEP: usize = 4096;

/// Runs a command and returns its exit code and the beginning of its output.
///
/// # Errors
/// One sentence that says why it could not be run.
pub async fn run(
    runtime: &Runtime,
    container: &str,
    command: &[String],
) -> Result<(i64, String), String> {
    let config = ExecConfig {
        cmd: Some(command.to_vec()),
        attach_stdout: Some(true),
        attach_stderr: Some(true),
        ..ExecConfig::default()
    };
    let exec = runtime
        .docker
        .create_exec(container, config)
        .await
        .map_err(|e| say(&e))?;
    let started = runtime
        .docker
        .start_exec(&exec.id, None)
        .await
        .map_err(|e| say(&e))?;
    let mut kept = Vec::new();
    if let StartExecResults::Attached { mut output, .. } = started {
        while let Some(Ok(chunk)) = output.next().await {
            let bytes = chunk.into_bytes();
            kept.extend_from_slice(&bytes[..bytes.len().min(KEEP - kept.len())]);
        }
    }
    let code = runtime
        .docker
        .inspect_exec(&exec.id)
        .await
        .map_err(|e| say(&e))?
        .exit_code;
    Ok((
        code.unwrap_or(-1),
        String::from_utf8_lossy(&kept).into_owned(),
    ))
}
