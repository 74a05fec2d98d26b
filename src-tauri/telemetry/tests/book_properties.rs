//! What holds for any order of pushes and queries.

use benchtop_model::time::Timestamp;
use benchtop_telemetry::book::{LogBook, RawLine};
use benchtop_telemetry::level::Level;
use benchtop_telemetry::log::{LogRecord, Stream};
use benchtop_telemetry::query::LogQuery;
use proptest::prelude::*;

const SERVICES: [&str; 3] = ["api", "db", "web"];

#[derive(Clone, Debug)]
enum Step {
    Push {
        service: usize,
        generation: u64,
        lines: Vec<(bool, String)>,
    },
    Ask(LogQuery),
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => "[ a-cA-C=\u{1b}\\[m]{0,12}",
        2 => "(error|warn|info|  at|level=debug)[: ]{1,2}[a-c]{0,5}",
        1 => "\\PC{0,20}",
        1 => Just(r#"{"level":"error","a":1}"#.to_owned()),
    ]
}

fn lines() -> impl Strategy<Value = Vec<(bool, String)>> {
    prop_oneof![
        4 => prop::collection::vec((any::<bool>(), text()), 0..20),
        // Enough to fill chunks.
        1 => (1..1500_usize, text()).prop_map(|(count, text)| vec![(false, text); count]),
    ]
}

fn query() -> impl Strategy<Value = LogQuery> {
    let services = prop::sample::subsequence(SERVICES.to_vec(), 0..=3);
    let level = prop::option::of(prop_oneof![Just(Level::Info), Just(Level::Warn)]);
    let text = prop::option::of("\"[a-cA-C ]{0,3}\"");
    let bound = || prop::option::of(0..4000_u64);
    (services, level, text, bound(), bound(), 0..300_u32).prop_map(
        |(services, min_level, text, before, after, limit)| LogQuery {
            services: services.into_iter().map(str::to_owned).collect(),
            min_level,
            text,
            before,
            after,
            limit,
            ..LogQuery::default()
        },
    )
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0..3_usize, 1..3_u64, lines()).prop_map(|(service, generation, lines)| Step::Push {
            service,
            generation,
            lines
        }),
        query().prop_map(Step::Ask),
    ]
}

fn push(book: &LogBook, service: usize, generation: u64, lines: &[(bool, String)]) {
    let raw = lines.iter().map(|(err, text)| RawLine {
        time: Timestamp(1),
        stream: if *err { Stream::Stderr } else { Stream::Stdout },
        text: text.clone(),
    });
    book.push(SERVICES[service], generation, raw.collect());
}

/// All records, page by page as a view follows.
fn follow(book: &LogBook, limit: u32) -> Vec<LogRecord> {
    let mut all: Vec<LogRecord> = Vec::new();
    loop {
        let after = Some(all.last().map_or(0, |record| record.seq));
        let page = book
            .query(&LogQuery {
                after,
                limit,
                ..LogQuery::default()
            })
            .expect("a query");
        all.extend(page.records);
        if !page.more {
            return all;
        }
    }
}

/// The plain way to answer, from a list of all records.
fn expected(all: &[LogRecord], asked: &LogQuery) -> (Vec<u64>, bool, [u64; 6]) {
    let quoted = asked.text.as_deref().unwrap_or_default().to_lowercase();
    let text = quoted.trim_matches('"');
    let chosen = |record: &&LogRecord| {
        (asked.services.is_empty() || asked.services.contains(&record.service))
            && plain(&record.body).to_lowercase().contains(text)
    };
    let mut levels = [0; 6];
    all.iter()
        .filter(chosen)
        .for_each(|record| levels[record.severity as usize] += 1);
    let mut seqs: Vec<u64> = all
        .iter()
        .filter(chosen)
        .filter(|record| asked.min_level.is_none_or(|level| record.severity >= level))
        .map(|record| record.seq)
        .filter(|seq| asked.after.is_none_or(|after| *seq > after))
        .filter(|seq| asked.before.is_none_or(|before| *seq < before))
        .collect();
    let more = seqs.len() > asked.limit.max(1) as usize;
    let limit = asked.limit as usize;
    if asked.after.is_some() {
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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn every_answer_is_the_one_that_a_plain_list_gives(
        steps in prop::collection::vec(step(), 1..25),
        limit in 1..700_u32,
    ) {
        let book = LogBook::default();
        let mut pushed = 0_u64;
        for step in &steps {
            match step {
                Step::Push { service, generation, lines } => {
                    push(&book, *service, *generation, lines);
                    pushed += lines.len() as u64;
                }
                Step::Ask(asked) => {
                    let all = follow(&book, 5000);
                    let page = book.query(asked).expect("a query");
                    let seqs: Vec<u64> = page.records.iter().map(|record| record.seq).collect();
                    prop_assert_eq!((seqs, page.more, page.levels), expected(&all, asked));
                    prop_assert!(page.records.iter().all(|record| all.contains(record)));
                }
            }
        }
        let seqs: Vec<u64> = follow(&book, limit).iter().map(|record| record.seq).collect();
        let every: Vec<u64> = (1..=pushed).collect();
        prop_assert_eq!(seqs, every, "each record once");
        prop_assert_eq!(book.newest(), pushed);
        prop_assert_eq!(book.dropped(), 0);
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
        let book = LogBook::new(size);
        let most = size.max(512 * 1024);
        for (service, length, count, coloured) in pushes {
            let count = count.min(100_000 / (length + 1)) + 1;
            let text = if coloured { "\u{1b}[1mx" } else { "x" }.repeat(length / 5 + 1);
            push(&book, service, 1, &vec![(false, text); count]);
            prop_assert!(book.bytes() <= most, "{} of {most}", book.bytes());
            let page = book.query(&LogQuery { limit: 10, ..LogQuery::default() }).expect("a query");
            let kept: u64 = page.levels.iter().sum();
            prop_assert_eq!(kept + page.dropped, page.newest);
            prop_assert!(page.records.is_sorted_by(|a, b| a.seq < b.seq));
        }
    }

    #[test]
    fn no_text_breaks_the_reader(text in any::<String>()) {
        let book = LogBook::default();
        push(&book, 0, 1, &[(true, text.clone()), (false, format!("\u{1b}{text}"))]);
        let asked = LogQuery { limit: 10, text: Some(text), ..LogQuery::default() };
        if let Ok(page) = book.query(&asked) {
            prop_assert!(page.records.len() <= 2);
        }
    }
}
