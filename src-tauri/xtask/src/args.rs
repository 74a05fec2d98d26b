//! The command line of `cargo xtask`: the only place that reads arguments.

use std::path::PathBuf;

/// Everything that can be asked of xtask.
#[derive(Debug, PartialEq)]
pub(crate) enum Command {
    Run(RunOptions),
    Test(TestOptions),
    Bench(BenchOptions),
    Tidy,
    Bindings,
    Package(PackageOptions),
    /// The version whose changes are printed.
    Notes(String),
    Help,
}

/// `cargo xtask run`.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct RunOptions {
    /// No window: the engine and the CLI only.
    pub(crate) headless: bool,
    /// Bring the environment up, say how it is, take it down again.
    pub(crate) check: bool,
    /// The environment file to open instead of the built-in sample.
    pub(crate) file: Option<PathBuf>,
    pub(crate) release: bool,
    /// Install system packages without asking.
    pub(crate) yes: bool,
}

/// `cargo xtask test`.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct TestOptions {
    /// Container tests must run: install and start an engine, and never skip them.
    pub(crate) require_docker: bool,
    /// Also the tests that take minutes.
    pub(crate) full: bool,
    /// One stage by its name, or the tests whose name contains this.
    pub(crate) only: Option<String>,
    /// Install system packages without asking.
    pub(crate) yes: bool,
}

/// `cargo xtask bench`.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct BenchOptions {
    /// Which; all where it is empty.
    pub(crate) names: Vec<String>,
    /// Install system packages without asking.
    pub(crate) yes: bool,
}

/// `cargo xtask package`.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct PackageOptions {
    /// Build nothing: the programs are in this folder.
    pub(crate) programs: Option<PathBuf>,
    /// Where the packages go.
    pub(crate) out: Option<PathBuf>,
    /// The `.deb` alone, packed fast instead of small.
    pub(crate) quick: bool,
    /// Install system packages without asking.
    pub(crate) yes: bool,
}

pub(crate) const USAGE: &str = "\
Chores of this project.

Usage: cargo xtask <command> [options]

Commands:
  run        Install what is missing, build, and open the desktop on the sample environment
      --headless        no window: `benchtop up` in this terminal, until Ctrl-C
      --check           bring it up, wait until it is healthy, print the status, take it down
      -f, --file FILE   open this environment file instead of the sample
      --release         build with optimisation
  test       Install what is missing and run every check and test
      --require docker  container tests must run: installs and starts an engine when none answers
      --full            also the tests that take minutes
      --only NAME       one stage (`cargo xtask test --only tidy`), or the tests whose name contains NAME
  bench      Measure beside a peer or a floor, with optimised programs
      [NAME]...         only these benchmarks of tests/benches
  tidy       Check the rules of the house that no compiler knows (also part of `test`)
  bindings   Write the TypeScript types of the API anew
  package    Build the installable packages for this system
      --programs DIR    build nothing: pack the programs of this folder
      --out DIR         write the packages here (default: target/packages)
      --quick           the .deb alone, packed fast instead of small
  notes      Print what CHANGELOG.md says of a version: `cargo xtask notes Unreleased`
  help       Print this text

Options of every command that installs something:
  -y, --yes  install system packages without asking (the default when CI is set)";

/// Reads the words after `cargo xtask`.
pub(crate) fn parse(words: impl IntoIterator<Item = String>) -> Result<Command, String> {
    let mut words = words.into_iter();
    let Some(name) = words.next() else {
        return Err("a command is missing".to_owned());
    };
    let mut rest = Words {
        command: name.clone(),
        words: words.collect::<Vec<_>>().into_iter(),
    };
    match name.as_str() {
        "run" => rest.run().map(Command::Run),
        "test" => rest.test().map(Command::Test),
        "bench" => rest.bench().map(Command::Bench),
        "tidy" => rest.nothing().map(|()| Command::Tidy),
        "bindings" => rest.nothing().map(|()| Command::Bindings),
        "package" => rest.package().map(Command::Package),
        "notes" => rest.value("notes").map(Command::Notes),
        "help" | "-h" | "--help" => Ok(Command::Help),
        _ => Err(format!("there is no command `{name}`")),
    }
}

/// What is left of the command line after the command's name.
struct Words {
    command: String,
    words: std::vec::IntoIter<String>,
}

impl Words {
    fn run(&mut self) -> Result<RunOptions, String> {
        let mut options = RunOptions::default();
        while let Some(word) = self.words.next() {
            match word.as_str() {
                "--headless" => options.headless = true,
                "--check" => options.check = true,
                "--release" => options.release = true,
                "-f" | "--file" => options.file = Some(self.value(&word)?.into()),
                "-y" | "--yes" => options.yes = true,
                _ => return Err(self.unknown(&word)),
            }
        }
        Ok(options)
    }

