//! What is wrong with an environment file, said so that it can be mended:
//! where, what was found, what was expected, and a hint.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;
use ts_rs::TS;

/// A place in a file. Lines and columns count from 1, columns in characters.
#[derive(
    Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS,
)]
pub struct Place {
    /// The file as the user would name it. Shared, because a file of some hundred
    /// services has ten thousand places.
    pub file: Arc<str>,
    /// 1-based; 0 where the whole file is meant.
    pub line: u32,
    /// 1-based, in characters; 0 where the whole line is meant.
    pub column: u32,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => f.write_str(&self.file),
            line => write!(f, "{}:{line}:{}", self.file, self.column),
        }
    }
}

/// Whether the environment can still be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Nothing is started from this file.
    Error,
    /// It works, but not everything written has an effect.
    Warning,
}

/// One finding in an environment file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Problem {
    /// Error or warning.
    pub severity: Severity,
    /// Where it was found.
    pub place: Place,
    /// What was found and what was expected, one sentence without a full stop.
    pub message: String,
    /// What to do about it, where there is something to say.
    pub hint: Option<String>,
    /// The line that is meant, with the part of it that is; absent where a whole
    /// file is meant or its text is not known.
    #[serde(default)]
    pub excerpt: Option<Excerpt>,
}

/// A line of a file, and the part of it that a problem is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Excerpt {
    /// The line without its end, secrets masked; only the neighbourhood of the
    /// place, with `…` at its sides, where the line is very long.
    pub line_text: String,
    /// 1-based, in characters of `line_text`.
    pub column: u32,
    /// So many characters are meant, at least 1.
    pub length: u32,
}

impl Problem {
    /// An error at `place`.
    #[must_use]
    pub fn error(place: &Place, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            place: place.clone(),
            message: message.into(),
            hint: None,
            excerpt: None,
        }
    }

    /// A warning at `place`.
    #[must_use]
    pub fn warning(place: &Place, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(place, message)
        }
    }

    /// The same finding with advice.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl Excerpt {
    /// The line and a marker under the part that is meant, as a compiler prints
    /// it: `number` is that of the line in its file.
    #[must_use]
    pub fn drawn(&self, number: u32) -> String {
        let margin = number.to_string().len();
        // A tab stays a tab, so that the marker stands right whatever its width.
        let lead: String = self
            .line_text
            .chars()
            .take((self.column as usize).saturating_sub(1))
            .map(|c| if c == '\t' { '\t' } else { ' ' })
            .collect();
        let marker = "^".repeat(self.length as usize);
        format!(
            "{:margin$} |\n{number} | {}\n{:margin$} | {lead}{marker}",
            "", self.line_text, ""
        )
    }
}

impl fmt::Display for Problem {
    /// Place, sentence and hint, without the excerpt.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        write!(f, "{}: {word}: {}", self.place, self.message)?;
        self.hint
            .as_ref()
            .map_or(Ok(()), |hint| write!(f, "\n  hint: {hint}"))
    }
}

/// The known name nearest to `word`, if it is near enough to be a slip of the
/// keys: at most a third of its letters differ.
#[must_use]
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Nobody misspells a word of a hundred letters, and comparing huge ones takes long.
    let comparable = |text: &str| text.len() <= 100;
    known
        .into_iter()
        .filter(|candidate| comparable(word) && comparable(candidate))
        .map(|candidate| (edit_distance(word, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= (candidate.chars().count().max(3)) / 3)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Levenshtein distance in characters.
fn edit_distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, cb) in b.iter().enumerate() {
            let substitute = diagonal + usize::from(ca != *cb);
            diagonal = row[j + 1];
            row[j + 1] = substitute.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_its_name_and_a_stranger_finds_none() {
        let known = ["services", "image", "depends_on", "references"];
        assert_eq!(nearest("servces", known), Some("services"));
        assert_eq!(nearest("depend_on", known), Some("depends_on"));
        assert_eq!(nearest("kubernetes", known), None);
    }

    #[test]
    fn a_problem_reads_like_a_compiler_message() {
        let place = Place {
            file: "benchtop.yaml".into(),
            line: 3,
            column: 5,
        };
        let problem = Problem::error(&place, "unknown key `imge`").hint("did you mean `image`?");
        assert_eq!(
            problem.to_string(),
            "benchtop.yaml:3:5: error: unknown key `imge`\n  hint: did you mean `image`?"
        );
    }
}
