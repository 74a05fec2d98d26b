//! The log on disk: what survives a restart, a kill, damage and a disk that takes nothing.

use benchtop_model::time::Timestamp;
use benchtop_telemetry::book::retention::Retention;
use benchtop_telemetry::book::{Cancel, Limits, LogBook, RawLine};
use benchtop_telemetry::log::{Mark, Stream};
use benchtop_telemetry::query::{LogPage, LogQuery, TimeRange};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// The folder of the child that is to be killed.
const CHILD: &str = "BENCHTOP_TEST_WRITER";

fn line(time: i64, text: String) -> RawLine {
    RawLine {
        time: Timestamp(time),
        stream: Stream::Stdout,
        text,
        marks: Vec::new(),
    }
}

fn patient() -> Limits {
    Limits {
        search: Duration::from_secs(3600),
        counting: Duration::from_secs(3600),
        ..Limits::default()
    }
}

fn open(folder: &Path, run: &str) -> LogBook {
    LogBook::open(folder, Some(run), patient()).expect("a book")
}

fn ask(book: &LogBook, text: &str, run: Option<&str>) -> LogPage {
    let query = LogQuery {
        text: Some(text.to_owned()),
        run: run.map(str::to_owned),
        limit: 5000,
        ..LogQuery::default()
    };
    book.query(&query).expect("a query")
}

fn bodies(page: &LogPage) -> Vec<&str> {
    page.records
        .iter()
        .map(|record| record.body.as_str())
        .collect()
}

fn file_of(folder: &Path, run: &str) -> PathBuf {
    let files = std::fs::read_dir(folder).expect("folder");
    let suffix = format!("-{run}.db");
    files
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.to_str().is_some_and(|path| path.ends_with(&suffix)))
        .expect("the file of the run")
}

#[test]
fn earlier_runs_are_read_together_with_the_present_one_or_alone() {
    let folder = tempfile::tempdir().expect("folder");
    let book = open(folder.path(), "a");
    book.push("api", 1, vec![line(1, "first".to_owned())]);
    book.begin_run("b", Timestamp(5));
    book.push("api", 2, vec![line(6, "second".to_owned())]);
    drop(book);
    let book = open(folder.path(), "c");
    book.push("db", 1, vec![line(9, "third".to_owned())]);
    let all = ask(&book, "", None);
    assert_eq!(bodies(&all), ["first", "second", "third"]);
    assert!(
        all.records.is_sorted_by(|a, b| a.seq < b.seq),
        "numbers grow through runs"
    );
    assert_eq!(bodies(&ask(&book, "", Some("b"))), ["second"]);
    assert_eq!(bodies(&ask(&book, "ir", None)), ["first", "third"]);
    assert_eq!(bodies(&ask(&book, "", Some("none"))), [""; 0]);
}

#[test]
fn a_run_goes_on_where_it_was() {
    let folder = tempfile::tempdir().expect("folder");
    let book = open(folder.path(), "a");
    book.push_from(
        "api",
        3,
        vec![line(1, "one".to_owned())],
        Some("17".to_owned()),
    );
    book.flush();
    assert_eq!(book.position("api", 3).as_deref(), Some("17"));
    drop(book);
    let book = open(folder.path(), "a");
    assert_eq!(book.position("api", 3).as_deref(), Some("17"));
    assert_eq!(book.position("api", 4), None);
    book.push("api", 3, vec![line(2, "two".to_owned())]);
    let page = ask(&book, "", None);
    assert_eq!(bodies(&page), ["one", "two"]);
    assert_eq!((page.records[1].seq, page.records[1].generation), (2, 3));
}

#[test]
fn a_damaged_file_is_put_aside_and_the_log_goes_on() {
    let folder = tempfile::tempdir().expect("folder");
    drop(open(folder.path(), "a"));
    let book = open(folder.path(), "a");
    book.push("api", 1, vec![line(1, "lost".to_owned())]);
    drop(book);
    let file = file_of(folder.path(), "a");
    std::fs::write(
        &file,
        "this is no database at all, and long enough to be looked at",
    )
    .expect("write");
    let book = open(folder.path(), "a");
    book.push("api", 1, vec![line(2, "kept".to_owned())]);
    book.flush();
    assert_eq!(bodies(&ask(&book, "", None)), ["kept"]);
    drop(book);
    assert_eq!(bodies(&ask(&open(folder.path(), "a"), "", None)), ["kept"]);
    let aside = file.with_extension("db.damaged-1");
    assert!(aside.exists(), "the damaged file is kept");
}

