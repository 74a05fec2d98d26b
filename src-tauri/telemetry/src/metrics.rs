//! Metrics: numbers over time, from containers, processes, probes, spans, OTLP and
//! scrapes, in one form.

pub mod query;
