//! Which stages there are, in which order, and what each needs: decided from the options
//! and from what the machine has, before anything runs.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::args::TestOptions;
use crate::project::{self, Stamp};
use crate::setup::{self, node, packages};
use crate::sh::{self, Cmd};
use crate::tidy::manifest;

/// One named part of the test run.
pub(crate) struct Stage {
    pub(crate) name: String,
    /// The stage that must have succeeded first.
    pub(crate) after: Option<&'static str>,
    pub(crate) work: Work,
    pub(crate) count: Count,
    pub(crate) limit: Duration,
    /// What to note when it succeeded, so that it need not run again.
    pub(crate) stamp: Option<Stamp>,
}

pub(crate) enum Work {
    Tidy,
    Command(Cmd),
    /// Runs beside the following stages; the tests that cross a border wait for it.
    Background(Cmd),
    /// Nothing changed since it was last done.
    UpToDate,
    /// It cannot run, because something of the project is not there.
    Missing(String),
}

/// Where the numbers of tests are found.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Count {
    /// It is a check without tests of its own.
    Nothing,
    Cargo,
    Vitest {
        report: PathBuf,
        /// Some tests were left out on purpose; vitest calls them skipped.
        filtered: bool,
    },
}

/// What the machine and the checkout have.
#[derive(Default)]
pub(crate) struct Facts {
    pub(crate) engine: Option<String>,
    pub(crate) image_tools: bool,
    /// Test programs of the package that crosses borders.
    pub(crate) border_tests: Vec<String>,
    /// Test programs of all other packages.
    pub(crate) package_tests: Vec<String>,
}

impl Facts {
    pub(crate) fn find(root: &Path) -> Self {
        let text = fs::read_to_string(root.join("tests").join("Cargo.toml")).unwrap_or_default();
        Self {
            engine: setup::engine_version(),
            image_tools: packages::is_root() && sh::find_program("debootstrap").is_some(),
            border_tests: manifest::target_names(&text, "test"),
            package_tests: package_tests(root),
        }
    }

    /// What of the containers will not be tested, and why.
    pub(crate) fn without_containers(&self) -> Option<&'static str> {
        if self.engine.is_none() {
            Some(
                "container tests: no container engine answers \
                 (`--require docker` installs and starts one)",
            )
        } else if !self.image_tools {
            Some("building test images: it takes root and debootstrap")
        } else {
            None
        }
    }
}

const MINUTE: Duration = Duration::from_secs(60);
const CHECKS: [&str; 2] = ["tidy", "format"];

/// Whether the chosen stages need more than the Rust toolchain.
pub(crate) fn needs_set_up(options: &TestOptions) -> bool {
    !options
        .only
        .as_deref()
        .is_some_and(|name| CHECKS.contains(&name))
}

/// All stages: what fails fast comes first, and the two long compilations come once the
/// images have begun to build beside them.
pub(crate) fn plan(root: &Path, options: &TestOptions, facts: &Facts) -> Vec<Stage> {
    let mut stages = vec![
        Stage::new("tidy", Work::Tidy, MINUTE),
        Stage::cargo(
            root,
            "format",
            &["fmt", "--all", "--check", "--", "--color", "never"],
        ),
    ];
    if options.require_docker || facts.without_containers().is_none() {
        stages.push(images(root));
        if options.full {
            stages.push(systems(root));
        }
    }
    stages.extend(ui(root));
    stages.push(Stage::cargo(
        root,
        "lints",
        &[
            "clippy",
            "--workspace",
            "--all-targets",
            "--keep-going",
            "--",
            "-D",
            "warnings",
        ],
    ));
    // Also the binaries that the tests start. All targets at once, so that cargo chooses
    // one set of features and compiles each dependency once.
    stages.push(Stage::cargo(
        root,
        "build",
        &["build", "--workspace", "--all-targets", "--keep-going"],
    ));
    stages.extend(tests(root, options, facts));
    stages
}

/// Keeps one stage by its name, or the tests whose name contains the word, and what they
/// need.
pub(crate) fn select(stages: Vec<Stage>, only: Option<&str>) -> Vec<Stage> {
    let Some(only) = only else { return stages };
    let by_name = stages.iter().any(|stage| stage.is_called(only));
    let wanted = |stage: &Stage| match by_name {
        true => stage.is_called(only),
        false => stage.count != Count::Nothing,
    };
    let mut needed: Vec<&str> = stages
        .iter()
        .filter(|stage| wanted(stage))
        .filter_map(|stage| stage.after)
        .collect();
    // What is needed comes earlier, so that one look back over the stages finds it all.
    for stage in stages.iter().rev() {
        if needed.contains(&stage.name.as_str()) {
            needed.extend(stage.after);
        }
    }
    let needed: Vec<String> = needed.into_iter().map(str::to_owned).collect();
    stages
        .into_iter()
        .filter(|stage| wanted(stage) || needed.contains(&stage.name))
        .map(|stage| if by_name { stage } else { stage.filtered(only) })
        .collect()
}

