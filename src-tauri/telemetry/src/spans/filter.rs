//! A query's text, ready to be asked of spans.
//!
//! What spans have in common is asked once: which values, names and resources of the
//! dictionary fit. A span is then a matter of comparing numbers. Where filters leave few
//! spans for one exact value, their own values are looked up instead: the dictionary has
//! up to a million.

use super::facts::Fact;
use super::list::Found;
use super::read::{Stored, kind, numbers_of, status};
use super::value;
use crate::query::filter::{Order, Value, word};
use crate::query::language::{Ask, Compare, QueryError, parse};
use crate::query::needle::Needle;
use crate::trace::{SpanKind, SpanStatus};
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension as _, Params};
use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

/// Facts of which one is asked; where there are more, few traces would be skipped.
const MOST_FACTS: usize = 64;

/// What a query asks of the spans of a trace.
#[derive(Debug)]
pub(super) struct Filter {
    pub(super) terms: Vec<Term>,
}

#[derive(Debug)]
pub(super) struct Term {
    pub(super) negated: bool,
    ask: Kind,
}

#[derive(Debug)]
enum Kind {
    /// Somewhere in its name, values or message.
    Anywhere(Value),
    Status(SpanStatus),
    SpanKind(SpanKind),
    Duration(Order, u64),
    Name(Value),
    Service(Value),
    Message(Value),
    Id(Value),
    Attribute(String, Value),
}

/// One term with what of the dictionary fits it.
pub(super) struct Ready<'a> {
    term: &'a Term,
    connection: &'a Connection,
    values: Values,
    names: HashSet<i64>,
    resources: HashSet<i64>,
    /// What values that fit are to filters; absent where there are too many.
    facts: Option<Vec<Fact>>,
}

/// Which numbers of the dictionary fit.
enum Values {
    /// These.
    Listed(HashSet<u32>),
    /// Those that were looked up, and whether they do.
    Asked(RefCell<HashMap<u32, bool>>),
}

impl Filter {
    pub(super) fn new(text: &str) -> Result<Self, QueryError> {
        let terms = parse(text)?.into_iter().map(|term| {
            let column = term.column;
            let ask = match term.ask {
                Ask::Text(text) => {
                    let needle = Needle::new(&text);
                    Kind::Anywhere(needle.map_or(Value::Anything, Value::Contains))
                }
                Ask::Regex(pattern) => Kind::Anywhere(word(Compare::Matches(pattern), column)?),
                Ask::Field { key, compare } => field(key, compare, column)?,
            };
            Ok(Term {
                negated: term.negated,
                ask,
            })
        });
        Ok(Self {
            terms: terms.collect::<Result<_, QueryError>>()?,
        })
    }

    /// Asks the dictionary, for values as far as filters need them.
    pub(super) fn ready<'a>(
        &'a self,
        connection: &'a Connection,
    ) -> rusqlite::Result<Vec<Ready<'a>>> {
        let new = |term| Ready::new(term, connection);
        let mut ready: Vec<Ready<'_>> = self.terms.iter().map(new).collect();
        let mut statement = connection.prepare("SELECT id, text FROM span_names")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (id, text) = (row.get(0)?, row.get_ref(1)?.as_str()?);
            for one in ready.iter_mut().filter(|one| one.term.fits_name(text)) {
                one.names.insert(id);
            }
        }
        let mut statement = connection.prepare("SELECT id, service, body FROM span_resources")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (id, service) = (row.get(0)?, row.get_ref(1)?.as_str()?);
            let body = Resource::decode(row.get_ref(2)?.as_blob()?).unwrap_or_default();
            for one in &mut ready {
                if one.term.fits_resource(service, &body.attributes) {
                    one.resources.insert(id);
                }
            }
        }
        let vague = ready.iter_mut().filter(|one| one.term.exact().is_none());
        list_values(connection, vague.collect())?;
        Ok(ready)
    }
}

