//! Properties of what charts are computed by, beside plain computations.

use super::axis::{Axis, fill};
use super::chart::Chart;
use super::codec::{Decoder, Encoder};
use super::distribution::{Distribution, heatmap};
use super::increase::{Growing, increases};
use super::point::*;
use super::query::*;
use benchtop_model::time::Timestamp;
use proptest::prelude::*;
use std::sync::Arc;

fn descriptor(kind: MetricKind, temporality: Option<Temporality>) -> Arc<Descriptor> {
    Arc::new(Descriptor {
        name: "m".to_owned(),
        unit: "By".to_owned(),
        description: String::new(),
        kind,
        monotonic: kind == MetricKind::Sum,
        temporality,
        source: MetricSource::Otlp,
    })
}

fn key(metric: &Arc<Descriptor>, attributes: &[(&str, &str)]) -> SeriesKey {
    let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
    SeriesKey {
        metric: Arc::clone(metric),
        service: "api".to_owned(),
        attributes: attributes.iter().map(owned).collect(),
    }
}

fn histogram(bounds: &[f64], values: &[f64]) -> Histogram {
    let mut counts = vec![0; bounds.len() + 1];
    for value in values {
        counts[bounds.partition_point(|bound| bound < value)] += 1;
    }
    Histogram {
        count: values.len() as u64,
        sum: Some(values.iter().sum()),
        bounds: bounds.into(),
        counts,
        ..Histogram::default()
    }
}

fn exponential(scale: i32, values: &[f64]) -> Exponential {
    let mut made = Exponential {
        scale,
        sum: Some(0.0),
        ..Exponential::default()
    };
    for value in values {
        let power = (value.log2() * f64::from(scale).exp2()).ceil() as i32 - 1;
        made.plus(&Exponential {
            scale,
            count: 1,
            sum: Some(*value),
            positive: Powers {
                offset: power,
                counts: vec![1],
            },
            ..Exponential::default()
        });
    }
    made
}

fn query(show: MetricShow) -> MetricQuery {
    MetricQuery {
        metric: "m".to_owned(),
        show,
        ..MetricQuery::default()
    }
}

fn frame(query: &MetricQuery, axis: Axis, series: &[(SeriesKey, Vec<Point>)]) -> MetricFrame {
    let mut chart = Chart::new(query, axis);
    series
        .iter()
        .for_each(|(key, points)| chart.add(key, points));
    chart.finish()
}

/// Points of a number at rising times from 1000 on.
fn numbers() -> impl Strategy<Value = Vec<Point>> {
    let steps = prop::collection::vec((1_i64..20_000, -1e6..1e6_f64), 1..60);
    steps.prop_map(|steps| {
        let mut at = 1000;
        let point = |(step, value): (i64, f64)| {
            at += step;
            Point::number(at, value)
        };
        steps.into_iter().map(point).collect()
    })
}

/// A counter that grows by these and begins anew where it says so; with what was truly
/// counted.
fn counter() -> impl Strategy<Value = (Vec<Point>, f64)> {
    prop::collection::vec((0_u32..1000, prop::bool::weighted(0.15)), 2..60).prop_map(|steps| {
        let (mut value, mut counted) = (0.0, 0.0);
        let points = steps.iter().zip(1_i64..).map(|((more, reset), n)| {
            // A reset is seen only where the count is lower than before.
            let more = f64::from(*more);
            let seen = *reset && more < value;
            value = if seen { more } else { value + more };
            if n > 1 {
                counted += more;
            }
            Point::number(n * 2000, value)
        });
        (points.collect(), counted)
    })
}

