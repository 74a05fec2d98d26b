//! A query to PostgreSQL. Numbers in its first row are metrics, named like their columns.

use super::super::context::Attempt;
use super::super::outcome::Outcome;
use crate::probe::{postgres, server, tcp};
use benchtop_model::product::Login;
use tokio_postgres::{NoTls, SimpleQueryMessage};

/// So many rows are kept as a sample.
const SAMPLE: usize = 5;

pub(super) async fn perform(attempt: &Attempt<'_>) -> Result<Outcome, String> {
    let (service, at) = attempt.service()?;
    let written = Login {
        user: attempt.text("user").map(str::to_owned),
        password: attempt.text("password").map(str::to_owned),
        database: attempt.text("database").map(str::to_owned),
    };
    let login = server::postgres_login(written, service);
    let connected = tcp::connect(&at.host, at.port).await;
    let (stream, _) = connected.map_err(|error| format!("{at}: {}", tcp::say(&error)))?;
    let (client, connection) = postgres::config(&login)
        .connect_raw(stream, NoTls)
        .await
        .map_err(|error| postgres::say(&error))?;
    tokio::pin!(connection);
    let query = client.simple_query(attempt.required("query")?);
    let answer = tokio::select! {
        answer = query => answer.map_err(|error| postgres::say(&error))?,
        _ = &mut connection => return Err("the server closed the connection".to_owned()),
    };
    Ok(outcome(&answer))
}

fn outcome(answer: &[SimpleQueryMessage]) -> Outcome {
    let (mut rows, mut affected) = (0_u64, 0_u64);
    let (mut first, mut sample) = (Vec::new(), Vec::new());
    for message in answer {
        match message {
            SimpleQueryMessage::Row(row) => {
                let values = row.columns().iter().enumerate();
                let values: Vec<(String, String)> = values
                    .map(|(at, column)| {
                        (
                            column.name().to_owned(),
                            row.get(at).unwrap_or("NULL").to_owned(),
                        )
                    })
                    .collect();
                if rows < SAMPLE as u64 {
                    let texts: Vec<&str> = values.iter().map(|(_, value)| value.as_str()).collect();
                    sample.push(texts.join(" | "));
                }
                if rows == 0 {
                    first = values;
                }
                rows += 1;
            }
            SimpleQueryMessage::CommandComplete(count) => affected += count,
            _ => {}
        }
    }
    let mut outcome = Outcome::passed(format!("{rows} rows"));
    if rows == 0 {
        outcome = Outcome::passed(format!("{affected} rows affected"));
    }
    outcome = outcome
        .metric("rows", rows as f64)
        .metric("affected", affected as f64);
    for (name, value) in first {
        if let Ok(number) = value.parse() {
            outcome = outcome.metric(&name, number);
        }
    }
    match sample.is_empty() {
        true => outcome,
        false => outcome.detail("first rows", sample.join("\n")),
    }
}
