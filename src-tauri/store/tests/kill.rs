//! What was acknowledged survives `kill -9` of the process that wrote it.
//!
//! The test starts itself again as the victim: the same executable, only its test
//! `victim`, with the path of the history in the environment.

mod kit;

use benchtop_model::status::{Health, Lifecycle};
use kit::*;
use rusqlite::Connection;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where the victim writes.
const PATH: &str = "BENCHTOP_TEST_HISTORY";

#[test]
fn acknowledged_rows_survive_twenty_kills() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.db");
    let mut acknowledged = 0;
    for round in 0..20 {
        // Later each time, so that the kill meets the writer at another point.
        let from = acknowledged;
        acknowledged = killed_after(&path, from, 2 + round);
        assert!(acknowledged > from, "the victim made progress");
        check(&path, acknowledged);
    }
}

/// Starts a victim that counts on from `from`, kills it after so many
/// acknowledgements, and answers the last one that it gave.
fn killed_after(path: &Path, from: i64, acknowledgements: usize) -> i64 {
    let mut victim = Command::new(std::env::current_exe().expect("own path"))
        .args(["victim", "--exact", "--nocapture"])
        .env(PATH, path)
        .env("BENCHTOP_TEST_FROM", from.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .expect("victim");
    let mut lines = BufReader::new(victim.stdout.take().expect("piped")).lines();
    let parse = |line: std::io::Result<String>| -> Option<i64> {
        line.ok()?.strip_prefix("ack ")?.parse().ok()
    };
    let mut last = lines
        .by_ref()
        .filter_map(parse)
        .nth(acknowledgements)
        .expect("acknowledged");
    victim.kill().expect("killed");
    victim.wait().expect("ended");
    // What it still said before it died counts, too. A last line may be cut short:
    // then it is a smaller number or none.
    for more in lines.filter_map(parse) {
        last = last.max(more);
    }
    last
}

fn check(path: &Path, acknowledged: i64) {
    let history = open(path);
    let found = history.transitions("r1").expect("readable");
    let times: Vec<i64> = found.iter().map(|transition| transition.at.0).collect();
    let expected: Vec<i64> = (1..=times.len() as i64).collect();
    assert_eq!(times, expected, "no gap");
    assert!(
        times.len() as i64 >= acknowledged,
        "{} of {acknowledged}",
        times.len()
    );
    drop(history);
    let state: String = Connection::open(path)
        .and_then(|connection| connection.query_row("PRAGMA quick_check", [], |row| row.get(0)))
        .expect("checked");
    assert_eq!(state, "ok");
}

#[test]
fn victim() {
    let Some(path) = std::env::var_os(PATH).map(PathBuf::from) else {
        return;
    };
    let from: i64 = std::env::var("BENCHTOP_TEST_FROM")
        .unwrap()
        .parse()
        .unwrap();
    let history = open(&path);
    history.run_started(new_run("r1", 0));
    // Unacknowledged rows of the last life may be there already: repeating is allowed.
    for n in from + 1.. {
        history.transition(transition("r1", n, Lifecycle::Running, Health::Healthy));
        if n % 7 == 0 {
            assert!(history.flush());
            let mut out = std::io::stdout().lock();
            writeln!(out, "ack {n}").unwrap();
            out.flush().unwrap();
        }
    }
}
