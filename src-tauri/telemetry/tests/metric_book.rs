//! The book of metrics on disk: what is kept, read again, and refused.

use benchtop_model::time::Timestamp;
use benchtop_telemetry::metrics::book::{MetricBook, MetricLimits};
use benchtop_telemetry::metrics::builtin::Builtin;
use benchtop_telemetry::metrics::point::Sample;
use benchtop_telemetry::metrics::query::{MetricQuery, MetricRange, MetricShow};
use std::path::Path;
use std::time::Duration;

fn open(folder: &Path, run: Option<&str>, limits: MetricLimits) -> MetricBook {
    MetricBook::open(folder, run, limits).expect("the folder can be used")
}

fn memory(service: &str, at: i64, value: f64) -> Sample {
    Builtin::ProcessMemory.sample(service, &[], Timestamp(at), value)
}

fn query(show: MetricShow) -> MetricQuery {
    MetricQuery {
        metric: "process.memory.usage".to_owned(),
        show,
        ..MetricQuery::default()
    }
}

/// How many points each service has, and the sum of all values.
fn totals(book: &MetricBook, run: Option<&str>) -> Vec<(String, f64, f64)> {
    let range = MetricRange {
        since: Some(Timestamp(0)),
        until: Some(Timestamp(10_000_000)),
        buckets: 1,
    };
    let queries = [query(MetricShow::Count), query(MetricShow::Mean)];
    let frames = book.query(run, &queries, &range).expect("readable").frames;
    let mut found: Vec<_> = frames[0]
        .series
        .iter()
        .map(|count| {
            let mean = frames[1].series.iter().find(|s| s.service == count.service);
            let first = |points: &[Option<f64>]| points[0].unwrap_or_default();
            let (count_of, mean) = (first(&count.points), mean.map_or(0.0, |m| first(&m.points)));
            (count.service.clone(), count_of, (count_of * mean).round())
        })
        .collect();
    found.sort_by(|one, other| one.0.cmp(&other.0));
    found
}

#[test]
fn series_go_on_after_the_engine_has_come_back_and_nothing_is_there_twice() {
    let folder = tempfile::tempdir().expect("a folder");
    // Small enough that some points are in chunks and some are not.
    let limits = MetricLimits {
        chunk: 2_000,
        ..MetricLimits::default()
    };
    let book = open(folder.path(), None, limits.clone());
    assert_eq!(
        book.push(vec![memory("a", 1, 1.0)]),
        1,
        "there is no run yet"
    );
    book.begin_run("r1", Timestamp(5));
    for at in 0..100 {
        assert_eq!(
            book.push(vec![memory("a", at, 1.0), memory("b", at, 2.0)]),
            0
        );
        if at % 10 == 0 {
            book.commit();
        }
    }
    let expected = vec![
        ("a".to_owned(), 100.0, 100.0),
        ("b".to_owned(), 100.0, 200.0),
    ];
    assert_eq!(totals(&book, None), expected);
    book.commit();
    drop(book);

    let book = open(folder.path(), Some("r1"), limits.clone());
    assert_eq!(totals(&book, None), expected);
    book.push(vec![memory("a", 1_000, 5.0)]);
    book.begin_run("r2", Timestamp(2_000));
    assert!(totals(&book, None).is_empty());
    book.push(vec![memory("c", 2_000, 1.0)]);
    book.commit();
    let first = vec![
        ("a".to_owned(), 101.0, 105.0),
        ("b".to_owned(), 100.0, 200.0),
    ];
    assert_eq!(totals(&book, Some("r1")), first);
    assert_eq!(
        book.list(Some("r1")).expect("readable").metrics[0].series,
        2
    );
    assert_eq!(
        book.list(None).expect("readable").metrics[0].services,
        ["c"]
    );
    assert_eq!(book.run().as_deref(), Some("r2"));
    drop(book);

    // Without a run that goes on, the newest that is kept is meant.
    let book = open(folder.path(), None, limits);
    assert_eq!(totals(&book, None), [("c".to_owned(), 1.0, 1.0)]);
    assert_eq!(totals(&book, Some("r1")), first);
    assert!(totals(&book, Some("never")).is_empty());
}

#[test]
fn a_series_too_many_is_refused_and_counted() {
    let folder = tempfile::tempdir().expect("a folder");
    let limits = MetricLimits {
        series: 5,
        series_of_metric: 3,
        ..MetricLimits::default()
    };
    let book = open(folder.path(), None, limits);
    book.begin_run("r", Timestamp(1));
    let with_id =
        |id: u32| Builtin::ProbeDuration.sample("a", &[("id", &id.to_string())], Timestamp(1), 1.0);
    assert_eq!(book.push((0..10).map(with_id).collect()), 7);
    assert_eq!(book.push((0..10).map(with_id).collect()), 7);
    assert_eq!(
        book.push((0..5).map(|n| memory(&format!("s{n}"), 1, 1.0)).collect()),
        3
    );
    let list = book.list(None).expect("readable");
    assert_eq!((list.dropped_series, list.dropped_points), (10, 17));
    let series: u32 = list.metrics.iter().map(|metric| metric.series).sum();
    assert_eq!(series, 5);
}

#[test]
fn the_oldest_points_go_where_a_run_has_too_many() {
    let folder = tempfile::tempdir().expect("a folder");
    let limits = MetricLimits {
        chunk: 1_000,
        disk: 20_000,
        ..MetricLimits::default()
    };
    let book = open(folder.path(), None, limits);
    book.begin_run("r", Timestamp(1));
    for at in 0..3_000 {
        // Not to be compressed away.
        let value = f64::from(at) * std::f64::consts::PI;
        book.push(vec![memory("a", at.into(), value)]);
        if at % 50 == 0 {
            book.commit();
        }
    }
    book.commit();
    let dropped = book.list(None).expect("readable").dropped_points;
    let kept = totals(&book, None)[0].1;
    assert!(
        dropped > 0 && kept > 500.0,
        "{dropped} dropped, {kept} kept"
    );
    assert_eq!(dropped as f64 + kept, 3_000.0);
    let range = MetricRange {
        since: Some(Timestamp(2_999)),
        until: None,
        buckets: 1,
    };
    let frames = book
        .query(None, &[query(MetricShow::Value)], &range)
        .expect("readable");
    assert!(
        frames.frames[0].series[0].points[0].is_some(),
        "the newest is there"
    );
}

#[test]
fn a_damaged_file_costs_its_points_and_not_the_book() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(format!("{:016}-r.db", 0));
    std::fs::write(&path, [b'x'; 5_000]).expect("write");
    let book = open(folder.path(), Some("r"), MetricLimits::default());
    book.push(vec![memory("a", 1, 1.0)]);
    book.commit();
    assert_eq!(book.list(None).expect("in memory").metrics.len(), 1);
    // The log book, which shares the file, puts it aside.
    let logs =
        benchtop_telemetry::book::LogBook::open(folder.path(), Some("r"), Default::default());
    drop(logs.expect("the folder can be used"));
    let until = std::time::Instant::now() + Duration::from_secs(60);
    let mut at = 2;
    loop {
        book.push(vec![memory("a", at, 1.0)]);
        book.commit();
        if totals(&book, None)
            .first()
            .is_some_and(|found| found.1 as i64 == at)
        {
            break;
        }
        assert!(
            std::time::Instant::now() < until,
            "{:?} of {at}",
            totals(&book, None)
        );
        at += 1;
    }
    drop(book);
    let again = open(folder.path(), Some("r"), MetricLimits::default());
    assert_eq!(
        totals(&again, None)[0].1 as i64,
        at,
        "all that was pushed is on disk now"
    );
}
