//! Rules for every file: its size, paths of one machine, blanks at the end of a line.

use super::Finding;

const LARGEST_FILE: u64 = 1 << 20;

const WHY_SIZE: &str = "a repository keeps every large file for ever; generate it, or fetch it";
const WHY_PATH: &str = "a path of one machine is wrong on every other";
const WHY_BLANKS: &str = "invisible changes hide the visible ones";

/// Folders that exist on one machine only. In pieces, so that this file is not found.
const FOLDERS: [&str; 3] = [
    concat!("/ro", "ot/"),
    concat!("/ho", "me/"),
    concat!("/wo", "rk/"),
];

/// Names that stand for anybody, for examples and tests.
const ANYBODY: [&str; 5] = ["me", "you", "user", "someone", "dev"];

pub(crate) fn size(path: &str, bytes: u64) -> Option<Finding> {
    let picture = path.starts_with("icons/") || path.starts_with("docs/");
    (bytes > LARGEST_FILE && !picture).then(|| Finding {
        path: path.to_owned(),
        line: 0,
        message: format!(
            "{} KiB, more than {} KiB",
            bytes / 1024,
            LARGEST_FILE / 1024
        ),
        why: WHY_SIZE,
    })
}

pub(crate) fn check(path: &str, text: &str) -> Vec<Finding> {
    let prose = [".rs", ".ts", ".svelte", ".md"]
        .iter()
        .any(|end| path.ends_with(end));
    let generated = path.ends_with("Cargo.lock")
        || path.ends_with("package-lock.json")
        || text
            .lines()
            .next()
            .is_some_and(|line| line.ends_with("Do not edit."));
    if generated {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for (line, content) in (1..).zip(text.lines()) {
        let mut find = |message: String, why| {
            findings.push(Finding {
                path: path.to_owned(),
                line,
                message,
                why,
            });
        };
        if prose && content.ends_with([' ', '\t']) {
            find("blanks at the end of the line".to_owned(), WHY_BLANKS);
        }
        if let Some(folder) = machine_path(content) {
            find(format!("a path below {folder}"), WHY_PATH);
        }
    }
    findings
}

/// The folder, if an absolute path into it begins somewhere in the line. A path inside a
/// container (`data:/…`), or further down in another path, does not count.
fn machine_path(line: &str) -> Option<&'static str> {
    FOLDERS.into_iter().find(|folder| {
        line.match_indices(folder).any(|(at, _)| {
            let begins = line[..at]
                .chars()
                .next_back()
                .is_none_or(|before| before.is_whitespace() || "\"'`(=<[{,|>".contains(before));
            let rest = &line[at + folder.len()..];
            let goes_on = rest.starts_with(|c: char| c.is_alphanumeric() || c == '.');
            let name = rest
                .split(|c: char| !c.is_alphanumeric())
                .next()
                .unwrap_or(rest);
            begins && goes_on && !ANYBODY.contains(&name)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_files_are_found_unless_they_are_pictures() {
        assert!(size("ui/src/data.json", LARGEST_FILE).is_none());
        assert_eq!(
            size("ui/src/data.json", 2 * LARGEST_FILE).map(|finding| finding.message),
            Some("2048 KiB, more than 1024 KiB".to_owned())
        );
        assert!(size("icons/icon.icns", 2 * LARGEST_FILE).is_none());
    }

    #[test]
    fn paths_of_one_machine_are_found() {
        let [root, home, work] = FOLDERS;
        for line in [
            format!("cd {work}main"),
            format!("let path = \"{home}anna/shop\";"),
            format!("{root}.cargo/bin"),
            format!("(see `{work}notes`)"),
        ] {
            assert_eq!(check("a.sh", &line).len(), 1, "{line}");
        }
    }

    #[test]
    fn paths_elsewhere_are_left_alone() {
        let [root, home, work] = FOLDERS;
        for line in [
            format!("- ./cache:{root}.cache"),
            format!("src{work}queue.rs"),
            format!("https://example.com{home}page"),
            format!("mkdir -p {root}"),
            format!("HOME={home}me"),
        ] {
            assert!(check("a.yaml", &line).is_empty(), "{line}");
        }
    }

    #[test]
    fn blanks_at_the_end_matter_in_sources_and_prose() {
        assert_eq!(check("ui/src/App.svelte", "<p>  \n").len(), 1);
        assert_eq!(check("README.md", "a line\t\n").len(), 1);
        assert!(check("tests/fixtures/compose.yaml", "name: shop  \n").is_empty());
        let generated = "// Made from the schema. Do not edit.\nexport type A = { \n};\n";
        assert!(check("ui/src/lib/bindings.ts", generated).is_empty());
    }
}
