//! Correlation ids: which execution, which step of it, which message.

use super::super::super::context::Attempt;
use benchtop_model::scenario::Kind;
use benchtop_model::scenario::report::{ScenarioReport, StepReport};
use bytes::{Bytes, BytesMut};
use serde::Deserialize;
use std::borrow::Cow;
use std::fmt::Write as _;

/// The ids of one attempt of one step. They occur in no other one, so that a topic with
/// older messages, and a step that is tried again, can be verified.
#[derive(Clone, Debug)]
pub(super) struct Ids {
    prefix: String,
}

/// What is looked at of a message; the rest may be anything.
#[derive(Deserialize)]
struct Found<'a> {
    #[serde(borrow)]
    correlation_id: Option<Cow<'a, str>>,
}

impl Ids {
    fn new(execution: &str, step: &str, attempt: u32) -> Self {
        let plain = |text: &str| -> String {
            let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
            text.chars()
                .map(|c| if is_plain(c) { c } else { '_' })
                .collect()
        };
        Self {
            prefix: format!("{}:{}:{attempt}:", plain(execution), plain(step)),
        }
    }

    /// Those that an attempt produces.
    pub(super) fn own(attempt: &Attempt<'_>) -> Self {
        let report = attempt.context.board.report();
        let times = report
            .steps
            .get(attempt.index)
            .map_or(1, |step| step.attempts);
        Self::new(&report.id, &attempt.step.id, times)
    }

    /// Those that a step before this one has produced: the one that is named, or the last.
    pub(super) fn of(attempt: &Attempt<'_>) -> Result<Self, String> {
        let report = attempt.context.board.report();
        let found = source(&report, attempt.index, attempt.text("of"))?;
        Ok(Self::new(&report.id, &found.id, found.attempts))
    }

    pub(super) fn text(&self, number: u64) -> String {
        format!("{}{number}", self.prefix)
    }

    /// The number of one of these.
    pub(super) fn number(&self, text: &str) -> Option<u64> {
        text.strip_prefix(&self.prefix)?.parse().ok()
    }

    /// Key and value of a message, as JSON of so many bytes; longer where that is too few.
    /// Both are parts of `space`, so that a batch of messages is one piece of memory.
    pub(super) fn message(
        &self,
        space: &mut BytesMut,
        number: u64,
        time: i64,
        size: usize,
    ) -> (Bytes, Bytes) {
        let prefix = &self.prefix;
        // There is as much space as is asked for.
        _ = write!(space, "{prefix}{number}");
        let key = space.split().freeze();
        _ = write!(
            space,
            r#"{{"correlation_id":"{prefix}{number}","sent":{time},"payload":""#
        );
        // What closes it.
        space.resize(size.saturating_sub(2).max(space.len()), b'x');
        space.extend_from_slice(b"\"}");
        (key, space.split().freeze())
    }

    /// Bytes of a message's key and value, at the most.
    pub(super) fn space(&self, size: usize) -> usize {
        let longest = self.prefix.len() + 20;
        longest + size.max(longest + 80)
    }

    /// The number in a message: of its value, where that is JSON with such a field, or
    /// else of its key.
    pub(super) fn read(&self, key: Option<&[u8]>, value: Option<&[u8]>) -> Option<u64> {
        let written: Option<Found<'_>> = value.and_then(|value| serde_json::from_slice(value).ok());
        match written.and_then(|found| found.correlation_id) {
            Some(id) => self.number(&id),
            None => self.number(std::str::from_utf8(key?).ok()?),
        }
    }
}

fn source<'a>(
    report: &'a ScenarioReport,
    before: usize,
    wanted: Option<&str>,
) -> Result<&'a StepReport, String> {
    let earlier = report.steps.iter().take(before);
    let mut producers = earlier.filter(|step| step.kind == Kind::KafkaProduce);
    match wanted {
        Some(id) => producers
            .find(|step| step.id == id)
            .ok_or_else(|| format!("`of`: no step `kafka.produce` before this one is `{id}`")),
        None => producers
            .next_back()
            .ok_or_else(|| "there is no step `kafka.produce` before this one".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_has_its_size_and_gives_its_number_back() {
        let ids = Ids::new("run/1 \"x\"", "feed", 2);
        let mut space = BytesMut::with_capacity(ids.space(100));
        let (key, value) = ids.message(&mut space, 41, 1_700_000_000_000, 100);
        assert_eq!(value.len(), 100, "{value:?}");
        assert_eq!(ids.read(None, Some(&value)), Some(41));
        assert_eq!(ids.read(Some(&key), Some(b"no JSON")), Some(41));
        assert_eq!(ids.read(Some(&key), None), Some(41));
        let (other, long) = ids.message(&mut space, 41, 1_700_000_000_000, 3);
        assert_eq!(other, key);
        assert_eq!(ids.read(None, Some(&long)), Some(41), "{long:?}");
    }

    #[test]
    fn another_execution_step_or_attempt_has_other_ids() {
        let ids = Ids::new("a", "feed", 1);
        for other in [
            Ids::new("b", "feed", 1),
            Ids::new("a", "x", 1),
            Ids::new("a", "feed", 11),
        ] {
            assert_eq!(ids.number(&other.text(1)), None);
        }
        assert_eq!(ids.number("a:feed:1:x"), None);
        // What the value says is believed before the key.
        let strange = br#"{"correlation_id": "other", "n": [1]}"#;
        assert_eq!(ids.read(Some(b"a:feed:1:7"), Some(strange)), None);
    }
}
