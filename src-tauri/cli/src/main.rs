//! `benchtop`: the terminal client, and the programs behind it: the engine, the
//! shim and the sample's services. Links no GUI library.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "printing is this program's purpose"
)]

mod arguments;
mod color;
mod commands;
mod connection;
mod exit;
mod measure;
mod render;
mod sample;

use arguments::{Arguments, Command};
use clap::Parser as _;
use exit::Failure;
use std::process::ExitCode;

fn main() -> ExitCode {
    end_quietly_where_nobody_reads();
    match Arguments::parse().command {
        // Before any runtime: a shim is to cost next to nothing.
        Command::Shim { dir } => shim(dir),
        command => run(command),
    }
}

/// `benchtop logs | head` closes the pipe: that is no fault of ours to be told of at
/// length. The code is the one of a program that SIGPIPE ends.
fn end_quietly_where_nobody_reads() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let said = panic.payload_as_str().unwrap_or_default();
        if said.starts_with("failed printing to stdout") && said.contains("Broken pipe") {
            #[allow(
                clippy::disallowed_methods,
                reason = "a hook has no `main` to return to, and there is nothing left to tell"
            )]
            std::process::exit(141);
        }
        usual(panic);
    }));
}

fn shim(dir: std::path::PathBuf) -> ExitCode {
    match benchtop_api::run_shim(dir) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn run(command: Command) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return Failure::from(anyhow::Error::from(error)).report(),
    };
    let outcome = runtime.block_on(Box::pin(commands::run(command)));
    // Reading from a terminal may hang in the background; nothing is lost.
    runtime.shutdown_background();
    match outcome {
        Ok(code) => code.into(),
        Err(failure) => failure.report(),
    }
}
