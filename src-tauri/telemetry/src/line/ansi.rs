//! Terminal escape sequences.

/// The text without them; `None` where it has none, which is the usual case.
pub(crate) fn strip(text: &str) -> Option<String> {
    memchr::memchr(ESCAPE as u8, text.as_bytes())?;
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(ESCAPE) {
        plain.push_str(before);
        rest = &after[sequence_length(after)..];
    }
    plain.push_str(rest);
    Some(plain)
}

/// A text in which only what may be shown is left.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Cleaned {
    /// Without any escapes.
    pub(crate) plain: String,
    /// With colours, where it has any; every other escape is dropped.
    pub(crate) styled: Option<String>,
    /// It had control characters, which stand as U+FFFD now.
    pub(crate) binary: bool,
}

/// Whether there is anything to clean.
pub(crate) fn has_controls(text: &str) -> bool {
    // By pieces and without a way out of each, which compilers make vector instructions of.
    let has_one = |piece: &[u8]| {
        piece
            .iter()
            .fold(false, |any, byte| any | is_control(*byte))
    };
    text.as_bytes().chunks(64).any(has_one)
}

fn is_control(byte: u8) -> bool {
    byte < b' ' && byte != b'\t' && byte != b'\n' || byte == 0x7f
}

/// Takes out all escapes but colours, and replaces control characters. A carriage
/// return is how progress bars write over themselves: it becomes a line end.
pub(crate) fn clean(text: &str) -> Cleaned {
    let mut plain = String::with_capacity(text.len());
    let mut styled = String::with_capacity(text.len());
    let (mut binary, mut colours) = (false, false);
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let after = &rest[c.len_utf8()..];
        if c == ESCAPE {
            let length = sequence_length(after);
            let sequence = &rest[..1 + length];
            if after.starts_with('[') && sequence.ends_with('m') {
                styled.push_str(sequence);
                colours = true;
            }
            rest = &after[length..];
            continue;
        }
        let shown = match c {
            '\r' => '\n',
            '\u{8}' => {
                rest = after;
                continue;
            }
            c if c.is_ascii() && is_control(c as u8) => {
                binary = true;
                char::REPLACEMENT_CHARACTER
            }
            c => c,
        };
        plain.push(shown);
        styled.push(shown);
        rest = after;
    }
    Cleaned {
        plain,
        styled: colours.then_some(styled),
        binary,
    }
}

const ESCAPE: char = '\u{1b}';

/// Length of the sequence whose escape character has been taken already.
fn sequence_length(after: &str) -> usize {
    let mut chars = after.char_indices();
    let Some((_, kind)) = chars.next() else {
        return 0;
    };
    match kind {
        // Colours and cursor movements: parameters, then one letter.
        '[' => chars
            .find(|(_, c)| !matches!(*c, ' '..='?'))
            .map_or(after.len(), |(at, c)| {
                at + if ('@'..='~').contains(&c) { 1 } else { 0 }
            }),
        // Titles and links: up to a bell, or to the escape that begins `\`.
        ']' => match chars.find(|(_, c)| matches!(*c, '\u{7}' | ESCAPE)) {
            Some((at, '\u{7}')) => at + 1,
            Some((at, _)) => {
                at + if after[at + 1..].starts_with('\\') {
                    2
                } else {
                    0
                }
            }
            None => after.len(),
        },
        // Two characters. Anything else is no sequence: only the escape goes.
        '('..='/' => chars
            .next()
            .map_or(after.len(), |(at, c)| at + c.len_utf8()),
        '0'..='~' => 1,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_stay_and_what_could_move_the_cursor_goes() {
        let cleaned = clean("\u{1b}[2K\u{1b}[31mred\u{1b}[0m\u{1b}]0;title\u{7} 10%\r20%\0");
        assert_eq!(cleaned.plain, "red 10%\n20%\u{fffd}");
        assert_eq!(
            cleaned.styled.as_deref(),
            Some("\u{1b}[31mred\u{1b}[0m 10%\n20%\u{fffd}")
        );
        assert!(cleaned.binary);
        assert!(has_controls("\u{1b}") && has_controls("a\0") && !has_controls("a\tb\u{fc}"));
        assert_eq!(clean("\u{1b}[1Ax").styled, None);
    }

    #[test]
    fn sequences_go_and_text_stays() {
        for (text, plain) in [
            (
                "\u{1b}[40m\u{1b}[32minfo\u{1b}[39m\u{1b}[22m\u{1b}[49m: Host[0]",
                "info: Host[0]",
            ),
            ("\u{1b}[38;5;208mü\u{1b}[0m", "ü"),
            ("a\u{1b}]0;title\u{7}b", "ab"),
            ("\u{1b}]8;;http://x\u{1b}\\link\u{1b}]8;;\u{1b}\\", "link"),
            ("a\u{1b}(Bb\u{1b}7c", "abc"),
            ("cut\u{1b}[3", "cut"),
            ("cut\u{1b}", "cut"),
            ("\u{1b}[3ü1m", "ü1m"),
            ("\u{1b}ü", "ü"),
            ("\u{1b}\u{1b}[1mx", "x"),
        ] {
            assert_eq!(strip(text).as_deref(), Some(plain), "{text:?}");
        }
        assert_eq!(strip("nothing to do"), None);
    }
}
