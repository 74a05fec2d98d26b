//! What benchmarks print: one table each, with the ratio to a peer or a floor that was
//! measured in the same run, and the budget beside it.

use std::time::{Duration, Instant};

/// A budget on a figure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Budget {
    /// Met when the figure is not above.
    AtMost(f64),
    /// Met when the figure is not below.
    AtLeast(f64),
}

impl Budget {
    /// Whether the figure keeps it.
    #[must_use]
    pub fn is_met(self, figure: f64) -> bool {
        match self {
            Self::AtMost(limit) => figure <= limit,
            Self::AtLeast(limit) => figure >= limit,
        }
    }
}

impl std::fmt::Display for Budget {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::AtMost(limit) => write!(out, "≤ {limit}"),
            Self::AtLeast(limit) => write!(out, "≥ {limit}"),
        }
    }
}

/// The figures of one benchmark, printed line by line as they come.
#[derive(Debug)]
pub struct Table {
    missed: Vec<String>,
}

impl Table {
    /// Begins with a heading.
    #[must_use]
    pub fn new(title: &str) -> Self {
        println!("\n{title}\n{}", "-".repeat(title.chars().count()));
        Self { missed: Vec::new() }
    }

    /// One figure with its unit, without a budget: a peer's, a floor's, an absolute time.
    pub fn figure(&mut self, name: &str, value: f64, unit: &str) {
        println!("{name:<52} {value:>14.3} {unit}");
    }

    /// One figure that has a budget.
    pub fn budgeted(&mut self, name: &str, value: f64, unit: &str, budget: Budget) {
        let verdict = if budget.is_met(value) {
            "met"
        } else {
            self.missed.push(name.to_owned());
            "MISSED"
        };
        println!("{name:<52} {value:>14.3} {unit:<10} {budget}: {verdict}");
    }

    /// What could not be measured here, and why.
    pub fn skipped(&mut self, name: &str, why: &str) {
        println!("{name:<52} SKIPPED: {why}");
    }

    /// The names of the figures that missed their budget.
    #[must_use]
    pub fn missed(&self) -> &[String] {
        &self.missed
    }
}

/// How long each of several runs took, shortest first. The median is `runs[len / 2]`.
pub fn timed(times: usize, mut work: impl FnMut()) -> Vec<Duration> {
    let mut runs: Vec<Duration> = (0..times)
        .map(|_| {
            let start = Instant::now();
            work();
            start.elapsed()
        })
        .collect();
    runs.sort();
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missed_budget_is_remembered_by_name() {
        let mut table = Table::new("a test");
        table.budgeted("fast", 1.1, "x", Budget::AtMost(1.15));
        table.budgeted("slow", 1.2, "x", Budget::AtMost(1.15));
        table.budgeted("few", 0.8, "x", Budget::AtLeast(0.9));
        assert_eq!(table.missed(), ["slow", "few"]);
    }
}
