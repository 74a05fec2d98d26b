//! Metrics in JSON.

use super::field::{Object, Read, double, resource, scope, unsigned};
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::metrics::v1::exponential_histogram_data_point::Buckets;
use opentelemetry_proto::tonic::metrics::v1::summary_data_point::ValueAtQuantile;
use opentelemetry_proto::tonic::metrics::v1::{
    Exemplar, ExponentialHistogram, ExponentialHistogramDataPoint, Gauge, Histogram,
    HistogramDataPoint, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum, Summary,
    SummaryDataPoint, exemplar, metric::Data, number_data_point,
};

pub(super) fn request(object: Object<'_>) -> Read<ExportMetricsServiceRequest> {
    Ok(ExportMetricsServiceRequest {
        resource_metrics: object.list("resourceMetrics", |one| {
            Ok(ResourceMetrics {
                resource: one.object("resource", resource)?,
                scope_metrics: one.list("scopeMetrics", scope_metrics)?,
                schema_url: one.text("schemaUrl")?,
            })
        })?,
    })
}

fn scope_metrics(object: Object<'_>) -> Read<ScopeMetrics> {
    Ok(ScopeMetrics {
        scope: object.object("scope", scope)?,
        metrics: object.list("metrics", metric)?,
        schema_url: object.text("schemaUrl")?,
    })
}

fn metric(object: Object<'_>) -> Read<Metric> {
    Ok(Metric {
        name: object.text("name")?,
        description: object.text("description")?,
        unit: object.text("unit")?,
        metadata: object.attributes("metadata")?,
        data: data(object)?,
    })
}

fn data(object: Object<'_>) -> Read<Option<Data>> {
    let gauge = object.object("gauge", |data| {
        Ok(Data::Gauge(Gauge {
            data_points: data.list("dataPoints", number)?,
        }))
    })?;
    let sum = object.object("sum", |data| {
        Ok(Data::Sum(Sum {
            data_points: data.list("dataPoints", number)?,
            aggregation_temporality: data.choice("aggregationTemporality")?,
            is_monotonic: data.flag("isMonotonic")?,
        }))
    })?;
    let histogram = object.object("histogram", |data| {
        Ok(Data::Histogram(Histogram {
            data_points: data.list("dataPoints", histogram)?,
            aggregation_temporality: data.choice("aggregationTemporality")?,
        }))
    })?;
    let exponential = object.object("exponentialHistogram", |data| {
        Ok(Data::ExponentialHistogram(ExponentialHistogram {
            data_points: data.list("dataPoints", exponential)?,
            aggregation_temporality: data.choice("aggregationTemporality")?,
        }))
    })?;
    let summary = object.object("summary", |data| {
        Ok(Data::Summary(Summary {
            data_points: data.list("dataPoints", summary)?,
        }))
    })?;
    Ok(gauge.or(sum).or(histogram).or(exponential).or(summary))
}

fn number(object: Object<'_>) -> Read<NumberDataPoint> {
    let value = if object.has("asInt") {
        Some(number_data_point::Value::AsInt(object.signed("asInt")?))
    } else {
        object
            .optional_double("asDouble")?
            .map(number_data_point::Value::AsDouble)
    };
    Ok(NumberDataPoint {
        attributes: object.attributes("attributes")?,
        start_time_unix_nano: object.unsigned("startTimeUnixNano")?,
        time_unix_nano: object.unsigned("timeUnixNano")?,
        exemplars: object.list("exemplars", exemplar)?,
        flags: object.small("flags")?,
        value,
    })
}

fn histogram(object: Object<'_>) -> Read<HistogramDataPoint> {
    Ok(HistogramDataPoint {
        attributes: object.attributes("attributes")?,
        start_time_unix_nano: object.unsigned("startTimeUnixNano")?,
        time_unix_nano: object.unsigned("timeUnixNano")?,
        count: object.unsigned("count")?,
        sum: object.optional_double("sum")?,
        bucket_counts: object.values("bucketCounts", unsigned)?,
        explicit_bounds: object.values("explicitBounds", double)?,
        exemplars: object.list("exemplars", exemplar)?,
        flags: object.small("flags")?,
        min: object.optional_double("min")?,
        max: object.optional_double("max")?,
    })
}

fn exponential(object: Object<'_>) -> Read<ExponentialHistogramDataPoint> {
    Ok(ExponentialHistogramDataPoint {
        attributes: object.attributes("attributes")?,
        start_time_unix_nano: object.unsigned("startTimeUnixNano")?,
        time_unix_nano: object.unsigned("timeUnixNano")?,
        count: object.unsigned("count")?,
        sum: object.optional_double("sum")?,
        scale: object.scale("scale")?,
        zero_count: object.unsigned("zeroCount")?,
        positive: object.object("positive", buckets)?,
        negative: object.object("negative", buckets)?,
        flags: object.small("flags")?,
        exemplars: object.list("exemplars", exemplar)?,
        min: object.optional_double("min")?,
        max: object.optional_double("max")?,
        zero_threshold: object.double("zeroThreshold")?,
    })
}

fn buckets(object: Object<'_>) -> Read<Buckets> {
    Ok(Buckets {
        offset: object.scale("offset")?,
        bucket_counts: object.values("bucketCounts", unsigned)?,
    })
}

fn summary(object: Object<'_>) -> Read<SummaryDataPoint> {
    Ok(SummaryDataPoint {
        attributes: object.attributes("attributes")?,
        start_time_unix_nano: object.unsigned("startTimeUnixNano")?,
        time_unix_nano: object.unsigned("timeUnixNano")?,
        count: object.unsigned("count")?,
        sum: object.double("sum")?,
        quantile_values: object.list("quantileValues", |one| {
            Ok(ValueAtQuantile {
                quantile: one.double("quantile")?,
                value: one.double("value")?,
            })
        })?,
        flags: object.small("flags")?,
    })
}

fn exemplar(object: Object<'_>) -> Read<Exemplar> {
    let value = if object.has("asInt") {
        Some(exemplar::Value::AsInt(object.signed("asInt")?))
    } else {
        object
            .optional_double("asDouble")?
            .map(exemplar::Value::AsDouble)
    };
    Ok(Exemplar {
        filtered_attributes: object.attributes("filteredAttributes")?,
        time_unix_nano: object.unsigned("timeUnixNano")?,
        span_id: object.id("spanId")?,
        trace_id: object.id("traceId")?,
        value,
    })
}
