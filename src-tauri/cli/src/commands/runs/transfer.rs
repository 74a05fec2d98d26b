//! `benchtop runs export` and `import`: a whole run as a file, and back.

use super::find;
use crate::arguments::Which;
use crate::commands::telemetry::{absolute, words};
use crate::connection;
use crate::exit::{Code, Failure};
use crate::render;
use benchtop_api::row::Run;
use benchtop_api::schema::{RunsExportRequest, RunsImportRequest};
use std::path::{Path, PathBuf};

pub(crate) async fn export(
    which: &Which,
    run: &str,
    output: Option<PathBuf>,
    overwrite: bool,
) -> Result<Code, Failure> {
    let connection = connection::open(which).await?;
    let run = find(&connection, run).await?;
    let output = output.unwrap_or_else(|| usual_name(&run).into());
    let request = RunsExportRequest {
        environment: connection.environment,
        run: run.id,
        path: absolute(&output)?,
        overwrite,
    };
    let done = connection.client.call(&request).await?;
    println!(
        "{}: {} bytes with {}",
        done.path,
        done.bytes,
        words(&done.counts)
    );
    if !done.masked.is_empty() {
        println!("masked: the values of {}", done.masked.join(", "));
    }
    Ok(Code::Fine)
}

/// Characters that no file system minds.
fn usual_name(run: &Run) -> String {
    let keep = |c: char| match c {
        c if c.is_ascii_alphanumeric() || "-_.".contains(c) => c,
        _ => '_',
    };
    let name: String = run.name.chars().map(keep).collect();
    format!("{}-{}.benchtop-run", name.trim_start_matches('.'), run.id)
}

pub(crate) async fn import(which: &Which, path: &Path) -> Result<Code, Failure> {
    let connection = connection::open(which).await?;
    let request = RunsImportRequest {
        environment: connection.environment,
        path: absolute(path)?,
    };
    let done = connection.client.call(&request).await?;
    println!("{}", render::run(&done.run));
    println!(
        "with {}; it is pinned: `benchtop runs label {} --unpin` leaves it to the retention",
        words(&done.counts),
        done.run.id
    );
    Ok(Code::Fine)
}