fn any_value() -> impl Strategy<Value = Value> {
    let float = || {
        prop_oneof![
            any::<f64>().prop_filter("equal to itself", |v| !v.is_nan()),
            Just(-0.0),
            Just(3.0)
        ]
    };
    let counts = || prop::collection::vec(any::<u64>(), 0..6);
    let maybe = move || prop::option::of(float());
    prop_oneof![
        float().prop_map(Value::Number),
        (
            any::<u64>(),
            maybe(),
            maybe(),
            prop::collection::vec(float(), 0..5),
            counts()
        )
            .prop_map(
                |(count, sum, min, bounds, counts)| Value::Histogram(Histogram {
                    count,
                    sum,
                    min,
                    max: None,
                    bounds: bounds.into(),
                    counts,
                })
            ),
        (any::<u64>(), -10..20_i32, any::<i32>(), counts(), counts()).prop_map(
            |(count, scale, offset, up, down)| Value::Exponential(Exponential {
                count,
                scale,
                zero_count: 3,
                zero_threshold: 0.5,
                positive: Powers { offset, counts: up },
                negative: Powers {
                    offset: 0,
                    counts: down
                },
                ..Exponential::default()
            })
        ),
        (
            any::<u64>(),
            float(),
            prop::collection::vec((float(), float()), 0..4)
        )
            .prop_map(|(count, sum, quantiles)| Value::Summary(Summary {
                count,
                sum,
                quantiles
            })),
    ]
}

fn any_point() -> impl Strategy<Value = Point> {
    (any::<i64>(), any::<i64>(), any_value(), prop::bool::ANY).prop_map(
        |(at, start, value, single)| {
            let exemplar = Exemplar {
                at: Timestamp(start),
                value: 0.25,
                trace_id: "0af7651916cd43dd8448eb211c80319c".to_owned(),
                span_id: "b7ad6b7169203331".to_owned(),
            };
            Point {
                at,
                start,
                value,
                exemplars: single.then_some(exemplar).into_iter().collect(),
            }
        },
    )
}

