//! Listens to what instances write, on its way to the log: for lines that probes wait
//! for, and for signs that a service may have become ready. Most servers say so, and
//! asking at once is sooner than any interval.

use super::message::Message;
use crate::sink::{Changed, EngineEvent, LogLine, Measured, Origin, Sink};
use benchtop_model::plan::{Plan, Service};
use benchtop_model::probe::{LinePattern, ProbeKind, ProbeRole};
use benchtop_model::time::Timestamp;
use regex::Regex;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc;

/// Lines that come so close together count as one sign: a service that writes a lot
/// while it starts is asked at most so often.
const PAUSE: Duration = Duration::from_millis(150);

/// So much of a line is kept for its probe.
const LONGEST: usize = 500;

/// An instance has written the line that a probe waits for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) service: String,
    pub(super) generation: u64,
    pub(super) role: ProbeRole,
    pub(super) line: String,
}

/// What is listened for, by service.
#[derive(Clone, Debug, Default)]
pub(super) struct Ears(Arc<Mutex<HashMap<String, Ear>>>);

/// What is listened for in one service.
#[derive(Debug, Default)]
struct Ear {
    wanted: Vec<(ProbeRole, Pattern)>,
    /// Whether asking costs little enough to do so whenever something is written.
    is_cheap: bool,
    /// The instance that is heard.
    generation: u64,
    /// What it has said already.
    said: Vec<ProbeRole>,
    /// Its start is over; until the next one nothing is to be noticed.
    rests: bool,
    /// Somebody will ask it in a moment.
    soon: bool,
}

#[derive(Debug)]
enum Pattern {
    Text(String),
    Regex(Regex),
}

impl Pattern {
    /// Nothing where the expression is wrong, which the reader of the file has said.
    fn new(line: &LinePattern) -> Option<Self> {
        Some(match line {
            LinePattern::Text(text) => Self::Text(text.clone()),
            LinePattern::Regex(regex) => Self::Regex(Regex::new(regex).ok()?),
        })
    }

    fn fits(&self, line: &str) -> bool {
        match self {
            Self::Text(text) => line.contains(text.as_str()),
            Self::Regex(regex) => regex.is_match(line),
        }
    }
}

impl Ears {
    pub(super) fn new(plan: &Plan) -> Self {
        let ears = Self::default();
        ears.learn(plan);
        ears
    }

    /// Listens for what this plan wants; what was heard of the instances is kept.
    pub(super) fn learn(&self, plan: &Plan) {
        let mut all = self.lock();
        all.retain(|name, _| plan.services.contains_key(name));
        for (name, service) in &plan.services {
            let ear = all.entry(name.clone()).or_default();
            ear.wanted = wanted(service);
            ear.is_cheap = is_cheap(service);
        }
    }

    /// A sink that listens, before the one that keeps.
    pub(super) fn before(
        &self,
        inner: Arc<dyn Sink>,
        messages: mpsc::UnboundedSender<Message>,
    ) -> Arc<dyn Sink> {
        Arc::new(Listening {
            ears: self.clone(),
            inner,
            messages,
        })
    }

    /// The start of this instance is over.
    pub(super) fn rest(&self, service: &str, generation: u64) {
        if let Some(ear) = self.lock().get_mut(service) {
            ear.rests |= ear.generation == generation;
        }
    }

    /// What these lines mean: what was waited for, and whether to ask in a moment.
    fn hear(&self, service: &str, generation: u64, lines: &[LogLine]) -> (Vec<Said>, bool) {
        let mut all = self.lock();
        let Some(ear) = all.get_mut(service) else {
            return (Vec::new(), false);
        };
        ear.hear(service, generation, lines)
    }