#[test]
fn a_damaged_file_of_an_earlier_run_is_left_out() {
    let folder = tempfile::tempdir().expect("folder");
    let book = open(folder.path(), "a");
    book.push("api", 1, vec![line(1, "lost".to_owned())]);
    book.begin_run("b", Timestamp(5));
    book.push("api", 1, vec![line(6, "kept".to_owned())]);
    drop(book);
    std::fs::write(file_of(folder.path(), "a"), vec![7; 9000]).expect("write");
    assert_eq!(bodies(&ask(&open(folder.path(), "b"), "", None)), ["kept"]);
}

#[test]
fn a_disk_that_takes_nothing_costs_lines_and_says_how_many_until_it_takes_some_again() {
    let folder = tempfile::tempdir().expect("folder");
    // In place of the file: whatever the user may do, this cannot be opened.
    let obstacle = folder.path().join("0000000000000000-a.db");
    std::fs::create_dir(&obstacle).expect("obstacle");
    let limits = Limits {
        memory: 1 << 20,
        ..patient()
    };
    let book = LogBook::open(folder.path(), Some("a"), limits).expect("a book");
    book.flush();
    for n in 0..200 {
        let lines = (0..100).map(|m| line(n, format!("{n} {m} {}", "x".repeat(200))));
        book.push("api", 1, lines.collect());
        book.flush();
    }
    let page = ask(&book, "", None);
    assert!(page.dropped > 10_000, "{} dropped", page.dropped);
    assert_eq!(page.matched, Some(20_000 - page.dropped), "kept or counted");
    assert!(book.bytes() <= 1 << 20);
    std::fs::remove_dir(&obstacle).expect("free the way");
    let kept = page.matched;
    // The next attempt comes by itself.
    while !obstacle.is_file() {
        std::thread::yield_now();
    }
    drop(book);
    let again = open(folder.path(), "a");
    let query = LogQuery {
        limit: 0,
        ..LogQuery::default()
    };
    // One record more: it says what is missing.
    let more = kept.map(|kept| kept + 1);
    assert_eq!(again.query(&query).expect("a query").matched, more);
    let said = ask(&again, "\"output is missing here\"", None);
    assert_eq!(said.records.len(), 1);
    assert_eq!(said.records[0].marks, [Mark::Gap]);
    let count = format!(" {} records ", page.dropped);
    assert!(said.records[0].body.contains(&count), "{:?}", said.records);
}

#[test]
fn too_many_runs_go_and_a_pinned_one_stays() {
    let folder = tempfile::tempdir().expect("folder");
    for run in ["a", "b", "c", "d"] {
        let book = open(folder.path(), run);
        book.push("api", 1, vec![line(1, run.to_owned())]);
    }
    let limits = Limits {
        retention: Retention {
            runs: 2,
            pinned: vec!["a".to_owned()],
            ..Retention::default()
        },
        ..patient()
    };
    let book = LogBook::open(folder.path(), Some("e"), limits).expect("a book");
    book.push("api", 1, vec![line(1, "e".to_owned())]);
    book.flush();
    // Looked after by the writer when it has nothing to write.
    while ask(&book, "", None).records.len() > 3 {
        std::thread::yield_now();
    }
    assert_eq!(bodies(&ask(&book, "", None)), ["a", "d", "e"]);
}

