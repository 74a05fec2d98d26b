//! What a file costs in memory is bounded, whatever is in it: measured as the most
//! that this process had while it read one. A program of its own, because other
//! tests beside it would be measured, too.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

use benchtop_model::file::load_alone;
use std::fmt::Write as _;

/// Most that reading one file may cost. The largest file that is read at all has
/// 10 MB; the values of a file are bounded by number and by size.
const MOST_MIB: u64 = 512;

#[test]
fn hostile_files_cost_a_bounded_amount_of_memory() {
    if peak_kib().is_none() {
        println!(
            "SKIPPED hostile_files_cost_a_bounded_amount_of_memory: \
             this system does not tell a process its peak"
        );
        return;
    }
    let files = [
        ("more than 10 MB", "#".repeat((10 << 20) + 1)),
        ("10 MB of comments", "# comment\n".repeat(1 << 20)),
        (
            "10 MB in one value",
            format!("name: {}", "a".repeat(10_000_000)),
        ),
        ("10 MB of keys", "key: 1\n".repeat(1_400_000)),
        ("10 MB of brackets", "[".repeat(10_000_000)),
        ("an alias bomb", bomb(9, 30)),
        ("a bomb of few, large values", fat_bomb()),
        ("10 000 services", services(10_000)),
    ];
    for (what, text) in files {
        // The first call begins anew, so that the second tells what is in use.
        peak_kib();
        let before = peak_kib().unwrap();
        let loaded = load_alone(&text);
        let cost = peak_kib().unwrap().saturating_sub(before) / 1024;
        let outcome = match (&loaded.plan, loaded.problems.first()) {
            (Some(plan), _) => format!("{} services", plan.services.len()),
            (None, first) => first.map(|p| p.message.clone()).unwrap_or_default(),
        };
        println!(
            "{what}: {} KB, at most {cost} MiB more: {}",
            text.len() / 1000,
            outcome.chars().take(70).collect::<String>()
        );
        assert!(cost <= MOST_MIB, "{what} took {cost} MiB");
        assert!(loaded.problems.len() < 500, "{what}");
    }
}

/// The most memory since the last call, where the system tells: the call also
/// begins a new measurement, from what is in use now.
fn peak_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"))?;
    let peak = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    // 5 makes the kernel forget the peak.
    std::fs::write("/proc/self/clear_refs", "5").ok()?;
    Some(peak)
}

fn bomb(width: usize, depth: usize) -> String {
    let mut text = format!("x-0: &a0 [{}]\n", vec!["x"; width].join(", "));
    for n in 1..depth {
        let row = vec![format!("*a{}", n - 1); width].join(", ");
        writeln!(text, "x-{n}: &a{n} [{row}]").unwrap();
    }
    text
}

fn fat_bomb() -> String {
    let aliases = "*a, ".repeat(10_000);
    format!("x-a: &a {}\nx-b: [{aliases}]\n", "x".repeat(1 << 20))
}

fn services(count: usize) -> String {
    let mut text = String::from("services:\n");
    for n in 0..count {
        writeln!(text, "  s{n}: {{image: 'x:{n}', environment: {{A: b}}}}").unwrap();
    }
    text
}
