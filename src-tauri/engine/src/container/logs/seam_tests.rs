//! Many lives of one container's output: the attach stream in chunks of any size, cut at
//! any byte, then the runtime's log, read and followed by engines that are killed at any
//! moment. Whatever happens, each line is there once, in its order.

use super::backfill::Backfill;
use super::place::Place;
use super::splitter::Splitter;
use crate::process::log_file::LONGEST;
use crate::sink::{LogLine, Origin};
use proptest::prelude::*;

/// What the runtime's log keeps together at the most.
const PIECE: usize = 16 * 1024;

/// One write of the program.
#[derive(Clone, Debug)]
struct Write {
    origin: Origin,
    text: String,
    /// Silence before it, in seconds.
    pause: u8,
}

/// A piece as the runtime's log has it: its time, whose it is, its text.
type Piece = (i64, Origin, Vec<u8>);

/// What was kept, as of the last time that it was.
#[derive(Clone, Default)]
struct Kept {
    lines: Vec<LogLine>,
    place: Option<Place>,
}

fn writes() -> impl Strategy<Value = Vec<Write>> {
    let text = prop_oneof![
        8 => "[ab]{0,2}\n",
        4 => "[abü]{0,3}",
        2 => Just("\n".to_owned()),
        1 => (PIECE - 2..3 * LONGEST).prop_map(|length| "x".repeat(length)),
    ];
    let origin = prop_oneof![3 => Just(Origin::Stdout), 1 => Just(Origin::Stderr)];
    let pause = prop_oneof![4 => Just(0), 1 => 0..20_u8];
    let write = (origin, text, pause);
    prop::collection::vec(
        write.prop_map(|(origin, text, pause)| Write {
            origin,
            text,
            pause,
        }),
        1..40,
    )
}

/// The runtime's log of these writes. Two lines may bear one time; a piece of a long one
/// has its own.
fn log_of(writes: &[Write]) -> Vec<Piece> {
    let mut log: Vec<Piece> = Vec::new();
    let mut pending: [Vec<u8>; 2] = [Vec::new(), Vec::new()];
    let mut inside = [false; 2];
    let mut turn = 0;
    let mut keep = |time: i64, slot: usize, text: Vec<u8>| {
        let whole = text.ends_with(b"\n");
        if !whole || inside[slot] {
            turn += 4 - turn % 2;
        }
        log.push((
            time + turn / 2,
            [Origin::Stdout, Origin::Stderr][slot],
            text,
        ));
        turn += if !whole || inside[slot] { 4 } else { 1 };
        inside[slot] = !whole;
    };
    for (time, write) in timed(writes) {
        let slot = usize::from(write.origin == Origin::Stderr);
        for byte in write.text.bytes() {
            pending[slot].push(byte);
            if byte == b'\n' || pending[slot].len() == PIECE {
                keep(time, slot, std::mem::take(&mut pending[slot]));
            }
        }
    }
    let end = timed(writes).last().map_or(0, |(time, _)| time);
    for (slot, mut rest) in pending.into_iter().enumerate() {
        if !rest.is_empty() {
            rest.push(b'\n');
            keep(end, slot, rest);
        }
    }
    log
}

fn timed(writes: &[Write]) -> impl Iterator<Item = (i64, &Write)> {
    writes.iter().scan(1_000_000_000_000, |now, write| {
        *now += i64::from(write.pause) * 1_000_000_000;
        Some((*now, write))
    })
}

/// What a reader that never was disturbed has.
fn expected(writes: &[Write], origin: Origin) -> String {
    let mine = writes.iter().filter(|write| write.origin == origin);
    let all: String = mine.map(|write| write.text.as_str()).collect();
    all.strip_suffix('\n').unwrap_or(&all).to_owned()
}

/// Lines of one stream, put together again: pieces of a long line have no end.
fn found(lines: &[LogLine], origin: Origin) -> Vec<&str> {
    let mine = lines.iter().filter(|line| line.origin == origin);
    mine.map(|line| line.text.as_str()).collect()
}

/// The attach stream up to a byte, in chunks; what is kept, is kept every few chunks.
fn attach(writes: &[Write], cut: usize, chunk: usize, keep_every: usize) -> Kept {
    let mut splitter = Splitter::new(Place::at(1_000_000_000_000));
    let (mut kept, mut now) = (Kept::default(), Kept::default());
    let (mut left, mut turn) = (cut, 0);
    let mut last = 1_000_000_000_000;
    for (time, write) in timed(writes) {
        if time - last >= 4_000_000_000 {
            splitter.was_quiet_at(time - 2_000_000_000);
        }
        last = time;
        let seen = write.text.len().min(left);
        left -= seen;
        for part in write.text.as_bytes()[..seen].chunks(chunk) {
            splitter.take(write.origin, part, time / 1000, &mut now.lines);
            now.place = Some(splitter.place());
            turn += 1;
            if turn % keep_every == 0 {
                kept = now.clone();
            }
        }
        if left == 0 {
            break;
        }
    }
    kept
}

/// One reading of the log up to a piece.
fn read_log(kept: Kept, log: &[Piece], until: usize, keep_every: usize) -> Kept {
    let start = kept.place.unwrap_or(Place::at(1_000_000_000_000));
    let mut backfill = Backfill::new(start);
    let mut now = kept.clone();
    let mut kept = kept;
    let since = backfill.since() * 1_000_000_000;
    for (turn, (time, origin, text)) in log[..until].iter().enumerate() {
        if *time < since {
            continue;
        }
        let stamp = jiff::Timestamp::from_nanosecond(i128::from(*time)).expect("a time");
        let piece = [format!("{stamp} ").as_bytes(), text].concat();
        now.lines.extend(backfill.take(*origin, &piece));
        assert!(!backfill.take_gap(), "nothing has gone from this log");
        now.place = Some(backfill.place());
        if turn % keep_every == 0 || until == log.len() {
            kept = now.clone();
        }
    }
    kept
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn no_line_is_lost_and_none_comes_twice(
        writes in writes(),
        cut in any::<prop::sample::Index>(),
        chunk in 1..40_000_usize,
        keep_every in 1..4_usize,
        stops in prop::collection::vec(any::<prop::sample::Index>(), 0..4),
    ) {
        let log = log_of(&writes);
        let total: usize = writes.iter().map(|write| write.text.len()).sum();
        let mut kept = attach(&writes, cut.index(total + 1), chunk, keep_every);
        for stop in stops {
            kept = read_log(kept, &log, stop.index(log.len() + 1), keep_every);
        }
        kept = read_log(kept, &log, log.len(), 1);
        for origin in [Origin::Stdout, Origin::Stderr] {
            let texts = found(&kept.lines, origin);
            let whole = expected(&writes, origin);
            let lines: Vec<&str> = whole.split('\n').collect();
            if whole.len() < LONGEST {
                let written = writes.iter().any(|write| write.origin == origin && !write.text.is_empty());
                prop_assert_eq!(texts, if written { lines } else { Vec::new() });
            } else {
                // Where pieces end is left open; that nothing is missing is not.
                prop_assert_eq!(texts.concat(), lines.concat());
            }
        }
    }
}
