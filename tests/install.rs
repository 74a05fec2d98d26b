//! The package: what is in it, what checkers say of it, and a machine on which it was
//! installed, used from its icon, and removed again.
#![allow(
    clippy::print_stdout,
    reason = "what is skipped or measured is said aloud"
)]

use benchtop_tests::desktop::{Desktop, WINDOW};
use benchtop_tests::programs::{bin_dir, program, root};
use benchtop_tests::{Home, Project, docker, eventually, full, images};
use std::path::PathBuf;
use std::process::{Command, Output};

const BASE: &str = "benchtop-test/base:bookworm";
const ID: &str = "dev.benchtop.Benchtop";

#[test]
fn the_package_satisfies_the_checkers_of_its_distribution() {
    let Some(deb) = package("the_package_satisfies_the_checkers_of_its_distribution") else {
        return;
    };
    let contents = said(Command::new("dpkg-deb").arg("--contents").arg(&deb.file));
    for path in [
        "./usr/bin/benchtop",
        "./usr/bin/benchtop-desktop",
        "./usr/share/applications/dev.benchtop.Benchtop.desktop",
        "./usr/share/icons/hicolor/128x128/apps/dev.benchtop.Benchtop.png",
        "./usr/share/icons/hicolor/scalable/apps/dev.benchtop.Benchtop.svg",
        "./usr/share/metainfo/dev.benchtop.Benchtop.metainfo.xml",
        "./usr/share/mime/packages/dev.benchtop.Benchtop.xml",
        "./usr/share/man/man1/benchtop.1.gz",
        "./usr/share/man/man1/benchtop-scenario-run.1.gz",
        "./usr/share/man/man1/benchtop-desktop.1.gz",
        "./usr/share/bash-completion/completions/benchtop",
        "./usr/share/zsh/vendor-completions/_benchtop",
        "./usr/share/fish/vendor_completions.d/benchtop.fish",
        "./usr/share/doc/benchtop/copyright",
    ] {
        let there = contents
            .lines()
            .any(|line| line.ends_with(&format!(" {path}")));
        assert!(there, "no {path} in {contents}");
    }
    let needs = said(
        Command::new("dpkg-deb")
            .arg("--field")
            .arg(&deb.file)
            .arg("Depends"),
    );
    for library in [
        "libwebkit2gtk-4.1-0",
        "libgtk-3-0",
        "libayatana-appindicator3-1",
    ] {
        assert!(needs.contains(library), "{library} in {needs}");
    }

    let tree = deb.folder.path().join("extracted");
    said(
        Command::new("dpkg-deb")
            .arg("--extract")
            .arg(&deb.file)
            .arg(&tree),
    );
    let share = tree.join("usr/share");
    let entry = share.join(format!("applications/{ID}.desktop"));
    passes(
        "desktop-file-validate",
        Command::new("desktop-file-validate").arg(&entry),
    );
    let about = share.join(format!("metainfo/{ID}.metainfo.xml"));
    let mut check = Command::new("appstreamcli");
    passes(
        "appstreamcli",
        check.args(["validate", "--no-net"]).arg(&about),
    );
    let mut lintian = Command::new("lintian");
    // As root it would warn of that.
    lintian.args([
        "--fail-on",
        "error",
        "--allow-root",
        "--tag-display-limit",
        "0",
    ]);
    passes("lintian", lintian.arg(&deb.file));
}

/// macOS and Windows cannot be packed for here; what can be known here is that their
/// bundler takes the description, and that the pictures in it are of the right kind.
#[test]
fn the_bundles_of_other_systems_are_well_described() {
    let test = "the_bundles_of_other_systems_are_well_described";
    let schema = root().join("ui/node_modules/@tauri-apps/cli/config.schema.json");
    let Ok(schema) = std::fs::read_to_string(schema) else {
        println!("SKIPPED {test}: the UI's packages are not installed");
        return;
    };
    let text = std::fs::read_to_string(root().join("tauri.conf.json")).expect("it is there");
    let description: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
    let schema = serde_json::from_str(&schema).expect("it is JSON");
    let validator = jsonschema::validator_for(&schema).expect("it is a schema");
    let faults: Vec<String> = validator
        .iter_errors(&description)
        .map(|fault| fault.to_string())
        .collect();
    assert_eq!(faults, Vec::<String>::new());

    let targets = description["bundle"]["targets"].as_array().expect("a list");
    for target in ["app", "dmg", "nsis", "msi"] {
        assert!(targets.iter().any(|found| found == target), "no {target}");
    }
    let schemes = &description["plugins"]["deep-link"]["desktop"]["schemes"];
    assert_eq!(schemes[0], "benchtop", "links are announced there, too");
    for (ending, begins) in [("icns", &b"icns"[..]), ("ico", &[0, 0, 1, 0])] {
        let icon = std::fs::read(root().join(format!("icons/icon.{ending}"))).expect(ending);
        assert!(
            icon.starts_with(begins),
            "icons/icon.{ending} is something else"
        );
    }
}

