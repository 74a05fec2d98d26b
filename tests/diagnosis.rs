//! Broken environments and what a person is told of them. Each folder of `tests/broken`
//! holds an environment and `told.json`: the service where the trouble begins, the rule
//! that recognises it (empty: none does, and nothing is guessed), a part of the sentence,
//! and the services that only suffer from it.

use benchtop_tests::{Home, PATIENCE, programs};
use serde_json::Value;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// So many environments at once: most of their time is waiting for a program to end.
const AT_ONCE: usize = 4;

#[test]
fn every_broken_environment_is_told_by_its_cause() {
    let held = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = held.local_addr().expect("its number").port();
    let home = Home::new().with("HELD_PORT", port.to_string());
    let folders = Mutex::new(folders());
    let (all, wrong) = (
        folders.lock().expect("folders").len(),
        Mutex::new(Vec::new()),
    );
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(folder) = { folders.lock().expect("folders").pop() } {
                    if let Err(said) = judge(&home, &folder) {
                        let name = folder.file_name().unwrap_or_default().to_owned();
                        wrong
                            .lock()
                            .expect("a list")
                            .push(format!("{}: {said}", name.display()));
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().expect("a list");
    println!("right cause named: {} of {all}", all - wrong.len());
    assert!(all >= 40, "{all} environments");
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

fn folders() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(programs::root().join("tests").join("broken"));
    entries
        .expect("the folder")
        .map(|entry| entry.expect("an entry").path())
        .collect()
}

/// Brings one up, asks why, and compares with what a person should be told. A program
/// without a probe may take a while to fail, and counts as fine until then.
fn judge(home: &Home, folder: &Path) -> Result<(), String> {
    let told: Value = read(&folder.join("told.json"));
    let file = folder.join("benchtop.yaml").display().to_string();
    let up = home.benchtop(&["up", "-f", &file, "--wait", "--detach", "--timeout", "60s"]);
    let deadline = Instant::now() + PATIENCE;
    let judged = loop {
        match ask(home, &file, &told) {
            Err(_) if Instant::now() < deadline => std::thread::sleep(Duration::from_millis(300)),
            judged => break judged,
        }
    };
    // Whether it can be stopped is another test's question.
    _ = home.benchtop(&["down", "-f", &file]);
    judged.map_err(|wrong| format!("{wrong}\n{}", up.stderr))
}

fn ask(home: &Home, file: &str, told: &Value) -> Result<(), String> {
    let why = home.benchtop(&["why", "-f", file, "--json"]);
    let report: Value =
        serde_json::from_str(&why.stdout).map_err(|error| format!("{error}: {}", why.stderr))?;
    let found = report["diagnoses"].as_array().cloned().unwrap_or_default();
    compare(told, &found).map_err(|wrong| format!("{wrong}\n{found:#?}"))
}

fn compare(told: &Value, found: &[Value]) -> Result<(), String> {
    let service = told["service"].as_str().unwrap_or_default();
    let roots: Vec<&str> = found
        .iter()
        .filter(|d| d["root"].is_null())
        .filter_map(|d| d["service"].as_str())
        .collect();
    if roots != [service] {
        return Err(format!("it begins with {service}, but {roots:?} was named"));
    }
    let root = found
        .iter()
        .find(|d| d["service"] == service)
        .unwrap_or(&Value::Null);
    let rule = told["rule"].as_str().unwrap_or_default();
    if root["rule"].as_str().unwrap_or_default() != rule {
        return Err(format!("rule {rule} was due, not {}", root["rule"]));
    }
    let says = told["says"].as_str().unwrap_or_default();
    if !root["sentence"].as_str().unwrap_or_default().contains(says) {
        return Err(format!("`{says}` is not in {}", root["sentence"]));
    }
    for victim in told["victims"].as_array().into_iter().flatten() {
        let blames = found
            .iter()
            .any(|d| d["service"] == *victim && d["root"] == service);
        if !blames {
            return Err(format!("{victim} should blame {service}"));
        }
    }
    Ok(())
}

fn read(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).expect("told.json");
    serde_json::from_str(&text).expect("JSON")
}
