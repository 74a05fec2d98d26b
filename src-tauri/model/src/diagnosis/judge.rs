//! The cause within one service: the rule that says most, or the bare facts.

use super::evidence::ServiceEvidence;
use super::rule::{self, Blame, Match, Rule};
use super::rules::Rules;
use super::{Action, Proof};

/// What is known of the cause before the dependencies are asked.
#[derive(Clone, Debug, Default)]
pub(super) struct Judgement {
    pub(super) rule: Option<String>,
    pub(super) sentence: String,
    pub(super) next: Option<String>,
    pub(super) evidence: Vec<Proof>,
    pub(super) actions: Vec<Action>,
    pub(super) lies: Lies,
}

/// Where the cause lies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Lies {
    /// Here, or in this machine: nobody else is to blame.
    Here,
    /// In this dependency, if it is in trouble itself.
    With(String),
    /// In some dependency that cannot be told by name.
    Elsewhere,
    /// Only the facts are known.
    #[default]
    Unknown,
}

/// Judges one service that is in trouble.
pub(super) fn judge(
    service: &ServiceEvidence,
    all: &[ServiceEvidence],
    rules: &Rules,
) -> Judgement {
    if let Some(first) = service.waits_for.first() {
        return waiting(service, first, all);
    }
    match best(service, rules.iter()) {
        Some(found) => recognised(service, &found, all),
        None => facts(service),
    }
}

/// The rule of most weight; of two, the one whose line is newer.
fn best<'a>(service: &ServiceEvidence, rules: impl Iterator<Item = &'a Rule>) -> Option<Match<'a>> {
    rules
        .filter_map(|rule| rule.matches(service))
        .max_by_key(|found| (found.rule.weight, found.seq))
}

fn recognised(service: &ServiceEvidence, found: &Match<'_>, all: &[ServiceEvidence]) -> Judgement {
    let mut judgement = Judgement {
        rule: Some(found.rule.id.clone()),
        sentence: rule::fill(&found.rule.say, &found.found),
        next: found
            .rule
            .next
            .as_ref()
            .map(|next| rule::fill(next, &found.found)),
        evidence: found.proofs.clone(),
        actions: found.actions(service),
        lies: Lies::Here,
    };
    // How it ended is worth knowing whatever the rule looked at.
    let seen = |proof: &Proof| matches!(proof, Proof::Exit { .. });
    if !judgement.evidence.iter().any(seen) {
        judgement.evidence.extend(ending(service));
    }
    if found.rule.blames == Blame::Dependency {
        judgement.lies = named(service, &found.found, all).map_or(Lies::Elsewhere, |dependency| {
            Lies::With(dependency.name.clone())
        });
    }
    judgement
}

/// The service that the captured host or port belongs to.
fn named<'a>(
    service: &ServiceEvidence,
    found: &rule::Found,
    all: &'a [ServiceEvidence],
) -> Option<&'a ServiceEvidence> {
    let others = || all.iter().filter(|other| other.name != service.name);
    let by_name = found
        .get("host")
        .and_then(|host| others().find(|other| other.name.eq_ignore_ascii_case(host)));
    let port = || found.get("port").and_then(|port| port.parse::<u16>().ok());
    let by_port = || {
        let port = port()?;
        let mut holders = others().filter(|other| other.ports.contains(&port));
        // Several may listen on the same port inside; then the one that is needed.
        holders
            .clone()
            .find(|other| service.needs.contains(&other.name))
            .or_else(|| holders.next())
    };
    by_name.or_else(by_port)
}

fn waiting(service: &ServiceEvidence, first: &str, all: &[ServiceEvidence]) -> Judgement {
    // Of several, the one that is in trouble is the one that matters.
    let in_trouble = |name: &&String| {
        all.iter()
            .any(|other| other.name == **name && other.fails_others())
    };
    let blocked = service.waits_for.iter().find(in_trouble);
    let name = blocked.map_or(first, String::as_str);
    Judgement {
        sentence: service
            .reason
            .clone()
            .unwrap_or_else(|| format!("waits for {name}")),
        lies: Lies::With(name.to_owned()),
        ..Judgement::default()
    }
}

/// No rule knows it: what is certain is repeated, and nothing is guessed.
fn facts(service: &ServiceEvidence) -> Judgement {
    let mut evidence: Vec<Proof> = ending(service).into_iter().collect();
    evidence.extend(service.probes.iter().map(rule::proof_of));
    let last = service.lines.last();
    evidence.extend(last.map(|line| rule::proof_of_line(&service.name, line)));
    Judgement {
        sentence: service
            .reason
            .clone()
            .unwrap_or_else(|| "the cause is not known".to_owned()),
        next: Some(match last {
            Some(_) => "Read its last lines".to_owned(),
            None => "It wrote nothing; start it by hand to see what it says".to_owned(),
        }),
        evidence,
        actions: last
            .map(|line| Action::ShowLine { seq: line.seq })
            .into_iter()
            .collect(),
        ..Judgement::default()
    }
}

fn ending(service: &ServiceEvidence) -> Option<Proof> {
    let exit = service.exit.as_ref().filter(|exit| !exit.is_success())?;
    Some(Proof::Exit {
        text: exit.describe(),
    })
}