#[test]
fn a_machine_without_certificates_can_run_it() {
    let none = tempfile::tempdir().expect("a folder");
    let file = none.path().join("none.pem");
    std::fs::write(&file, "").expect("an empty file");
    let home = Home::new()
        .with("SSL_CERT_FILE", file.display().to_string())
        .with("SSL_CERT_DIR", none.path().display().to_string());
    home.benchtop(&["up", "--sample", "--wait", "--detach"])
        .expect(0);
    home.benchtop(&["down", "--sample"]).expect(0);
}

#[test]
fn what_is_kept_is_shown_and_cleared_only_while_nothing_runs() {
    let (home, project) = (
        Home::new(),
        Project::new("name: shop\nservices:\n  a: { process: sleep 1000 }\n"),
    );
    let file = project.file().display().to_string();
    let data = home.path().join("data");
    let path = home.benchtop(&["data", "path"]).expect(0).stdout;
    assert_eq!(path.trim(), data.display().to_string());

    home.benchtop(&["up", "-f", &file, "--wait", "--detach"])
        .expect(0);
    let size = home.benchtop(&["data", "size", "--json"]).expect(0).stdout;
    let size: serde_json::Value = serde_json::from_str(&size).expect("JSON");
    assert!(
        size["metrics"]["parts"]["history"].as_u64() > Some(0),
        "{size}"
    );
    let refused = home.benchtop(&["data", "clear", "--yes"]).expect(1);
    assert!(refused.stderr.contains("shop is running"), "{refused:?}");
    assert!(data.join("history.db").exists());

    home.benchtop(&["down", "-f", &file]).expect(0);
    let asked = home.benchtop(&["data", "clear"]).expect(1);
    assert!(
        asked.stderr.contains("--yes"),
        "without a person the answer is no: {asked:?}"
    );
    home.benchtop(&["data", "clear", "--yes"]).expect(0);
    let left: Vec<_> = std::fs::read_dir(&data)
        .expect("the folder stays")
        .map(|entry| entry.expect("an entry").file_name())
        .collect();
    assert_eq!(left, ["engine.lock"], "only the lock stays");
    let runs = home.benchtop(&["runs", "--all", "--json"]).expect(0).stdout;
    assert!(!runs.contains("shop"), "{runs}");
}

#[test]
fn an_installed_program_runs_from_its_icon_and_leaves_only_its_data() {
    let test = "an_installed_program_runs_from_its_icon_and_leaves_only_its_data";
    if !full(test) || !docker(test) || !images(test, &[BASE]) {
        return;
    }
    let Some(desktop) = Desktop::new(test) else {
        return;
    };
    let Some(deb) = package(test) else { return };
    let machine = Machine::new(&desktop, &deb);
    let before = machine.files();
    machine.run("cp /package/*.deb /root/ && apt-get -q update && apt-get install -y --no-install-recommends /root/*.deb libgtk-3-bin");
    // What the dependencies are is the distribution's business; ours comes and goes alone.
    let with = machine.files();
    machine.run("benchtop --version");

    machine.run(&format!("gtk-launch {ID}"));
    desktop.wait_for_window(WINDOW, true);
    eventually("the icon is in the tray", || desktop.tray.icon().map(drop));
    // A second start ends once the first has taken its words.
    machine.run("benchtop-desktop --sample");
    eventually("the sample is healthy", || {
        let said = machine.try_run("benchtop status --sample --json");
        let healthy = said.matches("\"Healthy\"").count();
        if healthy >= 5 { Ok(()) } else { Err(said) }
    });
    println!(
        "memory and sizes: {}",
        machine.try_run("du -k /usr/bin/benchtop /usr/bin/benchtop-desktop")
    );
    desktop.tray.click(&["Stop all"]);
    eventually("everything is stopped", || {
        let said = machine.try_run("benchtop status --sample --json");
        if said.contains("\"Healthy\"") {
            Err(said)
        } else {
            Ok(())
        }
    });
    desktop.tray.click(&["Quit"]);
    eventually("the program has ended", || {
        let left = machine.try_run(
            "for p in /proc/[0-9]*; do readlink $p/exe; done | grep /usr/bin/benchtop || true",
        );
        if left.trim().is_empty() {
            Ok(())
        } else {
            Err(left)
        }
    });

    // Removed while services run and the window is open, which an upgrade has both left with
    // programs that are not there any more: they are stopped, and that is said.
    machine.run("benchtop up --sample --wait --detach");
    machine.run(&format!("gtk-launch {ID}"));
    desktop.wait_for_window(WINDOW, true);
    machine.run("apt-get install --reinstall -y --no-install-recommends /root/*.deb");
    let removed = machine.run("DEBIAN_FRONTEND=noninteractive apt-get remove -y benchtop");
    assert!(removed.contains("Stopping the services"), "{removed}");
    let left =
        machine.try_run("for p in /proc/[0-9]*; do readlink $p/exe; done | grep benchtop || true");
    assert_eq!(left.trim(), "", "no process is left");
    let after = machine.files();
    let own = |files: &[String]| -> Vec<String> {
        files
            .iter()
            .filter(|file| file.to_lowercase().contains("benchtop"))
            .cloned()
            .collect()
    };
    assert!(own(&with).len() > own(&before).len(), "it was installed");
    assert_eq!(own(&after), own(&before), "nothing is left on the system");
    assert!(
        desktop.home.path().join("data/history.db").exists(),
        "the data stays"
    );
}

