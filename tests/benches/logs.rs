//! Logs: how fast they are taken, how small they are kept, how soon they are found.
//!
//! Everything is measured on generated lines; the same text as one plain file is searched
//! by `ripgrep` and opened by `lnav`, where they are installed. `BENCHTOP_BENCH_LINES` sets another number of lines
//! than ten million.

use benchtop_api::model::time::Timestamp;
use benchtop_api::telemetry::book::{Limits, LogBook, RawLine};
use benchtop_api::telemetry::level::Level;
use benchtop_api::telemetry::log::Stream;
use benchtop_api::telemetry::query::LogQuery;
use benchtop_tests::bench::{Budget, Table, timed};
use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

#[path = "logs/floods.rs"]
mod floods;

/// Lines that are searched.
const LINES: u64 = 10_000_000;

/// Lines of a flood.
const FLOOD: u64 = 5_000_000;

/// Lines of one push.
const BATCH: u64 = 2000;

const SERVICES: [&str; 4] = ["api", "worker", "db", "web"];

fn main() {
    let lines = std::env::var("BENCHTOP_BENCH_LINES")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(LINES);
    store_and_search(lines);
    floods::process(FLOOD.min(lines));
    floods::container(FLOOD.min(lines));
}

/// A number of its own for each line. Its low bits, too, are unlike the line's: what is taken
/// from them is as likely for each kind of line.
fn id_of(n: u64) -> u64 {
    let id = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    id ^ (id >> 32)
}

/// A line as services write it: numbers, ids and words, some of it JSON.
fn text_of(n: u64) -> String {
    let id = id_of(n);
    let level = match n % 50 {
        0 => "ERROR",
        1..=3 => "WARN",
        _ => "INFO",
    };
    match n % 4 {
        0 => format!(
            r#"{{"level":"{level}","time":{},"msg":"request completed","request_id":"{id:016x}","user":{{"id":{}}},"ms":{},"status":{}}}"#,
            1_795_330_800_000 + n,
            id % 10_000,
            id % 1500,
            200 + id % 4 * 100
        ),
        1 => format!(
            "time=2026-11-22T07:00:00Z level={} msg=\"cache lookup\" key=user:{} hit={} dur_ms={}",
            level.to_lowercase(),
            id % 10_000,
            id.is_multiple_of(2),
            id % 90
        ),
        2 => format!(
            "10.0.{}.{} - - [22/Nov/2026:07:00:00 +0000] \"GET /api/orders/{} HTTP/1.1\" {} {}",
            id % 256,
            id / 256 % 256,
            id % 100_000,
            200 + id % 4 * 100,
            id % 9000
        ),
        _ => format!(
            "2026-11-22T07:00:00.{:03}Z {level} [worker-{}] order {:08x} moved to state {} in {} ms",
            n % 1000,
            id % 32,
            id as u32,
            ["new", "paid", "packed", "sent"][(id % 4) as usize],
            id % 700
        ),
    }
}

fn store_and_search(lines: u64) {
    let folder = tempfile::tempdir().expect("a folder");
    let raw = folder.path().join("raw.log");
    let mut table = Table::new(&format!("Logs on disk and their search, {lines} lines"));
    let raw_bytes = write_raw(&raw, lines);
    let book = fill(&mut table, folder.path(), lines);
    let stored = size_below(&folder.path().join("book"));
    table.figure("size on disk", stored as f64 / 1e6, "MB");
    table.figure("size of the text", raw_bytes as f64 / 1e6, "MB");
    table.budgeted(
        "size on disk to text",
        stored as f64 / raw_bytes as f64,
        "x",
        Budget::AtMost(0.4),
    );
    table.figure("memory of this process", resident_mib(), "MiB");
    let rare = format!("{:016x}", id_of(lines / 3 / 4 * 4));
    for search in [
        Search::new("rare word", &format!("request_id={rare}"), &rare, 0.150),
        Search::new("rare text", &rare, &rare, 0.800),
        Search::new("common text", "moved", "moved", 0.800),
        Search::new("absent text", "OutOfMemory", "OutOfMemory", 0.800),
        Search::new(
            "regex with a text",
            r"/state paid in \d{3} ms/",
            r"state paid in \d{3} ms",
            0.800,
        ),
        Search::new(
            "regex without",
            r"/\b[0-9]{5} [A-Za-z]+\b/",
            r"\b[0-9]{5} [A-Za-z]+\b",
            f64::INFINITY,
        ),
    ] {
        search.run(&mut table, &book, &raw);
    }
    match lnav(&rare, &raw) {
        Some(seconds) => table.figure("rare text: lnav opens the text and finds it", seconds, "s"),
        None => table.skipped("lnav", "it is not installed"),
    }
}

