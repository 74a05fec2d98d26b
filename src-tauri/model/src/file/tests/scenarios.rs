//! Scenarios: what they become, and what is said of those that are wrong.

use super::{load_with, plan};
use crate::problem::Severity;
use crate::scenario::{Item, Kind, Setting};
use crate::time::Millis;

const SERVICES: &str =
    "services:\n  web: {process: sleep 9, endpoints: {http: 5001}}\n  db: {image: postgres}\n";

fn scenario(text: &str) -> crate::scenario::Scenario {
    let plan = plan(&format!("{SERVICES}scenarios:\n  s:\n{text}"));
    plan.scenarios["s"].clone()
}

fn errors(text: &str) -> Vec<String> {
    let text = format!("{SERVICES}scenarios:\n  s:\n{text}");
    let problems = load_with(&text, &[], &[]).problems.into_iter();
    let errors = problems.filter(|problem| problem.severity == Severity::Error);
    let with_hint = errors.map(|problem| match problem.hint {
        Some(hint) => format!("{} ({hint})", problem.message),
        None => problem.message,
    });
    with_hint.collect()
}

#[test]
fn health_is_checked_before_and_after_and_before_cleanup() {
    let ids = |text: &str| {
        let all = scenario(text);
        all.all_steps()
            .map(|step| step.id.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        ids("    steps: [{run: a}, {run: b, always: true}]\n"),
        ["health-before", "run", "health-after", "run-2"]
    );
    assert_eq!(
        ids("    steps: [{check: healthy}, {run: a, id: x}, {check: healthy}]\n"),
        ["check", "x", "check-2"]
    );
    assert_eq!(
        ids("    gate: false\n    steps: [{run: a, name: Load Test!}]\n"),
        ["load-test"]
    );
    // One check cannot be both.
    assert_eq!(
        ids("    steps: [{check: healthy}]\n"),
        ["check", "health-after"]
    );
}

#[test]
fn a_step_has_its_options_timeout_and_criteria() {
    let s = scenario(
        "    vars: {n: 10}
    timeout: 5m
    gate: false
    steps:
      - run: load --n ${{ vars.n * 2 }} 'a b'
        id: load
        timeout: 30s
        retries: 2
        pass: throughput > 5
      - parallel:
          - http: {url: '{{web.http.url}}/x', requests: '${{ vars.n }}'}
          - sql: {service: db, query: select 1}
    pass: [steps.load.metrics.throughput > 5, steps.sql.status == 'passed']
",
    );
    assert_eq!(
        (s.timeout, s.vars["n"].as_str()),
        (Millis::from_secs(300), "10")
    );
    let Item::Step(load) = &s.steps[0] else {
        panic!("{s:?}")
    };
    let words = ["load", "--n", "${{ vars.n * 2 }}", "a b"].map(str::to_owned);
    assert_eq!(load.options["command"], Setting::List(words.to_vec()));
    assert_eq!((load.timeout, load.retries), (Millis::from_secs(30), 2));
    let Item::Parallel(both) = &s.steps[1] else {
        panic!("{s:?}")
    };
    assert_eq!([both[0].kind, both[1].kind], [Kind::Http, Kind::Sql]);
    assert_eq!((s.pass.len(), load.pass.len()), (2, 1));
}

#[test]
fn a_slip_is_told_with_the_name_that_is_meant() {
    for (text, expected) in [
        (
            "    steps: [{runn: a}]\n",
            "unknown key `runn` in a step (did you mean `run`?)",
        ),
        (
            "    steps: [{http: {ur: a}}]\n",
            "unknown key `ur` in a `http` step (did you mean `url`?)",
        ),
        (
            "    steps: [{run: a, wait: 5s}]\n",
            "a step does one thing, but this one has `run` and `wait` (make two steps of it)",
        ),
        (
            "    steps: [{sql: {service: dc, query: x}}]\n",
            "there is no service `dc` (did you mean `db`?)",
        ),
        (
            "    steps: [{sql: {service: db}}]\n",
            "`query` is missing in a `sql` step",
        ),
        (
            "    steps: [{wait: soon}]\n",
            "`for` must be a duration, but is `soon` (expected something like `5s`, `1m30s` or `500ms`)",
        ),
        (
            "    steps: [{http: {url: x, requests: many}}]\n",
            "`requests` must be a number from 0 upwards, but is `many`",
        ),
        (
            "    steps: [{run: 'a ${{ vars.x }}'}]\n    vars: {xx: 1}\n",
            "there is no variable `x`",
        ),
        (
            "    steps: [{run: 'a ${{ vars.x'}]\n",
            "`${{` is never closed by `}}`",
        ),
        (
            "    steps: [{run: 'a {{wep.http.url}}'}]\n",
            "`{{wep.http.url}}`: there is no service `wep` (did you mean `web`?)",
        ),
        (
            "    steps: [{run: a, pass: 'x > '}]\n",
            "`x >` is no criterion: a value is missing at the end (at character 4) (expected something like `throughput > 50000`)",
        ),
        (
            "    steps: [{run: a, id: b}, {run: a, id: b}]\n",
            "the id `b` is used by two steps (give one of them another; expressions name steps by it)",
        ),
        ("    steps: []\n", "the scenario `s` has no steps"),
        (
            "    steps: [{parallel: [{parallel: []}]}]\n",
            "unknown key `parallel` in a step (steps that run at the same time cannot be groups themselves)",
        ),
        (
            "    steps: [{run: a, retries: -1}]\n",
            "`retries` must be a whole number up to 100, but is `-1`",
        ),
        (
            "    steps: [{name: a}]\n",
            "the step does not say what it does",
        ),
        (
            "    step: []\n",
            "unknown key `step` in scenario `s` (did you mean `steps`?)",
        ),
    ] {
        let found = errors(text);
        assert!(
            found.iter().any(|said| said.contains(expected)),
            "{text}: {found:?}"
        );
    }
}

#[test]
fn a_step_sees_only_what_came_before_it() {
    let later = errors("    steps: [{run: 'a ${{ steps.b.metrics.x }}'}, {run: b, id: b}]\n");
    assert!(
        later[0].contains("there is no step with the id `b` before"),
        "{later:?}"
    );
    let beside =
        errors("    steps: [{parallel: [{run: a, id: a}, {run: 'b ${{ steps.a.metrics.x }}'}]}]\n");
    assert!(beside[0].contains("the id `a` before"), "{beside:?}");
    let bare = errors("    vars: {n: 1}\n    steps: [{run: 'a ${{ n }}'}]\n");
    assert!(bare[0].contains("did you mean `vars.n`?"), "{bare:?}");
}
