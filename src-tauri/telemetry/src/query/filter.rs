//! A query, ready to be asked of records.

use super::LogQuery;
use super::language::{Ask, Compare, Pattern, QueryError, Term, parse};
use super::needle::Needle;
use crate::block::Summary;
use crate::block::tokens::{Word, inner_words, longest_word};
use crate::level::{LEVELS, Level};
use crate::line::{self, Fields};
use crate::log::Stream;
use benchtop_model::time::Timestamp;
use regex::{Regex, RegexBuilder};
use std::cell::OnceCell;
use std::cmp::Ordering;

/// Memory that a compiled regular expression may take, in bytes.
const REGEX_SIZE: usize = 4 << 20;

/// What a query asks of a record, apart from its number.
#[derive(Debug)]
pub(crate) struct Filter {
    services: Vec<String>,
    pub(crate) since: Option<Timestamp>,
    pub(crate) until: Option<Timestamp>,
    /// All must hold.
    pub(crate) terms: Vec<Test>,
}

/// One condition.
#[derive(Debug)]
pub(crate) struct Test {
    pub(crate) negated: bool,
    pub(crate) kind: Kind,
    /// A text that every record has for which `kind` holds. To look for it costs far less
    /// than to read the fields of each record.
    hint: Option<Needle>,
}

/// What is looked for first, over the text of a whole block.
pub(crate) enum Scout<'a> {
    /// In every record that fits.
    Text {
        needle: &'a Needle,
        /// Whoever has it fits.
        enough: bool,
    },
    /// Holds for every record that fits.
    Regex {
        regex: &'a Regex,
        /// Whoever has a whole match fits.
        enough: bool,
    },
}

#[derive(Debug)]
pub(crate) enum Kind {
    Text(Needle),
    Regex(Regex),
    Level(Order, Level),
    Service(Value),
    Stream(Stream),
    Generation(Order, u64),
    Trace(Value),
    Span(Value),
    Field(String, Value),
}

/// The side of a bound that is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    Equal,
    NotEqual,
    AtLeast,
    Above,
    AtMost,
    Below,
}

/// What is asked of a value.
#[derive(Debug)]
pub(crate) enum Value {
    Compared(Order, String),
    Contains(Needle),
    Anything,
    Matches(Regex),
}

/// What is known of a record while it is asked. Its fields are read only if somebody
/// asks for one.
pub(crate) struct Candidate<'a> {
    pub(crate) service: &'a str,
    pub(crate) time: Timestamp,
    pub(crate) generation: u64,
    pub(crate) stream: Stream,
    pub(crate) level: Level,
    /// Without colours.
    pub(crate) text: &'a str,
    pub(crate) fields: OnceCell<Fields>,
}

impl Filter {
    /// Reads the query. The level and the numbers of the window stay outside: the
    /// counts of an answer do not regard them.
    pub(crate) fn new(query: &LogQuery) -> Result<Self, QueryError> {
        let terms = parse(query.text.as_deref().unwrap_or_default())?;
        Ok(Self {
            services: query.services.clone(),
            since: query.since,
            until: query.until,
            terms: terms
                .into_iter()
                .filter_map(Test::new)
                .collect::<Result<_, _>>()?,
        })
    }

    /// Whether the text of records is of no interest.
    pub(crate) fn is_plain(&self) -> bool {
        self.terms.is_empty()
    }

    pub(crate) fn wants_service(&self, service: &str) -> bool {
        self.services.is_empty() || self.services.iter().any(|one| one == service)
    }

    pub(crate) fn wants_time(&self, time: Timestamp) -> bool {
        self.since.is_none_or(|since| time >= since) && self.until.is_none_or(|until| time < until)
    }

    /// Whether all records of the block have a wanted time.
    pub(crate) fn covers(&self, block: &Summary) -> bool {
        block.count == 0
            || self.wants_time(Timestamp(block.earliest))
                && self.wants_time(Timestamp(block.latest))
    }

    /// Whether some record of the block may fit, as far as can be told without its text.
    pub(crate) fn may_fit(&self, service: &str, block: &Summary) -> bool {
        self.since.is_none_or(|since| block.latest >= since.0)
            && self.until.is_none_or(|until| block.earliest < until.0)
            && self.terms.iter().all(|test| test.may_fit(service, block))
    }

