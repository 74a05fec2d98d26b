//! Measured values as short text, and their course as a line of blocks.

/// From the least to the most of a line.
const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// A value with its unit by UCUM, as people write it.
pub(crate) fn value(value: f64, unit: Option<&str>) -> String {
    let (unit, rate) = match unit.unwrap_or_default().strip_suffix("/s") {
        Some(unit) => (unit, "/s"),
        None => (unit.unwrap_or_default(), ""),
    };
    let text = match unit {
        "By" => bytes(value),
        "s" if rate.is_empty() => seconds(value),
        "ms" if rate.is_empty() => seconds(value / 1e3),
        "" | "1" => number(value),
        // Words in braces say what is counted, which the name does, too.
        unit if unit.starts_with('{') => number(value),
        unit => format!("{} {unit}", number(value)),
    };
    text + rate
}

fn bytes(value: f64) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB"];
    let (mut left, mut unit) = (value, 0);
    while left.abs() >= 1024.0 && unit + 1 < units.len() {
        left /= 1024.0;
        unit += 1;
    }
    format!("{} {}", number(left), units[unit])
}

fn seconds(value: f64) -> String {
    let size = value.abs();
    match value {
        _ if size == 0.0 => "0 s".to_owned(),
        _ if size < 1e-3 => format!("{} µs", number(value * 1e6)),
        _ if size < 1.0 => format!("{} ms", number(value * 1e3)),
        _ if size < 120.0 => format!("{} s", number(value)),
        _ if size < 7200.0 => format!("{} m", number(value / 60.0)),
        _ => format!("{} h", number(value / 3600.0)),
    }
}

/// Three digits that mean something.
fn number(value: f64) -> String {
    let size = value.abs();
    match value {
        _ if value.fract() == 0.0 && size < 1e6 => format!("{value:.0}"),
        _ if size >= 1e9 => format!("{value:.2e}"),
        _ if size >= 100.0 => format!("{value:.0}"),
        _ if size >= 10.0 => format!("{value:.1}"),
        _ if size >= 0.01 => format!("{value:.2}"),
        _ => format!("{value:.1e}"),
    }
}

/// A block for each point; a space where there is none. One that does not move is low.
pub(crate) fn sparkline(points: &[Option<f64>]) -> String {
    let known = || points.iter().flatten().copied();
    let least = known().fold(f64::INFINITY, f64::min);
    let span = known().fold(f64::NEG_INFINITY, f64::max) - least;
    let block = |point: &Option<f64>| match point {
        None => ' ',
        Some(_) if span <= 0.0 => BLOCKS[0],
        Some(value) => {
            let part = (value - least) / span * (BLOCKS.len() - 1) as f64;
            BLOCKS[(part.round() as usize).min(BLOCKS.len() - 1)]
        }
    };
    points.iter().map(block).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(number: f64, unit: &str, expected: &str) {
        assert_eq!(value(number, Some(unit)), expected);
    }

    #[test]
    fn values_are_short_and_have_their_unit() {
        check(0.0, "By", "0 B");
        check(1536.0, "By", "1.50 KiB");
        check(2_147_483_648.0, "By/s", "2 GiB/s");
        check(0.0042, "s", "4.20 ms");
        check(0.000_05, "s", "50 µs");
        check(90.0, "s", "90 s");
        check(5400.0, "s", "90 m");
        check(12.0, "{request}/s", "12/s");
        check(0.25, "{cpu}", "0.25");
        check(7.0, "Cel", "7 Cel");
        assert_eq!(value(3.0, None), "3");
    }

    #[test]
    fn a_line_shows_its_least_and_its_most_and_gaps() {
        assert_eq!(sparkline(&[Some(1.0), None, Some(8.0), Some(4.5)]), "▁ █▅");
        assert_eq!(sparkline(&[Some(3.0), Some(3.0)]), "▁▁");
        assert_eq!(sparkline(&[None]), " ");
        assert_eq!(sparkline(&[]), "");
    }
}
