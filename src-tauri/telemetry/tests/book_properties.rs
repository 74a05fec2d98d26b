//! What holds for any order of pushes, queries, commits and restarts.

use benchtop_model::time::Timestamp;
use benchtop_telemetry::book::{Cancel, Limits, LogBook, RawLine};
use benchtop_telemetry::level::Level;
use benchtop_telemetry::log::{LogRecord, Stream};
use benchtop_telemetry::query::LogQuery;
use proptest::prelude::*;
use std::path::Path;
use std::time::Duration;

const SERVICES: [&str; 3] = ["api", "db", "web"];

#[derive(Clone, Debug)]
enum Step {
    Push {
        service: usize,
        generation: u64,
        lines: Vec<(bool, String)>,
    },
    Ask(Question),
    /// Everything to disk.
    Flush,
    /// A new engine, after everything was brought to disk.
    Reopen,
    /// The next run.
    Run,
}

/// A query together with what it means.
#[derive(Clone, Debug)]
struct Question {
    query: LogQuery,
    terms: Vec<(bool, Term)>,
}

#[derive(Clone, Debug)]
enum Term {
    Text(String),
    Regex(String),
    Level(Level),
    Attribute(String),
    Stderr,
}

impl Term {
    fn written(&self) -> String {
        match self {
            Self::Text(text) => format!("{text:?}"),
            Self::Regex(text) => format!("/{text}/"),
            Self::Level(level) => format!("level>={}", level.word()),
            Self::Attribute(value) => format!("a={value}"),
            Self::Stderr => "stream=stderr".to_owned(),
        }
    }

    /// The plain way to ask a record.
    fn fits(&self, record: &LogRecord) -> bool {
        let plain = plain(&record.body);
        match self {
            Self::Text(text) => plain.to_lowercase().contains(&text.to_lowercase()),
            Self::Regex(text) => regex::Regex::new(&format!("(?m){text}"))
                .expect("a regex")
                .is_match(&plain),
            Self::Level(level) => record.severity >= *level,
            Self::Attribute(value) => record.attributes.get("a") == Some(value),
            Self::Stderr => record.stream == Stream::Stderr,
        }
    }
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => "[ a-cA-C=\u{1b}\\[m]{0,12}",
        2 => "(error|warn|info|  at|level=debug)[: ]{1,2}[a-c]{0,5}",
        1 => "level=info a=[x-z]{1,2} b",
        1 => "\\PC{0,20}",
        1 => Just(r#"{"level":"error","a":"x"}"#.to_owned()),
    ]
}

fn lines() -> impl Strategy<Value = Vec<(bool, String)>> {
    prop_oneof![
        4 => prop::collection::vec((any::<bool>(), text()), 0..20),
        // Enough to fill blocks.
        1 => (1..1500_usize, text()).prop_map(|(count, text)| vec![(false, text); count]),
    ]
}

fn term() -> impl Strategy<Value = (bool, Term)> {
    let kind = prop_oneof![
        4 => "[a-cA-C ]{0,3}".prop_map(Term::Text),
        1 => prop::sample::select(vec!["a b", "c[ab]+", "^a", "b$", r"\Aa", r"c\z", r"[a-c]\s+", "x*"])
            .prop_map(|text| Term::Regex(text.to_owned())),
        1 => prop_oneof![Just(Level::Info), Just(Level::Error)].prop_map(Term::Level),
        1 => "[x-z]{1,2}".prop_map(Term::Attribute),
        1 => Just(Term::Stderr),
    ];
    (prop::bool::weighted(0.2), kind)
}

fn question() -> impl Strategy<Value = Question> {
    let services = prop::sample::subsequence(SERVICES.to_vec(), 0..=3);
    let level = prop::option::of(prop_oneof![Just(Level::Info), Just(Level::Warn)]);
    let terms = prop::collection::vec(term(), 0..3);
    let bound = || prop::option::of(0..4000_u64);
    let time = || prop::option::of((0..40_i64).prop_map(Timestamp));
    (
        services,
        level,
        terms,
        (bound(), bound()),
        (time(), time()),
        0..300_u32,
    )
        .prop_map(
            |(services, min_level, terms, (before, after), (since, until), limit)| {
                let written = terms.iter().map(|(negated, term)| {
                    format!("{}{}", if *negated { "-" } else { "" }, term.written())
                });
                let text = written.collect::<Vec<_>>().join(" ");
                let query = LogQuery {
                    services: services.into_iter().map(str::to_owned).collect(),
                    min_level,
                    text: Some(text),
                    since,
                    until,
                    before,
                    after,
                    limit,
                    run: None,
                };
                // An empty text is no condition, with a minus or without.
                let terms = terms
                    .into_iter()
                    .filter(|(_, term)| !matches!(term, Term::Text(text) if text.is_empty()));
                Question {
                    query,
                    terms: terms.collect(),
                }
            },
        )
}

