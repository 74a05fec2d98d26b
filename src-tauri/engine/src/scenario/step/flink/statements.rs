//! A text of SQL as the statements that it has: the gateway takes one at a time.

/// Where the reader is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    Code,
    /// Up to this character: a text, or a name.
    Quotes(char),
    Line,
    Block,
}

/// The statements of a text, without the semicolons between them and without comments.
/// A set of statements (`EXECUTE STATEMENT SET BEGIN … END`) is one.
pub(super) fn split(text: &str) -> Vec<String> {
    let mut all = Vec::new();
    let mut now = String::new();
    let mut within = Within::Code;
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let next = rest.peek().copied();
        match (within, c) {
            (Within::Code, ';') if !is_open(&now) => all.push(std::mem::take(&mut now)),
            (Within::Code, '-') if next == Some('-') => within = Within::Line,
            // A hint, `/*+ … */`, is part of the statement.
            (Within::Code, '/') if next == Some('*') && !is_hint(&rest) => {
                rest.next();
                within = Within::Block;
            }
            (Within::Code, c) => {
                now.push(c);
                if matches!(c, '\'' | '"' | '`') {
                    within = Within::Quotes(c);
                }
            }
            // A doubled quote ends one text and begins the next, which is as good.
            (Within::Quotes(end), c) => {
                now.push(c);
                if c == end {
                    within = Within::Code;
                }
            }
            (Within::Line, '\n') => {
                now.push('\n');
                within = Within::Code;
            }
            (Within::Block, '*') if next == Some('/') => {
                rest.next();
                now.push(' ');
                within = Within::Code;
            }
            (Within::Line | Within::Block, _) => {}
        }
    }
    all.push(now);
    let trimmed = all.iter().map(|statement| statement.trim().to_owned());
    trimmed.filter(|statement| !statement.is_empty()).collect()
}

fn is_hint(after_slash: &std::iter::Peekable<std::str::Chars<'_>>) -> bool {
    after_slash.clone().nth(1) == Some('+')
}

/// Whether it is a set of statements that has not ended.
fn is_open(statement: &str) -> bool {
    let words: Vec<String> = statement
        .split_whitespace()
        .map(str::to_ascii_uppercase)
        .collect();
    let begins = words.first().is_some_and(|first| first != "BEGIN");
    let opened = words
        .windows(3)
        .any(|three| three == ["STATEMENT", "SET", "BEGIN"]);
    begins && opened && words.last().is_none_or(|last| last != "END")
}

/// A statement as a message names it: its beginning, on one line.
pub(super) fn brief(statement: &str) -> String {
    const MOST: usize = 60;
    let line = statement.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", line[..end].trim_end()),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_end_where_a_semicolon_is_one() {
        assert_eq!(
            split("SET 'a;b' = 'c''; d'; -- no; more\nSELECT `x;y` /* ; */ FROM \"z;\" ;\n;"),
            ["SET 'a;b' = 'c''; d'", "SELECT `x;y`   FROM \"z;\""]
        );
        assert_eq!(split("SELECT 1"), ["SELECT 1"]);
        assert_eq!(split("SELECT 4 - -3 / 2"), ["SELECT 4 - -3 / 2"]);
        assert_eq!(
            split("SELECT * FROM t /*+ OPTIONS('a'='b') */;"),
            ["SELECT * FROM t /*+ OPTIONS('a'='b') */"]
        );
        assert!(split("-- nothing\n;").is_empty());
    }

    #[test]
    fn a_set_of_statements_is_one() {
        let set = "EXECUTE STATEMENT SET BEGIN INSERT INTO a SELECT 1; INSERT INTO b SELECT 2; END";
        assert_eq!(split(&format!("{set}; SELECT 3")), [set, "SELECT 3"]);
        // The older form is statements of their own, which the session gathers.
        let older = split("BEGIN STATEMENT SET; INSERT INTO a SELECT 1; END;");
        assert_eq!(
            older,
            ["BEGIN STATEMENT SET", "INSERT INTO a SELECT 1", "END"]
        );
    }

    #[test]
    fn a_long_statement_is_named_by_its_beginning() {
        assert_eq!(brief("SELECT\n  1"), "SELECT 1");
        let long = brief(&format!("SELECT {}", "x".repeat(100)));
        assert_eq!(long.chars().count(), 61);
    }
}
