//! Requests to Flink's REST, and what it means when it refuses.

use super::super::super::context::Attempt;
use super::super::http::{client, say};
use benchtop_model::inject::Address;
use reqwest::{Client, Method};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// No answer is longer: a page of a result has a few thousand rows at most.
const MOST_READ: usize = 16 << 20;

/// The server of a service.
#[derive(Clone)]
pub(crate) struct Rest {
    client: &'static Client,
    base: String,
}

#[derive(Deserialize)]
struct Refusal {
    errors: Vec<String>,
}

impl Rest {
    pub(super) fn of(attempt: &Attempt<'_>) -> Result<Self, String> {
        let (_, at) = attempt.service()?;
        Self::at(&at)
    }

    /// The server at this address.
    pub(crate) fn at(at: &Address) -> Result<Self, String> {
        Ok(Self {
            client: client()?,
            base: format!("http://{at}"),
        })
    }

    pub(crate) async fn get<A: DeserializeOwned>(&self, path: &str) -> Result<A, String> {
        let body = self.send(Method::GET, path, None).await?;
        self.read(path, &body)
    }

    pub(super) async fn post<A: DeserializeOwned>(
        &self,
        path: &str,
        body: &serde_json::Value,
    ) -> Result<A, String> {
        let body = self.send(Method::POST, path, Some(body)).await?;
        self.read(path, &body)
    }

    fn read<A: DeserializeOwned>(&self, path: &str, body: &[u8]) -> Result<A, String> {
        serde_json::from_slice(body)
            .map_err(|_| format!("{}{path} did not answer as Flink does", self.base))
    }

    /// The body of an answer that is no refusal.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&serde_json::Value>,
    ) -> Result<Vec<u8>, String> {
        let broken = |error: reqwest::Error| format!("{}: {}", self.base, say(&error));
        let mut request = self.client.request(method, format!("{}{path}", self.base));
        if let Some(body) = body {
            request = request
                .header("content-type", "application/json")
                .body(body.to_string());
        }
        let mut response = request.send().await.map_err(broken)?;
        let mut read = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(broken)? {
            read.extend_from_slice(&chunk);
            if read.len() > MOST_READ {
                return Err(format!("an answer has more than {} MB", MOST_READ >> 20));
            }
        }
        match response.status().is_success() {
            true => Ok(read),
            false => Err(refusal(&read).unwrap_or_else(|| {
                format!("{}{path} answers with {}", self.base, response.status())
            })),
        }
    }
}

/// The last of the errors is the one with a cause.
fn refusal(body: &[u8]) -> Option<String> {
    let refusal: Refusal = serde_json::from_slice(body).ok()?;
    Some(root_cause(refusal.errors.last()?))
}

/// Of a stack trace with its causes the innermost, in its own words: the outer ones
/// only say that something failed.
pub(crate) fn root_cause(trace: &str) -> String {
    const CAUSED: &str = "Caused by: ";
    let mut lines = trace.lines().map(str::trim).filter(|line| {
        !line.is_empty() && !line.starts_with("at ") && !line.starts_with("<Exception on")
    });
    let innermost = trace
        .lines()
        .rev()
        .find_map(|line| line.strip_prefix(CAUSED));
    let line = innermost
        .or_else(|| lines.next())
        .unwrap_or("no cause is told");
    match line.split_once(": ") {
        Some((class, message)) if is_class(class) && !message.trim().is_empty() => {
            message.trim().to_owned()
        }
        _ => line.trim().to_owned(),
    }
}

fn is_class(word: &str) -> bool {
    word.contains('.')
        && word
            .chars()
            .all(|c| c.is_alphanumeric() || "._$".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_innermost_cause_is_told_in_its_own_words() {
        let body = r#"{"errors":["Internal server error.","<Exception on server side:\norg.apache.flink.table.gateway.api.utils.SqlGatewayException: Failed to fetchResults.\n\tat org.apache.flink.A.b(A.java:91)\nCaused by: org.apache.flink.table.api.ValidationException: SQL validation failed. From line 1, column 21\n\t... 7 more\nCaused by: org.apache.calcite.sql.validate.SqlValidatorException: Object 'nix' not found\n\t... 34 more\n\nEnd of exception on server side>"]}"#;
        assert_eq!(
            refusal(body.as_bytes()).as_deref(),
            Some("Object 'nix' not found")
        );
        assert_eq!(refusal(b"<html>"), None);
        assert_eq!(refusal(br#"{"errors":[]}"#), None);
        let one = root_cause("java.lang.NullPointerException\n\tat a.b.C(D.java:1)");
        assert_eq!(one, "java.lang.NullPointerException");
        assert_eq!(
            root_cause("Job could not be found."),
            "Job could not be found."
        );
        assert_eq!(root_cause(""), "no cause is told");
    }
}
