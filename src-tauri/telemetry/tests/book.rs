//! The log book as a view uses it: push, ask, follow.

use benchtop_model::time::Timestamp;
use benchtop_telemetry::book::{Limits, LogBook, RawLine};
use benchtop_telemetry::level::Level;
use benchtop_telemetry::log::{LogRecord, Mark, Stream};
use benchtop_telemetry::query::{LogPage, LogQuery};
use std::time::Duration;

/// Asks what can be understood.
trait Ask {
    fn ask(&self, query: &LogQuery) -> LogPage;
}

impl Ask for LogBook {
    fn ask(&self, query: &LogQuery) -> LogPage {
        self.query(query).expect("a query")
    }
}

fn line(text: &str) -> RawLine {
    on(Stream::Stdout, text)
}

fn on(stream: Stream, text: &str) -> RawLine {
    RawLine {
        time: Timestamp(1),
        stream,
        text: text.to_owned(),
        marks: Vec::new(),
    }
}

/// Limits under which everything is counted, however slow the machine.
fn patient() -> Limits {
    Limits {
        search: Duration::from_secs(3600),
        counting: Duration::from_secs(3600),
        ..Limits::default()
    }
}

/// A book with these lines of one service.
fn book_of(lines: &[&str]) -> LogBook {
    let book = LogBook::in_memory(patient());
    book.push("api", 1, lines.iter().map(|text| line(text)).collect());
    book
}

fn query() -> LogQuery {
    LogQuery {
        limit: 5000,
        ..LogQuery::default()
    }
}

fn containing(text: &str) -> LogQuery {
    LogQuery {
        text: Some(text.to_owned()),
        ..query()
    }
}

fn seqs(page: &LogPage) -> Vec<u64> {
    page.records.iter().map(|record| record.seq).collect()
}

fn levels(book: &LogBook) -> Vec<Level> {
    book.ask(&query())
        .records
        .iter()
        .map(|record| record.severity)
        .collect()
}

fn only(book: &LogBook) -> LogRecord {
    let mut records = book.ask(&query()).records;
    assert_eq!(records.len(), 1);
    records.remove(0)
}

#[test]
fn a_line_comes_back_as_it_was_pushed() {
    let book = LogBook::default();
    let raw = RawLine {
        time: Timestamp(7),
        stream: Stream::Stderr,
        text: "hello\r\n".to_owned(),
        marks: Vec::new(),
    };
    book.push("api", 3, vec![raw]);
    let expected = LogRecord {
        seq: 1,
        time: Timestamp(7),
        service: "api".to_owned(),
        generation: 3,
        stream: Stream::Stderr,
        severity: Level::Info,
        body: "hello".to_owned(),
        marks: Vec::new(),
        attributes: Default::default(),
        trace_id: None,
        span_id: None,
    };
    assert_eq!(only(&book), expected);
    assert_eq!((book.newest(), book.dropped()), (1, 0));
}

#[test]
fn an_empty_book_answers() {
    let book = LogBook::default();
    let empty = LogPage {
        matched: Some(0),
        complete: true,
        ..LogPage::default()
    };
    assert_eq!(book.ask(&query()), empty);
    book.push("api", 1, Vec::new());
    assert_eq!(book.newest(), 0);
}

#[test]
fn records_of_all_services_come_in_order_of_arrival() {
    let book = LogBook::default();
    for n in 0..6 {
        let service = if n % 2 == 0 { "a" } else { "b" };
        // The clock of one of them is ahead: arrival counts.
        let time = Timestamp(if n % 2 == 0 { 1000 } else { n });
        book.push(service, 1, vec![RawLine { time, ..line("x") }]);
    }
    assert_eq!(seqs(&book.ask(&query())), [1, 2, 3, 4, 5, 6]);
    let of_b = LogQuery {
        services: vec!["b".to_owned(), "none".to_owned()],
        ..query()
    };
    assert_eq!(seqs(&book.ask(&of_b)), [2, 4, 6]);
}

#[test]
fn without_after_the_window_is_the_newest_and_with_it_the_oldest() {
    let book = book_of(&["x"; 10]);
    let ask = |before, after| {
        let page = book.ask(&LogQuery {
            before,
            after,
            limit: 3,
            ..query()
        });
        (seqs(&page), page.more)
    };
    assert_eq!(ask(None, None), (vec![8, 9, 10], true));
    assert_eq!(ask(Some(3), None), (vec![1, 2], false));
    assert_eq!(ask(Some(4), None), (vec![1, 2, 3], false));
    assert_eq!(ask(Some(5), None), (vec![2, 3, 4], true));
    assert_eq!(ask(None, Some(0)), (vec![1, 2, 3], true));
    assert_eq!(ask(None, Some(7)), (vec![8, 9, 10], false));
    assert_eq!(ask(None, Some(10)), (vec![], false));
    assert_eq!(ask(Some(6), Some(3)), (vec![4, 5], false));
    assert_eq!(ask(Some(3), Some(6)), (vec![], false));
    assert_eq!(ask(Some(0), Some(u64::MAX)), (vec![], false));
}

