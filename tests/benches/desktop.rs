//! The desktop: from its start to a window with content, and how much memory engine,
//! window and web view take together, with the sample and with 50 services of which one
//! has written a million lines.
//!
//! Start times are the median of several; they depend on the machine's load. Memory is
//! the proportional share (PSS), in which a library that several programs use counts
//! once. There is no graphics card behind the screen of this benchmark: what the software
//! renderer takes is part of the web view's share.

use benchtop_tests::bench::{Budget, Table};
use benchtop_tests::desktop::{Desktop, WINDOW, lives};
use benchtop_tests::{Project, eventually};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

/// How often a start is measured.
const STARTS: usize = 7;

/// Lines that one of the 50 services writes.
const LINES: u64 = 1_000_000;

/// Part of the window that must differ from its background to count as content.
const DRAWN: f64 = 0.005;

fn main() {
    let mut table = Table::new("Desktop");
    starts(&mut table);
    memory_of_the_sample(&mut table);
    memory_of_fifty(&mut table);
}

/// Opens the window several times on an engine that runs, and on none.
fn starts(table: &mut Table) {
    let Some(desktop) = Desktop::new("bench_starts") else {
        return table.skipped("start", "this machine has no screen for tests");
    };
    desktop
        .home
        .benchtop(&["up", "--sample", "--wait", "--detach"])
        .expect(0);
    let warm = median((0..STARTS).map(|_| start(&desktop)).collect());
    table.budgeted(
        "start to content, engine runs",
        warm,
        "s",
        Budget::AtMost(1.0),
    );
    let cold = (0..STARTS).map(|_| {
        desktop.home.benchtop(&["engine", "stop"]).expect(0);
        start(&desktop)
    });
    table.figure(
        "start to content, with the engine's own start",
        median(cold.collect()),
        "s",
    );
}

/// Seconds from the start of the program until its window shows something.
fn start(desktop: &Desktop) -> f64 {
    let begun = Instant::now();
    let program = desktop.start_alone(&[]);
    let deadline = begun + Duration::from_secs(60);
    // Polled finely, because this is what is measured.
    while !desktop
        .picture()
        .is_ok_and(|picture| picture.drawn() > DRAWN)
    {
        assert!(Instant::now() < deadline, "no content within a minute");
        std::thread::sleep(Duration::from_millis(5));
    }
    let took = begun.elapsed().as_secs_f64();
    let pid = program.pid();
    drop(program);
    assert!(!lives(pid), "it has ended");
    took
}

fn memory_of_the_sample(table: &mut Table) {
    let Some(desktop) = Desktop::new("bench_sample") else {
        return;
    };
    desktop
        .home
        .benchtop(&["up", "--sample", "--wait", "--detach"])
        .expect(0);
    report(table, &desktop, "sample", None);
}

fn memory_of_fifty(table: &mut Table) {
    let Some(desktop) = Desktop::new("bench_fifty") else {
        return;
    };
    let project = Project::new(&fifty());
    let file = project.file().display().to_string();
    desktop
        .home
        .benchtop(&["up", "-f", &file, "--wait", "--detach"])
        .expect(0);
    eventually("all lines are stored", || {
        let said = desktop
            .home
            .benchtop(&["logs", "-f", &file, "-n", "1", "writer"]);
        if said.stdout.contains("the last line") {
            Ok(())
        } else {
            Err(said.stdout)
        }
    });
    report(
        table,
        &desktop,
        "50 services, 1 M lines",
        Some(Budget::AtMost(300.0)),
    );
}

/// 49 services that stand still, and one that writes.
fn fifty() -> String {
    let mut text = "name: fifty\nservices:\n".to_owned();
    for number in 1..50 {
        _ = writeln!(text, "  service-{number:02}: {{ process: sleep 100000 }}");
    }
    let padding = "x".repeat(70);
    _ = writeln!(
        text,
        "  writer:\n    process: [sh, -c, \"seq -f 'line number %.0f {padding}' {LINES}; \
         echo the last line; exec sleep 100000\"]"
    );
    text
}

/// Opens the window, waits until memory stands still, and says who has how much.
fn report(table: &mut Table, desktop: &Desktop, what: &str, budget: Option<Budget>) {
    let program = desktop.start_alone(&[]);
    desktop.wait_for_window(WINDOW, true);
    let engine = desktop.home.engine_pid();
    let mut last = BTreeMap::new();
    let mut same = 0;
    eventually("memory stands still", || {
        std::thread::sleep(Duration::from_millis(500));
        let now = shares(program.pid(), engine);
        let (before, after): (f64, f64) = (last.values().sum(), now.values().sum());
        same = if (after - before).abs() < before * 0.01 {
            same + 1
        } else {
            0
        };
        last = now;
        if same >= 8 {
            Ok(())
        } else {
            Err(format!("{last:?}"))
        }
    });
    for (name, share) in &last {
        table.figure(&format!("{what}: {name}"), *share, "MiB");
    }
    let sum: f64 = last.values().sum();
    match budget {
        Some(budget) => table.budgeted(&format!("{what}: together"), sum, "MiB", budget),
        None => table.figure(&format!("{what}: together"), sum, "MiB"),
    }
    let shims: f64 = processes()
        .iter()
        .filter(|process| process.words.contains("\0shim\0"))
        .filter(|process| {
            process
                .words
                .contains(&desktop.home.path().display().to_string())
        })
        .map(|process| share(process.pid))
        .sum();
    table.figure(
        &format!("{what}: shims of the services, beside it"),
        shims,
        "MiB",
    );
}

/// Shares of the engine, the program, and the processes that it has started.
fn shares(program: i32, engine: i32) -> BTreeMap<String, f64> {
    let all = processes();
    let mut shares = BTreeMap::from([
        ("engine".to_owned(), share(engine)),
        ("window and tray".to_owned(), share(program)),
    ]);
    let mut family = vec![program];
    // Children of children, too; the list is in the order of ids, a child after its parent.
    for process in &all {
        if family.contains(&process.parent) && process.pid != engine {
            family.push(process.pid);
            *shares.entry(process.name.clone()).or_default() += share(process.pid);
        }
    }
    shares
}

struct Process {
    pid: i32,
    parent: i32,
    name: String,
    words: String,
}

fn processes() -> Vec<Process> {
    let entries = std::fs::read_dir("/proc")
        .expect("there is /proc")
        .flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    let mut found: Vec<Process> = pids.filter_map(process).collect();
    found.sort_by_key(|process| process.pid);
    found
}

fn process(pid: i32) -> Option<Process> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (name, rest) = stat.split_once('(')?.1.rsplit_once(") ")?;
    let words = std::fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    Some(Process {
        pid,
        parent: rest.split(' ').nth(1)?.parse().ok()?,
        name: name.to_owned(),
        words: String::from_utf8_lossy(&words).into_owned(),
    })
}

/// The proportional share of a process, in MiB; nothing where it has gone.
fn share(pid: i32) -> f64 {
    let rollup = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
    let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"));
    let kibibytes = line.and_then(|text| text.trim().split(' ').next()?.parse::<f64>().ok());
    kibibytes.unwrap_or(0.0) / 1024.0
}

fn median(mut seconds: Vec<f64>) -> f64 {
    seconds.sort_by(f64::total_cmp);
    seconds[seconds.len() / 2]
}
