//! The sample, as the tests of the desktop look at it from beside: by the command
//! line and by the services' own addresses.

use super::{Desktop, http};
use crate::home::Home;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Names of its services.
pub const SERVICES: [&str; 5] = ["catalog-api", "gateway", "orders-api", "store", "worker"];

/// How the command line is told that it is meant.
pub const WHICH: &[&str] = &["--sample"];

/// Generation and process of each service, as the engine tells them.
pub type Instances = BTreeMap<String, (u64, u64)>;

/// Asks for them.
///
/// # Panics
/// Where the answer has no services.
#[must_use]
pub fn instances(home: &Home) -> Instances {
    let status = home.status(WHICH);
    let services = status["services"].as_array().expect("a list of services");
    let instance = |s: &Value| {
        let name = s["name"].as_str()?.to_owned();
        Some((
            name,
            (s["generation"].as_u64()?, s["pid"].as_u64().unwrap_or(0)),
        ))
    };
    services.iter().filter_map(instance).collect()
}

/// Demands that this service was restarted, once, and no other was touched.
///
/// # Panics
/// Where that is not so.
pub fn assert_only_restarted(home: &Home, before: &Instances, service: &str) {
    let mut after = instances(home);
    let (generation, pid) = before[service];
    let new = after.remove(service).expect("it is still there");
    assert_eq!(new.0, generation + 1, "{service} was started once more");
    assert_ne!(new.1, pid, "{service} is another process");
    after.insert(service.to_owned(), before[service]);
    assert_eq!(&after, before, "another service was touched");
}

/// Its live processes.
#[must_use]
pub fn processes(home: &Home) -> Vec<i32> {
    let pids = instances(home).into_values().map(|(_, pid)| pid);
    pids.filter_map(|pid| i32::try_from(pid).ok())
        .filter(|pid| *pid != 0)
        .collect()
}

/// Lets a service of the sample fail, or mends it.
///
/// # Panics
/// Where it cannot be reached.
pub fn fault(home: &Home, service: &str, kind: &str) {
    let service = home.service(WHICH, service);
    let port = service["endpoints"][0]["port"]
        .as_u64()
        .and_then(|port| u16::try_from(port).ok());
    let port = port.expect("the service has an address");
    http::request("POST", port, &format!("/fault/{kind}"), None).expect("set the fault");
}

/// Lets the probes of a service run now.
///
/// # Errors
/// What the engine says.
pub fn probe(desktop: &Desktop, service: &str) -> Result<(), String> {
    let environment = desktop.home.status(WHICH)["id"].clone();
    let request = json!({ "environment": environment, "service": service });
    desktop.page().ask("service.probe", &request).map(drop)
}