    /// Words that every fitting record has.
    pub(crate) fn words(&self) -> Vec<Word> {
        let wanted = self.terms.iter().filter(|test| !test.negated);
        wanted.flat_map(|test| test.kind.words()).collect()
    }

    /// The condition to look for first: the longest text, or else a regular expression,
    /// but not one that asks for the begin or end of the text and means the record's.
    pub(crate) fn scout(&self) -> Option<Scout<'_>> {
        let wanted = || self.terms.iter().filter(|test| !test.negated);
        let enough = self.terms.len() == 1;
        let text = wanted().filter_map(|test| match &test.kind {
            Kind::Text(needle) => Some((needle, enough)),
            _ => test.hint.as_ref().map(|needle| (needle, false)),
        });
        let text = text.max_by_key(|(needle, _)| needle.text().len());
        let of_record = |regex: &Regex| {
            [r"\A", r"\z", "-m"]
                .iter()
                .any(|part| regex.as_str().contains(part))
        };
        let regex = wanted().find_map(|test| match &test.kind {
            Kind::Regex(regex) if !of_record(regex) => Some(Scout::Regex { regex, enough }),
            _ => None,
        });
        text.map(|(needle, enough)| Scout::Text { needle, enough })
            .or(regex)
    }

    /// Whether a record of a block with this text may fit: where the condition that is
    /// looked for first is nowhere in it, none does.
    pub(crate) fn may_hold_in(&self, text: &str) -> bool {
        match self.scout() {
            Some(Scout::Text { needle, .. }) => needle.is_in(text),
            Some(Scout::Regex { regex, .. }) => regex.is_match(text),
            None => true,
        }
    }

    /// Whether all holds, services apart.
    pub(crate) fn holds(&self, record: &Candidate<'_>) -> bool {
        self.wants_time(record.time) && self.terms.iter().all(|test| test.holds(record))
    }
}

impl Test {
    /// `None` for what always holds.
    fn new(term: Term) -> Option<Result<Self, QueryError>> {
        let column = term.column;
        let kind = match term.ask {
            Ask::Text(text) => Ok(Kind::Text(Needle::new(&text)?)),
            Ask::Regex(pattern) => regex(&pattern, column).map(Kind::Regex),
            Ask::Field { key, compare } => field(key, compare, column),
        };
        Some(kind.map(|kind| Self {
            negated: term.negated,
            hint: kind.exact().and_then(longest_word).and_then(Needle::new),
            kind,
        }))
    }

    pub(crate) fn holds(&self, record: &Candidate<'_>) -> bool {
        self.negated != self.kind.fits(record)
    }

    fn may_fit(&self, service: &str, block: &Summary) -> bool {
        match &self.kind {
            Kind::Service(word) => self.negated != word.fits(service),
            Kind::Level(order, wanted) => LEVELS.into_iter().any(|level| {
                block.levels[level as usize] > 0 && self.negated != order.holds(level.cmp(wanted))
            }),
            Kind::Stream(stream) => {
                let others = block.streams & !(1 << *stream as u8) != 0;
                let has = block.streams & 1 << *stream as u8 != 0;
                if self.negated { others } else { has }
            }
            _ => true,
        }
    }
}

impl Kind {
    /// Words that every fitting record has.
    fn words(&self) -> Vec<Word> {
        match self {
            Self::Text(needle) => inner_words(needle.text(), false),
            _ => self
                .exact()
                .map_or_else(Vec::new, |value| inner_words(value, true)),
        }
    }

    /// The value that a field of the record must have, written as it is written there.
    fn exact(&self) -> Option<&str> {
        match self {
            Self::Trace(Value::Compared(Order::Equal, value))
            | Self::Span(Value::Compared(Order::Equal, value))
            | Self::Field(_, Value::Compared(Order::Equal, value))
                // 42 is 42.0, too.
                if value.parse::<f64>().is_err() =>
            {
                Some(value)
            }
            _ => None,
        }
    }

    fn fits(&self, record: &Candidate<'_>) -> bool {
        match self {
            Self::Text(needle) => needle.is_in(record.text),
            Self::Regex(regex) => regex.is_match(record.text),
            Self::Level(order, level) => order.holds(record.level.cmp(level)),
            Self::Service(word) => word.fits(record.service),
            Self::Stream(stream) => record.stream == *stream,
            Self::Generation(order, number) => order.holds(record.generation.cmp(number)),
            Self::Trace(word) => record
                .fields()
                .trace_id
                .as_deref()
                .is_some_and(|id| word.fits(id)),
            Self::Span(word) => record
                .fields()
                .span_id
                .as_deref()
                .is_some_and(|id| word.fits(id)),
            Self::Field(key, word) => record
                .fields()
                .attributes
                .get(key)
                .is_some_and(|value| word.fits(value)),
        }
    }
}

