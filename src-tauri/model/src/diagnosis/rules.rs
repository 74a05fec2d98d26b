//! The lists of rules: those that come with Benchtop, and those of a project.
//!
//! A list is a YAML file with one key, `rules`. The lists of Benchtop lie in `rules/`
//! beside this crate's sources; a project's own is `benchtop.rules.yaml` in its folder.
//! What can stand in a rule: see the fields of [`Rule`].

use super::rule::{Blame, Rule, Step};
use crate::file::findings::Findings;
use crate::file::yaml::{self, Node, Value};
use crate::problem::{Place, Problem};
use regex::{Regex, RegexBuilder};
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// Most rules of one list.
const MOST_RULES: usize = 500;

/// Most bytes of a compiled pattern.
const MOST_PATTERN: usize = 1 << 20;

const KEYS: [&str; 14] = [
    "id",
    "log",
    "reason",
    "probe",
    "exit",
    "oom",
    "foreign_port",
    "blames",
    "say",
    "next",
    "actions",
    "weight",
    "examples",
    "near_misses",
];

const BUILT_IN: [(&str, &str); 6] = [
    ("benchtop.yaml", include_str!("../../rules/benchtop.yaml")),
    ("dotnet.yaml", include_str!("../../rules/dotnet.yaml")),
    (
        "exit_codes.yaml",
        include_str!("../../rules/exit_codes.yaml"),
    ),
    ("languages.yaml", include_str!("../../rules/languages.yaml")),
    ("network.yaml", include_str!("../../rules/network.yaml")),
    ("servers.yaml", include_str!("../../rules/servers.yaml")),
];

static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    let lists = BUILT_IN.iter();
    lists.flat_map(|(name, text)| parse(name, text).0).collect()
});

/// All rules that are asked, those of the project first.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    own: Vec<Rule>,
}

impl Rules {
    /// Those that come with Benchtop.
    #[must_use]
    pub fn built_in() -> Self {
        Self::default()
    }

    /// Those of a project and those that come with Benchtop. What cannot be read is told
    /// and left out; the rest counts.
    #[must_use]
    pub fn with(file: &str, text: &str) -> (Self, Vec<Problem>) {
        let (own, problems) = parse(file, text);
        (Self { own }, problems)
    }

    /// Each rule; one of the project's stands in for a built-in one of the same name.
    pub fn iter(&self) -> impl Iterator<Item = &Rule> {
        let replaced = |rule: &&Rule| !self.own.iter().any(|own| own.id == rule.id);
        self.own.iter().chain(RULES.iter().filter(replaced))
    }
}

fn parse(file: &str, text: &str) -> (Vec<Rule>, Vec<Problem>) {
    let mut findings = Findings::default();
    let root = yaml::parse_marked(&file.into(), text, &mut findings);
    let mut rules = Vec::new();
    let mut names = BTreeSet::new();
    for node in root
        .as_ref()
        .map(list)
        .unwrap_or_default()
        .iter()
        .take(MOST_RULES)
    {
        if let Some(rule) = (Reader {
            node,
            findings: &mut findings,
        })
        .rule()
        {
            if !names.insert(rule.id.clone()) {
                findings.error(&node.place, format!("there are two rules `{}`", rule.id));
            } else {
                rules.push(rule);
            }
        }
    }
    let whole = Place {
        file: file.into(),
        ..Place::default()
    };
    (rules, findings.into_sorted(&whole))
}

fn list(root: &Node) -> &[Node] {
    match root.get("rules").map(|node| &node.value) {
        Some(Value::Seq(nodes)) => nodes,
        _ => &[],
    }
}

/// Reads one rule.
struct Reader<'a> {
    node: &'a Node,
    findings: &'a mut Findings,
}

