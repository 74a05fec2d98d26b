//! A command line as words, in the way of a POSIX shell but without one: quotes
//! and backslashes count, `#`, `$` and `*` are ordinary characters.

use crate::file::findings::Findings;
use crate::file::written::At;
use crate::file::written::values::Words;
use crate::problem::Problem;

/// Words that only a shell understands.
const SHELL_WORDS: [&str; 11] = [
    "&&", "||", "|", ";", "&", ">", ">>", "<", "2>", "2>&1", "&>",
];

/// The words of a command; nothing, and an error, where it cannot be split.
pub(super) fn resolve(words: &At<Words>, findings: &mut Findings) -> Option<Vec<String>> {
    match &words.value {
        Words::List(list) => Some(list.iter().map(|word| word.value.clone()).collect()),
        Words::Line(line) => {
            let fault = |fault| {
                Problem::error(&words.place, fault)
                    .hint("a quote that is meant as such is written `\\'`")
            };
            let split = split(line)
                .map_err(|text| findings.push(fault(text)))
                .ok()?;
            if let Some(word) = split
                .iter()
                .find(|word| SHELL_WORDS.contains(&word.as_str()))
            {
                let message = format!(
                    "`{word}` is an ordinary word here, because no shell runs this command"
                );
                findings.push(
                    Problem::warning(&words.place, message).hint("for a shell, write `sh -c '…'`"),
                );
            }
            Some(split)
        }
    }
}

/// The words of a line.
fn split(line: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            ' ' | '\t' | '\n' | '\r' => words.extend(word.take()),
            '\'' | '"' => quoted(c, &mut chars, word.get_or_insert_default())?,
            '\\' => match chars.next() {
                // A line that goes on below.
                Some('\n') => {}
                Some(next) => word.get_or_insert_default().push(next),
                None => return Err("the command ends with a lone `\\`".to_owned()),
            },
            _ => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Ok(words)
}

fn quoted(quote: char, chars: &mut std::str::Chars<'_>, word: &mut String) -> Result<(), String> {
    while let Some(c) = chars.next() {
        match c {
            _ if c == quote => return Ok(()),
            '\\' if quote == '"' => match chars.next() {
                Some('\n') | None => {}
                Some(next @ ('"' | '\\' | '$' | '`')) => word.push(next),
                Some(next) => word.extend(['\\', next]),
            },
            _ => word.push(c),
        }
    }
    Err(format!("a quote `{quote}` of the command is never closed"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_line_is_split_as_a_shell_would() {
        let table: [(&str, &[&str]); 10] = [
            ("", &[]),
            ("  sleep   infinity\n", &["sleep", "infinity"]),
            (
                "sh -c 'echo \"$X\" && true'",
                &["sh", "-c", "echo \"$X\" && true"],
            ),
            (r#"a"b c"d '' """#, &["ab cd", "", ""]),
            (r#""x\"y\\z\n""#, &["x\"y\\z\\n"]),
            (r"a\ b c\'d", &["a b", "c'd"]),
            ("run --color=#fff # x", &["run", "--color=#fff", "#", "x"]),
            ("echo *.rs $HOME", &["echo", "*.rs", "$HOME"]),
            ("a \\\n  b", &["a", "b"]),
            (r"'C:\dir'", &[r"C:\dir"]),
        ];
        for (line, words) in table {
            assert_eq!(
                split(line),
                Ok(words.iter().map(|w| (*w).to_owned()).collect()),
                "{line:?}"
            );
        }
    }

    #[test]
    fn what_is_not_closed_is_told() {
        assert_eq!(
            split("a 'b"),
            Err("a quote `'` of the command is never closed".into())
        );
        assert_eq!(
            split("a \"b\\"),
            Err("a quote `\"` of the command is never closed".into())
        );
        assert_eq!(
            split("a \\"),
            Err("the command ends with a lone `\\`".into())
        );
    }

    proptest! {
        #[test]
        fn plain_words_come_back_as_they_were(
            words in proptest::collection::vec("[a-z0-9#$*=./-]{1,8}", 0..6)
        ) {
            prop_assert_eq!(split(&words.join(" ")), Ok(words));
        }

        #[test]
        fn it_agrees_with_shlex_except_for_comments(line in r#"[a-c '"\\]{0,20}"#) {
            prop_assert_eq!(split(&line).ok(), shlex::split(&line));
        }
    }
}
