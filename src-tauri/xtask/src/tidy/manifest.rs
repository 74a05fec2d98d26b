//! Reading what matters of a Cargo.toml, line by line: tables, keys, values.

/// One `key = value` of a manifest.
#[derive(Debug, PartialEq)]
pub(crate) struct Entry {
    /// Counted from 1.
    pub(crate) line: usize,
    /// The table it stands in, without brackets: `dependencies`, `test`.
    pub(crate) table: String,
    pub(crate) key: String,
    /// As written, without its comment.
    pub(crate) value: String,
}

/// A dependency: its line and the name of the package, whatever it is called here.
#[derive(Debug, PartialEq)]
pub(crate) struct Dependency {
    pub(crate) line: usize,
    pub(crate) package: String,
}

pub(crate) fn entries(text: &str) -> Vec<Entry> {
    let mut table = String::new();
    let mut entries = Vec::new();
    let mut open = 0;
    for (line, content) in (1..).zip(text.lines()) {
        let content = content.split(" #").next().unwrap_or(content).trim();
        // The further lines of a value in several lines are no entries.
        let inside = open > 0;
        open += balance(content);
        if inside || content.is_empty() || content.starts_with('#') {
            continue;
        }
        match content.split_once('=') {
            Some((key, value)) if !content.starts_with('[') => entries.push(Entry {
                line,
                table: table.clone(),
                key: key.trim().trim_matches('"').to_owned(),
                value: value.trim().to_owned(),
            }),
            _ if content.starts_with('[') => {
                table = content.trim_matches(['[', ']']).trim().to_owned();
                entries.push(Entry {
                    line,
                    table: table.clone(),
                    key: String::new(),
                    value: String::new(),
                });
            }
            _ => {}
        }
    }
    entries
}

/// The names of the targets of one kind: `test`, `bench`.
pub(crate) fn target_names(text: &str, kind: &str) -> Vec<String> {
    entries(text)
        .into_iter()
        .filter(|entry| entry.table == kind && entry.key == "name")
        .map(|entry| entry.value.trim_matches('"').to_owned())
        .collect()
}

/// What the product of this package is linked with. Dependencies of its tests are not
/// among them, for they cross no border of the product.
pub(crate) fn dependencies(text: &str) -> Vec<Dependency> {
    let mut found: Vec<Dependency> = Vec::new();
    for entry in entries(text) {
        let Some(rest) = dependency_table(&entry.table) else {
            continue;
        };
        let rest = rest.to_owned();
        match (rest.strip_prefix('.'), entry.key.as_str()) {
            // [dependencies.name], then its keys
            (Some(name), "") => found.push(Dependency {
                line: entry.line,
                package: name.into(),
            }),
            (Some(_), "package") => {
                if let Some(last) = found.last_mut() {
                    last.package = entry.value.trim_matches('"').to_owned();
                }
            }
            (Some(_), _) | (None, "") => {}
            (None, key) => {
                let name = key.split('.').next().unwrap_or(key);
                let package = renamed(&entry.value).unwrap_or(name).to_owned();
                found.push(Dependency {
                    line: entry.line,
                    package,
                });
            }
        }
    }
    found
}

/// What follows after `dependencies` in the name of such a table.
fn dependency_table(table: &str) -> Option<&str> {
    let table = match table.strip_prefix("target.") {
        // target.'cfg(…)'.dependencies
        Some(_) => &table[table.find("dependencies")?..],
        None => table,
    };
    table
        .strip_prefix("build-")
        .unwrap_or(table)
        .strip_prefix("dependencies")
}

/// The `package = "…"` of an inline table.
fn renamed(value: &str) -> Option<&str> {
    let (_, after) = value.split_once("package")?;
    after
        .trim_start()
        .strip_prefix('=')?
        .trim_start()
        .strip_prefix('"')?
        .split('"')
        .next()
}

fn balance(line: &str) -> i32 {
    line.chars().fold(0, |sum, c| match c {
        '[' | '{' => sum + 1,
        ']' | '}' => sum - 1,
        _ => sum,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<(usize, String)> {
        dependencies(text)
            .into_iter()
            .map(|found| (found.line, found.package))
            .collect()
    }

    #[test]
    fn dependencies_are_found_in_every_form() {
        let text = "\
[package]
name = \"a\"
[dependencies]
benchtop-model.workspace = true # a remark
serde = { version = \"1\", features = [
  \"derive\",
] }
short = { package = \"long-name\", version = \"1\" }
[dependencies.tokio]
version = \"1\"
[dependencies.alias]
package = \"real\"
[target.'cfg(unix)'.dependencies]
nix = \"0.31\"
[build-dependencies]
tauri-build = \"2\"
[dev-dependencies]
tempfile = \"3\"
[workspace.dependencies]
axum = \"0.8\"
";
        let expected = [
            (4, "benchtop-model"),
            (5, "serde"),
            (8, "long-name"),
            (9, "tokio"),
            (11, "real"),
            (14, "nix"),
            (16, "tauri-build"),
        ];
        assert_eq!(
            names(text),
            expected.map(|(line, name)| (line, name.to_owned()))
        );
    }

    #[test]
    fn targets_of_one_kind_are_named() {
        let text = "[package]\nname = \"t\"\n\n[[test]]\nname = \"containers\"\npath = \"c.rs\"\n\
                    [[test]]\nname = \"desktop\"\n[[bench]]\nname = \"logs\"\n";
        assert_eq!(target_names(text, "test"), ["containers", "desktop"]);
        assert_eq!(target_names(text, "bench"), ["logs"]);
    }
}
