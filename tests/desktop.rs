//! The desktop, end to end: the real window, tray and notifications over a real
//! engine, driven and read from outside.

use benchtop_tests::desktop::{Desktop, Row, SAMPLE};
use benchtop_tests::{Home, eventually};
use serde_json::Value;
use std::collections::BTreeMap;

const WHICH: &[&str] = &["--sample"];

#[test]
fn the_sample_opens_and_one_service_is_restarted() {
    let Some(mut desktop) = Desktop::new("the_sample_opens_and_one_service_is_restarted") else {
        return;
    };
    desktop.start(&["--sample"]);
    let rows = desktop.wait_until_healthy();
    assert_eq!(
        rows.iter()
            .map(|row| row.service.as_str())
            .collect::<Vec<_>>(),
        SAMPLE
    );
    wait_for_status(&desktop, "Healthy");
    let before = instances(&desktop.home);

    desktop.page().click(&action("orders-api", "restart"));

    wait_for_row(&desktop, "orders-api", "Healthy", 2);
    let others = |mut rows: Vec<Row>| {
        rows.retain(|row| row.service != "orders-api");
        rows
    };
    assert_eq!(
        others(desktop.wait_until_healthy()),
        others(rows),
        "another row has changed"
    );
    assert_only_restarted(&desktop.home, &before, "orders-api");
}

/// Generation and process of each service, as the engine tells them.
type Instances = BTreeMap<String, (u64, u64)>;

fn instances(home: &Home) -> Instances {
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

fn assert_only_restarted(home: &Home, before: &Instances, service: &str) {
    let mut after = instances(home);
    let (generation, pid) = before[service];
    let new = after.remove(service).expect("it is still there");
    assert_eq!(new.0, generation + 1, "{service} was started once more");
    assert_ne!(new.1, pid, "{service} is another process");
    after.insert(service.to_owned(), before[service]);
    assert_eq!(&after, before, "another service was touched");
}

fn action(service: &str, action: &str) -> String {
    format!("[data-service=\"{service}\"] [data-testid=action-{action}]")
}

fn wait_for_status(desktop: &Desktop, status: &str) {
    eventually(&format!("the environment is {status}"), || {
        let found = desktop
            .page()
            .attributes("[data-testid=environment-status]", "data-status")?;
        (found == [status])
            .then_some(())
            .ok_or_else(|| format!("it is {found:?}"))
    });
}

fn wait_for_row(desktop: &Desktop, service: &str, status: &str, generation: u64) {
    eventually(
        &format!("{service} is {status} in generation {generation}"),
        || {
            let row = desktop.page().row(service)?;
            let reached = row.status == status && row.generation == generation;
            if reached {
                Ok(())
            } else {
                Err(format!("{row:?}"))
            }
        },
    );
}