impl Candidate<'_> {
    fn fields(&self) -> &Fields {
        self.fields.get_or_init(|| line::fields(self.text))
    }
}

impl Order {
    pub(crate) fn holds(self, found: Ordering) -> bool {
        match self {
            Self::Equal => found.is_eq(),
            Self::NotEqual => found.is_ne(),
            Self::AtLeast => found.is_ge(),
            Self::Above => found.is_gt(),
            Self::AtMost => found.is_le(),
            Self::Below => found.is_lt(),
        }
    }
}

impl Value {
    pub(crate) fn fits(&self, value: &str) -> bool {
        match self {
            Self::Compared(order, wanted) => order.holds(compare(value, wanted)),
            Self::Contains(needle) => needle.is_in(value),
            Self::Anything => true,
            Self::Matches(regex) => regex.is_match(value),
        }
    }
}

/// Numbers as numbers, everything else as text without regard to case.
fn compare(value: &str, wanted: &str) -> Ordering {
    if let (Ok(value), Ok(wanted)) = (value.parse::<f64>(), wanted.parse::<f64>())
        && let Some(order) = value.partial_cmp(&wanted)
    {
        return order;
    }
    value.to_lowercase().cmp(&wanted.to_lowercase())
}

fn regex(pattern: &Pattern, column: usize) -> Result<Regex, QueryError> {
    RegexBuilder::new(&pattern.text)
        .case_insensitive(pattern.ignore_case)
        .multi_line(true)
        .size_limit(REGEX_SIZE)
        .build()
        .map_err(|error| QueryError {
            message: format!("the regular expression cannot be read: {}", reason(&error)),
            column,
            hint: "mend it, or put it into quotes to look for it as text".to_owned(),
        })
}

/// The last line of what the library prints, which is the reason; the lines before it
/// draw the expression.
fn reason(error: &regex::Error) -> String {
    let text = error.to_string();
    let last = text.lines().last().unwrap_or_default();
    last.trim_start_matches("error: ").to_owned()
}

fn field(key: String, compare: Compare, column: usize) -> Result<Kind, QueryError> {
    match key.as_str() {
        "level" | "severity" => {
            let (order, value) = ordered(&compare, &key, column)?;
            let level = Level::from_word(value).ok_or_else(|| QueryError {
                message: format!("`{value}` is no level"),
                column,
                hint: "write trace, debug, info, warn, error or fatal".to_owned(),
            })?;
            Ok(Kind::Level(order, level))
        }
        "generation" => {
            let (order, value) = ordered(&compare, &key, column)?;
            let number = value.parse().map_err(|_| QueryError {
                message: format!("`{value}` is no number"),
                column,
                hint: "write generation=2".to_owned(),
            })?;
            Ok(Kind::Generation(order, number))
        }
        "stream" => stream(&compare, column),
        "service" => word(compare, column).map(Kind::Service),
        "trace_id" => word(compare, column).map(Kind::Trace),
        "span_id" => word(compare, column).map(Kind::Span),
        _ => word(compare, column).map(|word| Kind::Field(key, word)),
    }
}

fn ordered<'a>(
    compare: &'a Compare,
    key: &str,
    column: usize,
) -> Result<(Order, &'a str), QueryError> {
    Ok(match compare {
        Compare::Equal(value) => (Order::Equal, value),
        Compare::NotEqual(value) => (Order::NotEqual, value),
        Compare::AtLeast(value) => (Order::AtLeast, value),
        Compare::Above(value) => (Order::Above, value),
        Compare::AtMost(value) => (Order::AtMost, value),
        Compare::Below(value) => (Order::Below, value),
        Compare::Contains(_) | Compare::Matches(_) => {
            return Err(QueryError {
                message: format!("`{key}` has an order and no text to look into"),
                column,
                hint: format!("compare it with =, !=, >=, >, <= or <, such as {key}>=…"),
            });
        }
    })
}

