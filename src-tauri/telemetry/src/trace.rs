//! Traces as a view sees them: how it asks, and what it is answered.
//!
//! Ids are lower-case hexadecimal digits. Times are milliseconds since 1970 as
//! everywhere; inside a trace they are nanoseconds, as numbers below 2^53.

use benchtop_model::time::Timestamp;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Which traces, and which window of them. Absent filters let everything pass.
///
/// A trace matches where one of its spans meets all terms of `text`; a term with `-`
/// before it must hold for no span of the trace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct TraceQuery {
    /// Traces of this run; absent: of the present run, or the newest that is kept.
    #[ts(optional = nullable)]
    pub run: Option<String>,
    /// Only traces that one of these services took part in; all where it is empty.
    pub services: Vec<String>,
    /// Words in names and values of spans, `key=value` and the like as in the language
    /// of logs, and `status=error`, `duration>=100ms`, `route=/x`, `kind=server`,
    /// `name=…`, `service=…`.
    pub text: Option<String>,
    /// Only traces that began at this time or later.
    #[ts(optional = nullable)]
    pub since: Option<Timestamp>,
    /// Only traces that began before this time.
    #[ts(optional = nullable)]
    pub until: Option<Timestamp>,
    /// Only traces that took so long or longer, in nanoseconds.
    #[ts(type = "number | null", optional)]
    pub min_ns: Option<u64>,
    /// Only traces that took so long or shorter, in nanoseconds.
    #[ts(type = "number | null", optional)]
    pub max_ns: Option<u64>,
    /// Only traces in which a span failed.
    pub errors_only: bool,
    /// Which come first.
    pub order: TraceOrder,
    /// At most so many; the server's limit is 1000. With 0 only the numbers are answered.
    pub limit: u32,
    /// Goes on behind a page: its `next`.
    #[ts(optional = nullable)]
    pub before: Option<String>,
}

/// Which traces come first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum TraceOrder {
    /// Those that began last.
    #[default]
    Newest,
    /// Those that took longest.
    Slowest,
}

/// A page of traces, and numbers of all that match.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
pub struct TracePage {
    /// The window.
    pub traces: Vec<TraceSummary>,
    /// The `before` of the next page; absent on the last one.
    pub next: Option<String>,
    /// How many match, whatever the window.
    #[ts(type = "number")]
    pub matched: u64,
    /// How long those that match took.
    pub percentiles: Percentiles,
    /// How many of those that match have a failed span.
    #[ts(type = "number")]
    pub errors: u64,
    /// Those that match as dots over time: at most 2000, the slowest and the failed among
    /// them.
    pub scatter: Vec<TraceDot>,
    /// Spans that were not kept since the start, because there were too many.
    #[ts(type = "number")]
    pub spans_dropped: u64,
    /// Whether all traces were looked at; otherwise the search stopped at its time bound.
    pub complete: bool,
}

/// How long a service took to answer one kind of request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RouteLatency {
    /// The service.
    pub service: String,
    /// The name of its spans: method and route.
    pub route: String,
    /// Requests that it answered.
    #[ts(type = "number")]
    pub count: u64,
    /// Those that failed.
    #[ts(type = "number")]
    pub errors: u64,
    /// How long they took.
    pub percentiles: Percentiles,
}

/// How long something took, over many times, in nanoseconds. All 0 where there was none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Percentiles {
    /// Half of them took no longer.
    #[ts(type = "number")]
    pub p50_ns: u64,
    /// Nine of ten took no longer.
    #[ts(type = "number")]
    pub p90_ns: u64,
    /// 99 of a hundred took no longer.
    #[ts(type = "number")]
    pub p99_ns: u64,
    /// The longest.
    #[ts(type = "number")]
    pub max_ns: u64,
}

/// One trace as a dot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct TraceDot {
    /// The trace.
    pub trace_id: String,
    /// When it began.
    pub start: Timestamp,
    /// How long it took, in nanoseconds.
    #[ts(type = "number")]
    pub duration_ns: u64,
    /// Whether a span of it failed.
    pub error: bool,
}

/// One trace as a row.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct TraceSummary {
    /// The trace.
    pub trace_id: String,
    /// Name of its root span, or of the first one where the root is missing.
    pub name: String,
    /// Service of that span.
    pub service: String,
    /// Route of that span: `http.route`.
    pub route: Option<String>,
    /// When it began.
    pub start: Timestamp,
    /// From the begin of its first span to the end of its last, in nanoseconds.
    #[ts(type = "number")]
    pub duration_ns: u64,
    /// How many spans it has.
    pub spans: u32,
    /// How many of them failed.
    pub errors: u32,
    /// Who took part, the busiest first.
    pub services: Vec<ServiceSpans>,
    /// No span without a parent was received.
    pub root_missing: bool,
    /// Status code of the root span's answer.
    pub status_code: Option<u16>,
}

/// How many spans of a trace a service has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ServiceSpans {
    /// The service.
    pub service: String,
    /// How many.
    pub spans: u32,
}

/// One trace as a whole.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
pub struct Trace {
    /// The trace.
    pub trace_id: String,
    /// When its first span began.
    pub start: Timestamp,
    /// From there to the end of its last span, in nanoseconds.
    #[ts(type = "number")]
    pub duration_ns: u64,
    /// Who sent the spans; a span names one by its index.
    pub resources: Vec<Resource>,
    /// The spans in the order of display: each directly before its children.
    pub spans: Vec<Span>,
    /// How many spans more there are; absent where all are here.
    #[ts(type = "number | null")]
    pub truncated: Option<u64>,
    /// What is odd about it.
    pub findings: Vec<TraceFinding>,
}

