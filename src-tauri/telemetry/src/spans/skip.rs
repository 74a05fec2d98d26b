//! Which traces a search need not read, told by their rows and by the filters beside them.

use super::facts::Fact;
use super::filter::Ready;
use super::list::Found;
use rusqlite::Connection;
use std::collections::HashMap;

/// Leaves out traces that cannot fit. What stays may fit and has to be read.
pub(super) fn skip(
    connection: &Connection,
    ready: &[&Ready<'_>],
    found: &mut Vec<Found>,
) -> rusqlite::Result<()> {
    found.retain(|one| ready.iter().all(|term| term.may_fit(one)));
    let demands: Vec<Vec<Fact>> = ready.iter().filter_map(|term| term.demand()).collect();
    if demands.is_empty() || found.is_empty() || !there(connection)? {
        return Ok(());
    }
    let seen = seen(connection, &demands, range(found))?;
    found.retain(|one| match seen.get(&one.id) {
        // Spans of an earlier version have no filter.
        Some(seen) => seen.may_fit || seen.spans < one.spans,
        None => true,
    });
    Ok(())
}

/// The least and the largest number.
pub(super) fn range(found: &[Found]) -> (i64, i64) {
    found.iter().fold((i64::MAX, i64::MIN), |(low, high), one| {
        (low.min(one.id), high.max(one.id))
    })
}

/// What the filters of a trace say.
#[derive(Default)]
struct Seen {
    may_fit: bool,
    /// Spans whose facts they have.
    spans: i64,
}

fn seen(
    connection: &Connection,
    demands: &[Vec<Fact>],
    (low, high): (i64, i64),
) -> rusqlite::Result<HashMap<i64, Seen>> {
    let mut statement = connection.prepare_cached(
        "SELECT trace, spans, bits FROM trace_filters WHERE trace BETWEEN ?1 AND ?2",
    )?;
    let mut rows = statement.query([low, high])?;
    let mut all: HashMap<i64, Seen> = HashMap::new();
    while let Some(row) = rows.next()? {
        let of = all.entry(row.get(0)?).or_default();
        of.spans += row.get::<_, i64>(1)?;
        if of.may_fit {
            continue;
        }
        let bits = row.get_ref(2)?.as_blob()?;
        // One span has to have it all, and a span lies in one filter.
        of.may_fit = demands
            .iter()
            .all(|one_of| one_of.iter().any(|fact| fact.may_be_in(bits)));
    }
    Ok(all)
}

/// Whether the file has filters: one of an earlier version has none.
fn there(connection: &Connection) -> rusqlite::Result<bool> {
    connection
        .prepare_cached("SELECT count(*) FROM sqlite_master WHERE name = 'trace_filters'")?
        .query_row([], |row| Ok(row.get::<_, i64>(0)? > 0))
}

#[cfg(test)]
mod tests {
    use super::super::dictionary::Dictionary;
    use super::super::filter::Filter;
    use super::super::{commit, list, schema};
    use super::*;
    use crate::otlp::decode::{Request, Signal};
    use crate::otlp::json;
    use crate::trace::TraceQuery;
    use serde_json::{Value, json};

    const TRACES: u32 = 500;

    /// Trace `n` has a span of user `n` and, with a later commit, one of session `n`.
    fn file() -> Connection {
        let mut connection = Connection::open_in_memory().expect("memory");
        connection.execute_batch(schema::SCHEMA).expect("tables");
        let mut dictionary = Dictionary::open(&connection).expect("a table");
        for (id, key) in [(1, "user.id"), (2, "session")] {
            let spans: Vec<Value> = (1..=TRACES)
                .map(|trace| {
                    json!({
                        "traceId": format!("{trace:032x}"), "spanId": format!("{id:016x}"),
                        "name": format!("GET /{}", trace % 7),
                        "startTimeUnixNano": "1700000000000000000",
                        "endTimeUnixNano": (1_700_000_000_000_000_000_u64 + u64::from(trace)).to_string(),
                        "status": { "code": if trace == 9 { 2 } else { 0 } },
                        "attributes": [{ "key": key, "value": { "stringValue": trace.to_string() } }],
                    })
                })
                .collect();
            let body = json!({ "resourceSpans": [{ "scopeSpans": [{ "spans": spans }] }] });
            let request = json::decode(body.to_string().as_bytes(), Signal::Traces);
            let Ok(Request::Traces(request)) = request else {
                panic!("a request of traces");
            };
            commit::commit(&mut connection, &mut dictionary, &[&request]).expect("room");
        }
        connection
    }

    /// How many traces are left to be read.
    fn left(connection: &Connection, text: &str) -> usize {
        let filter = Filter::new(text).expect("a query");
        let ready = filter.ready(connection).expect("tables");
        let asked: Vec<_> = ready.iter().filter(|term| !term.negated()).collect();
        let mut found = list::candidates(connection, &TraceQuery::default()).expect("a table");
        assert_eq!(found.len(), TRACES as usize);
        skip(connection, &asked, &mut found).expect("a table");
        found.len()
    }

    #[test]
    fn few_traces_are_read_for_a_rare_value_and_none_for_an_unknown_one() {
        let file = file();
        // A filter errs once in 250 times.
        for (text, least, most) in [
            ("user.id=42", 1, 12),
            ("session=42.0", 1, 12),
            ("user.id=nobody", 0, 12),
            ("user.id~499", 1, 12),
            ("name=\"GET /3\"", 71, 90),
            ("status=error", 1, 1),
            ("duration>=499ns", 2, 2),
            ("service=nobody", 0, 0),
            // Both are values of one trace, but of no one span of it.
            ("user.id=42 session=42", 0, 12),
            ("-user.id=42", 500, 500),
            ("kind=server", 500, 500),
        ] {
            let left = left(&file, text);
            assert!((least..=most).contains(&left), "{text}: {left} traces");
        }
    }

    #[test]
    fn traces_without_filters_are_read() {
        let file = file();
        file.execute_batch("DELETE FROM trace_filters WHERE trace <= 100 AND part = 1")
            .expect("a table");
        assert!((100..115).contains(&left(&file, "user.id=nobody")));
        file.execute_batch("DROP TABLE trace_filters")
            .expect("a table");
        assert_eq!(left(&file, "user.id=nobody"), 500);
    }
}
