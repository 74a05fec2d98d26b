//! `benchtop report`: one archive for a ticket, without secrets, listed before it is written.

use super::doctor::agreed;
use crate::arguments::Report;
use crate::color;
use crate::connection;
use crate::exit::{Code, Failure};
use benchtop_api::schema::{ReportPreview, ReportPreviewRequest, ReportWriteRequest};

pub(crate) async fn run(arguments: &Report) -> Result<Code, Failure> {
    let connection = connection::open(&arguments.environment).await?;
    let environment = connection.environment.clone();
    let preview = connection
        .client
        .call(&ReportPreviewRequest { environment })
        .await?;
    print(&preview);
    if arguments.list {
        return Ok(Code::Fine);
    }
    let name = connection.status().await?.name;
    let path = match &arguments.output {
        Some(path) => path.clone(),
        None => format!("benchtop-report-{name}-{}.tar.gz", stamp()).into(),
    };
    let path = std::path::absolute(path)?;
    if !arguments.yes && !agreed(&format!("Write it to {}?", path.display()))? {
        println!("nothing was written");
        return Ok(Code::Trouble);
    }
    let written = connection
        .client
        .call(&ReportWriteRequest {
            environment: connection.environment.clone(),
            path: path.display().to_string(),
            overwrite: arguments.overwrite,
        })
        .await?;
    println!("{}  {} bytes", written.path, written.bytes);
    Ok(Code::Fine)
}

fn print(preview: &ReportPreview) {
    for entry in &preview.entries {
        println!(
            "{:>9}  {:<28}  {}",
            entry.bytes,
            entry.name,
            color::dim(&entry.what)
        );
    }
    match preview.masked.as_slice() {
        [] => println!("no variable looks secret"),
        keys => println!(
            "taken out wherever they stand: the values of {}",
            keys.join(", ")
        ),
    }
}

/// `20261122-1407`.
fn stamp() -> String {
    jiff::Zoned::now().strftime("%Y%m%d-%H%M").to_string()
}
