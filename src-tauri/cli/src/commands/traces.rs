//! `benchtop traces`: what requests did, as a list, or one of them span by span.

use super::runs;
use crate::arguments::Traces;
use crate::connection::{self, Connection};
use crate::exit::{Code, Failure};
use benchtop_api::schema::{TraceGetRequest, TracesListRequest, TracesMapRequest};
use benchtop_api::telemetry::trace::{Span, SpanStatus, Trace, TraceOrder, TracePage, TraceQuery};
use std::fmt::Write as _;
use std::io::Write as _;

/// Columns of the bars of a waterfall.
const BAR: usize = 32;

pub(crate) async fn run(arguments: &Traces) -> Result<Code, Failure> {
    let connection = connection::open(&arguments.environment).await?;
    let arguments = &Traces {
        run: runs::named(&connection, arguments.run.as_deref()).await?,
        ..arguments.clone()
    };
    if arguments.map {
        return map(&connection, arguments).await;
    }
    let words = arguments.query.join(" ");
    if is_trace_id(&words) {
        return show(&connection, arguments, &words).await;
    }
    let query = TraceQuery {
        run: arguments.run.clone(),
        services: arguments.services.clone(),
        text: Some(words).filter(|words| !words.is_empty()),
        since: arguments.since,
        min_ns: arguments.slow,
        errors_only: arguments.errors,
        order: match arguments.slow {
            Some(_) => TraceOrder::Slowest,
            None => TraceOrder::Newest,
        },
        limit: arguments.limit,
        ..TraceQuery::default()
    };
    let environment = connection.environment.clone();
    let page = connection
        .client
        .call(&TracesListRequest { environment, query })
        .await?;
    let text = if arguments.json {
        serde_json::to_string_pretty(&page)? + "\n"
    } else {
        list(&page)
    };
    print(&text);
    Ok(Code::Fine)
}