    fn test(&mut self) -> Result<TestOptions, String> {
        let mut options = TestOptions::default();
        while let Some(word) = self.words.next() {
            match word.as_str() {
                "--require" => match self.value(&word)?.as_str() {
                    "docker" => options.require_docker = true,
                    other => return Err(format!("`--require` knows `docker`, not `{other}`")),
                },
                "--full" => options.full = true,
                "--only" => options.only = Some(self.value(&word)?),
                "-y" | "--yes" => options.yes = true,
                _ => return Err(self.unknown(&word)),
            }
        }
        Ok(options)
    }

    fn bench(&mut self) -> Result<BenchOptions, String> {
        let mut options = BenchOptions::default();
        while let Some(word) = self.words.next() {
            match word.as_str() {
                "-y" | "--yes" => options.yes = true,
                _ if word.starts_with('-') => return Err(self.unknown(&word)),
                _ => options.names.push(word),
            }
        }
        Ok(options)
    }

    fn package(&mut self) -> Result<PackageOptions, String> {
        let mut options = PackageOptions::default();
        while let Some(word) = self.words.next() {
            match word.as_str() {
                "--programs" => options.programs = Some(self.value(&word)?.into()),
                "--out" => options.out = Some(self.value(&word)?.into()),
                "--quick" => options.quick = true,
                "-y" | "--yes" => options.yes = true,
                _ => return Err(self.unknown(&word)),
            }
        }
        Ok(options)
    }

    fn nothing(&mut self) -> Result<(), String> {
        match self.words.next() {
            None => Ok(()),
            Some(word) => Err(self.unknown(&word)),
        }
    }

    fn value(&mut self, option: &str) -> Result<String, String> {
        self.words
            .next()
            .ok_or_else(|| format!("`{option}` needs a value"))
    }

    fn unknown(&self, word: &str) -> String {
        format!("`cargo xtask {}` has no option `{word}`", self.command)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_line(line: &str) -> Result<Command, String> {
        parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn run_takes_its_options_in_any_order() {
        assert_eq!(
            parse_line("run -f shop/benchtop.yaml --release --headless --check -y"),
            Ok(Command::Run(RunOptions {
                headless: true,
                check: true,
                file: Some("shop/benchtop.yaml".into()),
                release: true,
                yes: true,
            }))
        );
        assert_eq!(parse_line("run"), Ok(Command::Run(RunOptions::default())));
    }

    #[test]
    fn test_takes_its_options() {
        assert_eq!(
            parse_line("test --require docker --full --only health"),
            Ok(Command::Test(TestOptions {
                require_docker: true,
                full: true,
                only: Some("health".into()),
                yes: false,
            }))
        );
    }

    #[test]
    fn bench_takes_names() {
        let options = BenchOptions {
            names: vec!["plan".to_owned(), "logs".to_owned()],
            yes: true,
        };
        assert_eq!(
            parse_line("bench plan logs -y"),
            Ok(Command::Bench(options))
        );
    }

    #[test]
    fn package_takes_programs_that_are_there() {
        assert_eq!(
            parse_line("package --programs bin --out /tmp/p --quick"),
            Ok(Command::Package(PackageOptions {
                programs: Some("bin".into()),
                out: Some("/tmp/p".into()),
                quick: true,
                yes: false,
            }))
        );
    }

    #[test]
    fn an_error_names_the_word_it_is_about() {
        let error = |line| parse_line(line).expect_err(line);
        assert_eq!(error("frobnicate"), "there is no command `frobnicate`");
        assert_eq!(
            error("run --fast"),
            "`cargo xtask run` has no option `--fast`"
        );
        assert_eq!(error("tidy now"), "`cargo xtask tidy` has no option `now`");
        assert_eq!(
            error("test --require podman"),
            "`--require` knows `docker`, not `podman`"
        );
        assert_eq!(error("test --only"), "`--only` needs a value");
        assert_eq!(error(""), "a command is missing");
    }

    #[test]
    fn the_usage_names_every_command() {
        for name in [
            "run", "test", "bench", "tidy", "bindings", "package", "notes", "help",
        ] {
            assert!(
                USAGE.contains(&format!("\n  {name} ")),
                "{name} is not in the usage text"
            );
            let line = if name == "notes" { "notes 0.1.0" } else { name };
            assert!(parse_line(line).is_ok(), "{name} is not understood");
        }
    }
}