fn step() -> impl Strategy<Value = Step> {
    let push =
        (0..3_usize, 1..3_u64, lines()).prop_map(|(service, generation, lines)| Step::Push {
            service,
            generation,
            lines,
        });
    prop_oneof![
        8 => push,
        8 => question().prop_map(Step::Ask),
        1 => Just(Step::Flush),
        1 => Just(Step::Reopen),
        1 => Just(Step::Run),
    ]
}

/// Limits under which everything is counted, however slow the machine, and little is
/// kept in memory.
fn limits() -> Limits {
    Limits {
        memory: 512 * 1024,
        search: Duration::from_secs(3600),
        counting: Duration::from_secs(3600),
        ..Limits::default()
    }
}

fn open(folder: &Path, run: u32) -> LogBook {
    LogBook::open(folder, Some(&format!("run{run}")), limits()).expect("a book")
}

fn push(book: &LogBook, time: i64, service: usize, generation: u64, lines: &[(bool, String)]) {
    let raw = lines.iter().map(|(err, text)| RawLine {
        time: Timestamp(time),
        stream: if *err { Stream::Stderr } else { Stream::Stdout },
        text: text.clone(),
        marks: Vec::new(),
    });
    book.push(SERVICES[service], generation, raw.collect());
}

/// All records, page by page as a view follows.
fn follow(book: &LogBook, limit: u32) -> Vec<LogRecord> {
    let mut all: Vec<LogRecord> = Vec::new();
    loop {
        let after = Some(all.last().map_or(0, |record| record.seq));
        let query = LogQuery {
            after,
            limit,
            ..LogQuery::default()
        };
        let page = book.query(&query).expect("a query");
        all.extend(page.records);
        if !page.more {
            return all;
        }
    }
}

/// The plain way to answer, from a list of all records.
fn expected(all: &[LogRecord], asked: &Question) -> (Vec<u64>, bool, [u64; 6]) {
    let query = &asked.query;
    let chosen = |record: &&LogRecord| {
        (query.services.is_empty() || query.services.contains(&record.service))
            && query.since.is_none_or(|since| record.time >= since)
            && query.until.is_none_or(|until| record.time < until)
            && asked
                .terms
                .iter()
                .all(|(negated, term)| *negated != term.fits(record))
    };
    let mut levels = [0; 6];
    all.iter()
        .filter(chosen)
        .for_each(|record| levels[record.severity as usize] += 1);
    let mut seqs: Vec<u64> = all
        .iter()
        .filter(chosen)
        .filter(|record| query.min_level.is_none_or(|level| record.severity >= level))
        .map(|record| record.seq)
        .filter(|seq| query.after.is_none_or(|after| *seq > after))
        .filter(|seq| query.before.is_none_or(|before| *seq < before))
        .collect();
    let limit = query.limit as usize;
    let more = limit > 0 && seqs.len() > limit;
    if query.after.is_some() {
        seqs.truncate(limit);
    } else {
        seqs.drain(..seqs.len().saturating_sub(limit));
    }
    (seqs, more, levels)
}

/// Without the escapes that the generated texts can have.
fn plain(body: &str) -> String {
    let mut out = String::new();
    let mut rest = body;
    while let Some(at) = rest.find('\u{1b}') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(parameters) = rest.strip_prefix('[') {
            let inside = |c: char| (' '..='?').contains(&c);
            rest = parameters.trim_start_matches(inside);
            if rest.starts_with(|c: char| ('@'..='~').contains(&c)) {
                rest = &rest[1..];
            }
        } else if rest.starts_with(|c: char| ('0'..='~').contains(&c)) {
            rest = &rest[1..];
        }
    }
    out + rest
}

