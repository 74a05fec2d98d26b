//! Writes YAML line by line, with comments where a reader needs them.

/// YAML takes a key of so many characters for one without a mark in front of it.
pub(crate) const LONGEST_KEY: usize = 1000;

/// The lines of a file in the making.
#[derive(Debug, Default)]
pub(super) struct Lines {
    text: String,
}

impl Lines {
    /// `key:` or `key: value`, which is written as it is.
    pub(super) fn key(&mut self, depth: usize, key: &str, value: &str) {
        let space = if value.is_empty() { "" } else { " " };
        let key = scalar(key);
        if key.chars().count() <= LONGEST_KEY {
            return self.line(depth, &format!("{key}:{space}{value}"));
        }
        self.line(depth, &format!("? {key}"));
        self.line(depth, &format!(":{space}{value}"));
    }

    /// `key: "text"`, in quotes where it needs them.
    pub(super) fn text(&mut self, depth: usize, key: &str, text: &str) {
        self.key(depth, key, &scalar(text));
    }

    /// `- text`
    pub(super) fn item(&mut self, depth: usize, text: &str) {
        self.line(depth, &format!("- {}", scalar(text)));
    }

    /// A comment of one or more lines.
    pub(super) fn comment(&mut self, depth: usize, text: &str) {
        for line in text.lines() {
            // What ends a line for YAML would end the comment, and nothing can be escaped in it.
            let line = line.replace(must_be_escaped, " ");
            self.line(depth, format!("# {line}").trim_end());
        }
    }

    /// A line as it is.
    pub(super) fn line(&mut self, depth: usize, line: &str) {
        if !line.is_empty() {
            self.text.push_str(&"  ".repeat(depth));
        }
        self.text.push_str(line);
        self.text.push('\n');
    }

    pub(super) fn finish(self) -> String {
        self.text
    }
}

/// A text as a scalar that reads as this text and nothing else.
pub(crate) fn scalar(text: &str) -> String {
    if is_plain(text) {
        return text.to_owned();
    }
    // JSON is YAML, but for characters that YAML cannot hold unescaped.
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            c if must_be_escaped(c) => {
                quoted.push_str(&format!("\\U{:08x}", u32::from(c)));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// Characters that a YAML file cannot hold as they are.
fn must_be_escaped(c: char) -> bool {
    c.is_control() || ['\u{2028}', '\u{2029}', '\u{feff}'].contains(&c)
}

/// Whether no reader can take it for anything but this text.
fn is_plain(text: &str) -> bool {
    const WORDS: [&str; 9] = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"];
    let begins = |c: char| c.is_ascii_alphabetic() || "./_".contains(c);
    let goes_on = |c: char| c.is_ascii_alphanumeric() || "./_-+@=".contains(c);
    // `host:port` and `image:tag`, but not what ends with a colon.
    let colons = !text.ends_with(':') && !text.contains("::");
    text.starts_with(begins)
        && text.chars().all(|c| goes_on(c) || c == ':')
        && colons
        && !WORDS.contains(&text.to_ascii_lowercase().as_str())
        && !text.trim_start_matches(['.', '_']).is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_breaks_out_of_a_comment() {
        let mut lines = Lines::default();
        lines.comment(1, "a\rb: 1\u{2028}c\u{feff}d\u{85}e\nf");
        assert_eq!(lines.finish(), "  # a b: 1 c d e\n  # f\n");
    }

    #[test]
    fn a_key_that_is_too_long_for_its_line_is_marked() {
        let mut lines = Lines::default();
        let (short, long) = ("a".repeat(LONGEST_KEY), "a".repeat(LONGEST_KEY + 1));
        lines.key(0, &short, "1");
        lines.key(1, &long, "2");
        lines.key(1, &long, "");
        assert_eq!(
            lines.finish(),
            format!("{short}: 1\n  ? {long}\n  : 2\n  ? {long}\n  :\n")
        );
    }

    #[test]
    fn only_what_is_safe_goes_without_quotes() {
        for plain in [
            "postgres:16",
            "./a/b.csproj",
            "A_B",
            "docker.io/library/redis:8.6",
        ] {
            assert_eq!(scalar(plain), plain);
        }
        for quoted in [
            "", "no", "Null", "5432", "a: b", "#", "a b", "*x", "-", "x:", "${A}", ".",
        ] {
            assert_eq!(scalar(quoted), format!("\"{quoted}\""), "{quoted}");
        }
        assert_eq!(scalar("a\"\n\u{7}"), "\"a\\\"\\n\\U00000007\"");
    }
}
