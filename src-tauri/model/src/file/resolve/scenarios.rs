//! Scenarios: ids given, commands split, every expression read and its names looked
//! up, so that a slip is told before anything runs.

mod names;

use super::{duration, is_service_name, words};
use crate::file::findings::Findings;
use crate::file::written::scenarios::{self as written, Item as WrittenItem};
use crate::file::written::values::Words;
use crate::file::written::{self as file, At};
use crate::inject;
use crate::plan::Plan;
use crate::problem::{Place, Problem};
use crate::scenario::template::{self, Template};
use crate::scenario::{
    Criterion, Item, Kind, MOST_RETRIES, MOST_SCENARIOS, MOST_STEPS, Scenario, Setting, Shape,
    Step, USUAL_TIMEOUT,
};
use crate::time::Millis;
use names::Known;
use std::collections::{BTreeMap, BTreeSet};

/// What steps may name.
struct Subject<'a> {
    plan: &'a Plan,
    /// Every service of the file, also those that no profile switches on.
    services: BTreeSet<&'a str>,
    /// All of them are in the plan, so that what it lacks does not exist.
    whole: bool,
}

/// All scenarios of a file. Where services are faulty, what steps say of them is not
/// judged.
pub(super) fn resolve(
    file: &file::File,
    plan: &Plan,
    sure: bool,
    findings: &mut Findings,
) -> BTreeMap<String, Scenario> {
    let services: BTreeSet<&str> = file
        .services
        .iter()
        .map(|s| s.name.value.as_str())
        .collect();
    let whole = sure
        && services
            .iter()
            .all(|name| plan.services.contains_key(*name));
    let subject = Subject {
        plan,
        services,
        whole,
    };
    if let Some(first_too_many) = file.scenarios.get(MOST_SCENARIOS) {
        let message = format!("there are more than {MOST_SCENARIOS} scenarios");
        findings.error(&first_too_many.name.place, message);
    }
    let all = file.scenarios.iter().take(MOST_SCENARIOS);
    all.map(|written| {
        let scenario = one(written, &subject, findings);
        (scenario.name.clone(), scenario)
    })
    .collect()
}

fn one(written: &written::Scenario, subject: &Subject<'_>, findings: &mut Findings) -> Scenario {
    let name = &written.name;
    if !is_service_name(&name.value) {
        let problem = Problem::error(
            &name.place,
            format!("`{}` cannot be the name of a scenario", name.value),
        );
        findings.push(problem.hint("use letters, digits, `-`, `_` and `.`"));
    }
    let vars = vars(written, findings);
    let mut known = Known::new(&vars);
    let steps = items(written, subject, &mut known, findings);
    let pass = criteria(&written.pass, &known, true, findings);
    let timeout = duration::positive("timeout", written.timeout.as_ref(), findings);
    Scenario {
        name: name.value.clone(),
        description: written.description.as_ref().map(|text| text.value.clone()),
        vars,
        timeout: timeout.unwrap_or(USUAL_TIMEOUT),
        steps: gated(steps, written.gate.as_ref().is_none_or(|gate| gate.value)),
        pass,
    }
}

fn vars(written: &written::Scenario, findings: &mut Findings) -> BTreeMap<String, String> {
    let mut vars = BTreeMap::new();
    for pair in &written.vars {
        let key = &pair.key;
        if !key
            .value
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "_-".contains(c))
        {
            let message = format!("`{}` cannot be the name of a variable", key.value);
            let problem = Problem::error(&key.place, message);
            findings.push(problem.hint("use letters, digits, `-` and `_`"));
        }
        match &pair.value {
            Some(value) => {
                vars.insert(key.value.clone(), value.value.clone());
            }
            None => {
                let message = format!("the variable `{}` has no value", key.value);
                let problem = Problem::error(&key.place, message);
                findings
                    .push(problem.hint("give it its usual one; `--set` replaces it for a call"));
            }
        }
    }
    vars
}