#[test]
fn the_limit_is_held_below_five_thousand_and_nothing_is_only_a_count() {
    let book = LogBook::default();
    book.push("api", 1, vec![line("x"); 6000]);
    let ask = |limit| book.ask(&LogQuery { limit, ..query() }).records.len();
    assert_eq!((ask(0), ask(1), ask(u32::MAX)), (0, 1, 5000));
}

#[test]
fn text_is_found_without_regard_to_case_or_colour() {
    let book = book_of(&[
        "Started",
        "\u{1b}[31mfa\u{1b}[1miled\u{1b}[0m: x",
        "FAILED: y",
        "größe",
    ]);
    assert_eq!(seqs(&book.ask(&containing("failed:"))), [2, 3]);
    assert_eq!(seqs(&book.ask(&containing("GRÖSSE"))), [0; 0]);
    assert_eq!(seqs(&book.ask(&containing("GRÖßE"))), [4]);
    assert_eq!(seqs(&book.ask(&containing(""))), [1, 2, 3, 4]);
    assert_eq!(seqs(&book.ask(&containing("31m"))), [0; 0]);
    let coloured = &book.ask(&containing("failed")).records[0];
    assert_eq!(
        coloured.body, "\u{1b}[31mfa\u{1b}[1miled\u{1b}[0m: x",
        "colours are kept"
    );
}

#[test]
fn a_search_finds_what_came_after_the_same_search() {
    let book = book_of(&["one fish"]);
    assert_eq!(seqs(&book.ask(&containing("fish"))), [1]);
    book.push("api", 1, vec![line("two fish"), line("a bird")]);
    assert_eq!(seqs(&book.ask(&containing("fish"))), [1, 2]);
    assert_eq!(seqs(&book.ask(&containing("FISH"))), [1, 2]);
    assert_eq!(seqs(&book.ask(&containing("bird"))), [3]);
}

#[test]
fn levels_are_counted_over_services_and_text_whatever_the_level_and_window() {
    let book = book_of(&["info: a", "warn: a", "error: a", "error: b"]);
    book.push("other", 1, vec![line("fatal: a")]);
    let asked = LogQuery {
        services: vec!["api".to_owned()],
        min_level: Some(Level::Error),
        limit: 1,
        ..containing("a")
    };
    let page = book.ask(&asked);
    assert_eq!(seqs(&page), [3]);
    assert!(!page.more);
    assert_eq!(page.levels, [0, 0, 1, 1, 1, 0]);
    assert_eq!(book.ask(&query()).levels, [0, 0, 1, 1, 2, 1]);
    assert_eq!(page.newest, 5);
}

#[test]
fn a_stack_trace_has_the_level_of_its_first_line() {
    let book = LogBook::default();
    let mut lines = vec![
        line("fail: Kestrel[13]"),
        line("      Log in failed"),
        line("   at A.B()"),
    ];
    // Another stream in between does not part them.
    lines.insert(1, on(Stream::Stderr, "warn: unrelated"));
    lines.push(on(Stream::Stderr, "  and more"));
    lines.push(line("info: back to work"));
    lines.push(line("  indented"));
    // Lines that come by themselves are records by themselves.
    for line in lines {
        book.push("api", 1, vec![line]);
    }
    use Level::{Error, Info, Warn};
    assert_eq!(levels(&book), [Error, Warn, Error, Error, Warn, Info, Info]);
}

#[test]
fn a_new_start_does_not_go_on_with_the_trace_of_the_last() {
    let book = book_of(&["error: died"]);
    book.push("api", 2, vec![line("  booting")]);
    book.push("web", 1, vec![line("  booting")]);
    assert_eq!(levels(&book), [Level::Error, Level::Info, Level::Info]);
}

#[test]
fn a_very_long_line_is_cut_and_says_so() {
    let book = LogBook::default();
    let text = format!("x{}", "ü".repeat(100_000));
    book.push("api", 1, vec![line(&text)]);
    let record = only(&book);
    assert_eq!(record.body.len(), 64 * 1024 - 1, "not within a letter");
    assert_eq!(record.attributes["truncated"], "200001");
    assert_eq!(record.marks, [Mark::Truncated]);
}

#[test]
fn json_lines_show_their_fields() {
    let text =
        r#"{"level":"warn","msg":"slow","ms":120,"traceId":"4bf92f3577b34da6a3ce929d0e0e4736"}"#;
    let record = only(&book_of(&[text]));
    assert_eq!((record.severity, record.body.as_str()), (Level::Warn, text));
    assert_eq!(record.attributes["ms"], "120");
    assert_eq!(
        record.trace_id.as_deref(),
        Some("4bf92f3577b34da6a3ce929d0e0e4736")
    );
}

