//! Counting tests: from the lines of `cargo test`, and from the reports that vitest
//! writes.

use std::ops::AddAssign;

/// How many tests ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Counts {
    pub(crate) passed: usize,
    pub(crate) failed: usize,
    pub(crate) skipped: usize,
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl std::fmt::Display for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            passed,
            failed,
            skipped,
        } = self;
        write!(f, "{passed} passed, {failed} failed, {skipped} skipped")
    }
}

/// Reads the output of `cargo test … -- --show-output`, line by line.
#[derive(Default)]
pub(crate) struct CargoTests {
    counts: Counts,
    /// `NAME: REASON` of each test that could not run.
    pub(crate) skipped: Vec<String>,
    part: Part,
}

/// Which part of a test program's report a line belongs to.
#[derive(Default, PartialEq)]
enum Part {
    #[default]
    Progress,
    /// What the tests that passed printed: of no interest.
    Successes,
    /// What the tests that failed printed.
    Failures,
}

impl CargoTests {
    /// Takes one line and says whether it is worth showing.
    pub(crate) fn line(&mut self, line: &str) -> bool {
        let text = line.trim_start();
        if let Some(numbers) = text.strip_prefix("test result: ") {
            self.part = Part::Progress;
            self.counts += result_counts(numbers);
            return true;
        }
        if let Some(skipped) = text.strip_prefix("SKIPPED ") {
            // The test itself returned, so the harness counts it as passed.
            self.skipped.push(skipped.to_owned());
            return true;
        }
        if let Some((name, reason)) = ignored(text) {
            self.skipped.push(format!("{name}: {reason}"));
            return true;
        }
        match line {
            "successes:" => self.part = Part::Successes,
            "failures:" => self.part = Part::Failures,
            _ => {}
        }
        match self.part {
            Part::Successes => false,
            Part::Failures => true,
            Part::Progress => {
                let progress = ["Running ", "Doc-tests ", "Compiling ", "error", "warning: "];
                progress.iter().any(|start| text.starts_with(start))
                    || text.contains("has been running for over")
            }
        }
    }

    pub(crate) fn counts(&self) -> Counts {
        let said = self.skipped.len().saturating_sub(self.counts.skipped);
        Counts {
            passed: self.counts.passed.saturating_sub(said),
            failed: self.counts.failed,
            skipped: self.counts.skipped + said,
        }
    }
}

/// `ok. 12 passed; 0 failed; 1 ignored; 0 measured; …`
fn result_counts(text: &str) -> Counts {
    let mut counts = Counts::default();
    for part in text.split(&['.', ';']) {
        let mut words = part.split_whitespace();
        let (Some(number), Some(what)) = (words.next(), words.next()) else {
            continue;
        };
        let Ok(number) = number.parse() else { continue };
        match what {
            "passed" => counts.passed = number,
            "failed" => counts.failed = number,
            "ignored" => counts.skipped = number,
            _ => {}
        }
    }
    counts
}

/// `test NAME ... ignored, REASON`
fn ignored(text: &str) -> Option<(&str, &str)> {
    let (name, how) = text.strip_prefix("test ")?.rsplit_once(" ... ")?;
    let reason = how.strip_prefix("ignored")?;
    Some((name, reason.strip_prefix(", ").unwrap_or("ignored")))
}

/// The report of `vitest --reporter=json`; its totals come before the tests' names.
pub(crate) fn vitest(json: &str) -> Option<Counts> {
    Some(Counts {
        passed: number(json, "numPassedTests")?,
        failed: number(json, "numFailedTests")?,
        skipped: number(json, "numPendingTests")? + number(json, "numTodoTests").unwrap_or(0),
    })
}

/// The number behind the first `"key":` of a JSON text.
fn number(json: &str, key: &str) -> Option<usize> {
    let (_, after) = json.split_once(&format!("\"{key}\":"))?;
    let digits: String = after
        .trim_start()
        .chars()
        .take_while(char::is_ascii_digit)
        .collect();
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(output: &str) -> (Counts, Vec<String>, Vec<&str>) {
        let mut tests = CargoTests::default();
        let shown = output.lines().filter(|line| tests.line(line)).collect();
        (tests.counts(), tests.skipped, shown)
    }

    #[test]
    fn results_of_several_test_programs_add_up() {
        let (counts, ..) = read(
            "test result: ok. 12 passed; 0 failed; 0 ignored; 0 measured; 3 filtered out\n\
             test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out",
        );
        assert_eq!(
            counts,
            Counts {
                passed: 13,
                failed: 2,
                skipped: 0
            }
        );
    }

    #[test]
    fn a_test_that_says_it_was_skipped_did_not_pass() {
        let (counts, skipped, _) = read(
            "successes:\n\n---- starts_a_container stdout ----\n\
             SKIPPED starts_a_container: no container engine answers\n\n\
             test result: ok. 3 passed; 0 failed; 0 ignored",
        );
        assert_eq!(
            counts,
            Counts {
                passed: 2,
                failed: 0,
                skipped: 1
            }
        );
        assert_eq!(skipped, ["starts_a_container: no container engine answers"]);
    }

    #[test]
    fn ignored_tests_count_once_and_keep_their_reason() {
        let (counts, skipped, _) = read(
            "test flood ... ignored, takes minutes\n\
             SKIPPED podman: not installed\n\
             test result: ok. 4 passed; 0 failed; 1 ignored",
        );
        assert_eq!(
            counts,
            Counts {
                passed: 3,
                failed: 0,
                skipped: 2
            }
        );
        assert_eq!(skipped, ["flood: takes minutes", "podman: not installed"]);
    }

    #[test]
    fn only_what_failed_is_shown_in_full() {
        let (_, _, shown) = read(
            "test one ... ok\ntest two ... FAILED\n\nsuccesses:\n\n---- one stdout ----\nnoise\n\n\
             successes:\n    one\n\nfailures:\n\n---- two stdout ----\nassertion failed\n\n\
             failures:\n    two\n\ntest result: FAILED. 1 passed; 1 failed; 0 ignored",
        );
        assert!(!shown.contains(&"noise"), "output of a test that passed");
        assert!(
            shown.contains(&"assertion failed"),
            "output of the test that failed"
        );
        assert!(
            shown
                .last()
                .is_some_and(|line| line.starts_with("test result"))
        );
    }

    #[test]
    fn reports_of_vitest_are_read() {
        let json = r#"{"numTotalTests":9,"numPassedTests":6,"numFailedTests":1,
            "numPendingTests":1,"numTodoTests":1,"testResults":[{"title":"\"numPassedTests\":99"}]}"#;
        assert_eq!(
            vitest(json),
            Some(Counts {
                passed: 6,
                failed: 1,
                skipped: 2
            })
        );
        assert_eq!(vitest("{}"), None);
    }
}