/// Reads the dictionary for those terms that have not looked at it, where that is less than
/// to look up the values of so many spans.
pub(super) fn prepare(
    connection: &Connection,
    ready: &mut [Ready<'_>],
    spans: u64,
) -> rusqlite::Result<()> {
    let sql = "SELECT coalesce(max(id), 0) FROM span_attributes";
    let size: i64 = connection.query_row(sql, [], |row| row.get(0))?;
    // A value that is looked up takes some ten times as long as one that is passed by, and
    // half of a span's are its own.
    if spans.saturating_mul(50) < size.unsigned_abs() {
        return Ok(());
    }
    let open = |one: &&mut Ready<'_>| matches!(one.values, Values::Asked(_));
    list_values(connection, ready.iter_mut().filter(open).collect())
}

/// Reads all values for terms that ask for any, and those of its name for each other.
fn list_values(connection: &Connection, ready: Vec<&mut Ready<'_>>) -> rusqlite::Result<()> {
    let (mut anywhere, named): (Vec<_>, Vec<_>) = ready
        .into_iter()
        .partition(|one| matches!(one.term.ask, Kind::Anywhere(_)));
    if !anywhere.is_empty() {
        let sql = "SELECT id, key, value FROM span_attributes";
        list_of(connection, sql, [], &mut anywhere)?;
    }
    for one in named {
        let Kind::Attribute(key, _) = &one.term.ask else {
            continue;
        };
        let sql = "SELECT id, key, value FROM span_attributes WHERE key = ?1";
        list_of(connection, sql, [key], &mut [one])?;
    }
    Ok(())
}

fn list_of(
    connection: &Connection,
    sql: &str,
    parameters: impl Params,
    ready: &mut [&mut Ready<'_>],
) -> rusqlite::Result<()> {
    for one in &mut *ready {
        one.values = Values::Listed(HashSet::new());
    }
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query(parameters)?;
    while let Some(row) = rows.next()? {
        let (id, key) = (row.get(0)?, row.get_ref(1)?.as_str()?);
        let text = text(row.get_ref(2)?);
        for one in ready.iter_mut() {
            if one.term.fits_pair(key, &text) {
                one.list(id, key, &text);
            }
        }
    }
    Ok(())
}

/// The value of a column as one text, without a copy where it is one.
fn text(column: ValueRef<'_>) -> Cow<'_, str> {
    match column {
        ValueRef::Text(text) => String::from_utf8_lossy(text),
        other => value::to_text(value::from_sql(other).as_ref()).into(),
    }
}

impl<'a> Ready<'a> {
    fn new(term: &'a Term, connection: &'a Connection) -> Self {
        Self {
            term,
            connection,
            values: Values::Asked(RefCell::default()),
            names: HashSet::new(),
            resources: HashSet::new(),
            facts: Some(Vec::new()),
        }
    }

    pub(super) fn negated(&self) -> bool {
        self.term.negated
    }

    fn list(&mut self, id: u32, key: &str, text: &str) {
        if let Values::Listed(all) = &mut self.values {
            all.insert(id);
        }
        if let Some(facts) = &mut self.facts {
            facts.push(Fact::value(key, text));
            if facts.len() > MOST_FACTS {
                self.facts = None;
            }
        }
    }

    /// Whether a span of the trace may fit, by what its row says.
    pub(super) fn may_fit(&self, trace: &Found) -> bool {
        match &self.term.ask {
            Kind::Status(SpanStatus::Error) => trace.failed,
            // No span is longer than its trace.
            Kind::Duration(Order::Equal | Order::AtLeast, wanted) => trace.duration >= *wanted,
            Kind::Duration(Order::Above, wanted) => trace.duration > *wanted,
            _ => true,
        }
    }

    /// Facts of which a span that fits has one; `None` where it may have none of them.
    pub(super) fn demand(&self) -> Option<Vec<Fact>> {
        let names = self.names.iter().map(|id| Fact::name(*id));
        let resources = self.resources.iter().map(|id| Fact::resource(*id));
        let values = || self.facts.clone();
        let all: Vec<Fact> = match &self.term.ask {
            Kind::Name(_) => names.collect(),
            Kind::Service(_) => resources.collect(),
            Kind::Message(_) => vec![Fact::TEXT],
            Kind::Attribute(key, _) => match self.term.exact() {
                Some(wanted) => resources.chain([Fact::value(key, wanted)]).collect(),
                None => resources.chain(values()?).chain([Fact::INLINE]).collect(),
            },
            Kind::Anywhere(_) => {
                let rest = [Fact::INLINE, Fact::TEXT];
                names.chain(values()?).chain(rest).collect()
            }
            Kind::Status(_) | Kind::SpanKind(_) | Kind::Duration(..) | Kind::Id(_) => return None,
        };
        (all.len() <= MOST_FACTS).then_some(all)
    }

    /// Whether the span has what the term asks for, negated or not.
    pub(super) fn fits(&self, span: &Stored) -> rusqlite::Result<bool> {
        Ok(match &self.term.ask {
            Kind::Status(wanted) => status(span.status) == *wanted,
            Kind::SpanKind(wanted) => kind(span.kind) == *wanted,
            Kind::Duration(order, wanted) => order.holds(span.duration.unsigned_abs().cmp(wanted)),
            Kind::Name(_) => self.names.contains(&span.name),
            Kind::Service(_) => self.resources.contains(&span.resource),
            Kind::Message(value) => span.message.as_deref().is_some_and(|text| value.fits(text)),
            Kind::Id(value) => value.fits(&format!("{:016x}", span.id)),
            Kind::Anywhere(value) => {
                self.names.contains(&span.name)
                    || self.has_value(span)?
                    || span.message.as_deref().is_some_and(|text| value.fits(text))
            }
            Kind::Attribute(..) => {
                self.resources.contains(&span.resource) || self.has_value(span)?
            }
        })
    }

    fn has_value(&self, span: &Stored) -> rusqlite::Result<bool> {
        let mut inline = false;
        for number in numbers_of(&span.attributes) {
            if number == 0 {
                inline = true;
            } else if self.has_number(number)? {
                return Ok(true);
            }
        }
        // Exceptions are events, and long values lie with their span.
        let events = matches!(self.term.ask, Kind::Anywhere(_));
        let Some(extra) = span.extra.as_deref().filter(|_| inline || events) else {
            return Ok(false);
        };
        let extra = Span::decode(extra).unwrap_or_default();
        let fits = |pair: &KeyValue| {
            let text = value::to_text(pair.value.as_ref());
            self.term.fits_pair(&pair.key, &text)
        };
        Ok(extra.attributes.iter().any(fits)
            || events
                && extra.events.iter().any(|event| {
                    self.term.fits_name(&event.name) || event.attributes.iter().any(fits)
                }))
    }

    fn has_number(&self, number: u32) -> rusqlite::Result<bool> {
        let known = match &self.values {
            Values::Listed(all) => return Ok(all.contains(&number)),
            Values::Asked(known) => known,
        };
        if let Some(fits) = known.borrow().get(&number) {
            return Ok(*fits);
        }
        let fits = self
            .connection
            .prepare_cached("SELECT key, value FROM span_attributes WHERE id = ?1")?
            .query_row([number], |row| {
                let key = row.get_ref(0)?.as_str()?;
                Ok(self.term.fits_pair(key, &text(row.get_ref(1)?)))
            })
            .optional()?
            .unwrap_or_default();
        known.borrow_mut().insert(number, fits);
        Ok(fits)
    }
}

impl Term {
    /// The one value that it asks for.
    fn exact(&self) -> Option<&str> {
        match &self.ask {
            Kind::Attribute(_, Value::Compared(Order::Equal, wanted)) => Some(wanted),
            _ => None,
        }
    }

    fn fits_pair(&self, key: &str, text: &str) -> bool {
        match &self.ask {
            Kind::Anywhere(value) => value.fits(text),
            Kind::Attribute(wanted, value) => wanted == key && value.fits(text),
            _ => false,
        }
    }

    fn fits_name(&self, name: &str) -> bool {
        match &self.ask {
            Kind::Anywhere(value) | Kind::Name(value) => value.fits(name),
            _ => false,
        }
    }

    fn fits_resource(&self, service: &str, attributes: &[KeyValue]) -> bool {
        match &self.ask {
            Kind::Service(value) => value.fits(service),
            Kind::Attribute(..) => attributes
                .iter()
                .any(|pair| self.fits_pair(&pair.key, &value::to_text(pair.value.as_ref()))),
            _ => false,
        }
    }
}

fn field(key: String, compare: Compare, column: usize) -> Result<Kind, QueryError> {
    let fault = |message: String, hint: &str| QueryError {
        message,
        column,
        hint: hint.to_owned(),
    };
    match key.as_str() {
        "status" => match equal(&compare) {
            Some("error") => Ok(Kind::Status(SpanStatus::Error)),
            Some("ok") => Ok(Kind::Status(SpanStatus::Ok)),
            Some("unset") => Ok(Kind::Status(SpanStatus::Unset)),
            _ => Err(fault(
                "there is no such status".to_owned(),
                "write status=error, status=ok or status=unset, with - before it for the others; \
                 the code of an answer is http.response.status_code",
            )),
        },
        "kind" => match equal(&compare) {
            Some("internal") => Ok(Kind::SpanKind(SpanKind::Internal)),
            Some("server") => Ok(Kind::SpanKind(SpanKind::Server)),
            Some("client") => Ok(Kind::SpanKind(SpanKind::Client)),
            Some("producer") => Ok(Kind::SpanKind(SpanKind::Producer)),
            Some("consumer") => Ok(Kind::SpanKind(SpanKind::Consumer)),
            Some("unspecified") => Ok(Kind::SpanKind(SpanKind::Unspecified)),
            _ => Err(fault(
                "there is no such kind".to_owned(),
                "write kind=server, client, producer, consumer or internal, with - before it for \
                 the others",
            )),
        },
        "duration" => duration(&compare).ok_or_else(|| {
            fault(
                "this is no length of time".to_owned(),
                "write duration>=100ms, with ns, us, ms, s or m",
            )
        }),
        "name" => Ok(Kind::Name(word(compare, column)?)),
        "service" => Ok(Kind::Service(word(compare, column)?)),
        "message" => Ok(Kind::Message(word(compare, column)?)),
        "span_id" => Ok(Kind::Id(word(compare, column)?)),
        "route" => Ok(Kind::Attribute(
            "http.route".to_owned(),
            word(compare, column)?,
        )),
        _ => Ok(Kind::Attribute(key, word(compare, column)?)),
    }
}

fn equal(compare: &Compare) -> Option<&str> {
    match compare {
        Compare::Equal(value) => Some(value),
        _ => None,
    }
}

fn duration(compare: &Compare) -> Option<Kind> {
    let (order, text) = match compare {
        Compare::Equal(text) => (Order::Equal, text),
        Compare::NotEqual(text) => (Order::NotEqual, text),
        Compare::AtLeast(text) => (Order::AtLeast, text),
        Compare::Above(text) => (Order::Above, text),
        Compare::AtMost(text) => (Order::AtMost, text),
        Compare::Below(text) => (Order::Below, text),
        Compare::Contains(_) | Compare::Matches(_) => return None,
    };
    Some(Kind::Duration(order, nanoseconds(text)?))
}

/// Reads `100ms`, `1.5s`, `250us`; a number alone is milliseconds.
#[must_use]
pub fn nanoseconds(text: &str) -> Option<u64> {
    let unit = text
        .find(|c: char| !(c.is_ascii_digit() || c == '.'))
        .unwrap_or(text.len());
    let factor = match &text[unit..] {
        "ns" => 1.0,
        "us" | "µs" => 1e3,
        "" | "ms" => 1e6,
        "s" => 1e9,
        "m" => 60e9,
        _ => return None,
    };
    let number: f64 = text[..unit].parse().ok()?;
    // Saturates, which is what is wanted of the absurd.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "as said"
    )]
    Some((number * factor) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_have_units() {
        assert_eq!(nanoseconds("100ms"), Some(100_000_000));
        assert_eq!(nanoseconds("1.5s"), Some(1_500_000_000));
        assert_eq!(nanoseconds("7"), Some(7_000_000));
        assert_eq!(nanoseconds("3µs"), Some(3_000));
        assert_eq!(nanoseconds("x"), None);
        assert_eq!(nanoseconds("1h"), None);
    }

    #[test]
    fn what_cannot_be_asked_is_said_with_its_place() {
        for (query, column) in [
            ("a status=500", 3),
            ("kind=x", 1),
            ("duration~5", 1),
            ("d=\"x", 3),
        ] {
            let error = Filter::new(query).expect_err(query);
            assert_eq!(error.column, column, "{query}: {error}");
            assert!(!error.hint.is_empty());
        }
    }
}
