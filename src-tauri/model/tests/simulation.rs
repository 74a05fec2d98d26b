//! The machine of an environment against a fake runtime that delays, loses,
//! duplicates and reorders what it says, while people change their minds,
//! programs die, and the engine is killed between any two effects.
//!
//! Every schedule is made from one number, its seed, and is the same each time.
//! `BENCHTOP_SIMULATIONS` says how many are run, 100 000 where it is absent;
//! `BENCHTOP_SIMULATION_SEED` runs one alone and tells all that happens in it.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(clippy::print_stdout, reason = "a replay tells what happens")]

#[path = "simulation/fake.rs"]
mod fake;
#[path = "simulation/random.rs"]
mod random;
#[path = "simulation/schedule.rs"]
mod schedule;
#[path = "simulation/world.rs"]
mod world;

use schedule::Schedule;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// Schedules of an ordinary run. Issue "Orchestration", item 1.
const USUAL: u64 = 100_000;

/// Longest schedule, in steps.
const LONGEST: u64 = 90;

#[test]
fn whatever_happens_the_invariants_hold_and_everything_settles() {
    if let Some(seed) = number("BENCHTOP_SIMULATION_SEED") {
        return Schedule::new(seed, true).run(steps_of(seed));
    }
    let count = number("BENCHTOP_SIMULATIONS").unwrap_or(USUAL);
    // Another start finds other schedules; the number that fails is printed.
    let base = number("BENCHTOP_SIMULATION_BASE").unwrap_or(0);
    let next = AtomicU64::new(0);
    let failed = Failed::default();
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    let begun = std::time::Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| work(&next, base, count, &failed));
        }
    });
    failed.report();
    let per_second = count as f64 / begun.elapsed().as_secs_f64();
    println!("{count} schedules, {per_second:.0} a second on {threads} threads");
}

fn work(next: &AtomicU64, base: u64, count: u64, failed: &Failed) {
    loop {
        let n = next.fetch_add(1, Ordering::Relaxed);
        if n >= count || failed.any.load(Ordering::Relaxed) {
            return;
        }
        let seed = base + n;
        if fails(seed, steps_of(seed)).is_some() {
            failed.note(seed);
        }
    }
}

/// What a schedule of this many steps fails with.
fn fails(seed: u64, steps: u64) -> Option<String> {
    let run = AssertUnwindSafe(|| Schedule::new(seed, false).run(steps));
    let panic = catch_unwind(run).err()?;
    let text = panic.downcast_ref::<String>().cloned();
    let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
    Some(text.unwrap_or_default())
}

fn steps_of(seed: u64) -> u64 {
    number("BENCHTOP_SIMULATION_STEPS").unwrap_or(1 + random::mixed(seed) % LONGEST)
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

/// The first schedule that failed.
#[derive(Default)]
struct Failed {
    any: AtomicBool,
    seed: Mutex<Option<u64>>,
}

impl Failed {
    fn note(&self, seed: u64) {
        self.any.store(true, Ordering::Relaxed);
        let mut first = self.seed.lock().unwrap_or_else(PoisonError::into_inner);
        first.get_or_insert(seed);
    }

    /// Looks for the shortest beginning that fails, too, and tells how to see it.
    fn report(&self) {
        let Some(seed) = *self.seed.lock().unwrap_or_else(PoisonError::into_inner) else {
            return;
        };
        let shortest = (0..=steps_of(seed)).find_map(|n| Some((n, fails(seed, n)?)));
        let (steps, cause) = shortest.unwrap_or_default();
        panic!(
            "the schedule of seed {seed} fails after {steps} steps: {cause}\nsee all of it with \
             BENCHTOP_SIMULATION_SEED={seed} BENCHTOP_SIMULATION_STEPS={steps} \
             cargo test -p benchtop-model --test simulation -- --nocapture"
        );
    }
}
