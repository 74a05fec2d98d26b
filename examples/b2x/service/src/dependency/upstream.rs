//! Another service of the system, over HTTP.

use crate::{health::Report, trace};
use anyhow::{Result, bail};
use opentelemetry::KeyValue;
use reqwest::{Client, Method, redirect::Policy};
use serde_json::Value;
use std::time::Duration;

/// The longest time that a forwarded request may take.
const FORWARD_DEADLINE: Duration = Duration::from_secs(2);

/// A referenced service.
#[derive(Debug)]
pub(crate) struct Upstream {
    name: &'static str,
    base: String,
    http: Client,
}

impl Upstream {
    pub(crate) fn new(name: &'static str, base: String, http: Client) -> Self {
        Self { name, base, http }
    }

    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    /// Asks for its readiness, and says what it complains about.
    pub(crate) async fn check_ready(&self) -> Result<()> {
        let response = self
            .http
            .get(format!("{}/health/ready", self.base))
            .send()
            .await?;
        let status = response.status();
        if status.is_success() {
            return Ok(());
        }
        match response.json::<Report>().await {
            Ok(report) => bail!(
                "answered {} because of {}",
                status.as_u16(),
                report.culprits()
            ),
            Err(_) => bail!("answered {}", status.as_u16()),
        }
    }

    /// Sends a request on; returns the status and the JSON that came back.
    pub(crate) async fn forward(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<(u16, Value)> {
        let (name, url) = (format!("{method} {path}"), format!("{}{path}", self.base));
        let mut request = self
            .http
            .request(method, url.as_str())
            .timeout(FORWARD_DEADLINE);
        if let Some(body) = body {
            request = request.json(body);
        }
        let work = async {
            // Inside of the span: the headers name it to whoever answers.
            let response = request.headers(trace::headers()).send().await?;
            let status = response.status().as_u16();
            anyhow::Ok((status, response.json().await?))
        };
        trace::call(name, vec![KeyValue::new("url.full", url)], work).await
    }
}

/// One client for all upstreams: plain HTTP on this machine, so no proxy, no
/// redirects and no certificates.
pub(crate) fn client() -> Result<Client> {
    // Fails only when a provider is installed already, which is as good.
    rustls::crypto::ring::default_provider()
        .install_default()
        .ok();
    Ok(Client::builder()
        .no_proxy()
        .redirect(Policy::none())
        .tls_certs_only([])
        .connect_timeout(Duration::from_secs(1))
        .build()?)
}