impl Reader<'_> {
    fn rule(&mut self) -> Option<Rule> {
        self.refuse_unknown_keys();
        let rule = Rule {
            id: self.needed("id")?,
            log: self.pattern("log")?,
            reason: self.pattern("reason")?,
            probe: self.pattern("probe")?,
            exit: self.codes()?,
            oom: self.flag("oom"),
            foreign_port: self.flag("foreign_port").unwrap_or(false),
            blames: self.blames()?,
            say: self.needed("say")?,
            next: self.text("next"),
            actions: self.actions()?,
            weight: self.weight()?,
            examples: self.texts("examples"),
            near_misses: self.texts("near_misses"),
        };
        let texts = [&rule.log, &rule.reason, &rule.probe];
        if texts.iter().all(|pattern| pattern.is_none())
            && rule.exit.is_empty()
            && rule.oom.is_none()
        {
            let message = format!(
                "rule `{}` has no condition: log, reason, probe, exit or oom",
                rule.id
            );
            self.findings.error(&self.node.place, message);
            return None;
        }
        Some(rule)
    }

    fn refuse_unknown_keys(&mut self) {
        let Value::Map(entries) = &self.node.value else {
            return;
        };
        for (key, _) in entries
            .iter()
            .filter(|(key, _)| !KEYS.contains(&key.text.as_str()))
        {
            let mut problem =
                Problem::error(&key.place, format!("a rule has no key `{}`", key.text));
            if let Some(name) = self.findings.nearest(&key.text, KEYS) {
                problem = problem.hint(format!("did you mean `{name}`?"));
            }
            self.findings.push(problem);
        }
    }

    fn text(&self, key: &str) -> Option<String> {
        match &self.node.get(key)?.value {
            Value::Scalar(text) => Some(text.clone()),
            _ => None,
        }
    }

    fn needed(&mut self, key: &str) -> Option<String> {
        let text = self.text(key);
        if text.is_none() {
            self.findings
                .error(&self.node.place, format!("a rule needs `{key}`"));
        }
        text
    }

    fn flag(&self, key: &str) -> Option<bool> {
        self.text(key).map(|word| word == "true")
    }

    fn texts(&self, key: &str) -> Vec<String> {
        match self.node.get(key).map(|node| &node.value) {
            Some(Value::Scalar(text)) => vec![text.clone()],
            Some(Value::Seq(nodes)) => nodes.iter().filter_map(scalar).collect(),
            _ => Vec::new(),
        }
    }

    fn place(&self, key: &str) -> Place {
        self.node.get(key).unwrap_or(self.node).place.clone()
    }

    /// `None` where it is wrong, `Some(None)` where it is absent.
    #[expect(
        clippy::option_option,
        reason = "wrong and absent are different things"
    )]
    fn pattern(&mut self, key: &str) -> Option<Option<Regex>> {
        let Some(text) = self.text(key) else {
            return Some(None);
        };
        match RegexBuilder::new(&text).size_limit(MOST_PATTERN).build() {
            Ok(pattern) => Some(Some(pattern)),
            Err(error) => {
                let message = format!("`{key}` is no regular expression: {error}");
                self.findings.error(&self.place(key), message);
                None
            }
        }
    }

    fn codes(&mut self) -> Option<Vec<i32>> {
        let mut codes = Vec::new();
        for text in self.texts("exit") {
            // Printed unsigned by some, signed by others: the same 32 bits.
            let code = text.parse::<i64>().ok().and_then(|code| {
                i32::try_from(code)
                    .ok()
                    .or_else(|| u32::try_from(code).ok().map(u32::cast_signed))
            });
            let Some(code) = code else {
                let message = format!("`{text}` is no exit code");
                self.findings.error(&self.place("exit"), message);
                return None;
            };
            codes.push(code);
        }
        Some(codes)
    }

    fn blames(&mut self) -> Option<Blame> {
        Some(match self.text("blames").as_deref() {
            None | Some("service") => Blame::Service,
            Some("dependency") => Blame::Dependency,
            Some("machine") => Blame::Machine,
            Some(other) => {
                let message = format!("`blames` is service, dependency or machine, not `{other}`");
                self.findings.error(&self.place("blames"), message);
                return None;
            }
        })
    }

    fn actions(&mut self) -> Option<Vec<Step>> {
        let mut steps = Vec::new();
        for text in self.texts("actions") {
            steps.push(match text.as_str() {
                "restart" => Step::Restart,
                "rebuild" => Step::Rebuild,
                "pull-image" => Step::PullImage,
                "free-port" => Step::FreePort,
                "use-port" => Step::UsePort,
                "open-file" => Step::OpenFile,
                other => match other.strip_prefix("copy ") {
                    Some(command) => Step::Copy(command.to_owned()),
                    None => {
                        let message = format!("there is no action `{other}`");
                        let hint =
                            "restart, rebuild, pull-image, free-port, use-port, open-file, or `copy` and a command";
                        self.findings
                            .push(Problem::error(&self.place("actions"), message).hint(hint));
                        return None;
                    }
                },
            });
        }
        Some(steps)
    }

    fn weight(&mut self) -> Option<u8> {
        let Some(text) = self.text("weight") else {
            return Some(50);
        };
        let weight = text.parse().ok().filter(|weight| *weight <= 100);
        if weight.is_none() {
            self.findings
                .error(&self.place("weight"), "`weight` is a number up to 100");
        }
        weight
    }
}

fn scalar(node: &Node) -> Option<String> {
    match &node.value {
        Value::Scalar(text) => Some(text.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
