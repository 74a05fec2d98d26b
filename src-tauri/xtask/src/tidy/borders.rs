//! Who may depend on whom: the design's table, checked in the manifests.

use super::Finding;
use super::manifest::{self, Dependency};

pub(crate) fn check(path: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for Dependency { line, package } in manifest::dependencies(text) {
        let mut find = |message, why| {
            findings.push(Finding {
                path: path.to_owned(),
                line,
                message,
                why,
            });
        };
        if let Some(part) = PARTS.iter().find(|part| part.manifest == path)
            && package.starts_with("benchtop-")
            && !part.may_use.contains(&package.as_str())
        {
            find(format!("{} depends on {package}", part.name), part.why);
        }
        for (library, manifests, why) in LIBRARIES {
            let named = package == *library || package.starts_with(&format!("{library}-"));
            if named && !manifests.contains(&path) {
                find(format!("{package} is a dependency here"), why);
            }
        }
        if path == "src-tauri/model/Cargo.toml" && IMPURE.contains(&package.as_str()) {
            find(format!("the model depends on {package}"), WHY_PURE);
        }
        if path == "src-tauri/xtask/Cargo.toml" {
            find(format!("xtask depends on {package}"), WHY_BARE);
        }
    }
    findings
}

/// A part of the program and what of the others it may know.
struct Part {
    name: &'static str,
    manifest: &'static str,
    may_use: &'static [&'static str],
    why: &'static str,
}

const WHY_SIBLINGS: &str = "engine, telemetry and store know only the model; they meet in api";
const WHY_FACES: &str = "a face knows only the API, or it could do what the others cannot";

const PARTS: &[Part] = &[
    Part {
        name: "model",
        manifest: "src-tauri/model/Cargo.toml",
        may_use: &[],
        why: "the model stands below all other parts",
    },
    Part {
        name: "engine",
        manifest: "src-tauri/engine/Cargo.toml",
        may_use: &["benchtop-model"],
        why: WHY_SIBLINGS,
    },
    Part {
        name: "telemetry",
        manifest: "src-tauri/telemetry/Cargo.toml",
        may_use: &["benchtop-model"],
        why: WHY_SIBLINGS,
    },
    Part {
        name: "store",
        manifest: "src-tauri/store/Cargo.toml",
        may_use: &["benchtop-model"],
        why: WHY_SIBLINGS,
    },
    Part {
        name: "api",
        manifest: "src-tauri/api/Cargo.toml",
        may_use: &[
            "benchtop-model",
            "benchtop-engine",
            "benchtop-telemetry",
            "benchtop-store",
        ],
        why: "the faces stand above the API",
    },
    Part {
        name: "cli",
        manifest: "src-tauri/cli/Cargo.toml",
        may_use: &["benchtop-api"],
        why: WHY_FACES,
    },
    Part {
        name: "the desktop",
        manifest: "Cargo.toml",
        may_use: &["benchtop-api"],
        why: WHY_FACES,
    },
];

/// A family of packages, the manifests that may name it, and why.
const LIBRARIES: &[(&str, &[&str], &str)] = &[
    (
        "tauri",
        &["Cargo.toml"],
        "everything but the desktop runs without a window, in CI and over SSH",
    ),
    (
        "rusqlite",
        &[
            "src-tauri/store/Cargo.toml",
            "src-tauri/telemetry/Cargo.toml",
        ],
        "one place owns each file; the others ask it",
    ),
];

const IMPURE: &[&str] = &[
    "axum",
    "bollard",
    "hyper",
    "jiff",
    "listeners",
    "nix",
    "reqwest",
    "sysinfo",
    "tokio",
];

const WHY_PURE: &str = "the model knows no clock, file or network, so it can be simulated";
const WHY_BARE: &str = "xtask is the first thing that a bare machine compiles";

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(path: &str, dependencies: &str) -> Vec<String> {
        let text = format!("[dependencies]\n{dependencies}");
        check(path, &text)
            .into_iter()
            .map(|finding| finding.message)
            .collect()
    }

    #[test]
    fn siblings_do_not_know_each_other() {
        let path = "src-tauri/engine/Cargo.toml";
        assert!(messages(path, "benchtop-model.workspace = true\n").is_empty());
        assert_eq!(
            messages(path, "benchtop-store.workspace = true\n"),
            ["engine depends on benchtop-store"]
        );
    }

    #[test]
    fn a_face_knows_only_the_api() {
        for path in ["Cargo.toml", "src-tauri/cli/Cargo.toml"] {
            assert!(messages(path, "benchtop-api.workspace = true\n").is_empty());
            assert_eq!(
                messages(path, "benchtop-engine = { path = \"e\" }\n").len(),
                1
            );
        }
    }

    #[test]
    fn libraries_stay_where_they_belong() {
        assert_eq!(
            messages(
                "src-tauri/cli/Cargo.toml",
                "tauri-plugin-dialog = \"2\"\nrusqlite = \"0\"\n"
            ),
            [
                "tauri-plugin-dialog is a dependency here",
                "rusqlite is a dependency here"
            ]
        );
        assert!(messages("Cargo.toml", "tauri = \"2\"\n").is_empty());
        assert!(messages("src-tauri/store/Cargo.toml", "rusqlite.workspace = true\n").is_empty());
    }

    #[test]
    fn the_model_and_xtask_stay_bare() {
        assert_eq!(
            messages("src-tauri/model/Cargo.toml", "tokio.workspace = true\n"),
            ["the model depends on tokio"]
        );
        assert_eq!(
            messages("src-tauri/xtask/Cargo.toml", "serde.workspace = true\n"),
            ["xtask depends on serde"]
        );
    }
}
