//! `benchtop changes` and `benchtop apply`: what lies between the definition that
//! runs and the one on disk.

use crate::arguments::Which;
use crate::connection;
use crate::exit::{Code, Failure};
use benchtop_api::model::plan::diff::{ChangeAction, ChangeKind, ServiceChange};
use benchtop_api::schema::{EnvironmentApplyRequest, EnvironmentChangesRequest};

pub(crate) async fn show(which: &Which, json: bool) -> Result<Code, Failure> {
    let connection = connection::open(which).await?;
    let request = EnvironmentChangesRequest {
        environment: connection.environment.clone(),
    };
    let found = connection.client.call(&request).await?;
    if json {
        println!("{}", serde_json::to_string_pretty(&found)?);
        return Ok(Code::Fine);
    }
    for problem in &found.problems {
        eprintln!("{problem}");
    }
    match found.changes.is_empty() {
        true => println!("what runs is what is written"),
        false => found.changes.iter().for_each(tell),
    }
    Ok(Code::Fine)
}

pub(crate) async fn apply(which: &Which) -> Result<Code, Failure> {
    let connection = connection::open(which).await?;
    let request = EnvironmentApplyRequest {
        environment: connection.environment.clone(),
    };
    connection.client.call(&request).await?;
    Ok(Code::Fine)
}

fn tell(change: &ServiceChange) {
    let kind = match change.kind {
        ChangeKind::Added => "is new",
        ChangeKind::Removed => "is gone",
        ChangeKind::Changed => "has changed",
    };
    let action = match change.action {
        ChangeAction::Start => "start needed",
        ChangeAction::Stop => "stop needed",
        ChangeAction::Restart => "restart needed",
        ChangeAction::Recreate => "a new container needed",
        ChangeAction::None => "nothing to do",
    };
    println!("{} {kind}: {action}", change.service);
    for field in &change.fields {
        let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "nothing".to_owned());
        println!(
            "  {}: {} → {}",
            field.path,
            text(&field.from),
            text(&field.to)
        );
    }
}
