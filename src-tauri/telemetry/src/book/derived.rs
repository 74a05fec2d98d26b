//! Answers that are made of several pages: what is around a record, how records are
//! spread over time, which patterns are new.

use super::{Cancel, LogBook, histogram, runs};
use crate::log::LogRecord;
use crate::patterns::Patterns;
use crate::query::filter::Filter;
use crate::query::language::QueryError;
use crate::query::{LogHistogram, LogPage, LogPatterns, LogQuery, TimeRange};

/// Records that are looked at for the patterns of one range.
const MOST_FOR_PATTERNS: usize = 200_000;

/// Patterns that are told of each kind.
const MOST_PATTERNS: usize = 200;

impl LogBook {
    /// What was written before and after a record, and the record itself.
    #[must_use]
    pub fn context(&self, seq: u64, before: u32, after: u32, same_service: bool) -> LogPage {
        let window = |before, after, limit, services| {
            let query = LogQuery {
                before,
                after,
                limit,
                services,
                ..LogQuery::default()
            };
            self.query(&query).unwrap_or_default()
        };
        let own = window(Some(seq.saturating_add(1)), None, 1, Vec::new());
        let found = own.records.first().filter(|record| record.seq == seq);
        let services: Vec<String> = found
            .filter(|_| same_service)
            .map(|record| record.service.clone())
            .into_iter()
            .collect();
        let mut page = window(
            Some(seq.saturating_add(1)),
            None,
            before.saturating_add(1),
            services.clone(),
        );
        if after > 0 {
            let later = window(None, Some(seq), after, services);
            page.newest = later.newest;
            page.complete &= later.complete;
            page.records.extend(later.records);
        }
        page
    }

    /// Patterns of the query's range that the other has not, and the other way round.
    ///
    /// # Errors
    /// What of the query's text cannot be understood.
    pub fn patterns(
        &self,
        query: &LogQuery,
        baseline: TimeRange,
        cancel: &Cancel,
    ) -> Result<LogPatterns, QueryError> {
        let past = LogQuery {
            since: Some(baseline.since),
            until: Some(baseline.until),
            // The other range may lie in another run.
            run: None,
            ..query.clone()
        };
        Self::patterns_between((self, &past), (self, query), cancel)
    }

    /// Patterns of the second query that the first has not, and the other way round.
    ///
    /// # Errors
    /// What of a query's text cannot be understood.
    pub fn patterns_between(
        past: (&Self, &LogQuery),
        present: (&Self, &LogQuery),
        cancel: &Cancel,
    ) -> Result<LogPatterns, QueryError> {
        let (past, past_complete) = past.0.mine(past.1, cancel)?;
        let (present, present_complete) = present.0.mine(present.1, cancel)?;
        Ok(LogPatterns {
            new: present.without(&past, MOST_PATTERNS),
            vanished: past.without(&present, MOST_PATTERNS),
            complete: present_complete && past_complete,
        })
    }

    fn mine(&self, query: &LogQuery, cancel: &Cancel) -> Result<(Patterns, bool), QueryError> {
        let mut patterns = Patterns::default();
        let mut left = MOST_FOR_PATTERNS;
        let complete = self.each_page(query, cancel, |records| {
            records.iter().for_each(|record| patterns.add(record));
            left = left.saturating_sub(records.len());
            left > 0
        })?;
        Ok((patterns, complete))
    }

    /// All matching records, page by page from the newest back, for as long as the
    /// callback says; whether all were seen.
    fn each_page(
        &self,
        query: &LogQuery,
        cancel: &Cancel,
        mut page: impl FnMut(&[LogRecord]) -> bool,
    ) -> Result<bool, QueryError> {
        let mut query = LogQuery {
            limit: super::MOST_RECORDS,
            after: None,
            ..query.clone()
        };
        loop {
            let answer = self.query_until(&query, cancel)?;
            if !page(&answer.records) && answer.more {
                return Ok(false);
            }
            if !answer.more || !answer.complete {
                return Ok(answer.complete);
            }
            query.before = Some(answer.reached);
        }
    }

    /// How the matching records are spread over time. Without times in the query, over
    /// the time of the records.
    ///
    /// # Errors
    /// What of the query's text cannot be understood.
    pub fn histogram(
        &self,
        query: &LogQuery,
        buckets: u32,
        cancel: &Cancel,
    ) -> Result<LogHistogram, QueryError> {
        let filter = Filter::new(query)?;
        let bounds = self.bounds(cancel);
        let snapshot = runs::snapshot(&self.shared, query.run.as_deref());
        Ok(histogram::histogram(
            &snapshot, &filter, query, buckets, &bounds,
        ))
    }
}