#[test]
fn a_present_run_that_is_too_large_loses_its_oldest_lines_and_no_more() {
    let folder = tempfile::tempdir().expect("folder");
    let limits = Limits {
        memory: 1 << 20,
        retention: Retention {
            bytes: 100_000,
            ..Retention::default()
        },
        retention_turn: Duration::from_millis(20),
        ..patient()
    };
    let book = LogBook::open(folder.path(), Some("a"), limits).expect("a book");
    for n in 0..100_u64 {
        let noise = |m: u64| (n * 1000 + m).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let lines = (0..100).map(|m| line(1, format!("{n} {:x} {:x}", noise(m), noise(m + 500))));
        book.push("api", 1, lines.collect());
    }
    book.flush();
    while book.dropped() == 0 {
        std::thread::yield_now();
    }
    let page = ask(&book, "", None);
    assert_eq!(page.matched, Some(10_000 - page.dropped), "kept or counted");
    assert_eq!(page.records.last().map(|record| record.seq), Some(10_000));
    // Room in the file is no reason to delete more, turn after turn.
    let mut settled = book.dropped();
    loop {
        std::thread::sleep(Duration::from_millis(500));
        match book.dropped() {
            same if same == settled => break,
            more => settled = more,
        }
    }
    assert!(settled < 9_000, "{settled} of 10 000 went");
}

