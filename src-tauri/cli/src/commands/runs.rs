//! `benchtop runs`: what was run, and how it went.

use crate::arguments::Which;
use crate::connection;
use crate::exit::{Code, Failure};
use crate::render;
use benchtop_api::schema::RunsListRequest;

pub(crate) async fn run(which: &Which, all: bool, json: bool, limit: u32) -> Result<Code, Failure> {
    let (client, environment) = if all {
        (connection::engine().await?, None)
    } else {
        let connection = connection::open(which).await?;
        (connection.client, Some(connection.environment))
    };
    let runs = client.call(&RunsListRequest { environment, limit }).await?;
    if json {
        println!("{}", serde_json::to_string_pretty(&runs)?);
    } else if runs.is_empty() {
        println!("nothing was run yet; `benchtop up` starts the environment");
    } else {
        runs.iter().for_each(|run| println!("{}", render::run(run)));
    }
    Ok(Code::Fine)
}