fn is_trace_id(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

async fn show(
    connection: &Connection,
    arguments: &Traces,
    trace_id: &str,
) -> Result<Code, Failure> {
    let request = TraceGetRequest {
        environment: connection.environment.clone(),
        run: arguments.run.clone(),
        trace_id: trace_id.to_lowercase(),
    };
    let trace = connection.client.call(&request).await?;
    let text = if arguments.json {
        serde_json::to_string_pretty(&trace)? + "\n"
    } else {
        waterfall(&trace)
    };
    print(&text);
    Ok(Code::Fine)
}

async fn map(connection: &Connection, arguments: &Traces) -> Result<Code, Failure> {
    let request = TracesMapRequest {
        environment: connection.environment.clone(),
        run: arguments.run.clone(),
        since: arguments.since,
        until: None,
    };
    let map = connection.client.call(&request).await?;
    if arguments.json {
        print(&(serde_json::to_string_pretty(&map)? + "\n"));
        return Ok(Code::Fine);
    }
    let mut text = String::new();
    for edge in &map.edges {
        let calls = if edge.observed {
            format!(
                "{} calls, {} failed, half within {}",
                edge.calls,
                edge.errors,
                length(edge.p50_ns)
            )
        } else {
            "declared, no call seen".to_owned()
        };
        let note = if edge.declared { "" } else { " (not declared)" };
        let (from, to) = (plain(&edge.from), plain(&edge.to));
        line(&mut text, format_args!("{from} -> {to}: {calls}{note}"));
    }
    print(&text);
    Ok(Code::Fine)
}

fn print(text: &str) {
    // A reader that has gone, such as `head`, is no failure.
    _ = std::io::stdout().write_all(text.as_bytes());
}

/// One line for each trace, the newest last, where a terminal shows it.
fn list(page: &TracePage) -> String {
    let mut text = String::new();
    for trace in page.traces.iter().rev() {
        let failed = match trace.errors {
            0 => String::new(),
            errors => format!("  {errors} failed"),
        };
        let code = trace
            .status_code
            .map_or(String::new(), |code| format!(" {code}"));
        line(
            &mut text,
            format_args!(
                "{}  {}  {:>9}  {:>4} spans  {}: {}{code}{failed}",
                trace.trace_id,
                clock(trace.start.0),
                length(trace.duration_ns),
                trace.spans,
                plain(&trace.service),
                plain(&trace.name),
            ),
        );
    }
    let spread = page.percentiles;
    line(
        &mut text,
        format_args!(
            "{} traces, {} with errors; half within {}, 99 of 100 within {}, longest {}{}",
            page.matched,
            page.errors,
            length(spread.p50_ns),
            length(spread.p99_ns),
            length(spread.max_ns),
            if page.complete {
                ""
            } else {
                " (not all were looked at)"
            },
        ),
    );
    text
}

fn waterfall(trace: &Trace) -> String {
    let mut text = String::new();
    line(
        &mut text,
        format_args!(
            "trace {}, {}, {}, {} spans",
            trace.trace_id,
            clock(trace.start.0),
            length(trace.duration_ns),
            trace.spans.len(),
        ),
    );
    for span in &trace.spans {
        let mark = match (span.status, span.critical) {
            (SpanStatus::Error, _) => '!',
            (_, true) => '*',
            _ => ' ',
        };
        let indent = "  ".repeat(span.depth.min(20) as usize);
        line(
            &mut text,
            format_args!(
                "{mark} {:>9} |{}| {indent}{}: {}",
                length(span.duration_ns),
                bar(span, trace.duration_ns),
                plain(&span.service),
                plain(&span.name),
            ),
        );
        if let Some(message) = &span.message {
            line(
                &mut text,
                format_args!("{:w$}{indent}  {}", "", plain(message), w = BAR + 15),
            );
        }
    }
    if let Some(more) = trace.truncated {
        line(&mut text, format_args!("and {more} spans more"));
    }
    for finding in &trace.findings {
        line(&mut text, format_args!("note: {}", plain(&finding.text)));
    }
    text
}

/// Where the span lies in its trace.
fn bar(span: &Span, whole: u64) -> String {
    let column = |ns: u64| {
        let part = u128::from(ns) * BAR as u128 / u128::from(whole.max(1));
        usize::try_from(part).unwrap_or(BAR).min(BAR)
    };
    let start = span.start_ns.max(0).unsigned_abs();
    let from = column(start).min(BAR - 1);
    let to = column(start.saturating_add(span.duration_ns)).max(from + 1);
    format!(
        "{}{}{}",
        " ".repeat(from),
        "=".repeat(to - from),
        " ".repeat(BAR - to)
    )
}

fn line(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    // A text takes everything.
    _ = writeln!(text, "{arguments}");
}

/// Names come from outside: nothing in them may move the cursor.
fn plain(text: &str) -> String {
    let printable = |c: char| if c.is_control() { '\u{FFFD}' } else { c };
    text.chars().map(printable).take(200).collect()
}

fn clock(ms: i64) -> String {
    let time = jiff::Timestamp::from_millisecond(ms).unwrap_or_default();
    let local = time.to_zoned(jiff::tz::TimeZone::system());
    local.strftime("%H:%M:%S%.3f").to_string()
}

/// `850 ns`, `1.2 ms`, `3.45 s`.
fn length(ns: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
    let value = ns as f64;
    match ns {
        0..1_000 => format!("{ns} ns"),
        1_000..1_000_000 => format!("{:.1} µs", value / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} ms", value / 1e6),
        _ => format!("{:.2} s", value / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_have_a_unit_that_keeps_them_short() {
        assert_eq!(length(850), "850 ns");
        assert_eq!(length(1_234_567), "1.2 ms");
        assert_eq!(length(3_450_000_000), "3.45 s");
    }

    #[test]
    fn a_bar_lies_inside_of_its_trace() {
        let span = |start_ns, duration_ns| Span {
            start_ns,
            duration_ns,
            ..Span::default()
        };
        assert_eq!(bar(&span(0, 100), 100), "=".repeat(BAR));
        for (start, length) in [(-5, 10), (100, 0), (99, 1000), (0, 0), (i64::MAX, u64::MAX)] {
            assert_eq!(
                bar(&span(start, length), 100).len(),
                BAR,
                "{start} {length}"
            );
        }
        assert_eq!(bar(&span(0, 0), 0).len(), BAR);
    }

    #[test]
    fn names_cannot_move_the_cursor() {
        assert_eq!(plain("a\u{1b}[2Jb"), "a\u{FFFD}[2Jb");
    }
}