impl Stage {
    fn new(name: &str, work: Work, limit: Duration) -> Self {
        let name = name.to_owned();
        Self {
            name,
            after: None,
            work,
            count: Count::Nothing,
            limit,
            stamp: None,
        }
    }

    fn cargo(root: &Path, name: &str, args: &[&str]) -> Self {
        Self::new(name, Work::Command(Cmd::cargo(root, args)), 45 * MINUTE)
    }

    fn is_called(&self, name: &str) -> bool {
        self.name == name || self.name.strip_prefix("tests: ") == Some(name)
    }

    /// Limits the tests of this stage to those whose name contains the word.
    fn filtered(mut self, word: &str) -> Self {
        self.work = match (self.work, &mut self.count) {
            (Work::Command(cmd), Count::Cargo) => Work::Command(cmd.arg(word)),
            (Work::Command(cmd), Count::Vitest { filtered, .. }) => {
                *filtered = true;
                Work::Command(cmd.args(&["-t", word]))
            }
            (work, _) => work,
        };
        self
    }
}

fn images(root: &Path) -> Stage {
    Stage::new("test images", image_script(root, "build.sh"), 30 * MINUTE)
}

/// The real systems of the examples: an hour or more where nothing is there yet, most of
/// it Temporal's compilation on two cores, so only for the full run.
fn systems(root: &Path) -> Stage {
    Stage::new(
        "test systems",
        image_script(root, "systems.sh"),
        180 * MINUTE,
    )
}

fn image_script(root: &Path, name: &str) -> Work {
    let script = root.join("tests").join("images").join(name);
    match script.is_file() {
        true => Work::Background(Cmd::new("bash").arg(&script).dir(root)),
        false => Work::Missing(format!("tests/images/{name} does not exist")),
    }
}

fn ui(root: &Path) -> Vec<Stage> {
    if let Err(reason) = node::check_node(root) {
        return vec![Stage::new("ui install", Work::Missing(reason), MINUTE)];
    }
    let step = |name, step: node::Step| Stage {
        stamp: Some(step.stamp),
        ..Stage::new(
            name,
            match step.stale {
                true => Work::Command(step.command),
                false => Work::UpToDate,
            },
            10 * MINUTE,
        )
    };
    vec![
        step("ui install", node::install(root)),
        Stage {
            after: Some("ui install"),
            ..step("ui build", node::build(root))
        },
        ui_script(root, "ui types", "check"),
        vitest(root, "ui tests", "test"),
    ]
}

fn ui_script(root: &Path, name: &str, script: &str) -> Stage {
    let work = match node::has_script(root, script) {
        true => Work::Command(Cmd::npm(root, &["run", script])),
        false => Work::Missing(format!("ui/package.json has no script `{script}`")),
    };
    Stage {
        after: Some("ui install"),
        ..Stage::new(name, work, 20 * MINUTE)
    }
}

/// A script of the UI that ends in vitest, with a report that can be counted.
fn vitest(root: &Path, name: &str, script: &str) -> Stage {
    let mut stage = ui_script(root, name, script);
    if let Work::Command(cmd) = stage.work {
        let report = project::state_dir(root).join(format!("{}.json", name.replace(' ', "-")));
        let file = format!("--outputFile={}", report.display());
        let cmd = cmd.env("NO_COLOR", "1"); // a pipe and a log file, not a terminal
        stage.work =
            Work::Command(cmd.args(&["--", "--reporter=default", "--reporter=json", &file]));
        stage.count = Count::Vitest {
            report,
            filtered: false,
        };
    }
    stage
}

