//! Runs the commands beside the start and the end of a service in its container.

use super::instance::say;
use super::runtime::Runtime;
use crate::lines::Lines;
use benchtop_model::plan::Hook;
use bollard::exec::StartExecResults;
use bollard::models::ExecConfig;
use futures_util::StreamExt as _;

/// Runs one command to its end; `line` gets what it prints.
///
/// # Errors
/// One sentence: it could not be run, or it failed.
pub(crate) async fn run(
    runtime: &Runtime,
    container: &str,
    hook: &Hook,
    mut line: impl FnMut(String),
) -> Result<(), String> {
    let started = runtime.docker.create_exec(container, config(hook)).await;
    let exec = started.map_err(|e| say(&e))?;
    let started = runtime.docker.start_exec(&exec.id, None).await;
    let mut lines = Lines::default();
    if let StartExecResults::Attached { mut output, .. } = started.map_err(|e| say(&e))? {
        while let Some(Ok(chunk)) = output.next().await {
            lines.push(&chunk.into_bytes(), &mut line);
        }
    }
    lines.end(&mut line);
    let ended = runtime.docker.inspect_exec(&exec.id).await;
    match ended.map_err(|e| say(&e))?.exit_code {
        Some(0) => Ok(()),
        Some(code) => Err(format!("it exited with code {code}")),
        None => Err("its container ended".to_owned()),
    }
}

/// The body of the request. Pure.
fn config(hook: &Hook) -> ExecConfig {
    let environment = hook.environment.iter().map(|(k, v)| format!("{k}={v}"));
    let environment: Vec<_> = environment.collect();
    ExecConfig {
        cmd: Some(hook.command.clone()),
        env: Some(environment).filter(|all| !all.is_empty()),
        user: hook.user.clone(),
        privileged: hook.privileged.then_some(true),
        working_dir: hook.working_dir.clone(),
        attach_stdout: Some(true),
        attach_stderr: Some(true),
        ..ExecConfig::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_of_a_hook_reaches_the_request() {
        let hook = Hook {
            command: vec!["a".to_owned(), "b c".to_owned()],
            user: Some("root".to_owned()),
            privileged: true,
            working_dir: Some("/w".to_owned()),
            environment: [("K".to_owned(), "v".to_owned())].into(),
        };
        let config = config(&hook);
        assert_eq!(config.cmd, Some(hook.command));
        assert_eq!(config.env, Some(vec!["K=v".to_owned()]));
        assert_eq!(config.user.as_deref(), Some("root"));
        assert_eq!((config.privileged, config.tty), (Some(true), None));
        assert_eq!(config.working_dir.as_deref(), Some("/w"));
    }
}
