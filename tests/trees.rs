//! Whole process trees: what a program started is ended with it, also what has left its
//! session, its parent and its environment, and also when its shim was killed.

use benchtop_tests::workbench::is_alive;
use benchtop_tests::{Home, Project, eventually};
use serde_json::Value;

/// A program that makes a daemon: a session of its own, and a parent that is gone.
/// `clean` starts it without our mark in its environment.
fn daemonising(seconds: &str, clean: bool) -> String {
    let env = if clean { "env -i " } else { "" };
    format!(
        "  tree: {{ process: [sh, -c, \"setsid sh -c '{env}sleep {seconds} & exit 0'; exec sleep 36000\"], stop_grace_period: 1s }}\n"
    )
}

struct Tree {
    home: Home,
    file: String,
    seconds: String,
    _project: Project,
}

impl Tree {
    fn up(home: Home, number: u32, clean: bool) -> Self {
        // Seconds that no other process sleeps, not even those of another copy of this test.
        let seconds = format!("7{number}{:07}", std::process::id());
        let project = Project::new(&format!("services:\n{}", daemonising(&seconds, clean)));
        let tree = Self {
            home,
            file: project.file().display().to_string(),
            seconds,
            _project: project,
        };
        let up = ["up", "-f", &tree.file, "--wait", "--detach"];
        tree.home.benchtop(&up).expect(0);
        eventually("the daemon runs, a child of nobody", || {
            match tree.daemons().as_slice() {
                [_] => Ok(()),
                other => Err(format!("{other:?}")),
            }
        });
        tree
    }

    fn daemons(&self) -> Vec<String> {
        let pattern = format!("^sleep {}$", self.seconds);
        let found = std::process::Command::new("pgrep")
            .args(["-f", &pattern])
            .output();
        let text = String::from_utf8_lossy(&found.expect("pgrep").stdout).into_owned();
        text.split_whitespace().map(str::to_owned).collect()
    }

    fn service(&self) -> Value {
        self.home.service(&["-f", &self.file], "tree")
    }

    fn shim(&self) -> Value {
        let folders = std::fs::read_dir(self.home.path().join("data/environments"));
        let folder = folders
            .expect("environments")
            .next()
            .expect("one")
            .expect("readable");
        let state = folder.path().join("services/tree/1/state.json");
        let state: Value =
            serde_json::from_slice(&std::fs::read(state).expect("a file")).expect("JSON");
        state
    }

    fn kill_shim(&self) -> Value {
        let state = self.shim();
        let pid = i32::try_from(state["shim"]["pid"].as_i64().expect("a pid")).expect("a pid");
        let pid = nix::unistd::Pid::from_raw(pid);
        nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGKILL).expect("kill");
        state
    }

    fn assert_gone(&self, program: &Value) {
        eventually("the whole tree is gone", || {
            let service = self.service();
            match (service["lifecycle"] == "Failed", self.daemons().as_slice()) {
                (true, []) => Ok(()),
                (_, left) => Err(format!("{left:?} and {service}")),
            }
        });
        assert!(!is_alive(program));
    }
}

#[test]
fn a_daemon_is_stopped_with_the_service_that_made_it() {
    let tree = Tree::up(Home::new(), 1, true);
    tree.home
        .benchtop(&["stop", "-f", &tree.file, "tree"])
        .expect(0);
    eventually("it is stopped", || match tree.service() {
        service if service["lifecycle"] == "Stopped" => Ok(()),
        service => Err(service.to_string()),
    });
    assert_eq!(tree.daemons(), Vec::<String>::new());
}

#[test]
fn without_a_group_of_the_kernel_a_daemon_whose_shim_was_killed_is_found_by_its_mark() {
    let tree = Tree::up(Home::new().with("BENCHTOP_NO_CGROUP", "1"), 2, false);
    let state = tree.kill_shim();
    assert_eq!(state["cgroup"], Value::Null);
    tree.assert_gone(&state["child"]["pid"]);
}

#[test]
fn by_its_group_of_the_kernel_even_a_daemon_without_our_mark_is_found() {
    let tree = Tree::up(Home::new(), 3, true);
    let group = tree.shim()["cgroup"].clone();
    if group.is_null() {
        println!(
            "SKIPPED by_its_group_of_the_kernel_even_a_daemon_without_our_mark_is_found: this user may make no group"
        );
        tree.home.benchtop(&["down", "-f", &tree.file]).expect(0);
        return;
    }
    let state = tree.kill_shim();
    tree.assert_gone(&state["child"]["pid"]);
    let folder = std::path::Path::new(group.as_str().expect("a path"));
    assert!(!folder.exists(), "the group goes, too");
}

#[test]
fn a_daemon_whose_shim_was_killed_while_no_engine_ran_is_found_by_the_next() {
    let tree = Tree::up(Home::new(), 4, false);
    tree.home.kill_engine();
    let state = tree.kill_shim();
    tree.assert_gone(&state["child"]["pid"]);
}
