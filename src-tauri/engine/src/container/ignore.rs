//! `.dockerignore`: which files of a context are not sent. The last pattern that
//! fits decides; `!` takes back. Pure apart from reading the one file.

use std::path::Path;

/// The patterns of a context.
#[derive(Debug, Default)]
pub(super) struct Ignore {
    patterns: Vec<Pattern>,
}

#[derive(Debug)]
struct Pattern {
    parts: Vec<String>,
    takes_back: bool,
}

impl Ignore {
    /// `DOCKERFILE.dockerignore` where it is there, `.dockerignore` otherwise.
    pub(super) fn read(dir: &Path, dockerfile: &str) -> Self {
        let own = dir.join(format!("{dockerfile}.dockerignore"));
        let text = std::fs::read_to_string(own)
            .or_else(|_| std::fs::read_to_string(dir.join(".dockerignore")));
        Self::parse(&text.unwrap_or_default())
    }

    fn parse(text: &str) -> Self {
        let lines = text.trim_start_matches('\u{feff}').lines().map(str::trim);
        let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
        let pattern = |line: &str| {
            let (takes_back, line) = match line.strip_prefix('!') {
                Some(rest) => (true, rest.trim()),
                None => (false, line),
            };
            let parts = line
                .split('/')
                .filter(|part| !part.is_empty() && *part != ".");
            let mut clean: Vec<String> = Vec::new();
            for part in parts {
                if part == ".." {
                    clean.pop();
                } else {
                    clean.push(part.to_owned());
                }
            }
            (!clean.is_empty()).then_some(Pattern {
                parts: clean,
                takes_back,
            })
        };
        Self {
            patterns: lines.filter_map(pattern).collect(),
        }
    }

    /// Whether a path relative to the context is left out. What lies in a folder
    /// that is left out is left out, too.
    pub(super) fn is_ignored(&self, path: &Path) -> bool {
        let path: Vec<String> = path
            .iter()
            .map(|part| part.to_string_lossy().into_owned())
            .collect();
        let fits =
            |pattern: &Pattern| (1..=path.len()).any(|end| matches(&pattern.parts, &path[..end]));
        let last = self.patterns.iter().rev().find(|pattern| fits(pattern));
        last.is_some_and(|pattern| !pattern.takes_back)
    }

    /// Whether something below a folder that is left out may be taken back.
    pub(super) fn may_take_back(&self, folder: &Path) -> bool {
        let folder: Vec<String> = folder
            .iter()
            .map(|part| part.to_string_lossy().into_owned())
            .collect();
        self.patterns
            .iter()
            .filter(|pattern| pattern.takes_back)
            .any(|pattern| {
                let common = folder.len().min(pattern.parts.len());
                pattern.parts.iter().any(|part| part == "**")
                    || matches(&pattern.parts[..common], &folder[..common])
            })
    }
}

/// `**` stands for any number of folders.
fn matches(pattern: &[String], path: &[String]) -> bool {
    match (pattern.split_first(), path.split_first()) {
        (None, None) => true,
        (Some((first, rest)), _) if first == "**" => {
            (0..=path.len()).any(|skip| matches(rest, &path[skip..]))
        }
        (Some((first, rest)), Some((name, below))) => {
            let (first, name): (Vec<char>, Vec<char>) =
                (first.chars().collect(), name.chars().collect());
            part_matches(&first, &name) && matches(rest, below)
        }
        _ => false,
    }
}

/// `*`, `?`, `[a-z]` and `\` within one name.
fn part_matches(pattern: &[char], name: &[char]) -> bool {
    match (pattern, name) {
        ([], []) => true,
        (['*', rest @ ..], _) => (0..=name.len()).any(|skip| part_matches(rest, &name[skip..])),
        (['?', rest @ ..], [_, below @ ..]) => part_matches(rest, below),
        (['[', rest @ ..], [c, below @ ..]) => match class(rest, *c) {
            Some((fits, rest)) => fits && part_matches(rest, below),
            None => *c == '[' && part_matches(rest, below),
        },
        (['\\', escaped, rest @ ..], [c, below @ ..]) | ([escaped, rest @ ..], [c, below @ ..]) => {
            escaped == c && part_matches(rest, below)
        }
        _ => false,
    }
}

/// Whether a character is in a class, and what follows it; nothing where it is
/// not closed.
fn class(text: &[char], c: char) -> Option<(bool, &[char])> {
    let end = text.iter().position(|c| *c == ']')?;
    let (inside, rest) = (&text[..end], &text[end + 1..]);
    let (negated, mut inside) = match inside {
        ['^', inside @ ..] => (true, inside),
        _ => (false, inside),
    };
    let mut fits = false;
    while let [first, more @ ..] = inside {
        match more {
            ['-', last, more @ ..] => {
                fits |= (*first..=*last).contains(&c);
                inside = more;
            }
            _ => {
                fits |= *first == c;
                inside = more;
            }
        }
    }
    Some((fits != negated, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_pattern_that_fits_decides() {
        let table = [
            ("node_modules", "node_modules/a/b.js", true),
            ("node_modules", "web/node_modules", false),
            ("**/node_modules", "web/node_modules/x", true),
            ("**/node_modules", "node_modules", true),
            ("*.log", "a.log", true),
            ("*.log", "sub/a.log", false),
            ("/sub/", "sub/x", true),
            ("./sub", "sub/x", true),
            ("a/**/z", "a/b/c/z", true),
            ("a/**/z", "a/z", true),
            ("*\n!keep", "keep/x", false),
            ("*\n!keep\nkeep/no", "keep/no", true),
            ("# *\n", "a", false),
            ("file?.[a-c]", "file1.b", true),
            ("file?.[^a-c]", "file1.b", false),
            ("a\\*", "a*", true),
            ("a\\*", "ab", false),
            ("..", "a", false),
        ];
        for (text, path, expected) in table {
            assert_eq!(
                Ignore::parse(text).is_ignored(Path::new(path)),
                expected,
                "{text:?} {path}"
            );
        }
    }

    #[test]
    fn a_folder_is_entered_where_something_in_it_is_taken_back() {
        let ignore = Ignore::parse("*\n!src/app");
        assert!(ignore.may_take_back(Path::new("src")));
        assert!(!ignore.may_take_back(Path::new("other")));
    }
}