fn check_steps(steps: &[Step], limit: u32, folder: Option<&Path>) -> Result<(), TestCaseError> {
    let mut run = 0;
    let mut book = match folder {
        Some(folder) => open(folder, run),
        None => LogBook::in_memory(Limits {
            memory: 64 << 20,
            ..limits()
        }),
    };
    let mut pushed = 0;
    let mut known: Vec<LogRecord> = Vec::new();
    for (time, step) in (0..).zip(steps) {
        match step {
            Step::Push {
                service,
                generation,
                lines,
            } => {
                push(&book, time, *service, *generation, lines);
                pushed += lines.len();
            }
            Step::Ask(asked) => {
                let all = follow(&book, 5000);
                prop_assert!(all.starts_with(&known), "nothing changes later");
                let page = book.query(&asked.query).expect("a query");
                let seqs: Vec<u64> = page.records.iter().map(|record| record.seq).collect();
                let (expected_seqs, more, levels) = expected(&all, asked);
                prop_assert_eq!((seqs, page.levels), (expected_seqs, levels));
                if asked.query.limit > 0 {
                    prop_assert_eq!(page.more, more);
                }
                let least = asked.query.min_level.unwrap_or(Level::Trace) as usize;
                prop_assert_eq!(page.matched, Some(levels[least..].iter().sum()));
                prop_assert!(page.complete);
                prop_assert!(page.records.iter().all(|record| all.contains(record)));
                let histogram = book
                    .histogram(&asked.query, 7, &Cancel::default())
                    .expect("a query");
                prop_assert!(histogram.exact);
                let counted: u64 = histogram.counts.iter().flatten().sum();
                prop_assert_eq!(Some(counted), page.matched, "as many over time");
                known = all;
            }
            Step::Flush => book.flush(),
            Step::Reopen => {
                if let Some(folder) = folder {
                    drop(book);
                    book = open(folder, run);
                }
            }
            Step::Run => {
                run += 1;
                book.begin_run(&format!("run{run}"), Timestamp(run.into()));
            }
        }
    }
    let all = follow(&book, limit);
    let seqs: Vec<u64> = all.iter().map(|record| record.seq).collect();
    let every: Vec<u64> = (1..=all.len() as u64).collect();
    prop_assert_eq!(seqs, every, "each record once");
    let lines: usize = all.iter().map(|r| r.body.split('\n').count()).sum();
    prop_assert_eq!(lines, pushed, "each line in some record");
    prop_assert_eq!(book.newest(), all.len() as u64);
    prop_assert_eq!(book.dropped(), 0);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(40)
    })]

    #[test]
    fn every_answer_in_memory_is_the_one_that_a_plain_list_gives(
        steps in prop::collection::vec(step(), 1..25),
        limit in 1..700_u32,
    ) {
        check_steps(&steps, limit, None)?;
    }

    #[test]
    fn every_answer_from_disk_is_the_one_that_a_plain_list_gives(
        steps in prop::collection::vec(step(), 1..20),
        limit in 1..700_u32,
    ) {
        let folder = tempfile::tempdir().expect("a folder");
        check_steps(&steps, limit, Some(folder.path()))?;
    }

    #[test]
    fn memory_is_bounded_and_every_record_is_there_or_counted(
        size in 0..1_000_000_usize,
        pushes in prop::collection::vec(
            // Many short lines, or a few very long ones.
            (0..3_usize, 0..100_000_usize, 1..300_usize, any::<bool>()),
            1..30,
        ),
    ) {
        let book = LogBook::in_memory(Limits { memory: size, ..limits() });
        let most = size.max(512 * 1024);
        for (service, length, count, coloured) in pushes {
            let count = count.min(100_000 / (length + 1)) + 1;
            let text = if coloured { "\u{1b}[1mx" } else { "x" }.repeat(length / 5 + 1);
            push(&book, 1, service, 1, &vec![(false, text); count]);
            prop_assert!(book.bytes() <= most, "{} of {most}", book.bytes());
            let query = LogQuery { limit: 10, ..LogQuery::default() };
            let page = book.query(&query).expect("a query");
            let kept: u64 = page.levels.iter().sum();
            prop_assert_eq!(kept + page.dropped, page.newest);
            prop_assert!(page.records.is_sorted_by(|a, b| a.seq < b.seq));
        }
    }

    #[test]
    fn no_text_breaks_the_reader(text in any::<String>()) {
        let book = LogBook::default();
        push(&book, 1, 0, 1, &[(true, text.clone()), (false, format!("\u{1b}{text}"))]);
        let asked = LogQuery { limit: 10, text: Some(text), ..LogQuery::default() };
        if let Ok(page) = book.query(&asked) {
            prop_assert!(page.records.len() <= 2);
        }
    }
}
