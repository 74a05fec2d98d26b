//! A GET. Passes on 200–399; understands ASP.NET's health report.
//!
//! Never through a proxy; redirects only on the same host; at most 64 KiB of the
//! body are read; certificates are not verified, as in kubelet: a development
//! certificate is no ill health.

use super::{Finding, http_body, stranger, tcp};
use benchtop_model::inject::Address;
use benchtop_model::probe::{BodyRule, Verdict};
use benchtop_model::product::Login;
use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::LazyLock;

const MOST_BODY: usize = 64 * 1024;
const MOST_REDIRECTS: usize = 5;

/// One client per loopback family, so that the family that answered a
/// connection is also the one that is asked.
static IPV4: LazyLock<Option<Client>> = LazyLock::new(|| client(IpAddr::V4(Ipv4Addr::LOCALHOST)));
static IPV6: LazyLock<Option<Client>> = LazyLock::new(|| client(IpAddr::V6(Ipv6Addr::LOCALHOST)));

fn client(localhost: IpAddr) -> Option<Client> {
    // A second installation is refused, and that is fine.
    _ = rustls::crypto::ring::default_provider().install_default();
    let same_host = Policy::custom(|attempt| {
        let first = attempt
            .previous()
            .first()
            .and_then(|url| url.host_str())
            .map(str::to_owned);
        if attempt.previous().len() > MOST_REDIRECTS
            || attempt.url().host_str().map(str::to_owned) != first
        {
            attempt.stop()
        } else {
            attempt.follow()
        }
    });
    Client::builder()
        .no_proxy()
        .redirect(same_host)
        .tls_danger_accept_invalid_certs(true)
        // A kept connection would prove that an old worker lives, not that a
        // new one is accepted.
        .pool_max_idle_per_host(0)
        .resolve("localhost", SocketAddr::new(localhost, 0))
        .user_agent(concat!("benchtop/", env!("CARGO_PKG_VERSION")))
        .build()
        .inspect_err(|error| tracing::error!(%error, "no HTTP client for probes"))
        .ok()
}

/// What is demanded of an answer.
#[derive(Clone, Debug, Default)]
pub struct Expected {
    /// The only status that passes; 200 to 399 where it is absent.
    pub status: Option<u16>,
    /// What the body must say.
    pub body: Option<BodyRule>,
}

pub(super) async fn get(
    scheme: &str,
    host: &str,
    port: u16,
    path: &str,
    expected: Expected,
) -> Finding {
    match fetch(scheme, host, port, path, &Login::default()).await {
        Ok(page) => page.located(judge(&page, &expected)),
        Err(finding) => finding,
    }
}

/// What was answered.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) status: StatusCode,
    /// At most 64 KiB of it.
    pub(super) body: Vec<u8>,
    address: SocketAddr,
}

impl Page {
    /// The finding with the address that answered.
    pub(super) fn located(&self, finding: Finding) -> Finding {
        finding.detail("address", self.address.to_string())
    }

    /// An answer that is not `what` should answer.
    pub(super) fn unlike(&self, what: &str) -> Finding {
        match self.status.as_u16() {
            401 | 403 => Finding::fail(format!("the server refuses the login ({})", self.status)),
            500.. => Finding::fail(self.status.to_string()),
            _ => Finding::fail(format!(
                "something else answers on this port: {}, but not as {what}",
                self.status
            )),
        }
    }
}

/// Gets a page, as somebody where the login has a user.
pub(super) async fn fetch(
    scheme: &str,
    host: &str,
    port: u16,
    path: &str,
    login: &Login,
) -> Result<Page, Finding> {
    let (_, address) = tcp::connect(host, port)
        .await
        .map_err(|error| Finding::fail(format!("{} (port {port})", tcp::say(&error))))?;
    let client = if address.is_ipv6() { &IPV6 } else { &IPV4 };
    let client = client
        .as_ref()
        .ok_or_else(|| Finding::fail("the HTTP client could not be made"))?;
    let mut request = client.get(format!("{scheme}://{}{path}", authority(host, port)));
    if let Some(user) = &login.user {
        request = request.basic_auth(user, login.password.as_ref());
    }
    match request.send().await {
        Ok(response) => Ok(Page {
            status: response.status(),
            body: read_body(response).await,
            address,
        }),
        Err(error) => Err(broken(&error, address)
            .await
            .detail("address", address.to_string())),
    }
}

