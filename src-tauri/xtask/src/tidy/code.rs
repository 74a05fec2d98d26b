//! Telling Rust code from its comments and strings, so that a rule about code is not
//! tripped by prose. A scanner, not a parser: it knows just enough of the language.

/// The same text, line for line and column for column, with comments replaced by blanks
/// and the contents of strings by underscores.
pub(crate) fn code_only(text: &str) -> String {
    let mut scanner = Scanner {
        chars: text.chars().collect(),
        at: 0,
        out: String::new(),
    };
    while scanner.at < scanner.chars.len() {
        scanner.step();
    }
    scanner.out
}

/// The number of lines before the tests at the end of a file.
pub(crate) fn lines_before_tests(code: &str) -> usize {
    let lines: Vec<&str> = code.lines().collect();
    let opens_tests = |at: usize| {
        let next = lines[at + 1..].iter().find(|line| !line.trim().is_empty());
        lines[at].starts_with("#[cfg(test)]")
            && next.is_some_and(|line| line.contains("mod ") && line.trim_end().ends_with('{'))
    };
    (0..lines.len())
        .find(|&at| opens_tests(at))
        .unwrap_or(lines.len())
}

struct Scanner {
    chars: Vec<char>,
    at: usize,
    out: String,
}

impl Scanner {
    fn step(&mut self) {
        match (self.chars[self.at], self.peek(1)) {
            ('/', Some('/')) => self.blank_while(|scanner| scanner.chars[scanner.at] != '\n'),
            ('/', Some('*')) => self.block_comment(),
            ('"', _) => self.string(),
            ('r', Some('"' | '#')) if !self.inside_word() => self.raw_string(),
            ('\'', _) => self.quote(),
            _ => self.keep(1),
        }
    }

    fn block_comment(&mut self) {
        let mut depth = 0;
        while self.at < self.chars.len() {
            match (self.chars[self.at], self.peek(1)) {
                ('/', Some('*')) => depth += 1,
                ('*', Some('/')) => depth -= 1,
                _ => {
                    self.replace(' ');
                    continue;
                }
            }
            self.replace(' ');
            self.replace(' ');
            if depth == 0 {
                return;
            }
        }
    }

    fn string(&mut self) {
        self.keep(1);
        while self.at < self.chars.len() && self.chars[self.at] != '"' {
            if self.chars[self.at] == '\\' {
                self.replace('_');
            }
            self.replace('_');
        }
        self.keep(1);
    }

    /// `r"…"`, `r#"…"#`; anything else that begins with `r#` is a name.
    fn raw_string(&mut self) {
        let hashes = self.chars[self.at + 1..]
            .iter()
            .take_while(|c| **c == '#')
            .count();
        if self.peek(1 + hashes) != Some('"') {
            self.keep(1);
            return;
        }
        self.keep(hashes + 2);
        while self.at < self.chars.len() {
            let closing = self.chars[self.at] == '"'
                && (1..=hashes).all(|offset| self.peek(offset) == Some('#'));
            if closing {
                self.keep(hashes + 1);
                return;
            }
            self.replace('_');
        }
    }

    /// A character (`'x'`, `'\n'`) or the tick of a lifetime (`'a`).
    fn quote(&mut self) {
        let length = match (self.peek(1), self.peek(2)) {
            (Some('\\'), Some(_)) => {
                let rest = &self.chars[(self.at + 3).min(self.chars.len())..];
                rest.iter().position(|c| *c == '\'').map(|end| end + 3)
            }
            (Some(_), Some('\'')) => Some(2),
            _ => None,
        };
        self.keep(1);
        for _ in 1..length.unwrap_or(1) {
            self.replace('_');
        }
        if length.is_some() {
            self.keep(1);
        }
    }

    fn inside_word(&self) -> bool {
        // `br"…"` is a string too.
        let before = |back: usize| self.at.checked_sub(back).map(|at| self.chars[at]);
        let word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
        match before(1) {
            Some('b') => word(before(2)),
            other => word(other),
        }
    }

    fn peek(&self, offset: usize) -> Option<char> {
        self.chars.get(self.at + offset).copied()
    }

    fn keep(&mut self, count: usize) {
        for _ in 0..count {
            if let Some(c) = self.chars.get(self.at) {
                self.out.push(*c);
                self.at += 1;
            }
        }
    }

    /// Puts another character in the place of this one; a line stays a line.
    fn replace(&mut self, with: char) {
        if let Some(c) = self.chars.get(self.at) {
            self.out.push(if *c == '\n' { '\n' } else { with });
            self.at += 1;
        }
    }

    fn blank_while(&mut self, inside: impl Fn(&Self) -> bool) {
        while self.at < self.chars.len() && inside(self) {
            self.replace(' ');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_strings_are_not_code() {
        for (text, code) in [
            ("let a = 1; // b", "let a = 1;     "),
            ("a /* b /* c */ d */ e", "a                   e"),
            (r#"f("x // y", 2)"#, r#"f("______", 2)"#),
            (r#"f("a\"b") // c"#, r#"f("____")     "#),
            (r##"f(r#"a"b"#)"##, r##"f(r#"___"#)"##),
            (r#"f(br"a", var"b")"#, r#"f(br"_", var"_")"#),
            ("'\"' 'a' '\\'' &'a str", "'_' '_' '__' &'a str"),
            ("r#type", "r#type"),
            ("expect(\"\")", "expect(\"\")"),
            ("\"two\nlines\" x", "\"___\n_____\" x"),
        ] {
            assert_eq!(code_only(text), code, "of {text}");
        }
    }

    #[test]
    fn only_a_module_of_tests_ends_the_code() {
        assert_eq!(
            lines_before_tests("fn a() {}\n\n#[cfg(test)]\nmod tests {\n}\n"),
            2
        );
        assert_eq!(
            lines_before_tests("#[cfg(test)]\nmod tests;\nfn a() {}\n"),
            3
        );
        assert_eq!(lines_before_tests("#[cfg(test)]\nfn a() {\n}\n"), 3);
    }
}