fn stream(compare: &Compare, column: usize) -> Result<Kind, QueryError> {
    let known = |name: &str| match name {
        "stdout" => Some(Stream::Stdout),
        "stderr" => Some(Stream::Stderr),
        "benchtop" => Some(Stream::Benchtop),
        _ => None,
    };
    match compare {
        Compare::Equal(name) => known(name).map(Kind::Stream),
        _ => None,
    }
    .ok_or_else(|| QueryError {
        message: "there is no such stream".to_owned(),
        column,
        hint: "write stream=stdout, stream=stderr or stream=benchtop, with - before it for the \
               others"
            .to_owned(),
    })
}

pub(crate) fn word(compare: Compare, column: usize) -> Result<Value, QueryError> {
    Ok(match compare {
        Compare::Contains(text) => Needle::new(&text).map_or(Value::Anything, Value::Contains),
        Compare::Matches(pattern) => Value::Matches(regex(&pattern, column)?),
        Compare::Equal(value) => Value::Compared(Order::Equal, value),
        Compare::NotEqual(value) => Value::Compared(Order::NotEqual, value),
        Compare::AtLeast(value) => Value::Compared(Order::AtLeast, value),
        Compare::Above(value) => Value::Compared(Order::Above, value),
        Compare::AtMost(value) => Value::Compared(Order::AtMost, value),
        Compare::Below(value) => Value::Compared(Order::Below, value),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(text: &str) -> Result<Filter, QueryError> {
        Filter::new(&LogQuery {
            text: Some(text.to_owned()),
            ..LogQuery::default()
        })
    }

    #[track_caller]
    fn check(query: &str, text: &str, expected: bool) {
        let candidate = Candidate {
            service: "api",
            time: Timestamp(1),
            generation: 2,
            stream: Stream::Stderr,
            level: Level::Warn,
            text,
            fields: OnceCell::new(),
        };
        let filter = filter(query).expect("a query");
        assert_eq!(filter.holds(&candidate), expected, "{query} of {text}");
    }

    #[test]
    fn all_terms_must_hold() {
        check("slow QUERY", "A slow query", true);
        check("slow query -a", "A slow query", false);
        check(r"/q\w+y$/ -/^slow/", "A slow query", true);
        check("/QUERY/", "A slow query", false);
        check("/QUERY/i", "A slow query", true);
    }

    #[test]
    fn a_record_is_asked_for_what_it_is() {
        for (query, expected) in [
            ("level>=warn", true),
            ("level>warn", false),
            ("level!=warn", false),
            ("level<error", true),
            ("service=API", true),
            ("service~p", true),
            ("-service=api", false),
            ("stream=stderr", true),
            ("stream=stdout", false),
            ("generation=2", true),
            ("generation<2", false),
        ] {
            check(query, "x", expected);
        }
    }

    #[test]
    fn fields_are_compared_as_numbers_where_they_are() {
        let text = r#"{"level":"warn","ms":120,"user":{"id":42,"name":"Ann Lee"},"ok":true,
            "trace_id":"4BF92F3577B34DA6A3CE929D0E0E4736"}"#;
        for (query, expected) in [
            ("ms=120.0", true),
            ("ms>=99", true),
            ("ms<99", false),
            ("user.id=42", true),
            ("user.id!=42", false),
            ("user.name~lee", true),
            ("user.name~/^Ann/", true),
            ("user.name=\"ann lee\"", true),
            ("ok=true", true),
            ("missing!=1", false),
            ("-missing=1", true),
            ("trace_id=4bf92f3577b34da6a3ce929d0e0e4736", true),
        ] {
            check(query, text, expected);
        }
        check("id=7", "level=info msg=x id=7", true);
    }

    #[test]
    fn what_cannot_be_asked_is_said_with_its_place() {
        for (query, column, message) in [
            ("x level>=loud", 3, "`loud` is no level"),
            (
                "level~warn",
                1,
                "`level` has an order and no text to look into",
            ),
            ("a generation=x", 3, "`x` is no number"),
            ("stream=stdin", 1, "there is no such stream"),
            (
                "x /a(/",
                3,
                "the regular expression cannot be read: unclosed group",
            ),
        ] {
            let error = filter(query).expect_err(query);
            assert_eq!((error.column, error.message.as_str()), (column, message));
            assert!(!error.hint.is_empty());
        }
    }
}
