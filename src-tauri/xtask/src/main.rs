//! Project chores: `cargo xtask run`, `cargo xtask test` and the like.
//!
//! Only the standard library is used, because this is the first thing that a bare
//! machine compiles. Reading order: `args` (what can be asked), `setup` (what a machine
//! needs), then one module per command.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a chore talks to the terminal of the person who typed it"
)]

mod args;
mod bench;
mod bindings;
mod package;
mod project;
mod run;
mod setup;
mod sh;
mod test;
mod tidy;

use std::process::ExitCode;

use args::Command;

fn main() -> ExitCode {
    let command = match args::parse(std::env::args().skip(1)) {
        Ok(command) => command,
        Err(error) => {
            eprintln!("error: {error}\n\n{}", args::USAGE);
            return ExitCode::from(2);
        }
    };
    let done = match command {
        Command::Run(options) => run::run(&options),
        Command::Test(options) => test::run(&options),
        Command::Bench(options) => bench::run(&options),
        Command::Tidy => tidy::run(),
        Command::Bindings => bindings::run(),
        Command::Package(options) => package::run(&options),
        Command::Notes(version) => package::release_notes(&version),
        Command::Help => {
            println!("{}", args::USAGE);
            Ok(ExitCode::SUCCESS)
        }
    };
    done.unwrap_or_else(|error| {
        eprintln!("error: {error}");
        ExitCode::FAILURE
    })
}
