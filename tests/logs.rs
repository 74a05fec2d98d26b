//! Logs, from what a program writes to what the command line shows.

use benchtop_tests::{Home, Project, eventually};
use serde_json::Value;

#[path = "logs/containers.rs"]
mod containers;
#[cfg(target_os = "linux")]
#[path = "logs/full_disk.rs"]
mod full_disk;

/// Lines that the noisy service writes.
const LINES: usize = 60_000;

struct Bench {
    home: Home,
    /// Holds the folder.
    _project: Project,
    file: String,
}

impl Bench {
    fn new(script: &str) -> Self {
        Self::with_home(Home::new(), script)
    }

    fn with_home(home: Home, script: &str) -> Self {
        let project = Project::new("services:\n  noisy:\n    process: sh noisy.sh\n");
        project.write("noisy.sh", script);
        let file = project.file().display().to_string();
        Self {
            home,
            _project: project,
            file,
        }
    }

    fn call(&self, command: &str, more: &[&str]) -> benchtop_tests::home::Outcome {
        self.home
            .benchtop(&[&[command, "-f", &self.file], more].concat())
    }

    /// The bodies of the noisy service's own lines that fit.
    fn bodies(&self, more: &[&str]) -> Vec<String> {
        let all = ["noisy", "--json", "-n", "1000000"];
        let printed = self.call("logs", &[&all, more].concat()).expect(0).stdout;
        let record = |line: &str| serde_json::from_str::<Value>(line).expect("JSON");
        printed
            .lines()
            .map(record)
            .filter(|record| record["stream"] != "benchtop")
            .map(|record| record["body"].as_str().expect("a text").to_owned())
            .collect()
    }

    fn wait_for(&self, text: &str) {
        eventually(&format!("`{text}` is in the log"), || {
            let found = self.bodies(&["-q", text]);
            if found.is_empty() {
                Err("not yet".to_owned())
            } else {
                Ok(())
            }
        });
    }
}

#[test]
fn a_killed_engine_costs_no_line_and_doubles_none() {
    // Some before the kill, some while nobody reads, some after.
    let bench = Bench::new(&format!(
        "seq -f 'line %.0f of the first' 1 {LINES}\n\
         while ! [ -e go ]; do sleep 0.05; done\n\
         seq -f 'line %.0f of the second' 1 {LINES}\n\
         echo all done\nsleep 1000\n"
    ));
    bench.call("up", &["--detach"]).expect(0);
    bench.wait_for(&format!("\"line {LINES} of the first\""));
    let engine = bench.home.engine_pid();
    nix::sys::signal::kill(
        nix::unistd::Pid::from_raw(engine),
        nix::sys::signal::Signal::SIGKILL,
    )
    .expect("kill");
    std::fs::write(bench._project.path().join("go"), "").expect("go");
    bench.wait_for("\"all done\"");
    let expected: Vec<String> = ["first", "second"]
        .iter()
        .flat_map(|part| (1..=LINES).map(move |n| format!("line {n} of the {part}")))
        .chain(["all done".to_owned()])
        .collect();
    let found = bench.bodies(&[]);
    assert_eq!(found.len(), expected.len(), "no line more, none less");
    assert_eq!(found, expected, "in order");
}

#[test]
fn the_log_is_asked_by_query_level_run_and_time_and_written_to_a_file() {
    let bench = Bench::new(
        "echo '{\"level\":\"error\",\"msg\":\"no\",\"user\":{\"id\":42}}'\n\
         echo 'INFO heartbeat'\necho 'WARN slow answer'\n\
         printf 'raw \\377\\000 \\033[31mred\\033[2K end\\n'\necho ready\nsleep 1000\n",
    );
    bench.call("up", &["--detach"]).expect(0);
    bench.wait_for("ready");
    assert_eq!(bench.bodies(&["-q", "user.id=42"]).len(), 1);
    assert_eq!(
        bench.bodies(&["-q", "level=warn -heartbeat"]),
        ["WARN slow answer"]
    );
    assert_eq!(
        bench.bodies(&["--grep", "/^WARN.*er$/"]),
        ["WARN slow answer"]
    );
    assert_eq!(bench.bodies(&["--since", "1h", "-q", "heartbeat"]).len(), 1);
    assert_eq!(bench.bodies(&["--until", "1h"]).len(), 0);
    assert_eq!(
        bench.bodies(&["-q", "raw"]),
        ["raw \u{fffd}\u{fffd} \u{1b}[31mred end"],
        "colours stay, other escapes go, what is no text is marked"
    );
    bench.call("logs", &["--fail-on", "error"]).expect(1);
    bench.call("logs", &["--fail-on", "fatal"]).expect(0);
    let wrong = bench.call("logs", &["-q", "a /b(/"]).expect(2);
    assert!(wrong.stderr.contains("at character 3"), "{}", wrong.stderr);
    let file = bench._project.path().join("out.ndjson");
    let export = file.display().to_string();
    bench
        .call("logs", &["noisy", "--json", "--export", &export])
        .expect(0);
    let written = std::fs::read_to_string(&file).expect("the file");
    assert!(written.lines().any(|line| line.contains("heartbeat")));
    bench.call("logs", &["--export", &export]).expect(2);

    let first: Value =
        serde_json::from_str(&bench.call("runs", &["--json"]).expect(0).stdout).expect("JSON");
    let first = first[0]["id"].as_str().expect("an id").to_owned();
    bench.call("down", &[]).expect(0);
    bench.call("up", &["--detach"]).expect(0);
    eventually("the second run has written too", || {
        match bench.bodies(&["-q", "heartbeat"]).len() {
            2 => Ok(()),
            other => Err(other.to_string()),
        }
    });
    assert_eq!(bench.bodies(&["--run", &first, "-q", "heartbeat"]).len(), 1);
}
