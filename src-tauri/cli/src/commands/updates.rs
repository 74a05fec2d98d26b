//! `benchtop updates`: whether there is a newer release.

use crate::connection;
use crate::exit::{Code, Failure};
use benchtop_api::schema::{UpdatesCheckRequest, UpdatesChecked};
use serde_json::json;

pub(crate) async fn run(json: bool) -> Result<Code, Failure> {
    let client = connection::engine().await?;
    let UpdatesChecked { running, newer } = client.call(&UpdatesCheckRequest {}).await?;
    if json {
        let metrics = json!({ "running": running, "newer": newer });
        println!("{}", json!({ "status": "ok", "metrics": metrics }));
        return Ok(Code::Fine);
    }
    match newer {
        Some(release) => println!(
            "Benchtop {} is there; this is {running}\n{}",
            release.version, release.page
        ),
        None => println!("Benchtop {running} is the newest release"),
    }
    Ok(Code::Fine)
}
