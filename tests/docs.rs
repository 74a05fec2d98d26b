//! The documentation does what it says: every environment file in it is read by the
//! program, every command line is understood by it, and those marked as such are run.
//!
//! How a block of code is taken is said behind its language:
//! `yaml` a whole environment file, `yaml service` the keys of one service,
//! `yaml scenario` scenarios of an environment with the usual services,
//! `yaml compose` a Compose file, `yaml fragment` and `yaml workflow` any YAML;
//! `sh` command lines that are understood, `sh run` command lines that succeed, in
//! this order, in the folder of the sample. The command lines of a workflow are understood,
//! too; `json` is read, and `text` is what neither runs nor is read.

use benchtop_tests::programs::{program, root};
use benchtop_tests::{Home, Project, reference};
use std::path::PathBuf;

/// A block of code, and where it stands.
#[derive(Clone, Debug)]
struct Block {
    place: String,
    kind: String,
    text: String,
}

#[test]
fn the_reference_is_up_to_date() {
    let schema = root().join("src-tauri/model/benchtop.schema.json");
    let schema = std::fs::read_to_string(schema).expect("the schema is committed");
    let wanted = reference::page(&serde_json::from_str(&schema).expect("it is JSON"));
    let file = root().join("docs/reference.md");
    if std::env::var_os("BENCHTOP_WRITE_DOCS").is_some() {
        std::fs::write(&file, &wanted).expect("write the reference");
    }
    let found = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        found == wanted,
        "docs/reference.md is older than the schema: \
         BENCHTOP_WRITE_DOCS=1 cargo test -p benchtop-tests --test docs"
    );
}

#[test]
fn every_environment_file_is_accepted() {
    let home = Home::new();
    let mut count = 0;
    for block in blocks() {
        let words: Vec<&str> = block.kind.split_whitespace().collect();
        let (name, text) = match words.as_slice() {
            ["yaml"] => ("benchtop.yaml", block.text.clone()),
            ["yaml", "compose"] => ("compose.yaml", block.text.clone()),
            ["yaml", "service"] => ("benchtop.yaml", as_service(&block.text)),
            ["yaml", "scenario"] => ("benchtop.yaml", as_scenario(&block.text)),
            _ => continue,
        };
        let project = Project::new("");
        std::fs::remove_file(project.file()).expect("remove the empty file");
        project.write(name, &text);
        let folder = project.path().display().to_string();
        let said = home.benchtop(&["check", "-f", &folder]);
        assert_eq!(
            said.code, 0,
            "{}: {}{}\n{text}",
            block.place, said.stdout, said.stderr
        );
        count += 1;
    }
    assert!(
        count >= 10,
        "only {count} files were found: are the blocks marked?"
    );
}

#[test]
fn every_command_line_is_understood() {
    let home = Home::new();
    let chores = chores();
    let mut count = 0;
    for (place, line) in command_lines() {
        let words = words(&line);
        match words.first().map(String::as_str) {
            Some("benchtop") => {
                // Whatever is wrong before it is found first.
                let mut arguments: Vec<&str> = words[1..].iter().map(String::as_str).collect();
                arguments.push("--help");
                let said = home.benchtop(&arguments);
                assert_eq!(said.code, 0, "{place}: {line}: {}", said.stderr);
            }
            Some("cargo") if words.get(1).is_some_and(|word| word == "xtask") => {
                for word in words[2..].iter().filter(|word| word.starts_with("--")) {
                    assert!(chores.contains(word.as_str()), "{place}: {line}: no {word}");
                }
                let verb = words.get(2).expect("a chore has a name");
                assert!(
                    chores.contains(&format!("\n  {verb} ")),
                    "{place}: no chore {verb}"
                );
            }
            _ => continue,
        }
        count += 1;
    }
    assert!(count >= 30, "only {count} command lines were found");
}

#[test]
fn every_block_says_how_it_is_taken() {
    let known = [
        "yaml",
        "yaml service",
        "yaml scenario",
        "yaml compose",
        "yaml fragment",
        "yaml workflow",
        "sh",
        "sh run",
        "json",
        "text",
    ];
    for block in blocks() {
        let Block { place, kind, text } = block;
        // What is merely shown is neither a command of ours nor a file of ours.
        assert!(known.contains(&kind.as_str()), "{place}: `{kind}` is none");
        match kind.as_str() {
            "json" => {
                let read = serde_json::from_str::<serde_json::Value>(&text);
                assert!(read.is_ok(), "{place}: {read:?}");
            }
            "text" => assert!(
                !text.lines().any(|line| line.starts_with("benchtop ")),
                "{place}: a command stands in a block of text"
            ),
            _ => {}
        }
    }
}

#[test]
fn the_workflow_of_a_release_asks_for_chores_that_exist() {
    let workflow = root().join(".github/workflows/release.yml");
    let text = std::fs::read_to_string(workflow).expect("there is a workflow");
    let chores = chores();
    let mut count = 0;
    for rest in text.split("cargo xtask ").skip(1) {
        let line = rest.lines().next().unwrap_or_default();
        let words: Vec<&str> = line.split_whitespace().collect();
        let verb = words.first().copied().unwrap_or_default();
        assert!(chores.contains(&format!("\n  {verb} ")), "no chore {verb}");
        for option in words.iter().filter(|word| word.starts_with("--")) {
            assert!(chores.contains(option), "{line}: no {option}");
        }
        count += 1;
    }
    assert!(count >= 4, "only {count} were found");
}