proptest! {
    #[test]
    fn points_are_read_as_they_were_written(points in prop::collection::vec(any_point(), 0..20)) {
        let mut encoder = Encoder::default();
        points.iter().for_each(|point| encoder.point(point));
        let bytes = encoder.into_bytes();
        let mut decoder = Decoder::new(&bytes);
        for point in &points {
            let read = decoder.point();
            prop_assert_eq!(read.as_ref(), Some(point));
        }
        prop_assert!(decoder.is_done());
    }

    #[test]
    fn damaged_points_are_refused_without_harm(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut decoder = Decoder::new(&bytes);
        while !decoder.is_done() && decoder.point().is_some() {}
    }

    #[test]
    fn a_rate_is_never_negative_and_all_that_was_counted_is_in_it((points, counted) in counter(), buckets in 1_u32..80) {
        let metric = descriptor(MetricKind::Sum, Some(Temporality::Cumulative));
        let axis = Axis::new(0, points.last().map_or(1, |point| point.at + 1), buckets);
        let series = [(key(&metric, &[]), points)];
        let rates = frame(&query(MetricShow::Rate), axis, &series);
        let all = rates.series.iter().flat_map(|s| s.points.iter().chain(s.min.iter().flatten()));
        prop_assert!(all.flatten().all(|rate| *rate >= 0.0));
        prop_assert_eq!(rates.unit.as_deref(), Some("By/s"));
        let grown = frame(&query(MetricShow::Delta), axis, &series);
        let sum: f64 = grown.series.iter().flat_map(|s| s.points.iter().flatten()).sum();
        prop_assert!((sum - counted).abs() < 1e-6, "{} and {}", sum, counted);
    }

    #[test]
    fn a_count_from_the_start_and_one_from_point_to_point_say_the_same((points, _) in counter()) {
        let told = increases::<Growing>(&points, Some(Temporality::Cumulative), 0);
        let deltas: Vec<Point> = told
            .iter()
            .map(|one| Point::number(one.at, one.amount.0).since(one.from))
            .collect();
        let again = increases::<Growing>(&deltas, Some(Temporality::Delta), 0);
        prop_assert_eq!(told, again);
    }

    #[test]
    fn buckets_keep_the_last_the_least_and_the_most(points in numbers(), since in 0_i64..300_000, buckets in 1_u32..300) {
        let metric = descriptor(MetricKind::Gauge, None);
        let axis = Axis::new(since, since + 200_000, buckets);
        let series = [(key(&metric, &[]), points.clone())];
        let value = frame(&query(MetricShow::Value), axis, &series);
        let mean = frame(&query(MetricShow::Mean), axis, &series);
        let count = frame(&query(MetricShow::Count), axis, &series);
        prop_assert!(axis.from <= since && axis.to() >= since + 200_000);
        prop_assert!(axis.count <= buckets as usize + 1);
        for place in 0..axis.count {
            let from = axis.from + axis.step * place as i64;
            let inside: Vec<f64> = points
                .iter()
                .filter(|point| (from..from + axis.step).contains(&point.at))
                .filter_map(|point| match point.value { Value::Number(value) => Some(value), _ => None })
                .collect();
            let Some(last) = inside.last() else { continue };
            let shown = &value.series[0];
            prop_assert_eq!(shown.points[place], Some(*last));
            let least = inside.iter().copied().fold(f64::INFINITY, f64::min);
            let most = inside.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let at = |ends: &Option<Vec<Option<f64>>>| ends.as_ref().map_or(Some(*last), |ends| ends[place]);
            prop_assert_eq!((at(&shown.min), at(&shown.max)), (Some(least), Some(most)));
            let expected = inside.iter().sum::<f64>() / inside.len() as f64;
            prop_assert!((mean.series[0].points[place].unwrap_or(f64::NAN) - expected).abs() < 1e-6);
            prop_assert_eq!(count.series[0].points[place], Some(inside.len() as f64));
        }
    }

    #[test]
    fn series_of_a_sum_add_up_and_those_of_a_gauge_are_averaged(values in prop::collection::vec(0_u32..1000, 1..8)) {
        for (kind, averaged) in [(MetricKind::Sum, false), (MetricKind::Gauge, true)] {
            let metric = descriptor(kind, (!averaged).then_some(Temporality::Cumulative));
            let series: Vec<_> = values.iter().zip(0..).map(|(value, n)| {
                let point = Point::number(1500, f64::from(*value));
                (key(&metric, &[("n", &format!("{n}"))]), vec![point])
            }).collect();
            let axis = Axis::new(1000, 2000, 1);
            let one = frame(&query(MetricShow::Value), axis, &series);
            let sum: f64 = values.iter().copied().map(f64::from).sum();
            let expected = if averaged { sum / values.len() as f64 } else { sum };
            prop_assert_eq!(one.series.len(), 1);
            prop_assert!((one.series[0].points[0].unwrap_or(f64::NAN) - expected).abs() < 1e-9);
            let mut apart = query(MetricShow::Value);
            apart.group_by.push("n".to_owned());
            let apart = frame(&apart, axis, &series);
            prop_assert_eq!(apart.series.len(), values.len());
            let sizes: Vec<_> = apart.series.iter().map(|s| s.points[0]).collect();
            prop_assert!(sizes.is_sorted_by(|one, other| one >= other));
        }
    }

    #[test]
    fn a_percentile_lies_in_the_bucket_of_the_true_one(
        values in prop::collection::vec(0.001..1000.0_f64, 1..80), share in 0.01..1.0_f64, scale in -3..12_i32,
    ) {
        let mut sorted = values.clone();
        sorted.sort_by(f64::total_cmp);
        let rank = (share * values.len() as f64).ceil().max(1.0) as usize;
        let truth = sorted[rank.min(values.len()) - 1];
        let bounds = [0.01, 0.1, 1.0, 10.0, 100.0];
        for found in [
            Distribution::Explicit(histogram(&bounds, &values)),
            Distribution::Exponential(exponential(scale, &values)),
        ] {
            let told = found.percentile(share).expect("there are observations");
            let cells = found.cells();
            // Bounds of powers are rounded.
            let slack = 1.0 + 1e-9;
            let within = |cell: &super::distribution::Cell, value: f64| {
                cell.low / slack <= value && value <= cell.high * slack
            };
            let cell = cells.iter().find(|cell| cell.count > 0 && within(cell, told) && (within(cell, truth) || cell.high == bounds[4]));
            prop_assert!(cell.is_some(), "{} and {} in {:?}", told, truth, cells);
        }
    }

    #[test]
    fn merging_loses_no_observation(
        one in prop::collection::vec(0.001..1e6_f64, 0..50), two in prop::collection::vec(0.001..1e6_f64, 1..50),
        scales in (-4..15_i32, -4..15_i32),
    ) {
        let all: Vec<f64> = one.iter().chain(&two).copied().collect();
        let mut explicit = Distribution::Explicit(histogram(&[0.1, 1.0, 10.0], &one));
        explicit.plus(&Distribution::Explicit(histogram(&[1.0, 7.0, 10.0], &two)));
        // The bounds that both have are kept, and exact.
        prop_assert_eq!(&explicit, &Distribution::Explicit(histogram(&[1.0, 10.0], &all)).with_sum_of(&explicit));
        let mut powers = exponential(scales.0, &one);
        powers.plus(&exponential(scales.1, &two));
        let counted: u64 = powers.positive.counts.iter().sum();
        prop_assert_eq!((powers.count, counted), (all.len() as u64, all.len() as u64));
        prop_assert!(powers.positive.counts.len() <= 400);
    }

    #[test]
    fn a_heatmap_has_every_observation_in_its_row(values in prop::collection::vec(0.001..1e4_f64, 1..60), scale in -2..14_i32) {
        let columns = |wrap: &dyn Fn(&[f64]) -> Distribution| {
            let (early, late) = values.split_at(values.len() / 2);
            [early, late].map(|part| (!part.is_empty()).then(|| wrap(part)))
        };
        for columns in [
            columns(&|part| Distribution::Explicit(histogram(&[0.1, 1.0, 100.0], part))),
            columns(&|part| Distribution::Exponential(exponential(scale, part))),
        ] {
            let map = heatmap(&columns).expect("there are observations");
            prop_assert!(map.bounds.is_sorted() && map.bounds.len() <= 60);
            let total: u64 = map.counts.iter().flatten().sum();
            prop_assert_eq!(total, values.len() as u64);
            for (column, found) in map.counts.iter().zip(&columns) {
                prop_assert_eq!(column.is_empty(), found.is_none());
                prop_assert!(column.is_empty() || column.len() == map.bounds.len() + 1);
            }
            for (row, bound) in map.bounds.iter().enumerate() {
                let below: u64 = map.counts.iter().flat_map(|column| column.iter().take(row + 1)).sum();
                let near = |value: f64| (value - bound).abs() < bound * 1e-9;
                let expected = values.iter().filter(|value| **value <= *bound).count() as u64;
                let unsure = values.iter().filter(|value| near(**value)).count() as u64;
                prop_assert!(below.abs_diff(expected) <= unsure, "row {} has {} of {}", row, below, expected);
            }
        }
    }

    #[test]
    fn gaps_are_filled_only_as_far_as_points_are_apart(present in prop::collection::vec(prop::bool::ANY, 1..60), reach in 0_usize..10) {
        let before: Vec<Option<usize>> = present.iter().enumerate().map(|(n, there)| there.then_some(n)).collect();
        let mut after = before.clone();
        fill(&mut after, reach);
        for place in 0..before.len() {
            let last = before[..=place].iter().rev().flatten().next();
            let next = before[place..].iter().flatten().next();
            let expected = match (before[place], last, next) {
                (Some(own), ..) => Some(own),
                (None, Some(last), Some(next)) if next - last <= reach => Some(*last),
                _ => None,
            };
            prop_assert_eq!(after[place], expected);
        }
    }
}

