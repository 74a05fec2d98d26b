//! Statements for Flink's SQL gateway, one after the other in a session of their own.
//! Jobs of `INSERT` go on after it; numbers in the last row of a query are metrics.

use super::super::super::context::Attempt;
use super::super::super::outcome::Outcome;
use super::rest::Rest;
use super::statements::{brief, split};
use benchtop_model::scenario::report::Progress;
use benchtop_model::systems::FlinkSubmitted;
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::time::Duration;

/// So many rows are kept as a sample.
const SAMPLE: usize = 5;

/// Between two looks at an operation.
const PAUSE: Duration = Duration::from_millis(100);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Opened {
    session_handle: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Submitted {
    operation_handle: String,
}

#[derive(Deserialize)]
struct Status {
    status: String,
}

/// A page of what a statement gave.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    result_type: String,
    #[serde(default)]
    is_query_result: bool,
    #[serde(rename = "jobID")]
    job: Option<String>,
    results: Option<Results>,
    next_result_uri: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Results {
    columns: Vec<Column>,
    data: Vec<Row>,
}

#[derive(Debug, Deserialize)]
struct Column {
    name: String,
}

#[derive(Debug, Deserialize)]
struct Row {
    fields: Vec<Value>,
}

/// What all statements together gave.
#[derive(Default)]
struct Given {
    statements: usize,
    jobs: Vec<String>,
    rows: u64,
    sample: VecDeque<String>,
    last: Vec<(String, Value)>,
}

/// A session, closed with the value: what is left open holds its memory in the gateway.
struct Session {
    rest: Rest,
    path: Option<String>,
}

/// Executes the statements of a text outside of a scenario.
///
/// # Errors
/// The statement that failed, and why.
pub(crate) async fn submit(rest: Rest, text: &str) -> Result<FlinkSubmitted, String> {
    let statements = split(text);
    if statements.is_empty() {
        return Err("there is no statement".to_owned());
    }
    let mut session = Session::open(rest).await?;
    let mut given = Given::default();
    for statement in &statements {
        let done = session.execute(statement, &mut given, &|_| {}).await;
        done.map_err(|cause| format!("`{}`: {cause}", brief(statement)))?;
        given.statements += 1;
    }
    session.close().await;
    Ok(FlinkSubmitted {
        statements: u32::try_from(given.statements).unwrap_or(u32::MAX),
        jobs: given.jobs,
        rows: given.sample.into(),
    })
}

pub(in super::super) async fn perform(attempt: &Attempt<'_>) -> Result<Outcome, String> {
    let written = attempt.list("statements").iter();
    let statements: Vec<String> = written.flat_map(|text| split(text)).collect();
    if statements.is_empty() {
        return Err("`statements` has no statement".to_owned());
    }
    let mut session = Session::open(Rest::of(attempt)?).await?;
    let mut given = Given::default();
    for statement in &statements {
        let tell = |done: usize| {
            attempt.progress(|| Progress {
                done: done as f64,
                total: Some(statements.len() as f64),
                rate: None,
                what: brief(statement),
            });
        };
        let done = session.execute(statement, &mut given, &tell).await;
        done.map_err(|cause| format!("`{}`: {cause}", brief(statement)))?;
        given.statements += 1;
    }
    session.close().await;
    Ok(given.outcome())
}

impl Session {
    async fn open(rest: Rest) -> Result<Self, String> {
        let opened: Opened = rest.post("/v1/sessions", &json!({})).await?;
        let path = format!("/v1/sessions/{}", opened.session_handle);
        Ok(Self {
            rest,
            path: Some(path),
        })
    }

    /// Performs a statement and reads all that it gives.
    async fn execute(
        &self,
        statement: &str,
        given: &mut Given,
        tell: &(impl Fn(usize) + Sync),
    ) -> Result<(), String> {
        let path = self.path.as_deref().unwrap_or_default();
        let body = json!({ "statement": statement });
        let submitted: Submitted = self.rest.post(&format!("{path}/statements"), &body).await?;
        let operation = format!("{path}/operations/{}", submitted.operation_handle);
        let first = format!("{operation}/result/0");
        loop {
            tell(given.statements);
            let status: Status = self.rest.get(&format!("{operation}/status")).await?;
            match status.status.as_str() {
                "FINISHED" => break,
                // Why, is told where the result would be.
                "ERROR" => return Err(self.fault(&first).await),
                "CANCELED" | "CLOSED" | "TIMEOUT" => {
                    return Err(format!("it ended as {}", status.status));
                }
                _ => tokio::time::sleep(PAUSE).await,
            }
        }
        let mut next = Some(first);
        while let Some(uri) = next {
            tell(given.statements);
            let page: Page = self.rest.get(&uri).await?;
            let idle = page.is_idle();
            next = page.next_result_uri.clone().or_else(|| page.again(uri));
            given.add(page);
            if idle && next.is_some() {
                tokio::time::sleep(PAUSE).await;
            }
        }
        Ok(())
    }

    async fn fault(&self, result: &str) -> String {
        match self.rest.get::<Page>(result).await {
            Err(cause) => cause,
            Ok(_) => "the gateway reports an error, and no cause".to_owned(),
        }
    }

    async fn close(&mut self) {
        if let Some(path) = self.path.take() {
            // It would be closed after some minutes of silence anyway.
            _ = self.rest.send(Method::DELETE, &path, None).await;
        }
    }
}

impl Drop for Session {
    /// Where the step failed, was cancelled or took too long: closing ends what the
    /// session still does, too.
    fn drop(&mut self) {
        let (Some(path), Ok(runtime)) = (self.path.take(), tokio::runtime::Handle::try_current())
        else {
            return;
        };
        let rest = self.rest.clone();
        runtime.spawn(async move {
            _ = rest.send(Method::DELETE, &path, None).await;
        });
    }
}

impl Page {
    /// Nothing has come since the last page.
    fn is_idle(&self) -> bool {
        let empty = self.results.as_ref().is_none_or(|r| r.data.is_empty());
        empty && self.result_type != "EOS"
    }

    /// A page that is not ready is asked for once more.
    fn again(&self, uri: String) -> Option<String> {
        (self.result_type == "NOT_READY").then_some(uri)
    }
}

impl Given {
    fn add(&mut self, page: Page) {
        let Some(results) = page.results else { return };
        if !page.is_query_result {
            self.add_job(page.job, &results);
            return;
        }
        for row in results.data {
            self.rows += 1;
            let texts: Vec<String> = row.fields.iter().map(shown).collect();
            self.sample.push_back(texts.join(" | "));
            if self.sample.len() > SAMPLE {
                self.sample.pop_front();
            }
            let names = results.columns.iter().map(|column| column.name.clone());
            self.last = names.zip(row.fields).collect();
        }
    }

    /// Older gateways tell the job only in the rows.
    fn add_job(&mut self, job: Option<String>, results: &Results) {
        let named = results.columns.first().is_some_and(|c| c.name == "job id");
        let told = results.data.first().and_then(|row| row.fields.first());
        let told = told.filter(|_| named).map(shown);
        if let Some(job) = job.or(told)
            && !self.jobs.contains(&job)
        {
            self.jobs.push(job);
        }
    }

    fn outcome(self) -> Outcome {
        let text = match (self.statements, self.jobs.as_slice()) {
            (1, []) => "1 statement".to_owned(),
            (count, []) => format!("{count} statements"),
            (_, [job]) => format!("job {job}"),
            (_, jobs) => format!("{} jobs", jobs.len()),
        };
        let mut outcome = Outcome::passed(text)
            .metric("statements", self.statements as f64)
            .metric("jobs", self.jobs.len() as f64)
            .metric("rows", self.rows as f64);
        if !self.jobs.is_empty() {
            outcome = outcome.detail("job", self.jobs.join("\n"));
        }
        for (name, value) in &self.last {
            if let Some(number) = number(value) {
                outcome = outcome.metric(name, number);
            }
        }
        match self.sample.is_empty() {
            true => outcome,
            false => outcome.detail("last rows", Vec::from(self.sample).join("\n")),
        }
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::String(text) => text.parse().ok(),
        other => other.as_f64(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(json: &str) -> Page {
        serde_json::from_str(json).expect("a page")
    }

    #[test]
    fn a_job_is_told_once_whatever_the_pages() {
        let mut given = Given::default();
        let first = r#"{"resultType":"PAYLOAD","isQueryResult":false,"jobID":"94","resultKind":"SUCCESS_WITH_CONTENT","results":{"columns":[{"name":"job id","logicalType":{"type":"VARCHAR"},"comment":null}],"rowFormat":"JSON","data":[{"kind":"INSERT","fields":["94"]}]},"nextResultUri":"/v1/x/result/1"}"#;
        let last = r#"{"resultType":"EOS","isQueryResult":false,"jobID":"94","results":{"columns":[{"name":"job id"}],"data":[]}}"#;
        let older = r#"{"resultType":"PAYLOAD","results":{"columns":[{"name":"job id"}],"data":[{"kind":"INSERT","fields":["95"]}]}}"#;
        let set = r#"{"resultType":"PAYLOAD","isQueryResult":false,"results":{"columns":[{"name":"result"}],"data":[{"kind":"INSERT","fields":["OK"]}]}}"#;
        assert!(!page(first).is_idle() && !page(last).is_idle());
        for json in [first, last, older, set] {
            given.add(page(json));
        }
        let outcome = given.outcome();
        assert_eq!(outcome.details["job"], "94\n95");
        assert_eq!(outcome.metrics["jobs"], 2.0);
        assert_eq!(outcome.metrics["rows"], 0.0);
    }

    #[test]
    fn numbers_of_the_last_row_are_metrics() {
        let mut given = Given::default();
        let waits = page(
            r#"{"resultType":"PAYLOAD","isQueryResult":true,"jobID":"1","results":{"columns":[{"name":"n"}],"data":[]},"nextResultUri":"/next"}"#,
        );
        assert!(waits.is_idle());
        given.add(waits);
        for n in 1..=7 {
            let row = format!(
                r#"{{"resultType":"PAYLOAD","isQueryResult":true,"results":{{"columns":[{{"name":"n"}},{{"name":"f"}},{{"name":"t"}}],"data":[{{"kind":"INSERT","fields":[{n},"1.5","x"]}}]}}}}"#
            );
            given.add(page(&row));
        }
        let outcome = given.outcome();
        assert_eq!(outcome.metrics["n"], 7.0);
        assert_eq!(outcome.metrics["f"], 1.5);
        assert_eq!(
            (outcome.metrics["rows"], outcome.metrics["jobs"]),
            (7.0, 0.0)
        );
        assert!(!outcome.metrics.contains_key("t"));
        assert_eq!(outcome.details["last rows"].lines().count(), SAMPLE);
        let not_ready = page(r#"{"resultType":"NOT_READY","nextResultUri":null}"#);
        assert_eq!(
            not_ready.again("/same".to_owned()).as_deref(),
            Some("/same")
        );
    }
}
