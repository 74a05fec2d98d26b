//! The JSON Schema of environment files is committed and fresh, and it says yes to
//! what the reader takes: `BENCHTOP_WRITE_SCHEMA=1 cargo test -p benchtop-model
//! --test schema` writes it anew.

#![allow(clippy::unwrap_used)]

use benchtop_model::file;
use serde_json::Value;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn committed() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("benchtop.schema.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn the_committed_schema_is_fresh() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("benchtop.schema.json");
    let fresh = serde_json::to_string_pretty(&file::schema()).unwrap() + "\n";
    if std::env::var_os("BENCHTOP_WRITE_SCHEMA").is_some() {
        std::fs::write(&path, fresh).unwrap();
        return;
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == fresh,
        "benchtop.schema.json is stale: run this test with BENCHTOP_WRITE_SCHEMA=1"
    );
}

#[test]
fn every_example_names_the_schema_that_is_there() {
    for name in ["sample", "b2x"] {
        let file = root().join("examples").join(name).join("benchtop.yaml");
        let text = std::fs::read_to_string(&file).unwrap();
        let first = text.lines().next().unwrap();
        let path = first
            .strip_prefix("# yaml-language-server: $schema=")
            .unwrap_or_else(|| panic!("{name} begins with `{first}`"));
        assert!(file.parent().unwrap().join(path).is_file(), "{path}");
    }
}

#[test]
fn the_schema_knows_keys_kinds_and_what_is_wrong() {
    let schema = committed();
    let service = &schema["properties"]["services"]["additionalProperties"];
    let kinds = |key: &str| service["properties"][key]["type"].to_string();
    assert_eq!(kinds("image"), r#"["string","number","boolean"]"#);
    assert!(kinds("command").contains("array"), "{}", kinds("command"));
    assert!(kinds("environment").contains("object"));
    assert!(!kinds("privileged").contains("array"));
    assert_eq!(service["additionalProperties"], false);
    let probe = &service["properties"]["probes"]["properties"]["ready"]["properties"];
    assert!(probe["http"]["properties"]["path"].is_object(), "{probe}");
    assert!(schema["properties"]["include"].is_object());
}
