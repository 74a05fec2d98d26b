//! What the loader makes of YAML, and what it refuses.

#![allow(clippy::unwrap_used)]

use super::*;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

/// The tree in one line: `{a: [1, ~]}`.
fn show(node: &Node) -> String {
    match &node.value {
        Value::Null | Value::Faulty => "~".into(),
        Value::Scalar(text) => text.clone(),
        Value::Seq(nodes) => format!(
            "[{}]",
            nodes.iter().map(show).collect::<Vec<_>>().join(", ")
        ),
        Value::Map(entries) => {
            let entries: Vec<_> = entries
                .iter()
                .map(|(key, node)| format!("{}: {}", key.text, show(node)))
                .collect();
            format!("{{{}}}", entries.join(", "))
        }
    }
}

fn read(text: &str) -> (String, Vec<String>) {
    let mut findings = Findings::default();
    let node = parse("f", text, &mut findings);
    let problems = findings.into_sorted(&Place::default());
    (
        node.as_ref().map_or_else(String::new, show),
        problems.iter().map(ToString::to_string).collect(),
    )
}

#[track_caller]
fn good(text: &str, expected: &str) {
    assert_eq!(read(text), (expected.to_owned(), vec![]), "{text}");
}

#[track_caller]
fn bad(text: &str, expected: &str) {
    let (_, problems) = read(text);
    assert_eq!(
        problems.first().map(|p| p.lines().next().unwrap()),
        Some(expected),
        "{text}"
    );
}

#[test]
fn text_becomes_a_tree() {
    good("a: 1\nb: [x, 'y']", "{a: 1, b: [x, y]}");
    good(
        "a:\nb: ~\nc: null\nd: 'null'\ne: !!str null",
        "{a: ~, b: ~, c: ~, d: null, e: null}",
    );
    good("\u{feff}a: 1", "{a: 1}");
    good("a: 1\r\nb: 2\r\n", "{a: 1, b: 2}");
    good("---\na: |\n  x\n  y\n", "{a: x\ny\n}");
    good("a: 22:22", "{a: 22:22}");
}

#[test]
fn an_alias_repeats_and_an_anchor_may_be_set_anew() {
    good("a: &x [1]\nb: *x", "{a: [1], b: [1]}");
    good("a: &x 1\nb: *x\nc: &x 2\nd: *x", "{a: 1, b: 1, c: 2, d: 2}");
    good("a: &k key\n*k : v", "{a: key, key: v}");
}

#[test]
fn merge_keys_bring_in_what_is_not_written() {
    good(
        "a: &a {x: 1, y: 1}\nb: {<<: *a, y: 2}",
        "{a: {x: 1, y: 1}, b: {x: 1, y: 2}}",
    );
    good(
        "b: {<<: [{x: 1}, {x: 2, y: 2}], z: 3}",
        "{b: {x: 1, y: 2, z: 3}}",
    );
    good("b: {x: 1, '<<': 2}", "{b: {x: 1, <<: 2}}");
    bad(
        "b: {<<: 3}",
        "f:1:5: error: `<<` merges maps, but found text",
    );
    bad(
        "a: &a {}\nb:\n  <<: *a\n  <<: *a",
        "f:4:3: error: the merge key `<<` is written twice in one map",
    );
}

#[test]
fn reset_takes_a_merged_key_away() {
    good(
        "a: &a {x: 1, y: 1}\nb: {<<: *a, y: !reset null}",
        "{a: {x: 1, y: 1}, b: {x: 1}}",
    );
    good("a: !override [1]", "{a: [1]}");
    bad(
        "a: !mine 1",
        "f:1:4: warning: the tag `!mine` has no effect",
    );
}

#[test]
fn slips_are_told_with_their_place() {
    bad("", "f: error: the file is empty");
    bad("# only a comment\n", "f: error: the file is empty");
    bad("!reset a", "f: error: the file is empty");
    bad(
        "a: 1\nb: 2\na: 3",
        "f:3:1: error: the key `a` is written twice, first in line 1",
    );
    bad(
        "a: 1\n---\nb: 2",
        "f:2:1: error: a second document begins here, but a file holds exactly one",
    );
    bad(
        "a: {{b}}",
        "f:1:5: error: a key must be text, but this is a map",
    );
    bad(
        "a: &a [*a]",
        "f:1:8: error: this alias stands inside the very node that it repeats",
    );
    assert!(read("a:\n\tb: 1").1[0].contains("hint: indent with spaces"));
    assert!(read("a: *nowhere").1[0].contains("an anchor `&name` must stand before"));
    assert!(read("a: @b").1[0].contains("in quotes"));
    assert!(read("a: b: c").1[0].contains("when it contains `: `"));
}

#[test]
fn deep_nesting_is_refused_in_every_style() {
    for text in [
        "[".repeat(100_000),
        "- ".repeat(100_000),
        "{a: ".repeat(50_000),
        "? ".repeat(50_000),
    ] {
        bad_quickly(&text, "nested more than 64 levels deep");
    }
}

#[test]
fn a_bomb_of_aliases_is_refused_within_a_second() {
    let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for n in 1..30 {
        let aliases = vec![format!("*a{}", n - 1); 9].join(", ");
        writeln!(text, "a{n}: &a{n} [{aliases}]").unwrap();
    }
    bad_quickly(&text, "the aliases of this file repeat too much");
}

#[test]
fn a_large_text_cannot_be_multiplied_by_aliases() {
    let text = format!(
        "a: &a {}\nb: [{}]",
        "x".repeat(1 << 20),
        "*a, ".repeat(10_000)
    );
    bad_quickly(&text, "the aliases of this file repeat too much");
}

#[test]
fn merges_cannot_multiply_either() {
    let mut text = String::from("a0: &a0 {k0: 1}\n");
    for n in 1..40 {
        writeln!(text, "a{n}: &a{n}\n  <<: *a{}\n  x{n}: *a{}", n - 1, n - 1).unwrap();
    }
    bad_quickly(&text, "the aliases of this file repeat too much");
}

#[test]
fn too_many_values_are_refused() {
    bad_quickly(
        &"- x\n".repeat(250_000),
        "the file has more than 200000 values",
    );
}

#[track_caller]
fn bad_quickly(text: &str, expected: &str) {
    let start = Instant::now();
    let (_, problems) = read(text);
    // Ample, for a debug build on a busy machine; without a budget it takes hours.
    let took = start.elapsed();
    assert!(took < Duration::from_secs(20), "took {took:?}");
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(problems[0].contains(expected), "{problems:?}");
}