#[test]
fn a_flood_pushes_out_itself_and_not_the_quiet() {
    let book = LogBook::in_memory(Limits {
        memory: 1024 * 1024,
        ..patient()
    });
    book.push("quiet", 1, vec![line("the only thing it ever says")]);
    for n in 0..200 {
        let lines = (0..100).map(|m| line(&format!("flood {n} {m} {}", "x".repeat(100))));
        book.push("loud", 1, lines.collect());
    }
    let page = book.ask(&query());
    assert_eq!(page.newest, 20_001);
    assert!(
        page.dropped > 5000 && page.dropped < 20_000,
        "{}",
        page.dropped
    );
    assert_eq!(page.levels.iter().sum::<u64>(), page.newest - page.dropped);
    assert!(book.bytes() <= 1024 * 1024);
    let quiet = LogQuery {
        services: vec!["quiet".to_owned()],
        ..query()
    };
    assert_eq!(seqs(&book.ask(&quiet)), [1]);
    assert_eq!(page.records.last().map(|record| record.seq), Some(20_001));
}

#[test]
fn an_answer_is_bounded_in_bytes_and_says_that_there_is_more() {
    let book = LogBook::default();
    for _ in 0..300 {
        book.push("api", 1, vec![line(&"x".repeat(60_000))]);
    }
    let back = book.ask(&query());
    assert!(back.more);
    assert!(
        (100..150).contains(&back.records.len()),
        "{}",
        back.records.len()
    );
    assert_eq!(back.records.last().map(|record| record.seq), Some(300));
    let forward = book.ask(&LogQuery {
        after: Some(0),
        ..query()
    });
    assert!(forward.more);
    assert_eq!(forward.records[0].seq, 1);
}

#[tokio::test(flavor = "current_thread")]
async fn a_subscriber_learns_of_the_newest() {
    let book = LogBook::default();
    let mut newest = book.subscribe();
    assert_eq!(*newest.borrow_and_update(), 0);
    book.push("api", 1, vec![line("a"), line("b")]);
    book.push("api", 1, vec![line("c")]);
    newest.changed().await.unwrap();
    assert_eq!(*newest.borrow_and_update(), 3);
    assert!(
        !newest.has_changed().unwrap(),
        "one notice, however many pushes"
    );
}

#[test]
fn pushes_and_searches_do_not_disturb_each_other() {
    let book = LogBook::in_memory(Limits {
        memory: 4 * 1024 * 1024,
        ..patient()
    });
    std::thread::scope(|scope| {
        for service in ["a", "b", "c"] {
            let book = &book;
            scope.spawn(move || {
                for n in 0..300 {
                    book.push(service, 1, vec![line(&format!("line {n} needle")); 50]);
                }
            });
        }
        for text in ["needle", "299"] {
            let book = &book;
            scope.spawn(move || {
                for _ in 0..200 {
                    let page = book.ask(&containing(text));
                    assert!(page.records.is_sorted_by(|a, b| a.seq < b.seq));
                    assert!(page.records.iter().all(|record| record.body.contains(text)));
                }
            });
        }
    });
    assert_eq!(book.newest(), 45_000);
    assert_eq!(
        book.dropped() + book.ask(&query()).levels.iter().sum::<u64>(),
        45_000
    );
}

/// `cargo test --release -p benchtop-telemetry -- --ignored --nocapture`
#[test]
#[ignore = "measures; only a release build says anything"]
fn searching_half_a_million_lines() {
    let book = LogBook::default();
    let begin = std::time::Instant::now();
    for n in 0..5000_u32 {
        let lines = (0..100).map(|m| {
            line(&format!(
                "2026-11-22T07:01:02.{n:04}Z INFO [worker-{m}] handled request id={} for user {} in {} ms",
                n * 100 + m,
                m * 7919 % 1000,
                m % 90,
            ))
        });
        book.push(
            if n % 3 == 0 { "api" } else { "worker" },
            1,
            lines.collect(),
        );
    }
    println!(
        "push {:?}, {} MiB, dropped {}",
        begin.elapsed(),
        book.bytes() >> 20,
        book.dropped()
    );
    let time = |name: &str, asked: &LogQuery| {
        let begin = std::time::Instant::now();
        let page = book.ask(asked);
        let count = page.levels.iter().sum::<u64>();
        println!("{name:28} {:>9.2?}  {count} match", begin.elapsed());
    };
    let small = |text: &str| LogQuery {
        limit: 200,
        ..containing(text)
    };
    time(
        "no text",
        &LogQuery {
            limit: 200,
            ..query()
        },
    );
    time("no text, 5000 rows", &query());
    time("rare", &small("\"id=250077 \""));
    time("rare again", &small("\"id=250077 \""));
    time("absent", &small("OutOfMemory"));
    time("common word", &small("request"));
    time("one letter", &small("e"));
    time("common letters, absent", &small("\"in in\""));
    time("beyond ASCII", &small("größe"));
    time("5000 matches, all levels", &containing("\"user 7\""));
}