#[test]
fn a_log_that_is_always_written_has_its_filters_and_its_limits_too() {
    let folder = tempfile::tempdir().expect("folder");
    let limits = Limits {
        memory: 1 << 20,
        retention: Retention {
            bytes: 100_000,
            ..Retention::default()
        },
        retention_turn: Duration::from_millis(20),
        ..patient()
    };
    let book = LogBook::open(folder.path(), Some("a"), limits).expect("a book");
    let mut n = 0_u64;
    while book.dropped() == 0 {
        n += 1;
        assert!(n < 20_000, "nothing ever goes");
        let noise = |m: u64| (n * 1000 + m).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let lines = (0..20).map(|m| line(1, format!("{n} {:x} {:x}", noise(m), noise(m + 500))));
        book.push("api", 1, lines.collect());
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn context_patterns_and_histogram_reach_into_earlier_runs() {
    let folder = tempfile::tempdir().expect("folder");
    let book = open(folder.path(), "a");
    for n in 0..50 {
        book.push("api", 1, vec![line(n, format!("request {n} done"))]);
    }
    book.push("db", 1, vec![line(50, "cache is cold".to_owned())]);
    drop(book);
    let book = open(folder.path(), "b");
    for n in 100..150 {
        book.push("api", 1, vec![line(n, format!("request {n} done"))]);
        book.push("db", 1, vec![line(n, format!("error: deadlock {n}"))]);
    }
    let around = book.context(52, 3, 2, false);
    assert_eq!(
        bodies(&around),
        [
            "request 48 done",
            "request 49 done",
            "cache is cold",
            "request 100 done",
            "error: deadlock 100",
            "request 101 done"
        ]
    );
    let query = LogQuery {
        since: Some(Timestamp(100)),
        until: Some(Timestamp(200)),
        ..LogQuery::default()
    };
    let baseline = TimeRange {
        since: Timestamp(0),
        until: Timestamp(100),
    };
    let patterns = book
        .patterns(&query, baseline, &Cancel::default())
        .expect("a query");
    let templates = |list: &[benchtop_telemetry::query::Pattern]| {
        let say = |p: &benchtop_telemetry::query::Pattern| format!("{} x{}", p.template, p.count);
        list.iter().map(say).collect::<Vec<_>>()
    };
    assert_eq!(templates(&patterns.new), ["error: deadlock <*> x50"]);
    assert_eq!(templates(&patterns.vanished), ["cache is cold x1"]);
    let histogram = book
        .histogram(&LogQuery::default(), 15, &Cancel::default())
        .expect("a query");
    assert_eq!(
        (histogram.from, histogram.to),
        (Timestamp(0), Timestamp(150))
    );
    let sums: Vec<u64> = histogram
        .counts
        .iter()
        .map(|levels| levels.iter().sum())
        .collect();
    assert_eq!(
        sums,
        [10, 10, 10, 10, 10, 1, 0, 0, 0, 0, 20, 20, 20, 20, 20]
    );
}

#[test]
fn a_search_that_runs_out_of_time_says_where_to_go_on() {
    let folder = tempfile::tempdir().expect("folder");
    let book = open(folder.path(), "a");
    for n in 0..20 {
        book.push(
            "api",
            1,
            vec![line(n, format!("needle {}", "x".repeat(300))); 500],
        );
    }
    book.flush();
    drop(book);
    let hasty = Limits {
        search: Duration::ZERO,
        ..Limits::default()
    };
    let book = LogBook::open(folder.path(), Some("a"), hasty).expect("a book");
    let page = ask(&book, "needle", None);
    assert!(!page.complete && page.more && page.matched.is_none());
    assert_eq!(page.reached, 10_001, "from the newest on");
    let cancelled = Cancel::default();
    cancelled.cancel();
    let query = LogQuery {
        text: Some("needle".to_owned()),
        limit: 10,
        ..LogQuery::default()
    };
    let book = open(folder.path(), "b");
    let page = book.query_until(&query, &cancelled).expect("a query");
    assert_eq!(
        (page.records.len(), page.complete, page.scanned_bytes),
        (0, false, 0)
    );
}

/// The child: writes numbered lines of two services, and tells what is acknowledged.
#[test]
#[ignore = "the child of the test below, which kills it"]
fn writer_that_is_killed() {
    let Some(folder) = std::env::var_os(CHILD).map(PathBuf::from) else {
        return;
    };
    let book = open(&folder, "a");
    let services = ["api", "db"];
    let mut next = services.map(|service| {
        let position = book.position(service, 1);
        position.map_or(0, |text| text.parse::<u64>().expect("a number"))
    });
    loop {
        for _ in 0..10 {
            for (service, next) in services.iter().zip(&mut next) {
                let lines = (*next..*next + 37).map(|n| line(1, format!("{service} {n}")));
                *next += 37;
                book.push_from(service, 1, lines.collect(), Some(next.to_string()));
            }
        }
        let told = || services.map(|service| book.position(service, 1).unwrap_or_default());
        let before = told();
        while told() == before {
            std::thread::yield_now();
        }
        println!("ack {}", told().join(" "));
    }
}

#[test]
fn a_kill_at_any_moment_loses_nothing_acknowledged_and_doubles_nothing() {
    let folder = tempfile::tempdir().expect("folder");
    let mut acknowledged = [0_u64; 2];
    for round in 0..6_u64 {
        let mut child = Command::new(std::env::current_exe().expect("own program"))
            .args([
                "writer_that_is_killed",
                "--exact",
                "--ignored",
                "--nocapture",
            ])
            .env(CHILD, folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .expect("child");
        let out = BufReader::new(child.stdout.take().expect("pipe"));
        // Killed after so many acknowledgements that moved, at another moment each time.
        let mut moves = 0;
        for told in out.lines() {
            let told = told.expect("a line");
            let numbers: Vec<u64> = told
                .split(' ')
                .filter_map(|word| word.parse().ok())
                .collect();
            if let [api, db] = numbers[..] {
                moves += u64::from(acknowledged != [api, db]);
                acknowledged = [api, db];
            }
            if moves > round % 4 {
                child.kill().expect("kill");
                break;
            }
        }
        child.wait().expect("end");
        let book = open(folder.path(), "a");
        for (service, told) in ["api", "db"].into_iter().zip(acknowledged) {
            let stored: u64 = book
                .position(service, 1)
                .and_then(|text| text.parse().ok())
                .unwrap_or(0);
            assert!(
                stored >= told,
                "{service}: {stored} on disk, {told} acknowledged"
            );
            let mut expected = 0;
            let mut query = LogQuery {
                services: vec![service.to_owned()],
                after: Some(0),
                limit: 5000,
                ..LogQuery::default()
            };
            loop {
                let page = book.query(&query).expect("a query");
                for record in &page.records {
                    assert_eq!(
                        record.body,
                        format!("{service} {expected}"),
                        "no gap, none twice"
                    );
                    expected += 1;
                }
                if !page.more {
                    break;
                }
                query.after = Some(page.reached);
            }
            assert_eq!(expected, stored, "lines and position belong together");
        }
    }
}
