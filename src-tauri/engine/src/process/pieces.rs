//! Cuts a stream of bytes into lines, and lines that are too long into pieces.

use super::log_file::LONGEST;

/// Gives out each line that ends in `bytes`, without its line end, and each piece of one
/// that is too long: at most [`LONGEST`] bytes, cut between letters. The second answer is
/// whether the line ends there. What has no end yet waits in `pending`.
pub(crate) fn split(mut bytes: &[u8], pending: &mut Vec<u8>, mut give: impl FnMut(&[u8], bool)) {
    while let Some(end) = memchr::memchr(b'\n', bytes) {
        let (line, rest) = (&bytes[..end], &bytes[end + 1..]);
        bytes = rest;
        if pending.is_empty() && line.len() <= LONGEST {
            give(line, true);
            continue;
        }
        pending.extend_from_slice(line);
        cut_off(pending, &mut give);
        give(pending, true);
        pending.clear();
    }
    pending.extend_from_slice(bytes);
    cut_off(pending, &mut give);
}

/// Takes pieces off the beginning of a line while it is too long: where it is just long
/// enough, the rest of its last letter may be on its way.
fn cut_off(line: &mut Vec<u8>, give: &mut impl FnMut(&[u8], bool)) {
    while line.len() > LONGEST {
        let rest = line.split_off(boundary(line));
        give(line, false);
        *line = rest;
    }
}

/// Where a piece ends: not within a letter.
fn boundary(bytes: &[u8]) -> usize {
    let is_inside = |at: &usize| bytes.get(*at).is_some_and(|byte| byte & 0xc0 == 0x80);
    (LONGEST - 3..=LONGEST)
        .rev()
        .find(|at| !is_inside(at))
        .unwrap_or(LONGEST)
}

/// Without carriage returns at the end: what ends a line of DOS.
pub(crate) fn without_returns(line: &[u8]) -> &[u8] {
    let end = line.iter().rposition(|byte| *byte != b'\r');
    &line[..end.map_or(0, |at| at + 1)]
}

/// As text; what is no UTF-8 becomes U+FFFD.
pub(crate) fn text_of(line: &[u8]) -> String {
    match std::str::from_utf8(line) {
        Ok(text) => text.to_owned(),
        Err(_) => String::from_utf8_lossy(line).into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Everything that is given out of a stream that comes in these portions.
    fn pieces(portions: &[&[u8]]) -> (Vec<(Vec<u8>, bool)>, Vec<u8>) {
        let (mut pending, mut all) = (Vec::new(), Vec::new());
        for portion in portions {
            split(portion, &mut pending, |piece, ends| {
                all.push((piece.to_vec(), ends));
            });
        }
        (all, pending)
    }

    /// A part of a stream: some bytes so many times.
    fn part() -> impl Strategy<Value = Vec<u8>> {
        let text = prop_oneof![
            Just("ü".as_bytes().to_vec()),
            Just("端".as_bytes().to_vec()),
            Just("🦀".as_bytes().to_vec()),
            Just(b"\n".to_vec()),
            Just(b"\r\n".to_vec()),
            Just(b"x".to_vec()),
            proptest::collection::vec(any::<u8>(), 1..5),
        ];
        let times = prop_oneof![
            1_usize..4,
            Just(LONGEST / 2),
            Just(LONGEST - 1),
            Just(LONGEST)
        ];
        (text, times).prop_map(|(text, times)| text.repeat(times))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn any_bytes_come_out_again(
            parts in proptest::collection::vec(part(), 1..8),
            portion in prop_oneof![1000_usize..5000, Just(65_536_usize), Just(usize::MAX)],
        ) {
            let stream = parts.concat();
            let portions: Vec<&[u8]> = stream.chunks(portion.min(stream.len())).collect();
            let (pieces, pending) = pieces(&portions);
            let mut again = Vec::new();
            for (piece, ends) in &pieces {
                prop_assert!(piece.len() <= LONGEST);
                again.extend_from_slice(piece);
                again.extend_from_slice(if *ends { b"\n" } else { b"" });
            }
            again.extend_from_slice(&pending);
            prop_assert!(again == stream, "something was lost");
            if std::str::from_utf8(&stream).is_ok() {
                let whole = |piece: &[u8]| std::str::from_utf8(piece).is_ok();
                prop_assert!(pieces.iter().all(|(piece, _)| whole(piece)), "a letter was cut");
            }
        }
    }
}
