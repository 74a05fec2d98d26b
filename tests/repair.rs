//! What one command does about a machine in trouble: removes what nobody owns, writes a
//! report for a ticket, opens a file in the user's editor.

use benchtop_tests::home::Outcome;
use benchtop_tests::workbench::{Workbench, is_alive, sample};
use benchtop_tests::{Home, Project, docker, eventually};
use serde_json::Value;
use std::process::Command;

const BUSYBOX: &str = "benchtop-test/busybox:1";

fn json(outcome: &Outcome) -> Value {
    serde_json::from_str(&outcome.stdout).unwrap_or_else(|error| panic!("{error}: {outcome:?}"))
}

fn check(report: &Value, id: &str) -> Value {
    let all = report["checks"].as_array().cloned().unwrap_or_default();
    let found = all.into_iter().find(|check| check["id"] == id);
    found.unwrap_or_else(|| panic!("no check {id} in {report}"))
}

/// Demands a state and words of a reason.
fn assert_says(report: &Value, id: &str, state: &str, words: &str) -> Value {
    let check = check(report, id);
    let reason = check["reason"].as_str().unwrap_or_default();
    assert_eq!(check["state"], state, "{check}");
    assert!(reason.contains(words), "`{words}` is not in: {reason}");
    check
}

fn run(arguments: &[&str]) -> String {
    let output = Command::new("docker")
        .args(arguments)
        .output()
        .expect("run docker");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// Ids of what may be removed.
fn leftovers(report: &Value) -> Vec<String> {
    let items = check(report, "leftovers")["action"]["items"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    items
        .iter()
        .filter_map(|item| Some(item["id"].as_str()?.to_owned()))
        .collect()
}

#[test]
fn a_container_whose_project_is_gone_is_offered_and_removed_and_a_foreign_one_never() {
    if !docker("a_container_whose_project_is_gone_is_offered_and_removed_and_a_foreign_one_never") {
        return;
    }
    let home = Home::new();
    let here = tempfile::tempdir().expect("a folder");
    let folder = |path: &str| format!("dev.benchtop.project={path}");
    let make = |project: &str, ours: bool| {
        let (environment, project) = ("dev.benchtop.environment=0123456789ab", folder(project));
        let labels = if ours {
            vec!["--label", environment, "--label", &project]
        } else {
            vec!["--label", &project]
        };
        format!(
            "container:{}",
            run(&[&["create"][..], &labels, &[BUSYBOX, "true"]].concat())
        )
    };
    let gone = make("/nowhere/at/all", true);
    let (kept, foreign) = (
        make(&here.path().display().to_string(), true),
        make("/nowhere/at/all", false),
    );
    let report = json(&home.benchtop(&["doctor", "--json"]));
    let offered = leftovers(&report);
    assert!(offered.contains(&gone), "{report}");
    assert!(
        !offered.contains(&kept),
        "its project may be another engine's"
    );
    assert!(!offered.contains(&foreign), "it does not carry our label");
    assert_says(&report, "leftovers", "warn", "no owner");
    // Nobody is there to be asked, so nothing goes.
    home.benchtop(&["doctor", "--clean", &gone]).expect(1);
    let done = home
        .benchtop(&["doctor", "--clean", &gone, "--yes"])
        .expect(0);
    assert!(done.stdout.contains("removed 1"), "{done:?}");
    for id in [&kept, &foreign] {
        home.benchtop(&["doctor", "--clean", id, "--yes"]).expect(1);
    }
    let left = run(&["ps", "-aq", "--no-trunc"]);
    let is_there = |id: &str| left.contains(id.trim_start_matches("container:"));
    assert!(
        !is_there(&gone) && is_there(&kept) && is_there(&foreign),
        "{left}"
    );
    for id in [kept, foreign] {
        run(&["rm", "-f", id.trim_start_matches("container:")]);
    }
}

#[test]
fn a_process_whose_records_are_gone_is_offered_and_ended_with_its_shim() {
    let bench = Workbench::new(&sample("store", ""));
    bench.up().expect(0);
    let pid = bench.service("store")["pid"].clone();
    let before = json(&bench.call("doctor", &["--json"]));
    bench.home.kill_engine();
    std::fs::remove_dir_all(bench.home.path().join("data/environments")).expect("its records");
    let report = json(&bench.home.benchtop(&["doctor", "--json"]));
    let check = check(&report, "leftovers");
    let items = check["action"]["items"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let data = bench.home.path().display().to_string();
    let ours = items
        .iter()
        .find(|item| item["why"].to_string().contains(&data));
    let id = ours.unwrap_or_else(|| panic!("{check}"))["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    assert!(
        !leftovers(&before).contains(&id),
        "with its record it has an owner"
    );
    assert!(is_alive(&pid));
    bench
        .home
        .benchtop(&["doctor", "--clean", &id, "--yes"])
        .expect(0);
    eventually("the process has ended", || {
        if is_alive(&pid) {
            Err("it lives".to_owned())
        } else {
            Ok(())
        }
    });
}

#[test]
fn a_report_holds_what_happened_and_no_secret_of_the_environment() {
    let secrets = [
        "hunter2-secret",
        "p@ss w/\"quotes\"",
        "tok",
        "s3cr3t-in-url",
        "from-the-shell-0815",
    ];
    let home = Home::new().with("SHELL_TOKEN", secrets[4]);
    let project = Project::new(
        "services:\n  api:\n    process: sh program.sh\n    restart: 'no'\n    environment:\n      DB_PASSWORD: hunter2-secret\n      API_KEY: 'p@ss w/\"quotes\"'\n      GIT_TOKEN: tok\n      BROKER: amqp://me:s3cr3t-in-url@localhost:5672/v\n      LOG_LEVEL: debug\n",
    );
    project.write("program.sh", "env; echo \"login $DB_PASSWORD and $SHELL_TOKEN at $BROKER with ($GIT_TOKEN) $API_KEY\"; exit 3\n");
    let file = project.file().display().to_string();
    home.benchtop(&["up", "-f", &file, "--detach"]).expect(0);
    eventually("it has said its secrets and ended", || {
        let log = home.benchtop(&["logs", "-f", &file]).stdout;
        let ended = home.service(&["-f", &file], "api")["exit_code"] == 3;
        if ended && log.contains("login hunter2-secret") {
            Ok(())
        } else {
            Err(log)
        }
    });
    let listed = home.benchtop(&["report", "-f", &file, "--list"]).expect(0);
    for name in [
        "doctor.txt",
        "definition.json",
        "status.json",
        "diagnosis.json",
        "transitions.json",
        "logs/api.log",
        "engine.log",
    ] {
        assert!(
            listed.stdout.contains(name),
            "{name} is not in {}",
            listed.stdout
        );
    }
    for key in [
        "DB_PASSWORD",
        "API_KEY",
        "GIT_TOKEN",
        "BROKER",
        "SHELL_TOKEN",
    ] {
        assert!(
            listed.stdout.contains(key),
            "{key} is not in {}",
            listed.stdout
        );
    }
    let archive = home.path().join("report.tar.gz");
    let to = archive.display().to_string();
    // Nobody is there to be asked, so nothing is written.
    home.benchtop(&["report", "-f", &file, "--output", &to])
        .expect(1);
    assert!(!archive.exists());
    home.benchtop(&["report", "-f", &file, "--output", &to, "--yes"])
        .expect(0);
    home.benchtop(&["report", "-f", &file, "--output", &to, "--yes"])
        .expect(2);
    let unpacked = Command::new("tar")
        .args(["-xzOf", &to])
        .output()
        .expect("run tar");
    assert!(unpacked.status.success(), "{unpacked:?}");
    let text = String::from_utf8_lossy(&unpacked.stdout);
    for secret in secrets.iter().filter(|secret| secret.len() > 3) {
        assert!(!text.contains(secret), "{secret} is in the report");
    }
    assert!(
        !text.contains("(tok)") && !text.contains("GIT_TOKEN=tok"),
        "short ones, too"
    );
    assert!(
        !text.contains("p%40ss") && !text.contains("p@ss w/"),
        "however they are written"
    );
    for kept in [
        "exited with code 3",
        "LOG_LEVEL=debug",
        "login \u{2022}",
        "Loopback 127.0.0.1",
    ] {
        assert!(text.contains(kept), "{kept} is missing");
    }
    let mode =
        std::os::unix::fs::MetadataExt::mode(&std::fs::metadata(&archive).expect("the archive"));
    assert_eq!(mode & 0o777, 0o600, "only the user may read it");
}

#[test]
fn a_file_of_the_project_is_opened_in_the_users_editor_and_no_other() {
    let bin = tempfile::tempdir().expect("a folder");
    let script = bin.path().join("code");
    std::fs::write(
        &script,
        "#!/bin/sh\nprintf '%s\\n' \"$@\" > \"$SEEN.part\"; mv \"$SEEN.part\" \"$SEEN\"\n",
    )
    .expect("an editor");
    std::fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755))
        .expect("a right");
    let seen = bin.path().join("seen");
    let home = Home::new()
        .with("VISUAL", script.display().to_string())
        .with("SEEN", seen.display().to_string());
    let project = Project::new("services:\n  api: { process: sleep 60 }\n");
    project.write("Program; x.cs", "");
    let id = home.status(&["-f", &project.file().display().to_string()])["id"].clone();
    let id = id.as_str().expect("an identity").to_owned();
    let paths = benchtop_api::paths::Paths {
        data: home.path().join("data"),
        runtime: home.path().join("run"),
    };
    let open = |path: &str| {
        let request = benchtop_api::schema::FileOpenRequest {
            environment: Some(id.clone()),
            tried: None,
            path: path.to_owned(),
            line: Some(31),
        };
        let client = benchtop_api::client::Client::new(paths.clone()).expect("a client");
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(client.call(&request))
    };
    open("/src/Program; x.cs").expect("opened");
    let said = eventually("the editor was called", || {
        std::fs::read_to_string(&seen).map_err(|error| error.to_string())
    });
    let file = project
        .path()
        .canonicalize()
        .expect("a folder")
        .join("Program; x.cs");
    assert_eq!(said, format!("-g\n{}:31\n", file.display()));
    let refused = open("/etc/passwd").expect_err("no file of the project");
    assert!(
        refused
            .message
            .contains("/etc/passwd is no file of this project"),
        "{refused:?}"
    );
}