/// Named values in the order they came: `[key, value]`. Values are as in JSON, with
/// whole numbers beyond 2^53 and numbers such as `NaN` as text, and bytes as
/// `{"$bytes": "<base64>"}`.
pub type Attributes = Vec<(String, serde_json::Value)>;

/// What sent spans: one process of a service.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
pub struct Resource {
    /// Name of the service.
    pub service: String,
    /// What it says of itself.
    #[ts(type = "Array<[string, unknown]>")]
    pub attributes: Attributes,
}

/// One span.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
pub struct Span {
    /// Its id, 16 digits.
    pub id: String,
    /// The span that caused it, as it was sent.
    pub parent: Option<String>,
    /// Name of the service.
    pub service: String,
    /// What was done.
    pub name: String,
    /// Its place in the exchange.
    pub kind: SpanKind,
    /// From the begin of the trace to its own, in nanoseconds.
    #[ts(type = "number")]
    pub start_ns: i64,
    /// How long it took, in nanoseconds.
    #[ts(type = "number")]
    pub duration_ns: u64,
    /// How it ended.
    pub status: SpanStatus,
    /// What it says of its failure.
    pub message: Option<String>,
    /// Its named values.
    #[ts(type = "Array<[string, unknown]>")]
    pub attributes: Attributes,
    /// What happened while it lasted.
    pub events: Vec<SpanEvent>,
    /// Spans of this or other traces that it has to do with.
    pub links: Vec<SpanLink>,
    /// Name of the library that made it.
    pub scope: Option<String>,
    /// Who sent it: index into the trace's resources.
    pub resource: u32,
    /// What its sender left out.
    pub dropped: Dropped,
    /// How deep it lies: 0 for roots.
    pub depth: u32,
    /// How long it lasted while none of its children did, in nanoseconds.
    #[ts(type = "number")]
    pub self_ns: u64,
    /// Part of the chain that the trace's length is made of.
    pub critical: bool,
    /// Its parent was not received; it is shown as a root.
    pub orphan: bool,
    /// How many other spans of the same id were received, and left out.
    pub duplicate: u32,
}

/// The place of a span in an exchange.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum SpanKind {
    /// Not said.
    #[default]
    Unspecified,
    /// Inside of one service.
    Internal,
    /// Answers a request.
    Server,
    /// Makes a request.
    Client,
    /// Sends a message.
    Producer,
    /// Takes a message.
    Consumer,
}

/// How a span ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum SpanStatus {
    /// Not said: as far as is known, well.
    #[default]
    Unset,
    /// Well.
    Ok,
    /// Failed.
    Error,
}

/// Something that happened while a span lasted.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
pub struct SpanEvent {
    /// What.
    pub name: String,
    /// When, from the begin of the trace, in nanoseconds.
    #[ts(type = "number")]
    pub at_ns: i64,
    /// Its named values.
    #[ts(type = "Array<[string, unknown]>")]
    pub attributes: Attributes,
}

/// A span that another has to do with.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
pub struct SpanLink {
    /// Its trace.
    pub trace_id: String,
    /// The span.
    pub span_id: String,
    /// Named values of the link.
    #[ts(type = "Array<[string, unknown]>")]
    pub attributes: Attributes,
}

/// What the sender of a span left out, by its own limits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Dropped {
    /// Named values.
    pub attributes: u32,
    /// Events.
    pub events: u32,
    /// Links.
    pub links: u32,
}

/// Something odd about a trace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct TraceFinding {
    /// What kind.
    pub kind: FindingKind,
    /// The span it is about.
    pub span: Option<String>,
    /// One sentence.
    pub text: String,
}

/// What can be odd about a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    /// The parent of a span was not received.
    Orphan,
    /// Spans are parents of each other.
    Cycle,
    /// Several spans have the same id.
    Duplicate,
    /// A span lies outside of its parent, which another clock would explain.
    ClockSkew,
    /// No span is without a parent.
    NoRoot,
    /// Several spans are without a parent.
    ManyRoots,
}

/// Who calls whom, and how it went.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ServiceMap {
    /// Who.
    pub nodes: Vec<MapNode>,
    /// Whom.
    pub edges: Vec<MapEdge>,
    /// Whether all spans were looked at; otherwise it stopped at its time bound.
    pub complete: bool,
}

/// A service, or something that services call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct MapNode {
    /// Its name.
    pub service: String,
    /// The environment's definition has it.
    pub declared: bool,
    /// Its spans; of something that sends none, the calls that went there.
    #[ts(type = "number")]
    pub spans: u64,
    /// How many of them failed.
    #[ts(type = "number")]
    pub errors: u64,
    /// Half of them took no longer, in nanoseconds.
    #[ts(type = "number")]
    pub p50_ns: u64,
    /// 99 of a hundred took no longer, in nanoseconds.
    #[ts(type = "number")]
    pub p99_ns: u64,
    /// What it is.
    pub kind: NodeKind,
}

/// What a node of the map is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum NodeKind {
    /// Sends spans, or is defined.
    #[default]
    Service,
    /// Was called as a database.
    Database,
    /// Was called as a broker of messages.
    Messaging,
    /// Was called, and nothing else is known.
    External,
}

/// Calls of one service to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct MapEdge {
    /// Who calls.
    pub from: String,
    /// Who is called.
    pub to: String,
    /// How often.
    #[ts(type = "number")]
    pub calls: u64,
    /// How many of them failed.
    #[ts(type = "number")]
    pub errors: u64,
    /// Half of them took no longer, in nanoseconds.
    #[ts(type = "number")]
    pub p50_ns: u64,
    /// 99 of a hundred took no longer, in nanoseconds.
    #[ts(type = "number")]
    pub p99_ns: u64,
    /// The definition says so: `references` or `depends_on`.
    pub declared: bool,
    /// Spans say so.
    pub observed: bool,
}
