//! Lengths of time as people write them: `5s`, `1m30s`, `500ms`, `1.5h`, `10`.

use crate::file::findings::Findings;
use crate::file::written::At;
use crate::problem::Problem;
use crate::time::Millis;

/// Nanoseconds of each unit; longer names first, so that `ms` is not `m`.
const UNITS: [(&str, u64); 8] = [
    ("ms", 1_000_000),
    ("us", 1_000),
    ("µs", 1_000),
    ("ns", 1),
    ("d", 86_400_000_000_000),
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
];

/// The duration written behind `key`; nothing, and an error, where it is none.
pub(super) fn resolve(
    key: &str,
    text: Option<&At<String>>,
    findings: &mut Findings,
) -> Option<Millis> {
    let text = text?;
    let parsed = parse(&text.value);
    if parsed.is_none() {
        let message = format!("`{key}` must be a duration, but is `{}`", text.value);
        findings.push(
            Problem::error(&text.place, message)
                .hint("expected something like `5s`, `1m30s` or `500ms`"),
        );
    }
    parsed
}

/// The same; zero is an error too.
pub(super) fn positive(
    key: &str,
    text: Option<&At<String>>,
    findings: &mut Findings,
) -> Option<Millis> {
    let parsed = resolve(key, text, findings)?;
    if let (Millis(0), Some(text)) = (parsed, text) {
        findings.error(&text.place, format!("`{key}` must be longer than nothing"));
        return None;
    }
    Some(parsed)
}

/// The length of time that a text names: `5s`, `1m30s`, `500ms`. A bare number counts
/// seconds. Rounded up to whole milliseconds.
#[must_use]
pub fn parse(text: &str) -> Option<Millis> {
    let text = text.trim();
    if let Ok(secs) = text.parse::<u32>() {
        return Some(Millis::from_secs(secs.into()));
    }
    let mut nanos: u64 = 0;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, behind) = rest.split_at(digits);
        let (unit, size) = UNITS
            .into_iter()
            .find(|(unit, _)| behind.starts_with(unit))?;
        nanos = nanos.checked_add(times(number, size)?)?;
        rest = &behind[unit.len()..];
    }
    (!text.is_empty()).then(|| Millis(nanos.div_ceil(1_000_000)))
}

/// `1.5` times `size`, exactly, as long as the result is a whole number.
fn times(number: &str, size: u64) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() || fraction.contains('.') {
        return None;
    }
    let mut total = if whole.is_empty() {
        0
    } else {
        whole.parse::<u64>().ok()?.checked_mul(size)?
    };
    let mut digit_size = size;
    for digit in fraction.bytes() {
        digit_size /= 10;
        total = total.checked_add(u64::from(digit - b'0') * digit_size)?;
    }
    Some(total)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_way_of_writing_a_duration() {
        let table = [
            ("5s", 5_000),
            ("1m30s", 90_000),
            ("500ms", 500),
            ("1h5m30s20ms", 3_930_020),
            ("1.5s", 1_500),
            (".5m", 30_000),
            ("10", 10_000),
            ("0", 0),
            ("0s", 0),
            ("1us", 1),
            ("2d", 172_800_000),
        ];
        for (text, millis) in table {
            assert_eq!(parse(text), Some(Millis(millis)), "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for text in [
            "",
            "s",
            "5 s",
            "-1s",
            "1x",
            "1m30",
            "1..5s",
            ".s",
            "99999999999999h",
            "ü",
            "5sec",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(text in "[0-9.hmsuµ]{0,30}") {
            _ = parse(&text);
        }
    }
}
