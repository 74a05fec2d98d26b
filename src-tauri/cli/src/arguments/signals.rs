//! Of the commands about logs, traces, metrics and where they go.

use super::{Which, parse_length, parse_level, parse_moment};
use benchtop_api::model::time::Timestamp;
use clap::{Args, Subcommand};
use std::path::PathBuf;

#[derive(Clone, Debug, Args)]
pub(crate) struct Traces {
    #[command(flatten)]
    pub(crate) environment: Which,
    /// A trace id to see that trace; or which traces: words, "texts", /regexes/, fields such
    /// as status=error, duration>=100ms, route=/cart, http.response.status_code>=500; - for
    /// the opposite
    #[arg(value_name = "QUERY|TRACE_ID")]
    pub(crate) query: Vec<String>,
    /// Show who calls whom instead, with how often and how long
    #[arg(long, conflicts_with = "query")]
    pub(crate) map: bool,
    /// Only traces that took so long or longer, the slowest first: 100ms, 1.5s
    #[arg(long, value_parser = parse_length, value_name = "DURATION")]
    pub(crate) slow: Option<u64>,
    /// Only traces in which something failed
    #[arg(long)]
    pub(crate) errors: bool,
    /// Only traces that this service took part in
    #[arg(short = 's', long = "service", value_name = "SERVICE")]
    pub(crate) services: Vec<String>,
    /// Only traces from this time on: 10m ago is 10m
    #[arg(long, value_parser = parse_moment, value_name = "TIME")]
    pub(crate) since: Option<Timestamp>,
    /// Of this run, as `benchtop runs` names it
    #[arg(long, value_name = "RUN")]
    pub(crate) run: Option<String>,
    /// At most so many
    #[arg(short = 'n', long, default_value_t = 50)]
    pub(crate) limit: u32,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Logs {
    #[command(flatten)]
    pub(crate) environment: Which,
    /// Go on with what is written from now on
    #[arg(short = 'F', long)]
    pub(crate) follow: bool,
    /// Begin with the last so many lines
    #[arg(short = 'n', long, default_value_t = 200)]
    pub(crate) tail: u32,
    /// Only this level and above: trace, debug, info, warn, error, fatal
    #[arg(long, value_parser = parse_level)]
    pub(crate) level: Option<benchtop_api::telemetry::level::Level>,
    /// Only lines that fit: words, "texts", /regexes/, fields such as user.id=42; - for
    /// the opposite
    #[arg(short = 'q', long, visible_alias = "grep", value_name = "QUERY")]
    pub(crate) query: Option<String>,
    /// Only lines from this time on: 10m ago is 10m; or 2026-11-22T07:00:00Z
    #[arg(long, value_parser = parse_moment, value_name = "TIME")]
    pub(crate) since: Option<Timestamp>,
    /// Only lines before this time
    #[arg(long, value_parser = parse_moment, value_name = "TIME")]
    pub(crate) until: Option<Timestamp>,
    /// Only lines of this run, as `benchtop runs` names it
    #[arg(long, value_name = "RUN")]
    pub(crate) run: Option<String>,
    /// Exit with 1 where a line of this level or above fits
    #[arg(long, value_parser = parse_level, value_name = "LEVEL")]
    pub(crate) fail_on: Option<benchtop_api::telemetry::level::Level>,
    /// Write all lines that fit into this file, and print none; with --json as NDJSON
    #[arg(long, value_name = "FILE", conflicts_with = "follow")]
    pub(crate) export: Option<PathBuf>,
    /// Print one JSON object a line
    #[arg(long)]
    pub(crate) json: bool,
    pub(crate) services: Vec<String>,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Metrics {
    #[command(flatten)]
    pub(crate) environment: Which,
    /// Only metrics with this in their name, such as memory
    pub(crate) name: Option<String>,
    /// Only of this service; may be given several times
    #[arg(short, long = "service", value_name = "SERVICE")]
    pub(crate) services: Vec<String>,
    /// From this time on: 10m ago is 10m; or 2026-11-22T07:00:00Z
    #[arg(long, value_parser = parse_moment, value_name = "TIME", default_value = "5m")]
    pub(crate) since: Timestamp,
    /// Of this run, as `benchtop runs` names it
    #[arg(long, value_name = "RUN")]
    pub(crate) run: Option<String>,
    /// Print JSON: the metrics, their points, and what happened meanwhile
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Telemetry {
    /// Where services send to, and what came of it
    Status {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Write spans, logs and metrics of a run to a file: a request of OTLP in JSON on each line
    Export {
        /// The file
        path: PathBuf,
        /// Of this run, as `benchtop runs` names it
        #[arg(long, default_value = "latest")]
        run: String,
        /// Replace the file where it exists
        #[arg(long)]
        overwrite: bool,
    },
    /// Make a run of such a file, to look at
    Import {
        /// The file
        path: PathBuf,
    },
    /// Send a copy of everything on to another backend of OTLP/HTTP
    Forward {
        /// Such as http://localhost:14318 or https://otlp.example.com, or `off`
        address: String,
        /// What every request carries, as `name: value`; `-` reads them from the standard
        /// input, one on each line
        #[arg(long = "header", short = 'H', value_name = "HEADER")]
        headers: Vec<String>,
        /// For all environments that have no address of their own
        #[arg(long)]
        all: bool,
    },
}
