//! Commands beside the start and the end of a service.

use super::{load_with, said};
use crate::plan::Hook;
use crate::problem::Severity;

fn plan(text: &str) -> crate::plan::Plan {
    let loaded = load_with(text, &[], &[]);
    loaded
        .plan
        .unwrap_or_else(|| panic!("{:?}", loaded.problems))
}

#[test]
fn hooks_of_containers_and_processes_are_read() {
    let plan = plan(
        "services:
  a:
    image: x
    post_start:
      - {command: [./migrate, --now], user: root, privileged: true, working_dir: /w, environment: [A=1]}
      - {command: echo 'two words'}
    pre_stop: [{command: ./flush.sh}]
  p: {process: run, pre_stop: [{command: x, working_dir: sub}]}
",
    );
    let a = &plan.services["a"];
    assert_eq!(a.post_start.len(), 2);
    assert_eq!(
        a.post_start[0],
        Hook {
            command: vec!["./migrate".to_owned(), "--now".to_owned()],
            user: Some("root".to_owned()),
            privileged: true,
            working_dir: Some("/w".to_owned()),
            environment: [("A".to_owned(), "1".to_owned())].into(),
        }
    );
    assert_eq!(a.post_start[1].command, ["echo", "two words"]);
    assert_eq!(a.pre_stop[0].command, ["./flush.sh"]);
    let folder = plan.services["p"].pre_stop[0].working_dir.as_deref();
    assert!(folder.is_some_and(|dir| dir.starts_with('/') && dir.ends_with("/sub")));
}

#[test]
fn a_hook_does_not_make_another_instance() {
    let (with, without) = (
        plan("services: {a: {image: x, pre_stop: [{command: y}]}}"),
        plan("services: {a: {image: x}}"),
    );
    let hash = |plan: &crate::plan::Plan| plan.services["a"].definition_hash();
    assert_eq!(hash(&with), hash(&without));
}

#[test]
fn hooks_that_cannot_run_are_told() {
    assert_eq!(
        said(
            "services: {a: {image: x, post_start: [{user: me}, {command: ''}]}}",
            Severity::Error
        ),
        [
            "`command` is missing in an item of `post_start`",
            "the hook has no program",
        ]
    );
    assert_eq!(
        said(
            "services: {a: {process: x, post_start: [{command: y, user: me}]}}",
            Severity::Warning
        ),
        ["`user` of a hook has no effect on a process"]
    );
    assert_eq!(
        said(
            "services: {a: {external: true, endpoints: {http: 80}, pre_stop: [{command: y}]}}",
            Severity::Warning
        ),
        ["`pre_stop` has no effect on an external service"]
    );
}
