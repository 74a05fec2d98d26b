//! From text to expression: precedence climbing, with a bound on depth.

use super::{DEEPEST, Expression, Fault, LONGEST, Operator};

pub(super) fn parse(text: &str) -> Result<Expression, Fault> {
    if text.len() > LONGEST {
        return Err(Fault {
            at: 0,
            message: format!("an expression has at most {LONGEST} bytes"),
        });
    }
    let mut parser = Parser { text, at: 0 };
    let expression = parser.climb(0, 0)?;
    match parser.rest().chars().next() {
        None => Ok(expression),
        Some('=') => Err(parser.fault("`=` sets nothing here; `==` compares")),
        Some(c) => Err(parser.fault(format!("`{c}` is not expected here"))),
    }
}

/// A number as it is written in expressions; nothing where a text is none.
pub(super) fn number(text: &str) -> Option<f64> {
    let usual = |c: char| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '+' | '-' | '_');
    let text = text.strip_suffix('_').map_or(text, |_| "");
    if !text.chars().all(usual) || !text.contains(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let plain: String = text.chars().filter(|c| *c != '_').collect();
    plain.parse().ok().filter(|number: &f64| number.is_finite())
}

struct Parser<'t> {
    text: &'t str,
    /// In bytes.
    at: usize,
}

impl<'t> Parser<'t> {
    fn rest(&mut self) -> &'t str {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
        &self.text[self.at..]
    }

    fn fault(&self, message: impl Into<String>) -> Fault {
        Fault {
            at: self.text[..self.at].chars().count(),
            message: message.into(),
        }
    }

    /// The longest expression whose operators bind closer than `least`.
    fn climb(&mut self, least: u8, depth: usize) -> Result<Expression, Fault> {
        if depth > DEEPEST {
            return Err(self.fault(format!("more than {DEEPEST} levels of brackets")));
        }
        let mut left = self.operand(depth)?;
        let mut compared = false;
        while let Some(operator) = self.operator().filter(|o| o.binds() > least) {
            if compared && operator.compares() {
                return Err(self.fault("two comparisons in a row; join them with `&&`"));
            }
            self.at += operator.sign().len();
            let right = self.climb(operator.binds(), depth + 1)?;
            compared = operator.compares();
            left = Expression::Two(operator, Box::new(left), Box::new(right));
            if height(&left) > 2 * DEEPEST {
                return Err(self.fault("the expression has too many parts"));
            }
        }
        Ok(left)
    }

    fn operator(&mut self) -> Option<Operator> {
        let rest = self.rest();
        Operator::ALL
            .into_iter()
            .find(|operator| rest.starts_with(operator.sign()))
    }

    fn operand(&mut self, depth: usize) -> Result<Expression, Fault> {
        let rest = self.rest();
        let Some(first) = rest.chars().next() else {
            return Err(self.fault("a value is missing at the end"));
        };
        match first {
            '(' => self.bracket(depth),
            '!' | '-' => {
                if depth > DEEPEST {
                    return Err(self.fault(format!("more than {DEEPEST} signs in a row")));
                }
                self.at += 1;
                let inner = Box::new(self.operand(depth + 1)?);
                Ok(match first {
                    '!' => Expression::Not(inner),
                    _ => Expression::Minus(inner),
                })
            }
            '\'' | '"' => self.quoted(first),
            '0'..='9' | '.' => self.digits(),
            c if is_name_start(c) => self.name(),
            c => Err(self.fault(format!("expected a value, but found `{c}`"))),
        }
    }

    fn bracket(&mut self, depth: usize) -> Result<Expression, Fault> {
        self.at += 1;
        let inner = self.climb(0, depth + 1)?;
        if !self.rest().starts_with(')') {
            return Err(self.fault("a bracket is never closed"));
        }
        self.at += 1;
        Ok(inner)
    }

    fn quoted(&mut self, quote: char) -> Result<Expression, Fault> {
        let inner = &self.text[self.at + 1..];
        let Some(end) = inner.find(quote) else {
            return Err(self.fault("a quote is never closed"));
        };
        self.at += end + 2;
        Ok(Expression::Text(inner[..end].to_owned()))
    }

    fn digits(&mut self) -> Result<Expression, Fault> {
        let rest = self.rest();
        let mut end = 0;
        for (at, c) in rest.char_indices() {
            let sign = matches!(c, '+' | '-') && rest[..at].ends_with(['e', 'E']);
            if !(c.is_ascii_alphanumeric() || c == '.' || c == '_' || sign) {
                break;
            }
            end = at + c.len_utf8();
        }
        match number(&rest[..end]) {
            Some(number) => {
                self.at += end;
                Ok(Expression::Number(number))
            }
            None => Err(self.fault(format!("`{}` is not a number", &rest[..end]))),
        }
    }

    fn name(&mut self) -> Result<Expression, Fault> {
        let rest = self.rest();
        let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
        let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        let name = &rest[..end];
        if name.split('.').any(str::is_empty) {
            return Err(self.fault(format!("`{name}` is not a name")));
        }
        self.at += end;
        Ok(match name {
            "true" => Expression::Flag(true),
            "false" => Expression::Flag(false),
            _ => Expression::Name(name.split('.').map(str::to_owned).collect()),
        })
    }
}

fn is_name_start(c: char) -> bool {
    c.is_alphabetic() || c == '_'
}

/// Levels of an expression: evaluating it takes as many calls within each other.
fn height(expression: &Expression) -> usize {
    match expression {
        Expression::Not(inner) | Expression::Minus(inner) => 1 + height(inner),
        Expression::Two(_, a, b) => 1 + height(a).max(height(b)),
        _ => 1,
    }
}
