//! `cargo xtask test`: every check and test as named stages, with one count at the end.

mod counts;
mod engine;
mod execute;
mod plan;
mod report;

use std::process::ExitCode;
use std::time::Instant;

use crate::args::TestOptions;
use crate::project;
use crate::setup::packages::{self, Purpose};
use crate::setup::{self, node};
use engine::Engine;
use execute::Executor;
use plan::Facts;
use report::{Outcome, Report, Row};

pub(crate) fn run(options: &TestOptions) -> Result<ExitCode, String> {
    let root = project::root()?;
    let mut report = Report::default();
    let mut engine = Engine::default();

    // A set-up that fails is one failed stage: what needs nothing of it still runs.
    if plan::needs_set_up(options) {
        report.time("set-up", || set_up(&root, options));
        if options.require_docker {
            report.time("container engine", || {
                engine = Engine::make_answer(&root)?;
                Ok(())
            });
        }
    }

    let facts = Facts::find(&root);
    let stages = plan::select(plan::plan(&root, options, &facts), options.only.as_deref());
    if let Some(what) = facts.without_containers() {
        println!("SKIPPED {what}");
    }
    let mut executor = Executor::new(&root, &mut report);
    for stage in stages {
        executor.stage(stage);
    }
    executor.finish();
    drop(engine); // before the count, which must be the last line

    if let (Some(name), true) = (&options.only, report.counted_nothing()) {
        let error = format!("no stage is called `{name}`, and no test's name contains it");
        report.add(Row::new(
            "selection",
            Instant::now(),
            Outcome::Failed(error),
        ));
    }
    Ok(report.print())
}

fn set_up(root: &std::path::Path, options: &TestOptions) -> Result<(), String> {
    let mut purposes = vec![Purpose::Build, Purpose::Desktop, Purpose::DesktopTests];
    if options.require_docker {
        purposes.push(Purpose::ContainerTests);
    }
    packages::install(&purposes, options.yes)?;
    setup::rust_components(root)?;
    node::check_node(root)
}
