//! `benchtop check`: read the environment file and report. Needs no engine.

use crate::arguments::Which;
use crate::connection;
use crate::exit::{Code, Failure};
use crate::render;
use benchtop_api::definition::Source;
use benchtop_api::model::problem::Severity;
use benchtop_api::paths::Paths;

pub(crate) async fn run(which: &Which, json: bool) -> Result<Code, Failure> {
    let request = connection::request(which)?;
    let source = Source::from_request(
        &Paths::of_user(),
        &std::env::current_exe()?,
        request.path,
        request.profiles,
        request.variables,
    )?;
    let report = source.read().report(&source);
    let errors = report
        .problems
        .iter()
        .any(|p| p.severity == Severity::Error);
    if json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        render::problems(&report.problems);
        if !errors {
            render::plan(&report);
        }
    }
    Ok(if errors { Code::Usage } else { Code::Fine })
}