fn items(
    written: &written::Scenario,
    subject: &Subject<'_>,
    known: &mut Known<'_>,
    findings: &mut Findings,
) -> Vec<Item> {
    let mut ids = BTreeSet::new();
    let mut all = Vec::new();
    for item in &written.steps {
        let (steps, parallel) = match item {
            WrittenItem::One(step) => (std::slice::from_ref(step), false),
            WrittenItem::Parallel(steps) => (steps.as_slice(), true),
        };
        let resolved: Vec<Step> = steps
            .iter()
            .filter_map(|written| step(written, subject, known, &mut ids, findings))
            .collect();
        // Only now: what runs at the same time knows nothing of each other.
        known.add(resolved.iter().map(|step| step.id.clone()));
        match parallel {
            true => all.push(Item::Parallel(resolved)),
            false => all.extend(resolved.into_iter().map(Item::Step)),
        }
    }
    if all.is_empty() && !findings.has_errors() {
        let message = format!("the scenario `{}` has no steps", written.name.value);
        findings.error(&written.name.place, message);
    }
    if ids.len() > MOST_STEPS {
        let message = format!(
            "the scenario `{}` has more than {MOST_STEPS} steps",
            written.name.value
        );
        findings.error(&written.name.place, message);
    }
    all
}

fn step(
    written: &written::Step,
    subject: &Subject<'_>,
    known: &Known<'_>,
    ids: &mut BTreeSet<String>,
    findings: &mut Findings,
) -> Option<Step> {
    let kind = written.kind.as_ref()?;
    let options = options(written, kind, subject, known, findings);
    let id = id(written, kind.value, ids, findings);
    let timeout = duration::positive("timeout", written.timeout.as_ref(), findings);
    Some(Step {
        name: name(written, kind.value, &options),
        id,
        kind: kind.value,
        timeout: timeout.unwrap_or_else(|| usual_timeout(kind.value, &options)),
        retries: retries(written.retries.as_ref(), findings),
        always: written.always,
        pass: criteria(&written.pass, known, true, findings),
        options,
    })
}

/// Waiting takes as long as it is to take.
fn usual_timeout(kind: Kind, options: &BTreeMap<String, Setting>) -> Millis {
    let wait = match options.get("for") {
        Some(Setting::Text(text)) => duration::parse(text),
        _ => None,
    };
    let usual = kind.usual_timeout();
    wait.map_or(usual, |wait| {
        usual.max(Millis(wait.0.saturating_add(60_000)))
    })
}

fn retries(written: Option<&At<String>>, findings: &mut Findings) -> u32 {
    let Some(text) = written else { return 0 };
    match text.value.parse() {
        Ok(retries) if retries <= MOST_RETRIES => retries,
        _ => {
            let message = format!(
                "`retries` must be a whole number up to {MOST_RETRIES}, but is `{}`",
                text.value
            );
            findings.error(&text.place, message);
            0
        }
    }
}

/// As written, or made of the name, or else of the kind; numbered where it is taken.
fn id(
    written: &written::Step,
    kind: Kind,
    ids: &mut BTreeSet<String>,
    findings: &mut Findings,
) -> String {
    let fits = |id: &str| {
        id.starts_with(|c: char| c.is_ascii_alphabetic())
            && id
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "_-".contains(c))
    };
    if let Some(id) = &written.id {
        if !fits(&id.value) {
            let problem = Problem::error(&id.place, format!("`{}` cannot be an id", id.value));
            findings
                .push(problem.hint("use letters, digits, `-` and `_`, and begin with a letter"));
        }
        if !ids.insert(id.value.clone()) {
            let message = format!("the id `{}` is used by two steps", id.value);
            let problem = Problem::error(&id.place, message);
            findings.push(problem.hint("give one of them another; expressions name steps by it"));
        }
        return id.value.clone();
    }
    let slug = written.name.as_ref().map(|name| slug(&name.value));
    let base = slug
        .filter(|slug| fits(slug))
        .unwrap_or_else(|| slug_of(kind));
    let numbered = (2..).map(|number| format!("{base}-{number}"));
    let mut candidates = std::iter::once(base.clone()).chain(numbered);
    let free = candidates.find(|id| !ids.contains(id)).unwrap_or(base);
    ids.insert(free.clone());
    free
}

