//! `benchtop runtime`: the container runtimes of this machine, and which of them
//! is used.

use crate::arguments::{Runtime, Which};
use crate::color;
use crate::connection;
use crate::exit::{Code, Failure};
use benchtop_api::client::Client;
use benchtop_api::schema::{ApiError, RuntimeChooseRequest, RuntimeListRequest};
use benchtop_api::view::{RuntimeChoice, RuntimeState};

/// The word for "no choice" on the command line.
const AUTOMATIC: &str = "auto";

pub(crate) async fn run(command: Runtime) -> Result<Code, Failure> {
    match command {
        Runtime::List { environment, json } => list(&environment, json).await,
        Runtime::Use {
            environment,
            address,
        } => {
            let (client, environment) = scope(&environment).await?;
            choose(&client, environment, &address).await?;
            Ok(Code::Fine)
        }
    }
}

/// Chooses a runtime for an environment, or for all.
pub(crate) async fn choose(
    client: &Client,
    environment: Option<String>,
    address: &str,
) -> Result<(), ApiError> {
    let address = (address != AUTOMATIC).then(|| complete(address));
    let request = RuntimeChooseRequest {
        environment,
        address,
    };
    client.call(&request).await.map(|_| ())
}

/// A bare path is a socket.
fn complete(address: &str) -> String {
    if address.starts_with('/') {
        format!("unix://{address}")
    } else {
        address.to_owned()
    }
}

/// The environment that was named; nothing in the folder is opened unasked.
async fn scope(which: &Which) -> Result<(Client, Option<String>), Failure> {
    if which.file.is_none() && !which.sample {
        return Ok((connection::engine().await?, None));
    }
    let connection = connection::open(which).await?;
    Ok((connection.client, Some(connection.environment)))
}

async fn list(which: &Which, json: bool) -> Result<Code, Failure> {
    let (client, environment) = scope(which).await?;
    let found = client.call(&RuntimeListRequest { environment }).await?;
    if json {
        println!("{}", serde_json::to_string_pretty(&found)?);
    } else {
        found.iter().for_each(|choice| println!("{}", line(choice)));
    }
    let usable = found
        .iter()
        .any(|choice| choice.state == RuntimeState::Ready);
    Ok(if usable { Code::Fine } else { Code::NoRuntime })
}

fn line(choice: &RuntimeChoice) -> String {
    let mark = if choice.chosen { "*" } else { " " };
    let state = match choice.state {
        RuntimeState::Ready => "ready",
        RuntimeState::NotRunning => "not running",
        RuntimeState::NoPermission => "no permission",
        RuntimeState::NotInstalled => "not installed",
        RuntimeState::Silent => "not responding",
        RuntimeState::Failed => "unusable",
    };
    let name = choice.name.as_deref().unwrap_or("–");
    let rootless = if choice.rootless { ", rootless" } else { "" };
    let api = choice
        .api
        .as_ref()
        .map(|version| format!(", API {version}"))
        .unwrap_or_default();
    let fix = choice
        .hint
        .as_ref()
        .map(|hint| format!("\n    {}", color::dim(hint)))
        .unwrap_or_default();
    format!(
        "{mark} {name:<18} {state:<15} {}  {}{fix}",
        choice.address,
        color::dim(&format!("{}{rootless}{api}", choice.source))
    )
}
