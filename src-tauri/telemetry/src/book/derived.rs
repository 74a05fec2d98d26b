//! Answers that are made of several pages: what is around a record, how records are
//! spread over time, which patterns are new.

use super::LogBook;
use crate::log::LogRecord;
use crate::patterns::Patterns;
use crate::query::language::QueryError;
use crate::query::{LogHistogram, LogPage, LogPatterns, LogQuery, TimeRange};
use benchtop_model::time::{Millis, Timestamp};

/// Records that are looked at for the patterns of one range.
const MOST_FOR_PATTERNS: usize = 200_000;

/// Patterns that are told of each kind.
const MOST_PATTERNS: usize = 200;

/// Buckets of a histogram.
const MOST_BUCKETS: u32 = 2000;

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
    ) -> Result<LogPatterns, QueryError> {
        let (present, present_complete) = self.mine(query)?;
        let (past, past_complete) = self.mine(&LogQuery {
            since: Some(baseline.since),
            until: Some(baseline.until),
            // The other range may lie in another run.
            run: None,
            ..query.clone()
        })?;
        Ok(LogPatterns {
            new: present.without(&past, MOST_PATTERNS),
            vanished: past.without(&present, MOST_PATTERNS),
            complete: present_complete && past_complete,
        })
    }

    fn mine(&self, query: &LogQuery) -> Result<(Patterns, bool), QueryError> {
        let mut patterns = Patterns::default();
        let mut left = MOST_FOR_PATTERNS;
        let complete = self.each_page(query, |records| {
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
        mut page: impl FnMut(&[LogRecord]) -> bool,
    ) -> Result<bool, QueryError> {
        let mut query = LogQuery {
            limit: super::MOST_RECORDS,
            after: None,
            ..query.clone()
        };
        loop {
            let answer = self.query(&query)?;
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
    pub fn histogram(&self, query: &LogQuery, buckets: u32) -> Result<LogHistogram, QueryError> {
        let mut times = Vec::new();
        let exact = self.each_page(query, |records| {
            times.extend(records.iter().map(|record| (record.time, record.severity)));
            true
        })?;
        let first = times
            .iter()
            .map(|(time, _)| *time)
            .min()
            .unwrap_or_default();
        let last = times
            .iter()
            .map(|(time, _)| *time)
            .max()
            .unwrap_or_default();
        let from = query.since.unwrap_or(first);
        let to = query.until.unwrap_or(Timestamp(last.0 + 1));
        let mut histogram = LogHistogram::empty(from, to, buckets.clamp(1, MOST_BUCKETS));
        for (time, level) in times {
            histogram.add(time, level as usize, 1);
        }
        histogram.exact = exact;
        Ok(histogram)
    }
}

impl LogHistogram {
    /// With buckets, all empty, that cover the time.
    #[must_use]
    pub(crate) fn empty(from: Timestamp, to: Timestamp, buckets: u32) -> Self {
        let span = to.0.saturating_sub(from.0).max(1).unsigned_abs();
        let step = span.div_ceil(u64::from(buckets)).max(1);
        let count = span.div_ceil(step);
        Self {
            from,
            to: Timestamp(from.0.saturating_add_unsigned(count * step)),
            step: Millis(step),
            counts: vec![[0; 6]; usize::try_from(count).unwrap_or_default()],
            exact: true,
        }
    }

    pub(crate) fn bucket(&self, time: Timestamp) -> Option<usize> {
        let since = u64::try_from(time.0.checked_sub(self.from.0)?).ok()?;
        let bucket = usize::try_from(since / self.step.0.max(1)).ok()?;
        (bucket < self.counts.len()).then_some(bucket)
    }

    pub(crate) fn add(&mut self, time: Timestamp, level: usize, records: u64) {
        if let Some(bucket) = self.bucket(time) {
            self.counts[bucket][level] += records;
        }
    }
}