impl Distribution {
    /// Sums of floats depend on their order; this takes it out of a comparison.
    fn with_sum_of(self, other: &Self) -> Self {
        match (self, other) {
            (Self::Explicit(one), Self::Explicit(other)) => Self::Explicit(Histogram {
                sum: other.sum,
                ..one
            }),
            (one, _) => one,
        }
    }
}

#[test]
fn a_counter_with_a_start_counts_from_there_and_an_old_start_does_not() {
    let metric = Some(Temporality::Cumulative);
    let of = |start| {
        let points = [
            Point::number(5_000, 7.0).since(start),
            Point::number(7_000, 9.0).since(start),
        ];
        let told = increases::<Growing>(&points, metric, 1_000);
        told.iter()
            .map(|one| (one.from, one.at, one.amount.0))
            .collect::<Vec<_>>()
    };
    assert_eq!(of(2_000), [(2_000, 5_000, 7.0), (5_000, 7_000, 2.0)]);
    assert_eq!(of(500), [(5_000, 7_000, 2.0)]);
    assert_eq!(of(0), [(5_000, 7_000, 2.0)]);
    // Another instance counts anew, even where it has counted more.
    let points = [
        Point::number(5_000, 7.0).since(500),
        Point::number(9_000, 8.0).since(6_000),
    ];
    let told = increases::<Growing>(&points, metric, 1_000);
    assert_eq!((told[0].from, told[0].amount.0), (6_000, 8.0));
}

