//! Expressions on metrics and variables: `throughput > 50000 && errors == 0`.
//!
//! Small on purpose: numbers, texts, flags, names, arithmetic, comparison and logic.
//! A `-` inside a name belongs to the name, as in `steps.load-test.metrics.p99`; as an
//! operator it stands alone. The same in every part: no value is ever guessed from
//! another kind of value.

mod evaluate;
mod parse;

use std::fmt;

/// Longest text of an expression, in bytes.
pub const LONGEST: usize = 2_000;

/// Deepest nesting.
pub(crate) const DEEPEST: usize = 60;

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Expression {
    /// `50_000`, `1e6`.
    Number(f64),
    /// `'text'` or `"text"`.
    Text(String),
    /// `true` or `false`.
    Flag(bool),
    /// `vars.x`, `steps.load.metrics.p99`, or the name of a metric.
    Name(Vec<String>),
    /// `!a`.
    Not(Box<Self>),
    /// `-a`.
    Minus(Box<Self>),
    /// `a + b`, `a < b`, `a && b` …
    Two(Operator, Box<Self>, Box<Self>),
}

/// What stands between two values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `||`
    Or,
    /// `&&`
    And,
    /// `==`
    Equal,
    /// `!=`
    Unequal,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    More,
    /// `>=`
    AtLeast,
    /// `+`
    Plus,
    /// `-`
    Minus,
    /// `*`
    Times,
    /// `/`
    Over,
    /// `%`
    Remainder,
}

/// What an expression comes to.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A number.
    Number(f64),
    /// A text.
    Text(String),
    /// Yes or no.
    Flag(bool),
}

/// Why a text is no expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where, in characters from the beginning, counted from 0.
    pub at: usize,
    /// One sentence without a full stop.
    pub message: String,
}

impl Operator {
    /// All, those first whose sign begins with the sign of another.
    const ALL: [Self; 13] = [
        Self::Or,
        Self::And,
        Self::Equal,
        Self::Unequal,
        Self::AtMost,
        Self::Less,
        Self::AtLeast,
        Self::More,
        Self::Plus,
        Self::Minus,
        Self::Times,
        Self::Over,
        Self::Remainder,
    ];

    /// As it is written.
    #[must_use]
    pub fn sign(self) -> &'static str {
        match self {
            Self::Or => "||",
            Self::And => "&&",
            Self::Equal => "==",
            Self::Unequal => "!=",
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::More => ">",
            Self::AtLeast => ">=",
            Self::Plus => "+",
            Self::Minus => "-",
            Self::Times => "*",
            Self::Over => "/",
            Self::Remainder => "%",
        }
    }

    /// The higher, the closer it binds.
    fn binds(self) -> u8 {
        match self {
            Self::Or => 1,
            Self::And => 2,
            Self::Equal
            | Self::Unequal
            | Self::Less
            | Self::AtMost
            | Self::More
            | Self::AtLeast => 3,
            Self::Plus | Self::Minus => 4,
            Self::Times | Self::Over | Self::Remainder => 5,
        }
    }

    /// Whether it compares: two of them in a row are no expression.
    fn compares(self) -> bool {
        self.binds() == 3
    }
}

impl Expression {
    /// Reads a text.
    ///
    /// # Errors
    /// Where and why it is no expression.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        parse::parse(text)
    }

    /// All names in it.
    #[must_use]
    pub fn names(&self) -> Vec<&[String]> {
        match self {
            Self::Name(name) => vec![name],
            Self::Number(_) | Self::Text(_) | Self::Flag(_) => Vec::new(),
            Self::Not(inner) | Self::Minus(inner) => inner.names(),
            Self::Two(_, a, b) => [a.names(), b.names()].concat(),
        }
    }

    /// What it comes to, with the values of names from `lookup`.
    ///
    /// # Errors
    /// One sentence: a name has no value, or a value is of the wrong kind.
    pub fn evaluate(&self, lookup: Lookup<'_>) -> Result<Value, String> {
        evaluate::evaluate(self, lookup)
    }

    /// Whether it holds.
    ///
    /// # Errors
    /// As [`Expression::evaluate`]; also where it comes to something else than yes or no.
    pub fn holds(&self, lookup: Lookup<'_>) -> Result<bool, String> {
        match self.evaluate(lookup)? {
            Value::Flag(flag) => Ok(flag),
            other => Err(format!(
                "`{self}` is {}, not true or false: compare it with something",
                other.describe()
            )),
        }
    }
}

/// The value of a name.
///
/// # Errors
/// One sentence where it has none.
pub type Lookup<'a> = &'a dyn Fn(&[String]) -> Result<Value, String>;

impl Value {
    /// What a text of the file or of the command line means: a number or a flag where it
    /// reads like one.
    #[must_use]
    pub fn of_text(text: &str) -> Self {
        match text.trim() {
            "true" => Self::Flag(true),
            "false" => Self::Flag(false),
            trimmed => match parse::number(trimmed) {
                Some(number) => Self::Number(number),
                None => Self::Text(text.to_owned()),
            },
        }
    }

    fn describe(&self) -> String {
        match self {
            Self::Number(_) => format!("the number {self}"),
            Self::Text(text) => format!("the text `{text}`"),
            Self::Flag(flag) => flag.to_string(),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) => f.write_str(text),
            Self::Flag(flag) => write!(f, "{flag}"),
        }
    }
}

impl fmt::Display for Expression {
    /// With as many brackets as could be needed, never fewer.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) if text.contains('\'') => write!(f, "\"{text}\""),
            Self::Text(text) => write!(f, "'{text}'"),
            Self::Flag(flag) => write!(f, "{flag}"),
            Self::Name(name) => f.write_str(&name.join(".")),
            Self::Not(inner) => write!(f, "!{}", Bracketed(inner)),
            Self::Minus(inner) => write!(f, "-{}", Bracketed(inner)),
            Self::Two(operator, a, b) => {
                write!(f, "{} {} {}", Bracketed(a), operator.sign(), Bracketed(b))
            }
        }
    }
}

struct Bracketed<'a>(&'a Expression);

impl fmt::Display for Bracketed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Expression::Two(..) | Expression::Minus(_) | Expression::Not(_) => {
                write!(f, "({})", self.0)
            }
            plain => write!(f, "{plain}"),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

#[cfg(test)]
mod tests;
