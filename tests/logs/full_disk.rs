//! A data folder on a disk that is full for a while.

use super::Bench;
use benchtop_tests::{Home, eventually};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A disk of its own below a folder.
struct Disk(PathBuf);

impl Disk {
    /// `None` where this user may not mount one.
    fn mount(folder: &Path, size: &str) -> Option<Self> {
        std::fs::create_dir_all(folder).expect("a folder");
        let options = format!("size={size},mode=700");
        let arguments = ["-t", "tmpfs", "-o", &options, "tmpfs"];
        let mounted = Command::new("mount").args(arguments).arg(folder).output();
        let mounted = mounted.is_ok_and(|output| output.status.success());
        mounted.then(|| Self(folder.to_owned()))
    }

    fn resize(&self, size: &str) {
        let options = format!("remount,size={size}");
        let done = Command::new("mount")
            .args(["-o", &options])
            .arg(&self.0)
            .status();
        assert!(done.expect("mount").success());
    }

    fn free_kib(&self) -> u64 {
        let free = nix::sys::statvfs::statvfs(&self.0).expect("a disk");
        free.blocks_available() * free.fragment_size() / 1024
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily: what still has files there lets go of them when it ends.
        _ = Command::new("umount").arg("-l").arg(&self.0).status();
        // The home was in the way of nothing but this.
        _ = std::fs::remove_dir_all(self.0.parent().unwrap_or(&self.0));
    }
}

/// Lines that must be there whatever happens to those between them.
const KEPT: usize = 2000;

#[test]
fn a_disk_that_is_full_costs_counted_lines_and_nothing_that_was_kept() {
    let test = "a_disk_that_is_full_costs_counted_lines_and_nothing_that_was_kept";
    let home = Home::new();
    let Some(disk) = Disk::mount(&home.path().join("data"), "24m") else {
        println!("SKIPPED {test}: this user may not mount a disk");
        return;
    };
    let bench = Bench::with_home(
        home,
        &format!(
            "seq -f 'early %.0f' 1 {KEPT}\n\
             while ! [ -e go ]; do sleep 0.05; done\n\
             while ! [ -e stop ]; do head -c 200000 /dev/urandom | base64 -w 99; done\n\
             seq -f 'late %.0f' 1 {KEPT}\n\
             echo all done\nsleep 1000\n"
        ),
    );
    bench.call("up", &["--detach"]).expect(0);
    bench.wait_for(&format!("\"early {KEPT}\""));
    let engine = bench.home.engine_pid();

    bench._project.write("go", "");
    eventually("the disk is full", || match disk.free_kib() {
        0..=64 => Ok(()),
        free => Err(format!("{free} KiB are free")),
    });
    // It answers, and what is on the disk is found.
    assert_eq!(bench.bodies(&["-q", "early"]).len(), KEPT);
    assert_eq!(bench.home.engine_pid(), engine);

    disk.resize("600m");
    eventually("what was lost is said", || {
        is_said(&bench)
            .then_some(())
            .ok_or_else(|| "not yet".to_owned())
    });
    bench._project.write("stop", "");
    bench.wait_for("\"all done\"");
    check(&bench);
    assert_eq!(
        bench.home.engine_pid(),
        engine,
        "the same engine all the time"
    );

    bench.home.kill_engine();
    check(&bench);
}

/// What was written while there was room is there, each line once and in order.
fn check(bench: &Bench) {
    for name in ["early", "late"] {
        let found = bench.bodies(&["-q", &format!("/^{name} [0-9]+$/")]);
        let all: Vec<String> = (1..=KEPT).map(|n| format!("{name} {n}")).collect();
        assert_eq!(found, all);
    }
}

/// Whether a record says that lines are missing, with their number.
fn is_said(bench: &Bench) -> bool {
    let query = "/output is missing here: .* [0-9]+ (lines|records|bytes)/";
    let said = bench.call("logs", &["noisy", "--json", "-n", "1000", "-q", query]);
    said.expect(0).stdout.contains("\"gap\"")
}
