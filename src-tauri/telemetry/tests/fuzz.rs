//! A short run of the fuzz targets with the same input every time: what is
//! committed as their corpus, and what a simple generator makes of it. The long
//! run is `cargo +nightly fuzz run TARGET` in `src-tauri/telemetry`.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

#[allow(unreachable_pub, reason = "the instrumented targets use them, too")]
#[path = "../fuzz/targets.rs"]
mod targets;

use std::path::Path;

/// Inputs made for each target.
const MADE: usize = 400;

/// What means something somewhere.
const SPECIAL: &[u8] = b"\x00\x01\x02\x08\x0a\x12\x1a\x22\x2a\x4a\x7f\x80\xff{}[],:\"0129.-eEtfn";

/// Inputs made where the whole gate has time.
const MADE_IN_FULL: usize = 60_000;

#[test]
fn whatever_is_sent_is_read_or_refused() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds");
    let made = match std::env::var_os("BENCHTOP_FULL") {
        Some(_) => MADE_IN_FULL,
        None => MADE,
    };
    for (name, target) in targets::TARGETS {
        let mut seeds: Vec<_> = std::fs::read_dir(folder.join(name))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        seeds.sort();
        assert!(!seeds.is_empty(), "{name} has seeds");
        let seeds: Vec<_> = seeds
            .iter()
            .map(|path| std::fs::read(path).unwrap())
            .collect();
        seeds.iter().for_each(|seed| target(seed));
        let mut random = Random(0x9e37_79b9_7f4a_7c15);
        for _ in 0..made {
            target(&random.mutate(&seeds));
        }
        println!("{name}: {} seeds and {made} made of them", seeds.len());
    }
}

/// A xorshift generator: the same numbers every time, on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % end.max(1)
    }

    /// One seed with some bytes changed, dropped, doubled or taken from another.
    fn mutate(&mut self, seeds: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = seeds[self.below(seeds.len())].clone();
        for _ in 0..=self.below(6) {
            let at = self.below(bytes.len() + 1);
            match self.below(6) {
                0 if at < bytes.len() => bytes[at] = u8::try_from(self.below(256)).unwrap(),
                1 if at < bytes.len() => drop(bytes.remove(at)),
                2 => bytes.insert(at, SPECIAL[self.below(SPECIAL.len())]),
                3 => {
                    let other = seeds[self.below(seeds.len())].clone();
                    let from = self.below(other.len() + 1);
                    let to = (from + self.below(24)).min(other.len());
                    bytes.splice(at..at, other[from..to].iter().copied());
                }
                4 => bytes.truncate(at),
                _ => {
                    let to = (at + self.below(12)).min(bytes.len());
                    let copy = bytes[at..to].to_vec();
                    bytes.splice(at..at, copy);
                }
            }
        }
        bytes
    }
}
