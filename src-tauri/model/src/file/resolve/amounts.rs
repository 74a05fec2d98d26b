//! Amounts as people write them: bytes such as `512m`, parts of a processor such
//! as `0.5`, and numbers with a bottom.

use crate::file::findings::Findings;
use crate::file::written::At;
use crate::problem::Problem;

/// Bytes of each unit, by its first letter; a `b` or `ib` behind it says nothing more.
const UNITS: [(char, u32); 5] = [('k', 10), ('m', 20), ('g', 30), ('t', 40), ('p', 50)];

/// Bytes; nothing, and an error, where it is no amount.
pub(super) fn bytes(key: &str, text: Option<&At<String>>, findings: &mut Findings) -> Option<u64> {
    let hint = "expected a number of bytes, or something like `512m` or `2gb`";
    checked(
        key,
        "an amount of memory",
        hint,
        text,
        parse_bytes,
        findings,
    )
}

/// Billionths of a processor.
pub(super) fn cpus(key: &str, text: Option<&At<String>>, findings: &mut Findings) -> Option<u64> {
    let parse = |text: &str| decimal(text, 1_000_000_000);
    let hint = "expected something like `0.5` or `2`";
    checked(key, "a number of processors", hint, text, parse, findings)
}

/// A whole number, not less than `least`.
pub(super) fn number(
    key: &str,
    least: i64,
    text: Option<&At<String>>,
    findings: &mut Findings,
) -> Option<i64> {
    let parse = |text: &str| text.parse().ok().filter(|n| *n >= least);
    let hint = format!("expected a whole number from {least} upwards");
    checked(key, "such a number", &hint, text, parse, findings)
}

fn checked<T>(
    key: &str,
    what: &str,
    hint: &str,
    text: Option<&At<String>>,
    parse: impl Fn(&str) -> Option<T>,
    findings: &mut Findings,
) -> Option<T> {
    let text = text?;
    let parsed = parse(text.value.trim());
    if parsed.is_none() {
        let message = format!("`{key}` must be {what}, but is `{}`", text.value);
        findings.push(Problem::error(&text.place, message).hint(hint));
    }
    parsed
}

/// Compose counts in 1024 whatever the unit is called.
fn parse_bytes(text: &str) -> Option<u64> {
    let text = text.to_ascii_lowercase();
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.');
    let Some(digits) = digits else {
        return decimal(&text, 1);
    };
    let (number, unit) = text.split_at(digits);
    let unit = unit.trim_start();
    let mut letters = unit.chars();
    let shift = match (letters.next(), letters.as_str()) {
        (Some('b'), "") => 0,
        (Some(letter), "" | "b" | "ib") => UNITS.iter().find(|(unit, _)| *unit == letter)?.1,
        _ => return None,
    };
    decimal(number, 1 << shift)
}

/// A number with or without a fraction times `size`; what is less than one is cut.
fn decimal(number: &str, size: u64) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() && fraction.is_empty() || !digits(whole) || !digits(fraction) {
        return None;
    }
    let whole = match whole {
        "" => 0,
        _ => whole.parse::<u64>().ok()?.checked_mul(size)?,
    };
    let kept = &fraction[..fraction.len().min(9)];
    let part = match kept {
        "" => 0,
        _ => {
            let power = 10_u128.pow(u32::try_from(kept.len()).ok()?);
            u64::try_from(u128::from(kept.parse::<u64>().ok()?) * u128::from(size) / power).ok()?
        }
    };
    whole.checked_add(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes_of(text: &str) -> Option<u64> {
        let text = At {
            value: text.to_owned(),
            place: Default::default(),
        };
        bytes("x", Some(&text), &mut Findings::default())
    }

    #[test]
    fn every_way_of_writing_bytes() {
        let table = [
            ("0", 0),
            ("1024", 1024),
            ("64b", 64),
            ("1k", 1024),
            ("512M", 512 << 20),
            ("2gb", 2 << 30),
            ("2GiB", 2 << 30),
            ("1.5g", 3 << 29),
            ("1 t", 1 << 40),
        ];
        for (text, expected) in table {
            assert_eq!(bytes_of(text), Some(expected), "{text}");
        }
        for text in ["", "m", "1x", "-1", "1.2.3", "9999999999p", "1mbb", "ü"] {
            assert_eq!(bytes_of(text), None, "{text}");
        }
    }

    #[test]
    fn parts_of_a_processor_are_exact() {
        let table = [
            ("0.5", 500_000_000),
            ("2", 2_000_000_000),
            (".001", 1_000_000),
        ];
        for (text, expected) in table {
            assert_eq!(decimal(text, 1_000_000_000), Some(expected), "{text}");
        }
        assert_eq!(decimal("1e3", 1), None);
    }
}