fn slug_of(kind: Kind) -> String {
    kind.word().replace('.', "-")
}

fn slug(name: &str) -> String {
    let mut slug = String::new();
    for c in name.chars().take(60) {
        match c.to_ascii_lowercase() {
            c if c.is_ascii_alphanumeric() => slug.push(c),
            _ if slug.is_empty() || slug.ends_with('-') => {}
            _ => slug.push('-'),
        }
    }
    slug.trim_end_matches('-').to_owned()
}

/// As written, or what it does.
fn name(written: &written::Step, kind: Kind, options: &BTreeMap<String, Setting>) -> String {
    if let Some(name) = &written.name {
        return name.value.clone();
    }
    let main = kind
        .options()
        .iter()
        .find_map(|option| options.get(option.name));
    let said = match main {
        Some(Setting::Text(text)) => text.clone(),
        Some(Setting::List(words)) => words.join(" "),
        _ => String::new(),
    };
    let short: String = said.chars().take(80).collect();
    format!(
        "{} {}",
        kind.word(),
        short.lines().next().unwrap_or_default()
    )
    .trim()
    .to_owned()
}

fn options(
    written: &written::Step,
    kind: &At<Kind>,
    subject: &Subject<'_>,
    known: &Known<'_>,
    findings: &mut Findings,
) -> BTreeMap<String, Setting> {
    let mut options = BTreeMap::new();
    for (option, value) in &written.options {
        if let Some(setting) = setting(value, findings) {
            check(option.name, option.shape, &setting, &value.place, findings);
            subject.check(option.shape, &setting, &value.place, findings);
            texts(&setting, |text| {
                templates(text, &value.place, subject, known, findings);
            });
            options.insert(option.name.to_owned(), setting);
        }
    }
    let given = |name: &str| {
        written
            .options
            .iter()
            .any(|(option, _)| option.name == name)
    };
    let required = kind.value.options().iter().filter(|option| option.required);
    for missing in required.filter(|option| !given(option.name)) {
        let message = format!(
            "`{}` is missing in a `{}` step",
            missing.name,
            kind.value.word()
        );
        findings.error(&written.place, message);
    }
    options
}

/// Nothing where it is wrong, which was told.
fn setting(value: &At<written::Setting>, findings: &mut Findings) -> Option<Setting> {
    Some(match &value.value {
        written::Setting::Text(text) => Setting::Text(text.clone()),
        written::Setting::List(all) => {
            Setting::List(all.iter().map(|text| text.value.clone()).collect())
        }
        written::Setting::Map(pairs) => Setting::Map(
            pairs
                .iter()
                .map(|pair| {
                    let value = pair.value.as_ref().map(|value| value.value.clone());
                    (pair.key.value.clone(), value.unwrap_or_default())
                })
                .collect(),
        ),
        written::Setting::Words(Words::List(all)) => {
            Setting::List(all.iter().map(|word| word.value.clone()).collect())
        }
        written::Setting::Words(Words::Line(line)) => {
            let split = template::words(line, |line| {
                let words = Words::Line(line.to_owned());
                let place = value.place.clone();
                words::resolve(
                    &At {
                        value: words,
                        place,
                    },
                    findings,
                )
                .ok_or(())
            });
            Setting::List(split.ok()?)
        }
    })
}

