//! Where metrics are fetched.

use super::*;
use crate::plan::Scrape;

fn scrape(endpoint: &str, path: &str, seconds: u64) -> Option<Scrape> {
    Some(Scrape {
        endpoint: endpoint.to_owned(),
        path: path.to_owned(),
        interval: Millis::from_secs(seconds),
    })
}

#[test]
fn metrics_have_a_path_an_endpoint_and_an_interval() {
    let a = service("process: run, endpoints: {http: auto}, metrics: /metrics");
    assert_eq!(a.metrics, scrape("http", "/metrics", 15));
    let a = service(
        "process: run, endpoints: {http: auto, admin: 9000}, metrics: {scrape: /m?x=1, endpoint: admin, interval: 5s}",
    );
    assert_eq!(a.metrics, scrape("admin", "/m?x=1", 5));
    let before = service("process: run, endpoints: {http: auto}");
    let after = service("process: run, endpoints: {http: auto}, metrics: /metrics");
    assert_eq!(before.metrics, None);
    assert_eq!(before.definition_hash(), after.definition_hash());
}

#[test]
fn what_cannot_be_fetched_is_an_error_in_its_place() {
    let errors = |keys: &str| {
        let text = format!("services: {{a: {{process: run, {keys}}}}}");
        said(&text, Severity::Error)
    };
    let http = "endpoints: {http: auto}";
    let cases = [
        (
            "metrics: metrics".to_owned(),
            "`metrics` is not the path of a URL",
        ),
        (
            "metrics: {interval: 5s}".to_owned(),
            "`scrape` is missing in `metrics`",
        ),
        (
            "metrics: {scrape: /m, endpoint: htp}".to_owned(),
            "`a` has no endpoint `htp`",
        ),
        (
            "metrics: {scrape: /m, interval: 5ms}".to_owned(),
            "`interval` of `metrics` is too short",
        ),
        (
            "metrics: {scrape: /m, every: 5s}".to_owned(),
            "unknown key `every` in `metrics`",
        ),
    ];
    for (keys, expected) in cases {
        let said = errors(&format!("{http}, {keys}"));
        assert!(
            said.iter().any(|message| message.contains(expected)),
            "{keys}: {said:?}"
        );
    }
    assert_eq!(
        errors("metrics: /m"),
        ["there is no endpoint to fetch metrics from"]
    );
}
