//! The log panel in the real window while a service floods: how its frames come, and
//! whether the memory of the page stays where it was. Prints what it measured; how fast a
//! machine draws is no matter of a test, that it goes on drawing and does not grow is.
#![allow(clippy::print_stdout, reason = "what was measured is said aloud")]

use super::SERVICE_ROW;
use benchtop_tests::desktop::Desktop;
use benchtop_tests::{Project, eventually, full};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// How long the flood is watched.
const FLOOD: Duration = Duration::from_secs(600);

/// One look at the frames, in milliseconds: shorter than a driver waits for a script.
const LOOK: u64 = 10_000;

/// What the page may be larger at the end than after its first two minutes, in MiB.
const MOST_GROWTH: u64 = 96;

/// Gaps between frames over some time; with a step, the list moves up so many pixels in
/// each of them.
const FRAMES: &str = "const [millis, step, done] = arguments;
    const list = document.querySelector('[role=log]');
    const gaps = [];
    const begin = performance.now();
    let last = begin;
    const frame = (now) => {
      gaps.push(now - last);
      last = now;
      if (step) list.scrollTop -= step;
      if (now - begin < millis) return requestAnimationFrame(frame);
      const sorted = gaps.toSorted((one, other) => one - other);
      const at = (part) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];
      const seq = Number(document.querySelector('[data-testid=log-row]')?.dataset.seq ?? 0);
      const rows = document.querySelectorAll('[data-testid=log-row]').length;
      done({ frames: gaps.length, median: at(0.5), most: at(0.95), worst: at(1), seq, rows });
    };
    requestAnimationFrame(frame);";

#[test]
fn a_flood_leaves_the_window_drawing_and_its_memory_where_it_was() {
    let test = "a_flood_leaves_the_window_drawing_and_its_memory_where_it_was";
    if !full(test) {
        return;
    }
    let Some(mut desktop) = Desktop::new(test) else {
        return;
    };
    // About 50 000 lines a second, which no person can read.
    let project = Project::new("services:\n  flood:\n    process: sh flood.sh\n");
    project.write(
        "flood.sh",
        "while :; do seq -f 'INFO request %.0f done in 12 ms, user=42' 1 10000; sleep 0.2; done\n",
    );
    let file = project.file().display().to_string();
    desktop
        .home
        .benchtop(&["up", "--detach", "-f", &file])
        .expect(0);
    desktop.start(&[&project.path().display().to_string()]);
    desktop.page().text_of(SERVICE_ROW);
    let idle = look(&desktop, 0);
    desktop.page().click("[data-testid=nav-logs]");
    desktop.page().text_of("[data-testid=log-row]");

    let sizes = watch(&desktop, &idle);
    scroll(&desktop);
    desktop.home.benchtop(&["down", "-f", &file]).expect(0);

    // The smallest of some: garbage is not collected at once.
    let least = |sizes: &[u64]| sizes.iter().copied().min().unwrap_or_default();
    let part = sizes.len() / 5;
    let (before, after) = (least(&sizes[part..2 * part]), least(&sizes[4 * part..]));
    println!(
        "memory of the page: {before} MiB in the third and fourth minute, {after} MiB in the last two"
    );
    assert!(after <= before + MOST_GROWTH, "it grows: {sizes:?}");
}

/// Follows the end of the log; sizes of the page's process in MiB, one a look.
fn watch(desktop: &Desktop, idle: &Value) -> Vec<u64> {
    println!("an idle page: {idle}");
    let (begin, mut sizes, mut seq) = (Instant::now(), Vec::new(), 0.0);
    while begin.elapsed() < FLOOD {
        let seen = look(desktop, 0);
        sizes.push(web_mib(desktop));
        println!(
            "{:>4} s: {seen}, {:?} MiB",
            begin.elapsed().as_secs(),
            sizes.last()
        );
        let now = seen["seq"].as_f64().unwrap_or_default();
        assert!(now > seq, "it follows: {now} after {seq}");
        seq = now;
        assert!(
            seen["rows"].as_f64().is_some_and(|rows| rows < 200.0),
            "only what is seen is drawn"
        );
    }
    sizes
}

/// Moves up through what was written, page after page.
fn scroll(desktop: &Desktop) {
    let first = look(desktop, 30);
    let then = look(desktop, 300);
    println!("scrolling slowly: {first}\nscrolling fast: {then}");
    let seq = |seen: &Value| seen["seq"].as_f64().unwrap_or_default();
    assert!(seq(&then) < seq(&first), "older lines come");
}

fn look(desktop: &Desktop, step: u64) -> Value {
    let seen = desktop
        .page()
        .run_async(FRAMES, &[json!(LOOK), json!(step)]);
    seen.expect("the page draws")
}

/// Memory of the process that draws the page, shared parts by their share.
fn web_mib(desktop: &Desktop) -> u64 {
    eventually("the page's process tells its size", || {
        let pid = desktop.web_process()?;
        let file = format!("/proc/{pid}/smaps_rollup");
        let text = std::fs::read_to_string(file).map_err(|error| error.to_string())?;
        let line = text.lines().find_map(|line| line.strip_prefix("Pss:"));
        let kib = line.and_then(|line| {
            line.trim()
                .trim_end_matches("kB")
                .trim()
                .parse::<u64>()
                .ok()
        });
        kib.map(|kib| kib / 1024)
            .ok_or_else(|| "no size".to_owned())
    })
}
