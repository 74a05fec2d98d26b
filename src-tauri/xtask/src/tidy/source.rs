//! Rules for Rust sources.

use super::Finding;
use super::code::{code_only, lines_before_tests};

/// Longer than this, a file holds more than one thing.
const LONGEST_FILE: usize = 600;

pub(crate) fn check(path: &str, text: &str) -> Vec<Finding> {
    let code = code_only(text);
    let product = if is_test_file(path) {
        0
    } else {
        lines_before_tests(&code)
    };
    let mut findings = Vec::new();
    let mut find = |line, message: String, why| {
        findings.push(Finding {
            path: path.to_owned(),
            line,
            message,
            why,
        });
    };

    if !has_header(text) {
        find(
            1,
            "the file does not begin with a `//!` line".to_owned(),
            WHY_HEADER,
        );
    }
    let length = lines_before_tests(&code);
    if length > LONGEST_FILE {
        find(
            0,
            format!("{length} lines, more than {LONGEST_FILE}"),
            WHY_LENGTH,
        );
    }
    for (number, line) in (1..).zip(code.lines()) {
        if let Some(attribute) = ignore_without_reason(line) {
            find(
                number,
                format!("`{attribute}` without a reason"),
                WHY_IGNORE,
            );
        }
        if number <= product {
            for Ban { pattern, why } in UNFINISHED {
                if line.contains(pattern) {
                    find(number, format!("`{pattern}` outside of tests"), why);
                }
            }
        }
        for Border {
            pattern,
            only_in,
            why,
        } in USES
        {
            if contains_word(line, pattern) && !only_in.iter().any(|dir| path.starts_with(dir)) {
                find(
                    number,
                    format!("`{pattern}` outside of {}", only_in.join(" and ")),
                    why,
                );
            }
        }
        if path.starts_with("src-tauri/model/src/") && number <= product {
            for pattern in IMPURE {
                if contains_word(line, pattern) {
                    find(number, format!("`{pattern}` in the model"), WHY_PURE);
                }
            }
        }
    }
    findings
}

const WHY_HEADER: &str = "whoever opens a file first wants to know what it is for";
const WHY_LENGTH: &str = "a file that holds one thing can be read in one sitting; divide it";
const WHY_IGNORE: &str =
    "a test that is switched off must say what it waits for: #[ignore = \"takes minutes\"]";
const WHY_PURE: &str = "the model knows no clock, file or network: time and facts are arguments, so it can be simulated";

/// A pattern that no finished code contains.
struct Ban {
    pattern: &'static str,
    why: &'static str,
}

const UNFINISHED: &[Ban] = &[
    Ban {
        pattern: "todo!",
        why: "what is committed works",
    },
    Ban {
        pattern: "unimplemented!",
        why: "what is committed works",
    },
    Ban {
        pattern: "dbg!",
        why: "print while you look, log what stays",
    },
    Ban {
        pattern: ".unwrap()",
        why: "every failure names its cause; use `?` or `expect`",
    },
    Ban {
        pattern: ".expect(\"\")",
        why: "a panic says what was expected",
    },
];

/// A library that only one part of the program may use.
struct Border {
    pattern: &'static str,
    only_in: &'static [&'static str],
    why: &'static str,
}

const USES: &[Border] = &[
    Border {
        pattern: "tauri::",
        only_in: &["src-tauri/app/"],
        why: "everything but the desktop runs without a window, in CI and over SSH",
    },
    Border {
        pattern: "rusqlite::",
        only_in: &["src-tauri/store/", "src-tauri/telemetry/"],
        why: "one place owns each file; the others ask it",
    },
];

/// An address is data, so `std::net` as such is allowed; its sockets are not.
const IMPURE: &[&str] = &[
    "SystemTime",
    "Instant::now",
    "std::fs",
    "TcpListener",
    "TcpStream",
    "ToSocketAddrs",
    "UdpSocket",
    "std::env",
    "std::process",
    "std::thread",
    "tokio::",
];

fn is_test_file(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    path.starts_with("tests/")
        || path.contains("/tests/")
        || name == "tests.rs"
        || name == "test.rs" && !path.starts_with("src-tauri/xtask/")
        || name.ends_with("_test.rs")
        || name.ends_with("_tests.rs")
}

/// Whether a `//!` line comes before anything but attributes of the whole file.
fn has_header(text: &str) -> bool {
    let mut open_brackets = 0_usize;
    for line in text.lines() {
        let line = line.trim();
        if line.starts_with("//!") {
            return true;
        }
        if line.is_empty() {
            continue;
        }
        if open_brackets == 0 && !line.starts_with("#![") {
            return false;
        }
        open_brackets =
            (open_brackets + line.matches('[').count()).saturating_sub(line.matches(']').count());
    }
    false
}