/// A page as it is, of at most so many bytes; a longer one is refused.
pub(super) async fn page(
    scheme: &str,
    host: &str,
    port: u16,
    path: &str,
    most: usize,
) -> Result<Vec<u8>, String> {
    let (_, address) = tcp::connect(host, port)
        .await
        .map_err(|error| tcp::say(&error))?;
    let client = if address.is_ipv6() { &IPV6 } else { &IPV4 };
    let client = client.as_ref().ok_or("the HTTP client could not be made")?;
    let url = format!("{scheme}://{}{path}", authority(host, port));
    let request = client
        .get(url)
        .header("accept", "text/plain;version=0.0.4, text/plain;q=0.5");
    let mut response = request.send().await.map_err(|error| say(&error))?;
    if response.status() != StatusCode::OK {
        return Err(response.status().to_string());
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| say(&error))? {
        if body.len() + chunk.len() > most {
            return Err(format!("the page is larger than {} MiB", most >> 20));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// With brackets around an IPv6 address.
fn authority(host: &str, port: u16) -> String {
    Address {
        host: host.to_owned(),
        port,
    }
    .to_string()
}

/// Why there was no answer: often because another protocol is spoken.
async fn broken(error: &reqwest::Error, address: SocketAddr) -> Finding {
    let first = stranger::greet(address).await;
    if first.is_empty() || first.starts_with(b"HTTP/") {
        return Finding::fail(say(error));
    }
    stranger::finding(&first)
}

/// The innermost cause: the outer ones only repeat the address.
fn say(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

fn judge(page: &Page, expected: &Expected) -> Finding {
    let status = page.status.as_u16();
    let passes = match expected.status {
        Some(expected) => status == expected,
        None => (200..400).contains(&status),
    };
    let text = page.status.to_string();
    if let Some(rule) = expected.body.as_ref().filter(|_| passes) {
        return http_body::judge(rule, &page.body);
    }
    if let Ok(status) = serde_json::from_value(String::from_utf8_lossy(&page.body).trim().into()) {
        return HealthReport::plain(status).finding(passes, &text);
    }
    match serde_json::from_slice::<HealthReport>(&page.body) {
        Ok(report) => report.finding(passes, &text),
        Err(_) if passes => Finding::new(Verdict::Pass, text),
        Err(_) => Finding::fail(text),
    }
}

async fn read_body(mut response: Response) -> Vec<u8> {
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        body.extend_from_slice(&chunk[..chunk.len().min(MOST_BODY - body.len())]);
        if body.len() >= MOST_BODY {
            break;
        }
    }
    body
}

/// ASP.NET's health report, as far as it is understood.
#[derive(Debug, Deserialize)]
struct HealthReport {
    status: ReportStatus,
    /// `results` in the writer that ASP.NET's documentation shows.
    #[serde(default, alias = "results")]
    entries: BTreeMap<String, Entry>,
}

#[derive(Debug, Deserialize)]
struct Entry {
    status: ReportStatus,
    description: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
enum ReportStatus {
    Healthy,
    Degraded,
    Unhealthy,
}

impl HealthReport {
    /// What ASP.NET writes where nobody asked for more: one word.
    fn plain(status: ReportStatus) -> Self {
        Self {
            status,
            entries: BTreeMap::new(),
        }
    }

    fn finding(self, passes: bool, http: &str) -> Finding {
        let verdict = match self.status {
            ReportStatus::Healthy if passes => Verdict::Pass,
            ReportStatus::Degraded if passes => Verdict::Warn,
            _ => Verdict::Fail,
        };
        let troubled: Vec<String> = self
            .entries
            .iter()
            .filter(|(_, e)| e.status != ReportStatus::Healthy)
            .map(|(name, e)| e.sentence(name))
            .collect();
        let text = if troubled.is_empty() {
            format!("{http}, {:?}", self.status)
        } else {
            troubled.join("; ")
        };
        self.entries
            .iter()
            .fold(Finding::new(verdict, text), |finding, (name, entry)| {
                finding.detail(name, entry.sentence("").trim())
            })
    }
}

impl Entry {
    /// `database Unhealthy: connection refused`.
    fn sentence(&self, name: &str) -> String {
        match &self.description {
            Some(description) => format!("{name} {:?}: {description}", self.status),
            None => format!("{name} {:?}", self.status),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(json: &str) -> Finding {
        serde_json::from_str::<HealthReport>(json)
            .expect("a health report")
            .finding(true, "200 OK")
    }

    #[test]
    fn a_health_report_decides_even_when_the_status_is_200() {
        let degraded = report(
            r#"{"status":"Degraded","totalDuration":"00:00:00.1","entries":{"database":{"status":"Degraded","description":"slow"}}}"#,
        );
        assert_eq!(degraded.verdict, Verdict::Warn);
        assert_eq!(degraded.text, "database Degraded: slow");
        assert_eq!(degraded.details["database"], "Degraded: slow");
        assert_eq!(report(r#"{"status":"Unhealthy"}"#).verdict, Verdict::Fail);
        assert_eq!(
            report(r#"{"status":"Healthy","entries":{}}"#).verdict,
            Verdict::Pass
        );
        let results = report(r#"{"status":"Degraded","results":{"queue":{"status":"Degraded"}}}"#);
        assert_eq!(results.text, "queue Degraded");
    }

    #[test]
    fn one_word_is_a_report_too() {
        let judge = |status: u16, body: &str| {
            let page = Page {
                status: StatusCode::from_u16(status).expect("a status"),
                body: body.as_bytes().to_vec(),
                address: SocketAddr::from((Ipv4Addr::LOCALHOST, 80)),
            };
            let finding = super::judge(&page, &Expected::default());
            (finding.verdict, finding.text)
        };
        assert_eq!(
            judge(200, "Healthy\n"),
            (Verdict::Pass, "200 OK, Healthy".into())
        );
        assert_eq!(
            judge(200, "Degraded"),
            (Verdict::Warn, "200 OK, Degraded".into())
        );
        assert_eq!(judge(200, "Unhealthy").0, Verdict::Fail);
        assert_eq!(judge(503, "Healthy").0, Verdict::Fail);
        assert_eq!(
            judge(200, "Degraded mode is off"),
            (Verdict::Pass, "200 OK".into())
        );
    }
}
