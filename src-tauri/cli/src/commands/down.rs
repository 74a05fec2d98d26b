//! `benchtop down`: stop everything.

use crate::arguments::Which;
use crate::connection::{self, Connection};
use crate::exit::{Code, Failure};
use benchtop_api::schema::EnvironmentDownRequest;
use std::time::Duration;

pub(crate) async fn run(which: &Which, remove: bool) -> Result<Code, Failure> {
    let connection = connection::open(which).await?;
    connection
        .client
        .call(&EnvironmentDownRequest {
            environment: connection.environment.clone(),
            remove: Some(remove),
        })
        .await?;
    wait_stopped(&connection).await?;
    Ok(Code::Fine)
}

/// Returns when the run has ended.
pub(crate) async fn wait_stopped(connection: &Connection) -> Result<(), Failure> {
    // Stopping takes as long as the slowest grace period; nothing hurries.
    while !connection.status().await?.idle {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}
