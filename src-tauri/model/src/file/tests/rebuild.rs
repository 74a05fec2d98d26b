//! What is built, how, and what is watched.

use super::*;
use crate::plan::{BuildCommand, BuildStrategy};

fn command(words: &[&str], cwd: &str) -> Option<BuildCommand> {
    Some(BuildCommand {
        command: words.iter().map(|word| (*word).to_owned()).collect(),
        cwd: cwd.into(),
    })
}

#[test]
fn a_process_is_built_by_a_command() {
    let a = service("process: run, build: make -j2 api");
    assert_eq!(a.build, command(&["make", "-j2", "api"], "/shop"));
    assert_eq!(a.build_strategy, BuildStrategy::StopFirst);
    let long = "process: run, cwd: src, build: {command: [make, a b], strategy: build-first}";
    let a = service(long);
    assert_eq!(a.build, command(&["make", "a b"], "/shop/src"));
    assert_eq!(a.build_strategy, BuildStrategy::BuildFirst);
    let a = service("process: run, cwd: src, build: {command: make, cwd: ..}");
    assert_eq!(a.build, command(&["make"], "/"));
    assert!(a.can_rebuild() && !service("process: run").can_rebuild());
}

#[test]
fn an_image_is_built_while_the_old_one_runs_unless_it_says_otherwise() {
    let a = service("build: ./src");
    assert!(a.can_rebuild() && a.build.is_none());
    assert_eq!(a.build_strategy, BuildStrategy::BuildFirst);
    let a = service("build: {context: ., strategy: stop-first}");
    assert_eq!(a.build_strategy, BuildStrategy::StopFirst);
}

#[test]
fn what_is_watched_is_absolute() {
    let a = service("process: run, watch: [src/**/*.cs, '!src/gen/**', ~/lib/*.so, /etc/x]");
    let expected = [
        "/shop/src/**/*.cs",
        "!/shop/src/gen/**",
        "/home/me/lib/*.so",
        "/etc/x",
    ];
    assert_eq!(a.watch, expected);
    assert_eq!(service("process: run, watch: src").watch, ["/shop/src"]);
}

#[test]
fn the_folder_of_an_included_file_counts() {
    let included =
        "services: {b: {process: run, build: {command: make, cwd: out}, watch: ['*.c', '!x.c']}}";
    let files = [("infra/b.yaml", included)];
    let plan = plan_with("include: [infra/b.yaml]\nservices: {}", &files, &[]);
    let b = &plan.services["b"];
    assert_eq!(b.build, command(&["make"], "/shop/infra/out"));
    assert_eq!(b.watch, ["/shop/infra/*.c", "!/shop/infra/x.c"]);
}

#[test]
fn how_it_is_built_makes_no_other_instance() {
    let a = service("process: run, build: make, watch: src");
    assert_eq!(
        a.definition_hash(),
        service("process: run").definition_hash()
    );
}

#[test]
fn mistakes_have_a_hint() {
    let said = |keys: &str| {
        let text = format!("services: {{a: {{process: run, {keys}}}}}");
        let problems = load_with(&text, &[], &[]).problems;
        let first = problems.first().expect("a problem");
        (
            first.message.clone(),
            first.hint.clone().unwrap_or_default(),
        )
    };
    let (message, hint) = said("build: {command: make, strategy: build-frist}");
    assert_eq!(message, "unknown strategy `build-frist` of a build");
    assert_eq!(hint, "did you mean `build-first`?");
    assert_eq!(
        said("build: {cwd: x}").0,
        "`command` is missing in `build` of a process"
    );
    assert_eq!(said("build: ''").0, "`build` has no program");
    assert_eq!(said("watch: ['']").0, "a pattern of `watch` is empty");
}