fn ignore_without_reason(line: &str) -> Option<&'static str> {
    ["#[ignore]", "#[ignore = \"\"]"]
        .into_iter()
        .find(|attribute| line.contains(attribute))
}

/// Whether the pattern stands there and is not the end of a longer name.
fn contains_word(line: &str, pattern: &str) -> bool {
    line.match_indices(pattern)
        .any(|(at, _)| !line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(path: &str, text: &str) -> Vec<String> {
        let with_header = format!("//! What it is for.\n{text}");
        let place = |finding: Finding| format!("{}: {}", finding.line, finding.message);
        check(path, &with_header).into_iter().map(place).collect()
    }

    #[test]
    fn unfinished_code_is_found_where_it_is_product() {
        let text = "fn a() { todo!() }\nfn b() { c().unwrap(); }\n#[cfg(test)]\nmod tests {\n\
                    fn d() { c().unwrap(); }\n}\n";
        assert_eq!(
            messages("src-tauri/engine/src/a.rs", text),
            [
                "2: `todo!` outside of tests",
                "3: `.unwrap()` outside of tests"
            ]
        );
        assert!(messages("tests/src/kit.rs", text).is_empty());
        assert!(messages("src-tauri/engine/src/docker/tests.rs", text).is_empty());
    }

    #[test]
    fn prose_about_a_banned_word_is_allowed() {
        let text = "// never todo!\nlet a = \"dbg!\"; /* .unwrap() */\n";
        assert!(messages("src-tauri/engine/src/a.rs", text).is_empty());
    }

    #[test]
    fn an_empty_expectation_is_found() {
        let text = "a.expect(\"a port\");\nb.expect(\"\");\n";
        assert_eq!(
            messages("src-tauri/api/src/a.rs", text),
            ["3: `.expect(\"\")` outside of tests"]
        );
    }

    #[test]
    fn a_file_begins_with_what_it_is_for() {
        let findings = |text| check("examples/a/src/main.rs", text).len();
        assert_eq!(findings("//! What it is for.\nfn main() {}\n"), 0);
        assert_eq!(
            findings("#![allow(\n    dead_code,\n)]\n\n//! What it is for.\n"),
            0
        );
        assert_eq!(findings("fn main() {}\n//! Too late.\n"), 1);
        assert_eq!(findings("// Not for rustdoc.\nfn main() {}\n"), 1);
    }

    #[test]
    fn long_files_are_found_but_their_tests_do_not_count() {
        let product = "fn a() {}\n".repeat(599);
        let tests = format!(
            "#[cfg(test)]\nmod tests {{\n{}}}\n",
            "fn b() {}\n".repeat(300)
        );
        assert!(messages("src-tauri/cli/src/a.rs", &(product.clone() + &tests)).is_empty());
        assert_eq!(
            messages(
                "src-tauri/cli/src/a.rs",
                &(product + "fn c() {}\n" + &tests)
            ),
            ["0: 601 lines, more than 600"]
        );
    }

    #[test]
    fn libraries_stay_inside_their_border() {
        let text = "use tauri::Manager;\nuse rusqlite::Connection;\nuse my_tauri::x;\n";
        assert_eq!(
            messages("src-tauri/api/src/a.rs", text),
            [
                "2: `tauri::` outside of src-tauri/app/",
                "3: `rusqlite::` outside of src-tauri/store/ and src-tauri/telemetry/",
            ]
        );
        assert_eq!(
            messages("src-tauri/app/main.rs", "use tauri::Manager;\n").len(),
            0
        );
    }

    #[test]
    fn the_model_is_pure_outside_of_its_tests() {
        let text = "use std::fs;\n#[cfg(test)]\nmod tests {\n    use std::fs;\n}\n";
        assert_eq!(
            messages("src-tauri/model/src/a.rs", text),
            ["2: `std::fs` in the model"]
        );
        assert!(messages("src-tauri/engine/src/a.rs", text).is_empty());
        assert!(messages("src-tauri/model/tests/a.rs", text).is_empty());
        assert!(messages("src-tauri/model/src/a.rs", "use std::net::IpAddr;\n").is_empty());
    }

    #[test]
    fn a_test_is_ignored_only_with_a_reason() {
        let text = "#[ignore]\nfn a() {}\n#[ignore = \"\"]\nfn b() {}\n#[ignore = \"slow\"]\n";
        assert_eq!(
            messages("tests/src/a.rs", text),
            [
                "2: `#[ignore]` without a reason",
                "4: `#[ignore = \"\"]` without a reason"
            ]
        );
    }
}
