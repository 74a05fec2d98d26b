//! The output of containers: each line once, whatever breaks in between.

use benchtop_tests::cut::Proxy;
use benchtop_tests::{Home, Project, docker, eventually};
use serde_json::Value;
use std::path::Path;

const BUSYBOX: &str = "benchtop-test/busybox:1";

/// Lines of the flood that something breaks into.
const FLOOD: usize = 20_000;

struct Bench {
    home: Home,
    project: Project,
    file: String,
}

impl Bench {
    fn new(home: Home, test: &str, script: &str, more: &str) -> Self {
        let name = format!("t{}-logs-{test}", std::process::id());
        let project = Project::new(&format!(
            "name: {name}\nservices:\n  noisy:\n    image: {BUSYBOX}\n    command: [sh, /here/noisy.sh]\n    volumes: [./here:/here]\n{more}"
        ));
        std::fs::create_dir(project.path().join("here")).expect("a folder");
        project.write("here/noisy.sh", script);
        let file = project.file().display().to_string();
        Self {
            home,
            project,
            file,
        }
    }

    fn call(&self, command: &str, more: &[&str]) -> benchtop_tests::home::Outcome {
        self.home
            .benchtop(&[&[command, "-f", &self.file], more].concat())
    }

    fn records(&self, more: &[&str]) -> Vec<Value> {
        let all = ["noisy", "--json", "-n", "1000000"];
        let printed = self.call("logs", &[&all, more].concat()).expect(0).stdout;
        let record = |line: &str| serde_json::from_str::<Value>(line).expect("JSON");
        printed.lines().map(record).collect()
    }

    /// What the container wrote to one stream, line by line.
    fn written(&self, stream: &str) -> Vec<String> {
        let mine = self.records(&[]).into_iter();
        mine.filter(|record| record["stream"] == stream)
            .flat_map(|record| {
                // Lines that belong together are one record.
                let body = record["body"].as_str().expect("a text").to_owned();
                body.split('\n').map(str::to_owned).collect::<Vec<_>>()
            })
            .collect()
    }

    fn wait_for(&self, text: &str) {
        eventually(&format!("`{text}` is in the log"), || {
            let found = self.records(&["-q", &format!("\"{text}\"")]);
            (!found.is_empty())
                .then_some(())
                .ok_or_else(|| "not yet".to_owned())
        });
    }

    /// Lets the container go on.
    fn go(&self) {
        self.project.write("here/go", "");
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.call("down", &[]);
    }
}

/// Numbered lines, equal lines, empty ones, both streams, one line that is longer than
/// the runtime keeps together; and the last line has no end.
const SCRIPT: &str = "
numbered() { i=1; seq 1 $1 | sed \"s/^/$2 /\"; }
wait_for() { while ! [ -e /here/$1 ]; do sleep 0.05; done; }
echo; echo same; echo same; echo same; echo
numbered 300 err >&2
head -c 40000 /dev/zero | tr '\\0' x; echo
numbered FLOOD one
wait_for go
numbered 300 more >&2
echo same; echo same
numbered FLOOD two
echo all done
wait_for end
printf unfinished
";

fn script() -> String {
    SCRIPT.replace("FLOOD", &FLOOD.to_string())
}

fn expected_out() -> Vec<String> {
    let numbered = |name: &'static str| (1..=FLOOD).map(move |n| format!("{name} {n}"));
    let words = |words: &'static [&'static str]| words.iter().map(|word| (*word).to_owned());
    words(&["", "same", "same", "same", ""])
        .chain(["x".repeat(40_000)])
        .chain(numbered("one"))
        .chain(words(&["same", "same"]))
        .chain(numbered("two"))
        .chain(words(&["all done"]))
        .collect()
}

fn expected_err() -> Vec<String> {
    ["err", "more"]
        .iter()
        .flat_map(|name| (1..=300).map(move |n| format!("{name} {n}")))
        .collect()
}

/// Shows where they part, and not thousands of lines.
#[track_caller]
fn assert_same(found: &[String], expected: &[String]) {
    let differs = found
        .iter()
        .zip(expected)
        .position(|(one, other)| one != other);
    let around = differs.map(|at| {
        let cut = |lines: &[String]| {
            lines[at..lines.len().min(at + 3)]
                .iter()
                .map(|l| l.chars().take(60).collect())
                .collect::<Vec<String>>()
        };
        (at, cut(found), cut(expected))
    });
    assert_eq!(around, None, "the first line that differs");
    assert_eq!(found.len(), expected.len(), "no line more, none less");
}

#[test]
fn an_engine_that_is_killed_in_a_flood_of_a_container_costs_no_line_and_doubles_none() {
    if !docker("an_engine_that_is_killed_in_a_flood_of_a_container_costs_no_line_and_doubles_none")
    {
        return;
    }
    let bench = Bench::new(Home::new(), "kill", &script(), "");
    bench.call("up", &["--detach"]).expect(0);
    // In the midst of the flood, or soon after it where the machine is quick.
    bench.wait_for("one 100");
    bench.home.kill_engine();
    bench.go();
    bench.wait_for("one 100");
    // And once more, while another engine follows the runtime's log.
    bench.home.kill_engine();
    bench.wait_for("all done");
    assert_same(&bench.written("stdout"), &expected_out());
    assert_same(&bench.written("stderr"), &expected_err());
    let gaps = bench.records(&["-q", "\"output is missing here\""]);
    assert!(gaps.is_empty(), "{gaps:?}");
    bench.project.write("here/end", "");
    bench.wait_for("unfinished");
}

#[test]
fn a_stream_that_is_cut_goes_on_where_it_was() {
    if !docker("a_stream_that_is_cut_goes_on_where_it_was") {
        return;
    }
    let wire = Proxy::to(Path::new("/var/run/docker.sock"));
    let home = Home::new().with("DOCKER_HOST", wire.address());
    let bench = Bench::new(home, "cut", &script(), "");
    bench.call("up", &["--detach"]).expect(0);
    bench.wait_for("one 100");
    wire.cut();
    bench.go();
    wire.mend();
    bench.wait_for("all done");
    assert_same(&bench.written("stdout"), &expected_out());
    assert_same(&bench.written("stderr"), &expected_err());
    bench.project.write("here/end", "");
    bench.wait_for("unfinished");
}

#[test]
fn a_container_whose_runtime_keeps_no_log_is_read_all_the_same() {
    if !docker("a_container_whose_runtime_keeps_no_log_is_read_all_the_same") {
        return;
    }
    let none = "    logging: { driver: none }\n";
    let bench = Bench::new(Home::new(), "none", &script(), none);
    bench.call("up", &["--detach"]).expect(0);
    bench.go();
    bench.wait_for("all done");
    assert_same(&bench.written("stdout"), &expected_out());
    assert_same(&bench.written("stderr"), &expected_err());
    bench.project.write("here/end", "");
    bench.wait_for("unfinished");
}
