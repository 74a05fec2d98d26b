//! Pages as services write them, and pages that nobody should.

use super::*;
use proptest::prelude::*;

const NOW: Timestamp = Timestamp(1_795_330_800_000);

const PAGE: &str = r#"
# HELP http_requests_total Requests \\ answered.
# TYPE http_requests_total counter
http_requests_total{method="post",code="200"} 1027 1395066363000
http_requests_total{method="post",code="400",path="C:\\DIR\n\"x\""}    3

# A comment that says nothing.
process_resident_memory_bytes 2.5e+07
odd{} -Inf
# TYPE request_seconds histogram
request_seconds_bucket{le="0.05"} 24
request_seconds_bucket{le="0.1"} 33
request_seconds_bucket{le="+Inf"} 44
request_seconds_sum 53.5
request_seconds_count 44
# TYPE rpc_duration_seconds summary
rpc_duration_seconds{quantile="0.99"} 76656
rpc_duration_seconds{quantile="0.5"} 4773
rpc_duration_seconds_sum 1.7560473e+07
rpc_duration_seconds_count 2693
"#;

fn named<'a>(page: &'a Page, name: &str) -> Vec<&'a Sample> {
    let samples = page.samples.iter();
    samples
        .filter(|sample| sample.series.metric.name == name)
        .collect()
}

#[test]
fn the_older_format_is_read() {
    let page = read("api", PAGE, NOW);
    assert_eq!((page.refused, page.problem.as_deref()), (0, None));
    let requests = named(&page, "http_requests_total");
    let metric = &requests[0].series.metric;
    assert_eq!((metric.kind, metric.monotonic), (MetricKind::Sum, true));
    assert_eq!(metric.description, "Requests \\ answered.");
    assert_eq!(requests[0].point, Point::number(1_395_066_363_000, 1027.0));
    let path = requests[1]
        .series
        .attributes
        .iter()
        .find(|(key, _)| key == "path");
    assert_eq!(path.map(|pair| pair.1.as_str()), Some("C:\\DIR\n\"x\""));
    let memory = named(&page, "process_resident_memory_bytes")[0];
    assert_eq!(memory.series.metric.unit, "By");
    assert_eq!(memory.point, Point::number(NOW.0, 2.5e7));
    assert!(named(&page, "odd").is_empty(), "an infinite value is none");
    let Value::Histogram(histogram) = &named(&page, "request_seconds")[0].point.value else {
        panic!("a histogram");
    };
    assert_eq!(*histogram.bounds, [0.05, 0.1]);
    assert_eq!(
        (histogram.counts.as_slice(), histogram.count),
        ([24, 9, 11].as_slice(), 44)
    );
    let Value::Summary(summary) = &named(&page, "rpc_duration_seconds")[0].point.value else {
        panic!("a summary");
    };
    assert_eq!(summary.quantiles, [(0.5, 4773.0), (0.99, 76656.0)]);
    assert_eq!(summary.count, 2693);
}

#[test]
fn open_metrics_says_units_starts_and_traces() {
    let page = "# TYPE jobs counter\n# UNIT work_seconds seconds\n\
        jobs_total 17 1520879607.789 # {trace_id=\"0AF7651916cd43dd8448eb211c80319c\"} 0.67 1520879607.7\n\
        jobs_created 1520872607.123\n# TYPE work_seconds gauge\nwork_seconds 3\n# EOF\n";
    let page = read("api", page, NOW);
    assert_eq!((page.refused, page.samples.len()), (0, 2));
    let jobs = named(&page, "jobs_total")[0];
    assert_eq!(
        (jobs.point.at, jobs.point.start),
        (1_520_879_607_789, 1_520_872_607_123)
    );
    assert_eq!(
        jobs.point.exemplars[0].trace_id,
        "0af7651916cd43dd8448eb211c80319c"
    );
    assert_eq!(named(&page, "work_seconds")[0].series.metric.unit, "s");
}

#[test]
fn what_is_wrong_is_counted_and_the_rest_stands() {
    let wrong = [
        "<html>",
        "{le=\"1\"} 3",
        "name",
        "name{a=\"1\" b=\"2\"} 3",
        "name{a=\"1} 3",
        "name{a=1} 3",
        "name 3 4 5",
        "name three",
        "name 0x10",
        "name 1 yesterday",
        "9name 3",
    ];
    for line in wrong {
        let page = read("api", &format!("good 1\n{line}\nalso_good 2"), NOW);
        assert_eq!((page.refused, page.samples.len()), (1, 2), "{line}");
        assert!(
            page.problem
                .is_some_and(|problem| problem.starts_with("line 2: ")),
            "{line}"
        );
    }
    let falls = "# TYPE h histogram\nh_bucket{le=\"1\"} 5\nh_bucket{le=\"+Inf\"} 3\nh_count 3";
    let page = read("api", falls, NOW);
    assert_eq!((page.refused, page.samples.len()), (1, 0));
}

/// Seeds that a fuzzer would begin with.
const SEEDS: [&str; 6] = [
    PAGE,
    "a{b=\"\\\"",
    "a{b=\"c\"} 1 # {trace_id=\"",
    "# TYPE\n# HELP\n# UNIT\n# EOF",
    "a 1e999999",
    "# TYPE h histogram\nh_bucket 1\nh_bucket{le=\"x\"} 1\nh_sum NaN",
];

proptest! {
    #[test]
    fn no_page_does_harm(seed in 0..SEEDS.len(), cut in any::<prop::sample::Index>(), more in "[a-z{}\"=\\\\#\n 0-9.é]{0,60}") {
        let text = SEEDS[seed];
        let places: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
        let at = places[cut.index(places.len())];
        let page = read("api", &format!("{}{more}{}", &text[..at], &text[at..]), NOW);
        for sample in &page.samples {
            if let Value::Histogram(histogram) = &sample.point.value {
                prop_assert_eq!(histogram.counts.len(), histogram.bounds.len() + 1);
                prop_assert_eq!(histogram.counts.iter().sum::<u64>(), histogram.count);
            }
        }
    }
}
