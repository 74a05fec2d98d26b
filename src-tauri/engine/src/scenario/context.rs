//! What steps know: the environment, the variables, what steps before them measured;
//! and how they tell what they do.

use super::{Board, Script};
use crate::clock;
use crate::environment::EnvironmentHandle;
use crate::sink::{LogLine, Origin};
use benchtop_model::inject::{self, Viewpoint};
use benchtop_model::plan::{Plan, Service};
use benchtop_model::scenario::expression::Value;
use benchtop_model::scenario::report::{Progress, ScenarioReport};
use benchtop_model::scenario::template::Template;
use benchtop_model::scenario::trace;
use benchtop_model::scenario::{Scenario, Setting, Step};
use benchtop_model::time::{Millis, Tick};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Progress of a step is told at most this often.
const TOLD_EVERY: Millis = Millis(100);

/// One execution.
pub(super) struct Context {
    pub(super) handle: EnvironmentHandle,
    pub(super) plan: Arc<Plan>,
    pub(super) scenario: Scenario,
    pub(super) vars: BTreeMap<String, String>,
    pub(super) board: Board,
    pub(super) cancel: CancellationToken,
    pub(super) abort: CancellationToken,
}

/// One attempt of one step.
pub(super) struct Attempt<'a> {
    pub(super) context: &'a Context,
    pub(super) step: &'a Step,
    /// Place in the report.
    pub(super) index: usize,
    pub(super) options: BTreeMap<String, Setting>,
    /// The attempt is to end what it has begun.
    pub(super) halt: CancellationToken,
    told: AtomicU64,
}

impl Context {
    pub(super) fn new(
        handle: EnvironmentHandle,
        script: Script,
        run: Option<String>,
    ) -> (Self, watch::Receiver<Arc<ScenarioReport>>) {
        let mut vars = script.scenario.vars.clone();
        vars.extend(script.overrides);
        let (board, report) = Board::new(script.id, &script.scenario, &vars, run);
        let context = Self {
            handle,
            plan: script.plan,
            scenario: script.scenario,
            vars,
            board,
            cancel: CancellationToken::new(),
            abort: CancellationToken::new(),
        };
        (context, report)
    }

    /// The name under which its output is in the log.
    pub(super) fn source(&self) -> String {
        format!("scenario:{}", self.scenario.name)
    }

    /// Says something in the log, between the lines that programs print.
    pub(super) fn say(&self, text: String) {
        self.log(vec![LogLine {
            time_us: clock::micros(),
            origin: Origin::Benchtop,
            text,
        }]);
    }

    pub(super) fn log(&self, lines: Vec<LogLine>) {
        self.handle.sink().logs(&self.source(), 1, lines);
    }

    /// The value of a name; `own` are the metrics that need no prefix.
    pub(super) fn lookup(
        &self,
        name: &[String],
        own: Option<&BTreeMap<String, f64>>,
    ) -> Result<Value, String> {
        let parts: Vec<&str> = name.iter().map(String::as_str).collect();
        match parts.as_slice() {
            ["vars", var] => {
                let value = self.vars.get(*var).map(|text| Value::of_text(text));
                value.ok_or_else(|| format!("there is no variable `{var}`"))
            }
            ["env", var] => {
                let all = Arc::clone(&self.handle.snapshot().base_environment);
                let value = all.get(*var).map(|text| Value::Text(text.clone()));
                value.ok_or_else(|| format!("the variable `{var}` is not set in the environment"))
            }
            ["steps", id, what @ ..] => self.of_step(id, what),
            [metric] => {
                let found = own.and_then(|own| own.get(*metric));
                let found = found.map(|value| Value::Number(*value));
                found.ok_or_else(|| missing(metric, own))
            }
            _ => Err(format!("`{}` is not known", name.join("."))),
        }
    }

    fn of_step(&self, id: &str, what: &[&str]) -> Result<Value, String> {
        let report = self.board.report();
        let step = report.steps.iter().find(|step| step.id == id);
        let step = step.ok_or_else(|| format!("there is no step `{id}`"))?;
        match what {
            ["status"] => Ok(Value::Text(step.status.word().to_owned())),
            ["metrics", metric] => {
                let found = step.metrics.get(*metric).map(|value| Value::Number(*value));
                found
                    .ok_or_else(|| format!("step `{id}`: {}", missing(metric, Some(&step.metrics))))
            }
            _ => Err(format!("a step has no `{}`", what.join("."))),
        }
    }

    /// A text with everything filled in.
    pub(super) fn fill(&self, text: &str) -> Result<String, String> {
        let template = Template::parse(text).map_err(|fault| fault.message)?;
        let filled = template.fill(&|name| self.lookup(name, None))?;
        let ports = self.handle.snapshot().ports.clone();
        inject::expand(&filled, &self.plan, &ports, Viewpoint::Host)
    }