/// A packed program in a folder of its own.
struct Deb {
    folder: tempfile::TempDir,
    file: PathBuf,
}

/// Packs the programs under test; `BENCHTOP_DEB` names a package that is there.
fn package(test: &str) -> Option<Deb> {
    let tools = [
        "dpkg-deb",
        "dpkg-shlibdeps",
        "desktop-file-validate",
        "appstreamcli",
        "lintian",
    ];
    let path = std::env::var_os("PATH").unwrap_or_default();
    let missing = tools
        .iter()
        .find(|tool| !std::env::split_paths(&path).any(|folder| folder.join(tool).is_file()));
    if let Some(missing) = missing {
        let demanded = std::env::var("BENCHTOP_REQUIRE").is_ok();
        assert!(!demanded, "{test} needs {missing}");
        println!("SKIPPED {test}: there is no {missing}");
        return None;
    }
    let folder = tempfile::tempdir().expect("a folder");
    if let Some(file) = std::env::var_os("BENCHTOP_DEB") {
        return Some(Deb {
            folder,
            file: file.into(),
        });
    }
    let mut pack = Command::new(program("xtask"));
    pack.args(["package", "--quick", "--programs"])
        .arg(bin_dir());
    pack.arg("--out").arg(folder.path()).current_dir(root());
    let output = said(&mut pack);
    let entries = std::fs::read_dir(folder.path()).expect("the folder");
    let file = entries
        .map(|entry| entry.expect("an entry").path())
        .find(|path| path.extension().is_some_and(|ext| ext == "deb"));
    let file = file.unwrap_or_else(|| panic!("no package: {output}"));
    Some(Deb { folder, file })
}

/// A freshly installed system, with the test's screen and bus.
struct Machine {
    container: String,
}

impl Machine {
    fn new(desktop: &Desktop, deb: &Deb) -> Self {
        let home = desktop.home.path().display().to_string();
        let package = deb.file.parent().expect("a folder").display().to_string();
        let mut docker = Command::new("docker");
        docker.args([
            "run",
            "--detach",
            "--init",
            "--network",
            "host",
            "--shm-size",
            "256m",
        ]);
        docker.args(["--volume", &format!("{home}:{home}")]);
        docker.args(["--volume", &format!("{package}:/package:ro")]);
        docker.args(["--volume", "/tmp/.X11-unix:/tmp/.X11-unix"]);
        for (name, value) in desktop.variables() {
            docker.args(["--env", &format!("{name}={value}")]);
        }
        docker.args([
            "--env",
            "DEBIAN_FRONTEND=noninteractive",
            BASE,
            "sleep",
            "infinity",
        ]);
        Self {
            container: said(&mut docker).trim().to_owned(),
        }
    }

    fn output(&self, line: &str) -> Output {
        let mut docker = Command::new("docker");
        docker.args(["exec", &self.container, "sh", "-c", line]);
        docker.output().expect("run docker")
    }

    /// Runs a line that must succeed; what it said.
    fn run(&self, line: &str) -> String {
        let output = self.output(line);
        let text = both(&output);
        assert!(output.status.success(), "{line}: {text}");
        text
    }

    fn try_run(&self, line: &str) -> String {
        both(&self.output(line))
    }

    /// All files of the system.
    fn files(&self) -> Vec<String> {
        let found = self.run("find / -xdev \\( -path /proc -o -path /tmp -o -path /root -o -path /var/lib/dpkg -o -path /var/cache -o -path /var/lib/apt -o -path /var/log \\) -prune -o -print | sort");
        found.lines().map(str::to_owned).collect()
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let removed = Command::new("docker")
            .args(["rm", "--force", &self.container])
            .output();
        if !removed.is_ok_and(|output| output.status.success()) {
            println!("the container {} is left", self.container);
        }
    }
}

/// Runs a program that must succeed; what it printed.
fn said(command: &mut Command) -> String {
    let output = command
        .output()
        .unwrap_or_else(|e| panic!("{command:?}: {e}"));
    assert!(output.status.success(), "{command:?}: {}", both(&output));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Runs a checker, whose complaints are the failure.
fn passes(what: &str, command: &mut Command) {
    let output = command.output().unwrap_or_else(|e| panic!("{what}: {e}"));
    let text = both(&output);
    println!("{what}: {}", text.trim());
    assert!(output.status.success(), "{what}: {text}");
}

fn both(output: &Output) -> String {
    let (out, err) = (&output.stdout, &output.stderr);
    format!(
        "{}{}",
        String::from_utf8_lossy(out),
        String::from_utf8_lossy(err)
    )
}
