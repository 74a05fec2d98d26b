//! Every built-in rule recognises its examples and passes its near misses by.

use super::*;
use crate::diagnosis::evidence::{FailedProbe, Line, ServiceEvidence};
use crate::exit::Exit;
use crate::probe::{ProbeRole, Verdict};
use crate::status::{Lifecycle, Status};
use crate::time::Timestamp;

/// A service of which nothing is known but that it failed.
fn blank() -> ServiceEvidence {
    ServiceEvidence {
        name: "api".into(),
        status: Status::Unhealthy,
        lifecycle: Lifecycle::Failed,
        since: Timestamp(0),
        reason: None,
        exit: None,
        probes: Vec::new(),
        lines: Vec::new(),
        needs: Vec::new(),
        waits_for: Vec::new(),
        ports: vec![5001],
        can_rebuild: false,
    }
}

fn exit(text: &str) -> Option<Exit> {
    let mut words = text.strip_prefix("exit ")?.split(' ');
    Some(Exit {
        code: words.next()?.parse().ok(),
        oom: words.next() == Some("oom"),
        ..Exit::default()
    })
}

/// The text stands where the rule looks first; its other conditions are met.
fn evidence(rule: &Rule, text: &str) -> ServiceEvidence {
    let mut service = blank();
    let mut text = Some(text);
    service.exit = match (rule.exit.first(), &rule.log) {
        (Some(code), Some(_)) => Some(Exit::with_code(*code)),
        _ => text.and_then(exit),
    };
    if rule.log.is_some() {
        service.lines = text
            .take()
            .map(|text| Line {
                seq: 7,
                text: text.to_owned(),
            })
            .into_iter()
            .collect();
    }
    if rule.reason.is_some() {
        service.reason = Some(text.take().unwrap_or("the build failed").to_owned());
    }
    if rule.probe.is_some() {
        service.probes = vec![FailedProbe {
            role: ProbeRole::Ready,
            kind: "http".into(),
            target: "GET http://localhost:5001/health".into(),
            verdict: Verdict::Fail,
            text: text
                .take()
                .unwrap_or("connection refused (port 5001)")
                .to_owned(),
        }];
    }
    service
}

#[test]
fn the_built_in_lists_have_no_problems() {
    for (name, text) in BUILT_IN {
        let (rules, problems) = parse(name, text);
        assert!(problems.is_empty(), "{problems:#?}");
        assert!(!rules.is_empty(), "{name}");
    }
    let names: BTreeSet<&str> = RULES.iter().map(|rule| rule.id.as_str()).collect();
    assert_eq!(names.len(), RULES.len(), "two rules have one name");
}

/// The rules that a check does not hold for, with the text, all at once.
fn failures(
    texts: impl Fn(&Rule) -> &[String],
    holds: impl Fn(&Rule, &str) -> bool,
) -> Vec<String> {
    let mut failures = Vec::new();
    for rule in RULES.iter() {
        assert!(!texts(rule).is_empty(), "{} has no such text", rule.id);
        let wrong = texts(rule).iter().filter(|text| !holds(rule, text));
        failures.extend(wrong.map(|text| format!("{}: {text}", rule.id)));
    }
    failures
}

#[test]
fn every_rule_recognises_its_examples() {
    let recognised = |rule: &Rule, text: &str| rule.matches(&evidence(rule, text)).is_some();
    assert_eq!(failures(|rule| &rule.examples, recognised), [""; 0]);
}

#[test]
fn no_rule_recognises_its_near_misses() {
    let passed = |rule: &Rule, text: &str| rule.matches(&evidence(rule, text)).is_none();
    assert_eq!(failures(|rule| &rule.near_misses, passed), [""; 0]);
}

#[test]
fn an_example_is_recognised_by_no_other_rule_that_says_more() {
    let kept = |rule: &Rule, text: &str| {
        let service = evidence(rule, text);
        let mut others = RULES.iter().filter(|other| other.weight > rule.weight);
        !others.any(|other| other.matches(&service).is_some())
    };
    assert_eq!(failures(|rule| &rule.examples, kept), [""; 0]);
}

#[test]
fn a_sentence_uses_only_names_that_a_pattern_captures() {
    for rule in RULES.iter() {
        let patterns = [&rule.log, &rule.reason, &rule.probe];
        let known: BTreeSet<&str> = patterns
            .into_iter()
            .flatten()
            .flat_map(|pattern| pattern.capture_names().flatten())
            .chain((!rule.exit.is_empty()).then_some("code"))
            .collect();
        for text in [&rule.say, rule.next.as_ref().unwrap_or(&rule.say)] {
            for part in text.split('{').skip(1) {
                let name = part.split('}').next().unwrap_or_default();
                let literal = name.is_empty() || name.contains(['.', ' ', ':']);
                assert!(literal || known.contains(name), "{}: {{{name}}}", rule.id);
            }
        }
    }
}

#[test]
fn a_wrong_rule_is_told_with_its_place_and_the_others_count() {
    let text = "rules:\n\
                - { id: a, log: '(', say: x }\n\
                - { id: b, say: x }\n\
                - { id: c, logg: y, log: y, say: x }\n\
                - { id: d, log: y, say: x, actions: [explode] }\n\
                - { id: e, log: y, say: x, weight: 300 }\n\
                - { id: f, exit: [4000000000000], say: x }\n\
                - { id: g, log: 'fine', say: x }\n";
    let (rules, problems) = Rules::with("benchtop.rules.yaml", text);
    let lines: Vec<u32> = problems.iter().map(|problem| problem.place.line).collect();
    assert_eq!(lines, [2, 3, 4, 5, 6, 7], "{problems:#?}");
    assert!(
        problems[2]
            .hint
            .as_deref()
            .is_some_and(|hint| hint.contains("`log`"))
    );
    assert!(rules.iter().any(|rule| rule.id == "g"));
}

#[test]
fn a_project_may_replace_a_rule() {
    let text = "rules:\n- { id: exit-oom, oom: true, say: 'ask the platform team' }\n";
    let (rules, problems) = Rules::with("benchtop.rules.yaml", text);
    assert!(problems.is_empty(), "{problems:#?}");
    let same: Vec<&str> = rules
        .iter()
        .filter(|r| r.id == "exit-oom")
        .map(|r| r.say.as_str())
        .collect();
    assert_eq!(same, ["ask the platform team"]);
}

#[test]
fn the_unsigned_form_of_an_exit_code_is_the_signed_one() {
    let clr = RULES
        .iter()
        .find(|rule| rule.id == "exit-clr")
        .expect("the rule");
    assert_eq!(clr.exit, [-532_462_766, -532_462_766]);
}
