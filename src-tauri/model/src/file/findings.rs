//! What was found wrong so far. Reading goes on after an error, so that all of
//! them are said at once; the collection stays bounded however bad the file is.

use crate::problem::{Place, Problem, Severity, nearest};

/// Most problems kept of one severity while reading.
const MOST_KEPT: usize = 5_000;

/// Most problems said of one severity.
const MOST_SAID: usize = 200;

/// Most errors for which the name is looked up that was probably meant.
const MOST_WITH_NAME: usize = 50;

/// Longest message and hint, in characters: a value that they quote can be huge.
const MOST_CHARACTERS: usize = 300;

/// Errors and warnings in the order in which they were found.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    errors: Bounded,
    warnings: Bounded,
    whole: bool,
}

#[derive(Debug, Default)]
struct Bounded {
    kept: Vec<Problem>,
    dropped: usize,
}

impl Findings {
    /// Keeps messages and hints as long as they are: what is asked is our own.
    pub(crate) fn unshortened() -> Self {
        Self {
            whole: true,
            ..Self::default()
        }
    }

    /// Adds one.
    pub(crate) fn push(&mut self, mut problem: Problem) {
        if !self.whole {
            shorten(&mut problem.message);
            problem.hint.iter_mut().for_each(shorten);
        }
        match problem.severity {
            Severity::Error => self.errors.push(problem),
            Severity::Warning => self.warnings.push(problem),
        }
    }

    /// Adds an error without advice.
    pub(crate) fn error(&mut self, place: &Place, message: impl Into<String>) {
        self.push(Problem::error(place, message));
    }

    /// Adds a warning without advice.
    pub(crate) fn warn(&mut self, place: &Place, message: impl Into<String>) {
        self.push(Problem::warning(place, message));
    }

    /// Whether the file cannot be used.
    pub(crate) fn has_errors(&self) -> bool {
        self.error_count() > 0
    }

    /// How many errors were found so far.
    pub(crate) fn error_count(&self) -> usize {
        self.errors.kept.len() + self.errors.dropped
    }

    /// The known name nearest to `word`; nothing once there are very many errors,
    /// because looking for it takes time.
    pub(crate) fn nearest<'a>(
        &self,
        word: &str,
        known: impl IntoIterator<Item = &'a str>,
    ) -> Option<&'a str> {
        if self.error_count() > MOST_WITH_NAME {
            return None;
        }
        nearest(word, known)
    }

    /// Whether nothing more would be told.
    pub(crate) fn is_full(&self) -> bool {
        self.error_count() > MOST_SAID
    }

    /// All of them by place. What an alias repeats is said once.
    pub(crate) fn into_sorted(self, file: &Place) -> Vec<Problem> {
        let (mut all, more_errors) = self.errors.said();
        let (warnings, more_warnings) = self.warnings.said();
        all.extend(warnings);
        all.sort_by(|a, b| {
            (&a.place, a.severity, &a.message).cmp(&(&b.place, b.severity, &b.message))
        });
        if more_errors > 0 {
            all.push(Problem::error(
                file,
                format!("{more_errors} more errors are not shown"),
            ));
        }
        if more_warnings > 0 {
            all.push(Problem::warning(
                file,
                format!("{more_warnings} more warnings are not shown"),
            ));
        }
        all
    }
}

impl Bounded {
    fn push(&mut self, problem: Problem) {
        if self.kept.len() < MOST_KEPT {
            self.kept.push(problem);
        } else {
            self.dropped += 1;
        }
    }

    /// The first ones by place, and how many there are beside them.
    fn said(mut self) -> (Vec<Problem>, usize) {
        self.kept
            .sort_by(|a, b| (&a.place, &a.message).cmp(&(&b.place, &b.message)));
        self.kept.dedup();
        let hidden = self.kept.len().saturating_sub(MOST_SAID) + self.dropped;
        self.kept.truncate(MOST_SAID);
        (self.kept, hidden)
    }
}

fn shorten(text: &mut String) {
    if let Some((end, _)) = text.char_indices().nth(MOST_CHARACTERS) {
        text.truncate(end);
        text.push('…');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(line: u32) -> Place {
        Place {
            file: "f".into(),
            line,
            column: 1,
        }
    }

    #[test]
    fn problems_come_by_place_and_once() {
        let mut findings = Findings::default();
        findings.warn(&at(9), "late");
        findings.error(&at(2), "twice");
        findings.error(&at(2), "twice");
        let said: Vec<u32> = findings
            .into_sorted(&at(0))
            .iter()
            .map(|p| p.place.line)
            .collect();
        assert_eq!(said, [2, 9]);
    }

    #[test]
    fn a_huge_value_does_not_make_a_huge_message() {
        let mut findings = Findings::default();
        findings.error(&at(1), "ü".repeat(1 << 20));
        let said = findings.into_sorted(&at(0));
        assert_eq!(said[0].message.chars().count(), MOST_CHARACTERS + 1);
    }

    #[test]
    fn a_flood_is_counted_and_an_error_is_never_lost_in_it() {
        let mut findings = Findings::default();
        for line in 1..20_000 {
            findings.warn(&at(line), "odd");
        }
        findings.error(&at(20_000), "wrong");
        assert!(findings.has_errors());
        let said = findings.into_sorted(&at(0));
        assert_eq!(said.len(), MOST_SAID + 2);
        assert_eq!(
            said.last().map(|p| p.message.as_str()),
            Some("19799 more warnings are not shown")
        );
    }
}