#[test]
fn cumulative_histograms_give_the_percentile_of_what_is_new() {
    for kind in [MetricKind::Histogram, MetricKind::ExponentialHistogram] {
        let metric = descriptor(kind, Some(Temporality::Cumulative));
        let value = |values: &[f64]| match kind {
            MetricKind::Histogram => {
                Value::Histogram(histogram(&[1.0, 2.0, 4.0, 8.0, 16.0], values))
            }
            _ => Value::Exponential(exponential(3, values)),
        };
        let point = |at, values: &[f64]| Point {
            value: value(values),
            ..Point::number(at, 0.0)
        };
        let old = vec![0.5; 100];
        let new: Vec<f64> = old.iter().copied().chain([15.0; 10]).collect();
        let series = [(
            key(&metric, &[]),
            vec![point(1_000, &old), point(11_500, &new)],
        )];
        let axis = Axis::new(10_000, 12_000, 2);
        let median = frame(&query(MetricShow::P50), axis, &series);
        let told = median.series[0].points[1].expect("observations in the second");
        assert!((8.0..=16.0).contains(&told), "{told}");
        let mean = frame(&query(MetricShow::Value), axis, &series);
        let told = mean.series[0].points[1].expect("observations in the second");
        assert!((told - 15.0).abs() < 1e-9, "{told}");
        let count = frame(&query(MetricShow::Count), axis, &series);
        assert_eq!(count.series[0].points, [None, Some(10.0)]);
    }
}

#[test]
fn a_summary_tells_its_own_percentiles_and_its_mean() {
    let metric = descriptor(MetricKind::Summary, None);
    let point = |at, count, sum| Point {
        value: Value::Summary(Summary {
            count,
            sum,
            quantiles: vec![(0.5, 2.0), (0.99, 9.0)],
        }),
        ..Point::number(at, 0.0)
    };
    let series = [(
        key(&metric, &[]),
        vec![point(1_000, 10, 20.0), point(3_000, 14, 40.0)],
    )];
    let axis = Axis::new(2_000, 4_000, 2);
    let told = |show| frame(&query(show), axis, &series).series[0].points[1];
    assert_eq!(told(MetricShow::P99), Some(9.0));
    assert_eq!(told(MetricShow::Mean), Some(5.0));
    assert_eq!(told(MetricShow::Rate), Some(2.0));
    let between = told(MetricShow::P90).expect("between two that are told");
    assert!((2.0..9.0).contains(&between));
}

#[test]
fn only_so_many_lines_are_sent_the_largest_first() {
    let metric = descriptor(MetricKind::Gauge, None);
    let series: Vec<_> = (0..70)
        .map(|n| {
            (
                key(&metric, &[("n", &n.to_string())]),
                vec![Point::number(1_000, f64::from(n))],
            )
        })
        .collect();
    let mut query = query(MetricShow::Value);
    query.group_by.push("n".to_owned());
    let frame = frame(&query, Axis::new(1_000, 1_001, 1), &series);
    assert_eq!((frame.series.len(), frame.omitted_series), (50, 20));
    assert_eq!(frame.series[0].points, [Some(69.0)]);
}
