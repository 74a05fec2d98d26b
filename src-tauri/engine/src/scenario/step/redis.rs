//! A command to Redis. A number in its answer is the metric `value`.

use super::super::context::Attempt;
use super::super::outcome::Outcome;
use crate::probe::{redis as client, tcp};
use benchtop_model::product::Login;
use redis::Value;
use redis::aio::MultiplexedConnection;

pub(super) async fn perform(attempt: &Attempt<'_>) -> Result<Outcome, String> {
    let (service, at) = attempt.service()?;
    let written = Login {
        user: attempt.text("user").map(str::to_owned),
        password: attempt.text("password").map(str::to_owned),
        database: None,
    };
    let login = written.or(Login::redis(service));
    let connected = tcp::connect(&at.host, at.port).await;
    let (stream, _) = connected.map_err(|error| format!("{at}: {}", tcp::say(&error)))?;
    let info = client::introduction(&login);
    let config = client::without_deadlines();
    let (mut connection, driver) = MultiplexedConnection::new_with_config(&info, stream, config)
        .await
        .map_err(|error| client::say(&error))?;
    let database = attempt.text("database");
    let words = attempt.list("command");
    let exchange = async {
        if let Some(database) = database {
            let mut select = redis::cmd("SELECT");
            select.arg(database);
            let selected = select.query_async::<Value>(&mut connection).await;
            selected.map_err(|error| client::say(&error))?;
        }
        let (first, rest) = words.split_first().ok_or("the command is empty")?;
        let mut command = redis::cmd(first);
        command.arg(rest);
        let answer = command.query_async::<Value>(&mut connection).await;
        answer.map_err(|error| client::say(&error))
    };
    tokio::select! {
        answer = exchange => answer.map(|answer| outcome(&answer)),
        () = driver => Err("the server closed the connection".to_owned()),
    }
}

fn outcome(answer: &Value) -> Outcome {
    let text = shown(answer);
    let outcome = Outcome::passed(text.lines().next().unwrap_or_default());
    match text.parse() {
        Ok(number) => outcome.metric("value", number),
        Err(_) => outcome.detail("answer", text),
    }
}

fn shown(answer: &Value) -> String {
    match answer {
        Value::Nil => "(nil)".to_owned(),
        Value::Int(number) => number.to_string(),
        Value::Okay => "OK".to_owned(),
        Value::SimpleString(text) => text.clone(),
        Value::BulkString(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        Value::Array(all) => {
            let lines: Vec<String> = all.iter().take(100).map(shown).collect();
            lines.join("\n")
        }
        other => format!("{other:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_in_any_form_is_a_metric() {
        assert_eq!(outcome(&Value::Int(7)).metrics["value"], 7.0);
        assert_eq!(
            outcome(&Value::BulkString(b"1.5".to_vec())).metrics["value"],
            1.5
        );
        let nothing = outcome(&Value::Nil);
        assert!(nothing.metrics.is_empty() && nothing.text == "(nil)");
    }
}
