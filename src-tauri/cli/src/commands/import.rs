//! `benchtop import`: make an environment file of what another tool runs. Needs no
//! engine.

use crate::arguments::{Import, ImportFile};
use crate::exit::{Code, Failure};
use crate::render;
use benchtop_api::import::{Kind, import_as};
use benchtop_api::schema::DefinitionImportRequest;
use std::path::Path;

pub(crate) fn run(source: &Import) -> Result<Code, Failure> {
    let (kind, file) = match source {
        Import::Aspire(file) => (Kind::Aspire, file),
        Import::Compose(file) => (Kind::Compose, file),
    };
    let report = import_as(kind, &request(file))?;
    render::problems(&report.notes);
    match report.file {
        Some(file) => {
            println!("{file} is written; `benchtop check -f {file}` shows what it starts")
        }
        None => print!("{}", report.text),
    }
    Ok(Code::Fine)
}

fn request(file: &ImportFile) -> DefinitionImportRequest {
    let text = |path: &Path| path.display().to_string();
    DefinitionImportRequest {
        path: text(&file.source),
        output: file.output.as_deref().map(text),
        overwrite: file.overwrite,
    }
}