#[test]
fn what_is_marked_to_be_run_succeeds() {
    let home = Home::new();
    let sample = root().join("examples/sample");
    let mut count = 0;
    for block in blocks().into_iter().filter(|block| block.kind == "sh run") {
        for line in lines(&block.text) {
            let words = words(&line);
            assert_eq!(
                words[0], "benchtop",
                "{}: only our own program is run",
                block.place
            );
            let arguments: Vec<&str> = words[1..].iter().map(String::as_str).collect();
            let mut command = home.command(&arguments);
            let output = command.current_dir(&sample).output().expect("run benchtop");
            assert!(
                output.status.success(),
                "{}: {line}: {}{}",
                block.place,
                String::from_utf8_lossy(&output.stdout),
                String::from_utf8_lossy(&output.stderr)
            );
            count += 1;
        }
    }
    assert!(count >= 5, "only {count} command lines were run");
}

#[test]
fn every_link_between_pages_leads_somewhere() {
    for page in pages() {
        let text = std::fs::read_to_string(&page).expect("a page");
        let folder = page.parent().expect("a page lies in a folder");
        for target in text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next())
        {
            let file = target.split('#').next().unwrap_or_default();
            if file.is_empty() || file.contains("://") || file.contains(' ') {
                continue;
            }
            assert!(
                folder.join(file).exists(),
                "{}: {target} leads nowhere",
                page.display()
            );
        }
    }
}

#[test]
fn every_page_is_in_the_list_of_pages() {
    let index = std::fs::read_to_string(root().join("docs/README.md")).expect("a list of pages");
    for page in pages() {
        let name = page
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        if page.starts_with(root().join("docs")) && name != "README.md" {
            assert!(
                index.contains(&format!("({name})")),
                "docs/README.md lacks {name}"
            );
        }
    }
}

/// The pages: README.md and all of docs/.
fn pages() -> Vec<PathBuf> {
    let docs = std::fs::read_dir(root().join("docs")).expect("there is documentation");
    let docs = docs.map(|entry| entry.expect("a file").path());
    let mut pages: Vec<PathBuf> = docs
        .chain([root().join("README.md")])
        .filter(|path| path.extension().is_some_and(|ext| ext == "md"))
        .collect();
    pages.sort();
    pages
}

fn blocks() -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    for page in pages() {
        let text = std::fs::read_to_string(&page).expect("a page");
        let name = page
            .strip_prefix(root())
            .unwrap_or(&page)
            .display()
            .to_string();
        let mut open = false;
        for (number, line) in (1..).zip(text.lines()) {
            match (open, line.strip_prefix("```")) {
                (false, Some(kind)) => {
                    open = true;
                    blocks.push(Block {
                        place: format!("{name}:{number}"),
                        kind: kind.trim().to_owned(),
                        text: String::new(),
                    });
                }
                (true, Some(_)) => open = false,
                (true, None) => {
                    let block = blocks.last_mut().expect("one was opened");
                    block.text += line;
                    block.text.push('\n');
                }
                (false, None) => {}
            }
        }
        assert!(!open, "{name} ends in a block of code");
    }
    blocks
}

/// Command lines of all blocks, with their place; of a workflow those that it runs.
fn command_lines() -> Vec<(String, String)> {
    blocks()
        .into_iter()
        .flat_map(|block| {
            let found = match block.kind.as_str() {
                "sh" | "sh run" => lines(&block.text),
                "yaml workflow" => runs_of(&block.text),
                _ => Vec::new(),
            };
            found
                .into_iter()
                .map(move |line| (block.place.clone(), line))
        })
        .collect()
}

/// What the steps of a workflow run.
fn runs_of(workflow: &str) -> Vec<String> {
    let steps = workflow
        .lines()
        .map(|line| line.trim().trim_start_matches("- "));
    steps
        .filter_map(|line| line.strip_prefix("run: "))
        .map(str::to_owned)
        .collect()
}

/// The lines without remarks and prompts.
fn lines(text: &str) -> Vec<String> {
    let lines = text
        .lines()
        .map(|line| line.split(" #").next().unwrap_or(line).trim());
    let written = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    written.map(str::to_owned).collect()
}

fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let (mut word, mut quote, mut begun) = (String::new(), None, false);
    for letter in line.chars() {
        match (letter, quote) {
            (end, Some(open)) if end == open => quote = None,
            ('\'' | '"', None) => (quote, begun) = (Some(letter), true),
            (' ', None) => {
                if begun {
                    words.push(std::mem::take(&mut word));
                }
                begun = false;
            }
            _ => {
                word.push(letter);
                begun = true;
            }
        }
    }
    if begun {
        words.push(word);
    }
    words
}

/// What `cargo xtask help` says.
fn chores() -> String {
    let output = std::process::Command::new(program("xtask"))
        .arg("help")
        .output();
    String::from_utf8(output.expect("run xtask").stdout).expect("text")
}

fn indented(text: &str, by: &str) -> String {
    text.lines().map(|line| format!("{by}{line}\n")).collect()
}

/// One service of an environment without others.
fn as_service(text: &str) -> String {
    format!(
        "name: docs\nservices:\n  example:\n{}",
        indented(text, "    ")
    )
}

/// Scenarios beside the services that examples refer to.
fn as_scenario(text: &str) -> String {
    format!(
        "name: docs\nservices:\n  postgres:\n    image: postgres:16\n    endpoints: {{ tcp: 5432 }}\n  \
         redis:\n    image: redis:7\n    endpoints: {{ tcp: 6379 }}\n  \
         kafka:\n    image: apache/kafka:3.9.0\n    endpoints: {{ tcp: 9092 }}\n  \
         web:\n    process: npm run dev\n    endpoints: {{ http: auto }}\n{text}"
    )
}