fn write_raw(path: &Path, lines: u64) -> u64 {
    let mut out = std::io::BufWriter::new(std::fs::File::create(path).expect("a file"));
    for n in 0..lines {
        writeln!(out, "{}", text_of(n)).expect("written");
    }
    out.flush().expect("written");
    std::fs::metadata(path).expect("the file").len()
}

/// What is written while it comes, without the time that it takes to make it up.
fn fill(table: &mut Table, folder: &Path, lines: u64) -> LogBook {
    let limits = Limits {
        search: Duration::from_secs(600),
        ..Limits::default()
    };
    let book = LogBook::open(&folder.join("book"), Some("bench"), limits).expect("a book");
    let mut spent = Duration::ZERO;
    for batch in 0..lines / BATCH {
        let raw: Vec<RawLine> = (batch * BATCH..(batch + 1) * BATCH)
            .map(|n| RawLine {
                time: Timestamp(1_795_330_800_000 + n.cast_signed() / 1000),
                stream: Stream::Stdout,
                text: text_of(n),
                marks: Vec::new(),
            })
            .collect();
        let service = SERVICES[(batch % 4) as usize];
        let start = Instant::now();
        book.push(service, 1, raw);
        spent += start.elapsed();
    }
    table.figure(
        "taken by the store",
        lines as f64 / spent.as_secs_f64() / 1e6,
        "M lines/s",
    );
    let start = Instant::now();
    book.flush();
    table.figure(
        "filters built afterwards in",
        start.elapsed().as_secs_f64(),
        "s",
    );
    book
}

struct Search {
    name: &'static str,
    query: String,
    for_ripgrep: String,
    budget: f64,
}

impl Search {
    fn new(name: &'static str, query: &str, for_ripgrep: &str, budget: f64) -> Self {
        Self {
            name,
            query: query.to_owned(),
            for_ripgrep: for_ripgrep.to_owned(),
            budget,
        }
    }

    fn run(&self, table: &mut Table, book: &LogBook, raw: &Path) {
        let ask = |limit, after| {
            let query = LogQuery {
                text: Some(self.query.clone()),
                min_level: Some(Level::Trace),
                limit,
                // Another time each time: what is remembered of a question is no search.
                since: Some(Timestamp(after)),
                ..LogQuery::default()
            };
            book.query(&query).expect("a query")
        };
        let mut matched = None;
        let mut time = 0;
        let all = timed(3, || {
            time += 1;
            matched = ask(0, time).matched;
        });
        let first = timed(3, || {
            time += 1;
            _ = ask(200, time);
        });
        let median = |runs: &[Duration]| runs[runs.len() / 2].as_secs_f64();
        let name = |what: &str| format!("{}: {what}", self.name);
        let matched = matched.expect("complete") as f64;
        table.figure(&name("matches"), matched, "records");
        if matched >= 200.0 {
            table.budgeted(
                &name("first rows"),
                median(&first),
                "s",
                Budget::AtMost(0.050),
            );
        }
        table.budgeted(
            &name("complete answer"),
            median(&all),
            "s",
            Budget::AtMost(self.budget),
        );
        match ripgrep(&self.for_ripgrep, raw) {
            Some(peer) => {
                table.figure(&name("ripgrep on the text"), peer, "s");
                table.figure(&name("ratio to ripgrep"), median(&all) / peer, "x");
            }
            None => table.skipped(&name("ripgrep"), "it is not installed"),
        }
    }
}

/// Seconds that ripgrep takes to count.
fn ripgrep(pattern: &str, file: &Path) -> Option<f64> {
    Command::new("rg").arg("--version").output().ok()?;
    let runs = timed(3, || {
        let counted = Command::new("rg")
            .args(["-i", "-c", pattern])
            .arg(file)
            .output();
        assert!(counted.is_ok(), "ripgrep answers");
    });
    Some(runs[1].as_secs_f64())
}

/// Seconds that lnav takes to read the file and to print the lines that fit.
fn lnav(text: &str, file: &Path) -> Option<f64> {
    let start = Instant::now();
    let filter = format!(":filter-in {text}");
    let shown = Command::new("lnav")
        .args(["-n", "-c", &filter])
        .arg(file)
        .output();
    let found = shown.ok()?.stdout;
    assert!(!found.is_empty(), "lnav finds it");
    Some(start.elapsed().as_secs_f64())
}

fn resident_mib() -> f64 {
    rss_mib(&std::fs::read_to_string("/proc/self/status").unwrap_or_default())
}

fn rss_mib(status: &str) -> f64 {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| {
        line.trim()
            .trim_end_matches("kB")
            .trim()
            .parse::<f64>()
            .ok()
    });
    kib.unwrap_or(f64::NAN) / 1024.0
}

fn size_below(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).expect("the folder").flatten();
    entries
        .filter_map(|entry| entry.metadata().ok())
        .map(|file| file.len())
        .sum()
}
