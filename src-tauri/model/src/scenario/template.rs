//! Texts with `${{ … }}` in them, which is filled in when the step's turn comes.

use super::expression::{Expression, Fault, Lookup};

/// A text in pieces.
#[derive(Clone, Debug, PartialEq)]
pub struct Template(Vec<Piece>);

/// A stretch of a text.
#[derive(Clone, Debug, PartialEq)]
enum Piece {
    /// As it stands.
    Plain(String),
    /// What stands between `${{` and `}}`.
    Filled(Expression),
}

impl Template {
    /// Reads a text.
    ///
    /// # Errors
    /// Where a `${{` is not closed, or what stands in it is no expression.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let mut pieces = Vec::new();
        for stretch in stretches(text) {
            match stretch {
                Stretch::Plain(plain) => pieces.push(Piece::Plain(plain.to_owned())),
                Stretch::Inner(inner) => pieces.push(Piece::Filled(Expression::parse(inner)?)),
                Stretch::Open(at) => {
                    return Err(Fault {
                        at: text[..at].chars().count(),
                        message: "`${{` is never closed by `}}`".to_owned(),
                    });
                }
            }
        }
        Ok(Self(pieces))
    }

    /// Whether nothing is to be filled in.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.0.iter().all(|piece| matches!(piece, Piece::Plain(_)))
    }

    /// The expressions in it.
    pub fn expressions(&self) -> impl Iterator<Item = &Expression> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Plain(_) => None,
            Piece::Filled(expression) => Some(expression),
        })
    }

    /// The text with everything filled in.
    ///
    /// # Errors
    /// One sentence: a name has no value, or a value is of the wrong kind.
    pub fn fill(&self, lookup: Lookup<'_>) -> Result<String, String> {
        let mut out = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Plain(text) => out += text,
                Piece::Filled(expression) => out += &expression.evaluate(lookup)?.to_string(),
            }
        }
        Ok(out)
    }
}

/// The words of a command line: what is filled in later is part of the word that it
/// stands in, whatever blanks and quotes it comes to.
///
/// # Errors
/// What `split` says of a line that cannot be split.
pub fn words<E>(
    line: &str,
    split: impl FnOnce(&str) -> Result<Vec<String>, E>,
) -> Result<Vec<String>, E> {
    // A character that nobody types, then a number, then the character again.
    const MARK: char = '\u{f8ff}';
    let (mut marked, mut inner) = (String::new(), Vec::new());
    for stretch in stretches(line) {
        match stretch {
            Stretch::Plain(plain) => marked += plain,
            Stretch::Inner(text) => {
                marked += &format!("{MARK}{}{MARK}", inner.len());
                inner.push(text);
            }
            Stretch::Open(at) => marked += &line[at..],
        }
    }
    let back = |word: String| {
        let mut parts = word.split(MARK);
        let mut out = parts.next().unwrap_or_default().to_owned();
        while let Some(number) = parts.next() {
            let text = number.parse().ok().and_then(|at: usize| inner.get(at));
            out += &text.map_or_else(String::new, |text| format!("${{{{{text}}}}}"));
            out += parts.next().unwrap_or_default();
        }
        out
    };
    Ok(split(&marked)?.into_iter().map(back).collect())
}

enum Stretch<'t> {
    Plain(&'t str),
    /// Between the braces.
    Inner(&'t str),
    /// Begins here, in bytes, and is never closed.
    Open(usize),
}

fn stretches(text: &str) -> impl Iterator<Item = Stretch<'_>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = &text[at..];
        if rest.is_empty() {
            return None;
        }
        let Some(inner) = rest.strip_prefix("${{") else {
            let end = rest.find("${{").unwrap_or(rest.len());
            at += end;
            return Some(Stretch::Plain(&rest[..end]));
        };
        Some(match inner.find("}}") {
            Some(end) => {
                at += end + 5;
                Stretch::Inner(&inner[..end])
            }
            None => {
                let open = at;
                at = text.len();
                Stretch::Open(open)
            }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::super::expression::Value;
    use super::*;
    use proptest::prelude::*;

    fn lookup(name: &[String]) -> Result<Value, String> {
        match name.join(".").as_str() {
            "vars.n" => Ok(Value::Number(10_000.0)),
            "vars.who" => Ok(Value::Text("a 'b' c".to_owned())),
            other => Err(format!("`{other}` is not known")),
        }
    }

    fn fill(text: &str) -> Result<String, String> {
        let template = Template::parse(text).map_err(|fault| fault.message)?;
        template.fill(&lookup)
    }

    #[test]
    fn expressions_are_filled_in_and_the_rest_stays() {
        assert_eq!(fill("n=${{ vars.n * 2 }}!").as_deref(), Ok("n=20000!"));
        assert_eq!(
            fill("$HOME {{a.b.url}} ${X}").as_deref(),
            Ok("$HOME {{a.b.url}} ${X}")
        );
        assert_eq!(fill("${{vars.n}}${{vars.n}}").as_deref(), Ok("1000010000"));
        assert!(fill("${{ vars.x }}").is_err());
        assert_eq!(
            Template::parse("ab ${{ vars.n"),
            Err(Fault {
                at: 3,
                message: "`${{` is never closed by `}}`".to_owned()
            })
        );
    }

    #[test]
    fn what_is_filled_in_never_falls_apart_into_words() {
        let split =
            |line: &str| Ok::<_, ()>(line.split(' ').map(str::to_owned).collect::<Vec<_>>());
        let all = words("greet --to=${{ vars.who }} x", split).expect("words");
        assert_eq!(all, ["greet", "--to=${{ vars.who }}", "x"]);
        assert_eq!(fill(&all[1]).as_deref(), Ok("--to=a 'b' c"));
    }

    proptest! {
        #[test]
        fn any_text_has_an_answer(text in "(\\$\\{\\{|\\}\\}|[a-z. ]|\\PC){0,40}") {
            if let Ok(template) = Template::parse(&text) {
                _ = template.fill(&lookup);
            }
            _ = words(&text, |line| Ok::<_, ()>(vec![line.to_owned()]));
        }

        #[test]
        fn a_text_without_expressions_stays(text in "[^$]{0,60}") {
            prop_assert_eq!(fill(&text), Ok(text.clone()));
        }
    }
}