    fn asked(&self, service: &str) {
        if let Some(ear) = self.lock().get_mut(service) {
            ear.soon = false;
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Ear>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ear {
    fn hear(&mut self, service: &str, generation: u64, lines: &[LogLine]) -> (Vec<Said>, bool) {
        if generation < self.generation || lines.iter().all(|line| line.origin == Origin::Benchtop)
        {
            return (Vec::new(), false);
        }
        if generation > self.generation {
            (self.generation, self.rests) = (generation, false);
            self.said.clear();
        }
        let mut heard = Vec::new();
        for (role, pattern) in &self.wanted {
            if self.said.contains(role) {
                continue;
            }
            let mut own = lines.iter().filter(|line| line.origin != Origin::Benchtop);
            if let Some(line) = own.find(|line| pattern.fits(&line.text)) {
                self.said.push(*role);
                heard.push(Said {
                    service: service.to_owned(),
                    generation,
                    role: *role,
                    line: line.text.chars().take(LONGEST).collect(),
                });
            }
        }
        let ask = self.is_cheap && !self.rests && !self.soon;
        self.soon |= ask;
        (heard, ask)
    }
}

/// The lines that its probes wait for.
fn wanted(service: &Service) -> Vec<(ProbeRole, Pattern)> {
    let lines = service.probes.iter().filter_map(|(role, probe)| {
        let ProbeKind::Log { line } = &probe.kind else {
            return None;
        };
        Some((role, Pattern::new(line)?))
    });
    lines.collect()
}

fn is_cheap(service: &Service) -> bool {
    let mut kinds = service.probes.iter().map(|(_, probe)| &probe.kind);
    service.probes.iter().next().is_some() && kinds.all(ProbeKind::is_cheap)
}

/// See the module.
struct Listening {
    ears: Ears,
    inner: Arc<dyn Sink>,
    messages: mpsc::UnboundedSender<Message>,
}

impl Listening {
    fn listen(&self, service: &str, generation: u64, lines: &[LogLine]) {
        let (heard, ask) = self.ears.hear(service, generation, lines);
        for said in heard {
            // The environment may have been closed meanwhile.
            _ = self.messages.send(Message::Said(said));
        }
        if !ask {
            return;
        }
        let (ears, messages, service) =
            (self.ears.clone(), self.messages.clone(), service.to_owned());
        let later = async move {
            tokio::time::sleep(PAUSE).await;
            ears.asked(&service);
            // The environment may have been closed meanwhile.
            _ = messages.send(Message::Spoke {
                service,
                generation,
            });
        };
        // Instances are read by tasks; from anywhere else the interval will do.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(later);
        }
    }
}

impl Sink for Listening {
    fn record(&self, event: EngineEvent) {
        self.inner.record(event);
    }

    fn logs(&self, service: &str, generation: u64, lines: Vec<LogLine>) {
        self.inner.logs(service, generation, lines);
    }

    fn logs_from(&self, service: &str, generation: u64, lines: Vec<LogLine>, position: String) {
        self.listen(service, generation, &lines);
        self.inner.logs_from(service, generation, lines, position);
    }

    fn log_position(&self, service: &str, generation: u64) -> Option<String> {
        self.inner.log_position(service, generation)
    }

    fn measured(&self, measured: Vec<Measured>) {
        self.inner.measured(measured);
    }

    fn scraped(&self, service: &str, at: Timestamp, page: Result<String, String>) {
        self.inner.scraped(service, at, page);
    }

    fn changed(&self, what: Changed) {
        self.inner.changed(what);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ear(pattern: Pattern) -> Ear {
        Ear {
            wanted: vec![(ProbeRole::Ready, pattern)],
            is_cheap: true,
            ..Ear::default()
        }
    }

    fn line(origin: Origin, text: &str) -> LogLine {
        LogLine {
            time_us: 0,
            origin,
            text: text.to_owned(),
        }
    }

    #[test]
    fn the_line_is_told_once_for_each_instance() {
        let mut ear = ear(Pattern::Text("Started".to_owned()));
        let lines = [
            line(Origin::Stdout, "x"),
            line(Origin::Stderr, "App Started in 3 s"),
        ];
        let (heard, _) = ear.hear("api", 1, &lines);
        assert_eq!(heard.len(), 1);
        assert_eq!(
            (heard[0].role, heard[0].line.as_str()),
            (ProbeRole::Ready, "App Started in 3 s")
        );
        assert_eq!(ear.hear("api", 1, &lines).0, [], "again");
        assert_eq!(
            ear.hear("api", 2, &lines[..1]).0,
            [],
            "not by the next one yet"
        );
        assert_eq!(
            ear.hear("api", 1, &lines).0,
            [],
            "the last words of the one before"
        );
        assert_eq!(ear.hear("api", 2, &lines).0.len(), 1, "the next one, too");
    }

    #[test]
    fn an_expression_fits_and_our_own_lines_do_not() {
        let pattern = LinePattern::Regex("in [0-9]+ ms$".to_owned());
        let mut ear = ear(Pattern::new(&pattern).expect("an expression"));
        assert_eq!(
            ear.hear("api", 1, &[line(Origin::Benchtop, "in 5 ms")]).0,
            []
        );
        assert_eq!(
            ear.hear("api", 1, &[line(Origin::Stdout, "in 5 ms?")]).0,
            []
        );
        assert_eq!(
            ear.hear("api", 1, &[line(Origin::Stdout, "up in 5 ms")])
                .0
                .len(),
            1
        );
    }

    #[test]
    fn whoever_writes_is_asked_once_in_a_while_until_it_is_ready() {
        let mut ear = ear(Pattern::Text("never".to_owned()));
        let lines = [line(Origin::Stdout, "starting")];
        assert!(ear.hear("api", 1, &lines).1, "the first line");
        assert!(!ear.hear("api", 1, &lines).1, "somebody asks soon");
        ear.soon = false;
        assert!(ear.hear("api", 1, &lines).1);
        (ear.soon, ear.rests) = (false, true);
        assert!(!ear.hear("api", 1, &lines).1, "its start is over");
        assert!(ear.hear("api", 2, &lines).1, "the next one is not");
    }
}
