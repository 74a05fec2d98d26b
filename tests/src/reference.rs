//! The reference of the environment file, made from the schema that editors use, so that
//! there is one text for each key.

use serde_json::{Map, Value};
use std::fmt::Write as _;

/// The page, in Markdown.
///
/// # Panics
/// Where the schema is not one of this project.
#[must_use]
pub fn page(schema: &Value) -> String {
    let mut page = Page {
        text: INTRODUCTION.to_owned(),
    };
    page.section("The whole file", &[], properties(schema));
    page.text
}

const INTRODUCTION: &str = "\
# Reference of the environment file

<!-- Made from src-tauri/model/benchtop.schema.json by the test `the_reference_is_up_to_date`
     of tests/docs.rs; BENCHTOP_WRITE_DOCS=1 writes it anew. -->

Every key that `benchtop.yaml` knows. Each key of Compose keeps its meaning; `*` stands for a
name of your own, and `[]` for each entry of a list. The same texts appear in an editor that
reads the schema:

```yaml fragment
# yaml-language-server: $schema=https://benchtop.dev/benchtop.schema.json
```

A value may be written in any of the forms that are named; a list of texts may always be a
single one where Compose allows it. Durations are written as `90s`, `1m30s` or `500ms`, sizes
as `512m` or `2g`.
";

struct Page {
    text: String,
}

impl Page {
    /// The keys of one place, and then each place below it.
    fn section(&mut self, title: &str, path: &[&str], keys: &Map<String, Value>) {
        let level = if path.len() < 2 { "##" } else { "###" };
        _ = write!(
            self.text,
            "\n{level} {title}\n\n| key | value | |\n|---|---|---|\n"
        );
        for (key, value) in keys {
            let about = value["description"]
                .as_str()
                .unwrap_or("")
                .replace('|', "\\|");
            _ = writeln!(self.text, "| `{key}` | {} | {about} |", forms(value));
        }
        for (key, value) in keys {
            // Its steps are those of the list that it stands in.
            if key == "parallel" {
                continue;
            }
            let below: Vec<&str> = path.iter().copied().chain([key.as_str()]).collect();
            self.below(&below, value);
        }
    }

    fn below(&mut self, path: &[&str], value: &Value) {
        let own = properties(value);
        if !own.is_empty() {
            self.section(&format!("`{}`", path.join(".")), path, own);
        }
        for (name, part) in [
            ("*", &value["additionalProperties"]),
            ("[]", &value["items"]),
        ] {
            let deeper: Vec<&str> = path.iter().copied().chain([name]).collect();
            if part.is_object() {
                self.below(&deeper, part);
            }
        }
    }
}

fn properties(value: &Value) -> &Map<String, Value> {
    static NONE: std::sync::OnceLock<Map<String, Value>> = std::sync::OnceLock::new();
    value["properties"]
        .as_object()
        .unwrap_or_else(|| NONE.get_or_init(Map::new))
}

/// The forms that a value may have: those of the schema, in words.
fn forms(value: &Value) -> String {
    if let Some(words) = value["enum"].as_array() {
        let words = words.iter().filter_map(Value::as_str);
        return words
            .map(|word| format!("`{word}`"))
            .collect::<Vec<_>>()
            .join(", ");
    }
    let types: Vec<&str> = match &value["type"] {
        Value::String(one) => vec![one],
        Value::Array(all) => all.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    // Compose takes numbers and truth values for texts; saying so of each key is noise.
    let text = types.contains(&"string");
    let words: Vec<&str> = types
        .iter()
        .filter_map(|name| match *name {
            "string" => Some("text"),
            "number" | "integer" if !text => Some("number"),
            "boolean" if !text || !types.contains(&"number") => Some("yes or no"),
            "array" => Some("list"),
            "object" => Some("mapping"),
            _ => None,
        })
        .collect();
    words.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_key_stands_in_the_table_of_its_place() {
        let schema = json!({ "properties": { "services": {
            "type": ["null", "object"], "description": "What is run.",
            "additionalProperties": { "properties": {
                "image": { "type": ["string", "number", "boolean"], "description": "a|b" },
                "ports": { "type": "array", "items": { "properties": { "target": { "type": "number" } } } },
            } },
        } } });
        let page = page(&schema);
        for line in [
            "| `services` | mapping | What is run. |",
            "### `services.*`",
            "| `image` | text | a\\|b |",
            "### `services.*.ports.[]`",
            "| `target` | number |  |",
        ] {
            assert!(page.lines().any(|found| found == line), "{line} in {page}");
        }
    }
}