/// What has nothing to be filled in can be judged at once.
fn check(key: &str, shape: Shape, setting: &Setting, place: &Place, findings: &mut Findings) {
    match setting {
        Setting::Text(text) if text.contains("${{") => {}
        Setting::Text(text) if shape == Shape::Duration => {
            let value = text.clone();
            let place = place.clone();
            duration::resolve(key, Some(&At { value, place }), findings);
        }
        Setting::Text(text) if shape == Shape::Number => {
            let number: Option<f64> = text.replace('_', "").parse().ok();
            if number.is_none_or(|number| !number.is_finite() || number < 0.0) {
                let message = format!("`{key}` must be a number from 0 upwards, but is `{text}`");
                findings.error(place, message);
            }
        }
        Setting::List(words)
            if shape == Shape::Words && words.first().is_none_or(String::is_empty) =>
        {
            let problem = Problem::error(place, format!("`{key}` is empty"));
            findings.push(problem.hint("expected something like `dotnet test tests/Smoke`"));
        }
        _ => {}
    }
}

fn texts(setting: &Setting, mut look: impl FnMut(&str)) {
    match setting {
        Setting::Text(text) => look(text),
        Setting::List(all) => all.iter().for_each(|text| look(text)),
        Setting::Map(all) => all.values().for_each(|text| look(text)),
    }
}

fn templates(
    text: &str,
    place: &Place,
    subject: &Subject<'_>,
    known: &Known<'_>,
    findings: &mut Findings,
) {
    match Template::parse(text) {
        Ok(template) => {
            for expression in template.expressions() {
                known.check(expression, place, false, findings);
            }
        }
        Err(fault) => findings.error(place, fault.message),
    }
    if !subject.whole {
        return;
    }
    for fault in inject::template_faults(text, subject.plan) {
        let problem = Problem::error(place, fault.message);
        findings.push(match fault.hint {
            Some(hint) => problem.hint(hint),
            None => problem,
        });
    }
}

impl Subject<'_> {
    /// Services that steps name must be in the file.
    fn check(&self, shape: Shape, setting: &Setting, place: &Place, findings: &mut Findings) {
        if !matches!(shape, Shape::Service | Shape::Services) {
            return;
        }
        texts(setting, |name| {
            if name.contains("${{") || self.services.contains(name) {
                return;
            }
            let problem = Problem::error(place, format!("there is no service `{name}`"));
            let near = findings.nearest(name, self.services.iter().copied());
            findings.push(match near {
                Some(near) => problem.hint(format!("did you mean `{near}`?")),
                None => problem.hint("name one of `services`"),
            });
        });
    }
}

fn criteria(
    written: &[At<String>],
    known: &Known<'_>,
    metrics: bool,
    findings: &mut Findings,
) -> Vec<Criterion> {
    let read = |text: &At<String>, findings: &mut Findings| {
        let criterion = Criterion(text.value.trim().to_owned());
        match criterion.expression() {
            Ok(expression) => known.check(&expression, &text.place, metrics, findings),
            Err(fault) => {
                let message = format!(
                    "`{}` is no criterion: {} (at character {})",
                    criterion.0,
                    fault.message,
                    fault.at + 1
                );
                let problem = Problem::error(&text.place, message);
                findings.push(problem.hint("expected something like `throughput > 50000`"));
            }
        }
        criterion
    };
    written.iter().map(|text| read(text, findings)).collect()
}

/// With a check of health before the first step and after the last that is no cleanup,
/// where the scenario does not begin and end with one.
fn gated(mut steps: Vec<Item>, gate: bool) -> Vec<Item> {
    let is_check = |item: &Item| matches!(item, Item::Step(step) if step.kind == Kind::Check);
    if !gate || steps.is_empty() {
        return steps;
    }
    let usual = steps.iter().rposition(|item| !item.is_always());
    let end = usual.map_or(0, |last| last + 1);
    if usual.is_none_or(|last| !is_check(&steps[last]) || last == 0) {
        steps.insert(end, Item::Step(health("health-after", "Health afterwards")));
    }
    if !is_check(&steps[0]) {
        steps.insert(0, Item::Step(health("health-before", "Health before")));
    }
    steps
}

fn health(id: &str, name: &str) -> Step {
    Step {
        id: id.to_owned(),
        name: name.to_owned(),
        kind: Kind::Check,
        options: BTreeMap::new(),
        timeout: Kind::Check.usual_timeout(),
        retries: 0,
        always: false,
        pass: Vec::new(),
    }
}
