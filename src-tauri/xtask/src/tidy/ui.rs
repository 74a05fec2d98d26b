//! Rules for the sources of the UI.

use super::Finding;

/// The one door between the UI and the shell it runs in.
const DOOR: &str = "ui/src/lib/backend/";
const SHELL: &str = "@tauri-apps/";
const MARKUP: &str = "{@html";

const WHY_DOOR: &str = "the same UI runs in a browser and in tests, where there is no shell";
const WHY_MARKUP: &str = "names and log lines come from outside: they are text, never markup";

pub(crate) fn check(path: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (line, content) in (1..).zip(text.lines()) {
        let mut find = |message, why| {
            findings.push(Finding {
                path: path.to_owned(),
                line,
                message,
                why,
            });
        };
        if content.contains(SHELL) && !path.starts_with(DOOR) {
            find(format!("`{SHELL}` outside of {DOOR}"), WHY_DOOR);
        }
        if content.contains(MARKUP) {
            find(format!("`{MARKUP}`"), WHY_MARKUP);
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shell_is_imported_through_the_door_only() {
        let text = "import { invoke } from \"@tauri-apps/api/core\";\n";
        assert_eq!(check("ui/src/App.svelte", text).len(), 1);
        assert!(check("ui/src/lib/backend/tauri.ts", text).is_empty());
    }

    #[test]
    fn markup_from_outside_is_found() {
        let findings = check("ui/src/Log.svelte", "<p>\n{@html line}\n</p>\n");
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].line, 2);
    }
}