    /// What the program of a step starts with: where services are, and where its own
    /// telemetry goes, as a part of the scenario's trace.
    pub(super) fn variables(&self, step: usize) -> BTreeMap<String, String> {
        let snapshot = self.handle.snapshot();
        let mut all = (*snapshot.base_environment).clone();
        all.extend(inject::addresses(&self.plan, &snapshot.ports));
        if let Some(access) = &snapshot.telemetry {
            let run = snapshot.run.as_ref().map(|(run, _)| run.as_str());
            all.extend(inject::telemetry_of_step(&self.source(), access, run));
            let place = trace::traceparent(&self.board.report().id, step);
            all.insert("TRACEPARENT".to_owned(), place);
        }
        all.insert("BENCHTOP_SCENARIO".to_owned(), self.scenario.name.clone());
        all
    }
}

fn missing(metric: &str, own: Option<&BTreeMap<String, f64>>) -> String {
    let names: Vec<String> = own
        .into_iter()
        .flat_map(|own| own.keys())
        .map(|name| format!("`{name}`"))
        .collect();
    match names.is_empty() {
        true => format!("there is no metric `{metric}`; nothing was measured"),
        false => format!("there is no metric `{metric}`, but {}", names.join(", ")),
    }
}

impl<'a> Attempt<'a> {
    /// With all options filled in.
    pub(super) fn new(context: &'a Context, step: &'a Step, index: usize) -> Result<Self, String> {
        let fill = |setting: &Setting| -> Result<Setting, String> {
            Ok(match setting {
                Setting::Text(text) => Setting::Text(context.fill(text)?),
                Setting::List(all) => {
                    let filled: Result<_, _> = all.iter().map(|text| context.fill(text)).collect();
                    Setting::List(filled?)
                }
                Setting::Map(all) => {
                    let filled: Result<_, String> = all
                        .iter()
                        .map(|(key, text)| Ok((key.clone(), context.fill(text)?)))
                        .collect();
                    Setting::Map(filled?)
                }
            })
        };
        let options: Result<_, String> = step
            .options
            .iter()
            .map(|(key, setting)| Ok((key.clone(), fill(setting)?)))
            .collect();
        Ok(Self {
            context,
            step,
            index,
            options: options?,
            halt: CancellationToken::new(),
            told: AtomicU64::new(0),
        })
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        match self.options.get(name)? {
            Setting::Text(text) => Some(text),
            Setting::List(_) | Setting::Map(_) => None,
        }
    }

    pub(super) fn required(&self, name: &str) -> Result<&str, String> {
        self.text(name)
            .ok_or_else(|| format!("`{name}` is missing"))
    }

    pub(super) fn list(&self, name: &str) -> &[String] {
        match self.options.get(name) {
            Some(Setting::List(all)) => all,
            Some(Setting::Text(text)) => std::slice::from_ref(text),
            _ => &[],
        }
    }

    pub(super) fn map(&self, name: &str) -> BTreeMap<String, String> {
        match self.options.get(name) {
            Some(Setting::Map(all)) => all.clone(),
            _ => BTreeMap::new(),
        }
    }

    /// A whole number between two bounds; `usual` where it is not written.
    pub(super) fn number(&self, name: &str, usual: u64, most: u64) -> Result<u64, String> {
        let Some(text) = self.text(name) else {
            return Ok(usual);
        };
        let wrong = || format!("`{name}` must be a whole number up to {most}, but is `{text}`");
        match Value::of_text(text) {
            Value::Number(number)
                if number.fract() == 0.0 && (0.0..=most as f64).contains(&number) =>
            {
                Ok(number as u64)
            }
            _ => Err(wrong()),
        }
    }

    pub(super) fn duration(&self, name: &str) -> Result<Option<Millis>, String> {
        let Some(text) = self.text(name) else {
            return Ok(None);
        };
        let parsed = benchtop_model::file::parse_duration(text);
        let wrong = || format!("`{name}` must be a duration such as `5s`, but is `{text}`");
        parsed.map(Some).ok_or_else(wrong)
    }

    /// The service that the step is about, and where its endpoint is.
    pub(super) fn service(&self) -> Result<(&'a Service, inject::Address), String> {
        let name = self.required("service")?;
        let plan = &self.context.plan;
        let service = plan
            .services
            .get(name)
            .ok_or_else(|| format!("there is no service `{name}`; is its profile switched on?"))?;
        let endpoint = match self.text("endpoint") {
            Some(endpoint) => service.endpoint(Some(endpoint)),
            None => self.step.kind.endpoint(service),
        };
        let endpoint = endpoint.ok_or_else(|| format!("`{name}` has no such endpoint"))?;
        let ports = self.context.handle.snapshot().ports.clone();
        let at = inject::address(plan, name, &endpoint.name, &ports, Viewpoint::Host);
        let at =
            at.ok_or_else(|| format!("the port of `{name}` is not assigned: is it running?"))?;
        Ok((service, at))
    }

    /// Notes a number for a curve. For what is measured a few times a second at most.
    pub(super) fn sample(&self, name: &str, value: f64) {
        self.context.board.sample(self.index, name, value);
    }

    /// Tells how far it is, now and then.
    pub(super) fn progress(&self, progress: impl FnOnce() -> Progress) {
        let now = clock::tick();
        let last = Tick(self.told.load(Ordering::Relaxed));
        if last.0 == 0 || now.since(last) >= TOLD_EVERY {
            self.told.store(now.0.max(1), Ordering::Relaxed);
            self.context.board.progress(self.index, progress());
        }
    }
}
