//! An environment whose containers have a name of its own, so that a test can reach into
//! them; it is taken down with the test.

use crate::workbench::Workbench;
use serde_json::Value;
use std::ops::Deref;
use std::process::{Command, Stdio};

/// See the module.
#[derive(Debug)]
pub struct Named {
    bench: Workbench,
    /// The name of the environment.
    pub name: String,
}

impl Named {
    /// `rest` is what stands in the file below `name`; `@NAME` in it becomes the name.
    #[must_use]
    pub fn new(test: &str, rest: &str) -> Self {
        let name = format!("t{}-{test}", std::process::id());
        let bench = Workbench::new("");
        let rest = rest.replace("@NAME", &name);
        bench
            .project
            .write("benchtop.yaml", &format!("name: {name}\n{rest}"));
        Self { bench, name }
    }

    /// Starts everything and waits until it is up, as long as real systems need.
    pub fn start(&self) {
        let wanted = ["--wait", "--detach", "--timeout", "10m"];
        self.call("up", &wanted).expect(0);
    }

    /// Name of a service's container.
    #[must_use]
    pub fn container(&self, service: &str) -> String {
        format!("{}-{service}-1", self.name)
    }

    /// Calls Docker's client for the container of a service: `words`, the container, and
    /// the words of `rest`. Answers what it printed.
    ///
    /// # Panics
    /// Where it fails.
    pub fn docker(&self, words: &[&str], service: &str, rest: &str) -> String {
        let container = self.container(service);
        let rest = rest.split(' ').filter(|word| !word.is_empty());
        let all = words.iter().copied().chain([container.as_str()]);
        let output = Command::new("docker").args(all.chain(rest)).output();
        let output = output.expect("run docker");
        assert!(output.status.success(), "{words:?} {service}: {output:?}");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// The call that executes a scenario, with its output in pipes.
    #[must_use]
    pub fn scenario(&self, scenario: &str) -> Command {
        let file = self.project.file().display().to_string();
        let words = ["scenario", "run", "-f", &file, scenario, "--json"];
        let mut command = self.home.command(&words);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Executes a scenario, and prints what each step measured.
    ///
    /// # Panics
    /// Where there is no report, or the exit code is another.
    #[must_use]
    pub fn run(&self, scenario: &str, code: i32) -> Value {
        let outcome = self.call("scenario", &["run", scenario, "--json"]);
        let report = serde_json::from_str(&outcome.stdout);
        let report: Value = report.unwrap_or_else(|e| panic!("{e}: {outcome:?}"));
        for step in report["steps"].as_array().expect("steps") {
            let (id, text, took) = (&step["id"], &step["text"], &step["duration"]);
            println!("{scenario}/{id}: {took} ms: {text} {}", step["metrics"]);
        }
        outcome.expect(code);
        report
    }

    /// Executions of scenarios, newest first.
    ///
    /// # Panics
    /// Where the answer is no JSON.
    #[must_use]
    pub fn history(&self) -> Value {
        let told = self.call("scenario", &["history", "--json"]).expect(0);
        serde_json::from_str(&told.stdout).expect("JSON")
    }
}

impl Deref for Named {
    type Target = Workbench;

    fn deref(&self) -> &Workbench {
        &self.bench
    }
}

impl Drop for Named {
    fn drop(&mut self) {
        let ended = self.call("down", &[]);
        if ended.code != 0 {
            println!("{} was not taken down: {ended:?}", self.name);
        }
    }
}