fn tests(root: &Path, options: &TestOptions, facts: &Facts) -> Vec<Stage> {
    // `--workspace` with chosen targets, never `--package`: see `build` above.
    let stage = |name: &str, targets: &[&str]| {
        let mut cmd = Cmd::cargo(root, &["test", "--workspace", "--no-fail-fast"]).args(targets);
        cmd = cmd.env("BENCHTOP_BIN_DIR", project::bin_dir(root, false));
        if options.require_docker {
            cmd = cmd.env("BENCHTOP_REQUIRE", "docker");
        }
        if options.full {
            cmd = cmd.env("BENCHTOP_FULL", "1");
        }
        let limit = if options.full {
            60 * MINUTE
        } else {
            20 * MINUTE
        };
        Stage {
            after: Some("build"),
            count: Count::Cargo,
            ..Stage::new(
                name,
                Work::Command(cmd.args(&["--", "--show-output"])),
                limit,
            )
        }
    };

    let mut unit = vec!["--lib", "--bins"];
    for name in &facts.package_tests {
        unit.extend(["--test", name]);
    }
    let mut stages = vec![stage("unit tests", &unit), stage("doc tests", &["--doc"])];
    if facts.border_tests.is_empty() {
        let reason = "tests/Cargo.toml names no [[test]]".to_owned();
        stages.push(Stage::new("border tests", Work::Missing(reason), MINUTE));
    }
    for name in &facts.border_tests {
        stages.push(stage(&format!("tests: {name}"), &["--test", name]));
    }
    if node::check_node(root).is_ok() {
        stages.push(vitest(root, "ui in a browser", "test:browser"));
    }
    stages
}

/// The test programs that cargo finds by itself beside the sources of a package.
fn package_tests(root: &Path) -> Vec<String> {
    let packages = fs::read_dir(root.join("src-tauri"))
        .into_iter()
        .flatten()
        .flatten();
    let mut names: Vec<String> = packages
        .filter_map(|package| fs::read_dir(package.path().join("tests")).ok())
        .flat_map(|files| files.flatten().map(|file| file.path()))
        .filter(|file| {
            file.extension().is_some_and(|ext| ext == "rs") || file.join("main.rs").is_file()
        })
        .filter_map(|file| {
            file.file_stem()
                .map(|stem| stem.to_string_lossy().into_owned())
        })
        .collect();
    names.sort();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> Facts {
        Facts {
            engine: Some("20.10".to_owned()),
            image_tools: true,
            border_tests: vec!["containers".to_owned(), "desktop".to_owned()],
            package_tests: vec!["bindings".to_owned()],
        }
    }

    /// A checkout without a UI, so that the plan does not depend on this machine.
    fn root() -> PathBuf {
        PathBuf::from("no").join("such").join("checkout")
    }

    fn names(stages: &[Stage]) -> Vec<&str> {
        stages.iter().map(|stage| stage.name.as_str()).collect()
    }

    fn command(stages: &[Stage], name: &str) -> String {
        match stages
            .iter()
            .find(|stage| stage.name == name)
            .map(|stage| &stage.work)
        {
            Some(Work::Command(cmd)) => cmd.shown(),
            _ => panic!("{name} is not a command"),
        }
    }

    #[test]
    fn what_fails_fast_comes_first_and_borders_last() {
        let stages = plan(&root(), &TestOptions::default(), &facts());
        assert_eq!(
            names(&stages),
            [
                "tidy",
                "format",
                "test images",
                "ui install",
                "lints",
                "build",
                "unit tests",
                "doc tests",
                "tests: containers",
                "tests: desktop",
            ]
        );
    }

    #[test]
    fn images_are_built_only_where_they_can_be_used() {
        let no_engine = Facts {
            engine: None,
            ..facts()
        };
        let stages = plan(&root(), &TestOptions::default(), &no_engine);
        assert!(!names(&stages).contains(&"test images"));
        let required = TestOptions {
            require_docker: true,
            ..TestOptions::default()
        };
        let stages = plan(&root(), &required, &no_engine);
        assert!(
            names(&stages).contains(&"test images"),
            "then their absence must be a failure"
        );
    }

    #[test]
    fn the_large_systems_are_built_only_for_the_full_run() {
        let built = |full| {
            let options = TestOptions {
                full,
                ..TestOptions::default()
            };
            names(&plan(&root(), &options, &facts())).contains(&"test systems")
        };
        assert!(!built(false), "the ordinary run has no hour to spare");
        assert!(built(true));
    }

    #[test]
    fn a_stage_is_selected_with_what_it_needs() {
        let select = |only| select(plan(&root(), &TestOptions::default(), &facts()), Some(only));
        assert_eq!(names(&select("tidy")), ["tidy"]);
        assert_eq!(
            names(&select("tests: desktop")),
            ["build", "tests: desktop"]
        );
        assert_eq!(names(&select("desktop")), ["build", "tests: desktop"]);
    }

    #[test]
    fn any_other_word_selects_tests_by_their_name() {
        let stages = select(
            plan(&root(), &TestOptions::default(), &facts()),
            Some("backoff"),
        );
        assert_eq!(
            names(&stages),
            [
                "build",
                "unit tests",
                "doc tests",
                "tests: containers",
                "tests: desktop"
            ]
        );
        assert_eq!(
            command(&stages, "unit tests"),
            "cargo test --workspace --no-fail-fast --lib --bins --test bindings -- --show-output \
             backoff"
        );
    }
}
