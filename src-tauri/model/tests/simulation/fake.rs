//! The fake runtime: what really lives, whatever anybody believes.

use crate::random::Random;
use benchtop_model::exit::Exit;
use benchtop_model::probe::{ProbeResult, ProbeRole, Verdict};
use benchtop_model::supervisor::{BuildOutcome, Effect, Event, Found, Report};
use std::collections::BTreeMap;

/// One start of a service.
type Start = (String, u64);

/// What became of a start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Being brought up.
    Launching,
    /// It never came up.
    Failed,
    /// It lives.
    Alive,
    /// It lived, and ended.
    Ended(Exit),
    /// It was taken away by somebody else.
    Removed,
}

/// Something that a driver was asked for and has not done yet.
#[derive(Clone, Debug)]
enum Work {
    Launch(Start),
    Stop(Start),
    Probe(Start, ProbeRole),
    Build(String, u64),
    CancelBuild(String, u64),
}

/// The world outside the engine. It outlives the engine, except for what its
/// drivers had still to do.
#[derive(Debug, Default)]
pub(crate) struct Fake {
    pub(crate) starts: BTreeMap<Start, Phase>,
    /// Builds that run, by service.
    pub(crate) builds: BTreeMap<String, u64>,
    work: Vec<Work>,
    /// What the engine will hear.
    pub(crate) news: Vec<Event>,
}

impl Fake {
    pub(crate) fn is_alive(&self, service: &str) -> bool {
        self.living().any(|(name, _)| name == service)
    }

    /// Everything that lives or is about to.
    pub(crate) fn living(&self) -> impl Iterator<Item = &Start> {
        let lives = |phase: &Phase| matches!(phase, Phase::Launching | Phase::Alive);
        self.starts
            .iter()
            .filter(move |(_, phase)| lives(phase))
            .map(|(start, _)| start)
    }

    pub(crate) fn has_work(&self) -> bool {
        !self.work.is_empty() || !self.news.is_empty()
    }

    /// Takes one effect. Here the first invariants are: one instance at a time,
    /// nothing touched that is not ours.
    pub(crate) fn take(&mut self, effect: Effect) {
        match effect {
            Effect::Launch {
                service,
                generation,
            } => {
                assert!(
                    !self.is_alive(&service),
                    "{service} is launched while it lives"
                );
                assert!(
                    !self.builds.contains_key(&service),
                    "{service} is launched while it is being built"
                );
                let start = (service, generation);
                assert!(
                    !self.starts.contains_key(&start),
                    "{start:?} is launched twice"
                );
                self.starts.insert(start.clone(), Phase::Launching);
                self.work.push(Work::Launch(start));
            }
            Effect::Stop {
                service,
                generation,
                ..
            } => {
                let start = (service, generation);
                assert!(
                    self.starts.contains_key(&start),
                    "{start:?} is not ours to stop"
                );
                self.work.push(Work::Stop(start));
            }
            Effect::Probe {
                service,
                generation,
                role,
            } => self.work.push(Work::Probe((service, generation), role)),
            Effect::Build { service, build } => {
                let before = self.builds.insert(service.clone(), build);
                assert_eq!(before, None, "{service} is built twice at a time");
                self.work.push(Work::Build(service, build));
            }
            Effect::CancelBuild { service, build } => {
                // It may have ended already, of which the engine is to hear.
                let other = self.builds.get(&service).is_some_and(|b| *b != build);
                assert!(!other, "another build of {service} runs");
                self.work.push(Work::CancelBuild(service, build));
            }
            Effect::Transition { .. } | Effect::Forget { .. } => {}
        }
    }

    /// A driver finishes something; `well` says how.
    pub(crate) fn work(&mut self, random: &mut Random, well: bool) {
        if self.work.is_empty() {
            return;
        }
        let work = self.work.remove(random.index(self.work.len()));
        match work {
            Work::Launch(start) => self.launch(start, random, well),
            Work::Stop(start) => self.stop(start),
            Work::Probe(start, role) => {
                let verdict = if well { Verdict::Pass } else { Verdict::Fail };
                self.report(start, probed(role, verdict));
            }
            Work::Build(service, build) => {
                let failed = BuildOutcome::Failed { cause: "no".into() };
                let outcome = if well { BuildOutcome::Done } else { failed };
                self.end_build(service, build, outcome);
            }
            Work::CancelBuild(service, build) => {
                self.end_build(service, build, BuildOutcome::Cancelled);
            }
        }
    }

    fn launch(&mut self, start: Start, random: &mut Random, well: bool) {
        if self.starts.get(&start) != Some(&Phase::Launching) {
            return;
        }
        let report = if well {
            self.starts.insert(start.clone(), Phase::Alive);
            Report::Launched
        } else {
            self.starts.insert(start.clone(), Phase::Failed);
            let cause = "no".into();
            let retry = random.one_in(2);
            Report::LaunchFailed { cause, retry }
        };
        self.report(start, report);
    }

    /// A driver ends a launch before it reports the end of it.
    fn stop(&mut self, start: Start) {
        match self.starts.get(&start) {
            Some(Phase::Launching) => {
                self.work.push(Work::Stop(start.clone()));
                let launches = |work: &Work| matches!(work, Work::Launch(s) if *s == start);
                if !self.work.iter().any(launches) {
                    self.starts.insert(start, Phase::Alive);
                }
            }
            Some(Phase::Alive) => self.end(start, Exit::with_code(143)),
            // The end that it had by itself is the answer, and was told.
            _ => {}
        }
    }

    fn end(&mut self, start: Start, exit: Exit) {
        self.starts
            .insert(start.clone(), Phase::Ended(exit.clone()));
        self.report(start, Report::Exited(exit));
    }

    fn end_build(&mut self, service: String, build: u64, outcome: BuildOutcome) {
        // The same build ends once, in whatever way comes first.
        if self.builds.get(&service) == Some(&build) {
            self.builds.remove(&service);
            self.news.push(Event::Built {
                service,
                build,
                outcome,
            });
        }
    }

    fn report(&mut self, (service, generation): Start, report: Report) {
        self.news.push(Event::Reported {
            service,
            generation,
            report,
        });
    }

    /// Something that lives ends by itself, or is taken away.
    pub(crate) fn die(&mut self, random: &mut Random) {
        let alive: Vec<Start> = self
            .starts
            .iter()
            .filter(|(_, phase)| **phase == Phase::Alive)
            .map(|(start, _)| start.clone())
            .collect();
        if alive.is_empty() {
            return;
        }
        let start = alive[random.index(alive.len())].clone();
        match random.below(6) {
            0 => {
                self.starts.insert(start.clone(), Phase::Removed);
                let cause = "removed".into();
                self.report(start, Report::Removed { cause });
            }
            n => self.end(start, Exit::with_code(i32::from(n > 2))),
        }
    }

    /// The engine hears something, in any order, now and then twice.
    pub(crate) fn hear(&mut self, random: &mut Random) -> Option<Event> {
        if self.news.is_empty() {
            return None;
        }
        let at = random.index(self.news.len());
        match random.one_in(8) {
            true => Some(self.news[at].clone()),
            false => Some(self.news.remove(at)),
        }
    }

    /// The stream of events breaks: what it had still to say about instances is
    /// lost. What drivers answer is never lost, as long as the engine lives.
    pub(crate) fn lose(&mut self) {
        self.news.retain(|event| {
            let lost =
                |report: &Report| matches!(report, Report::Exited(_) | Report::Removed { .. });
            !matches!(event, Event::Reported { report, .. } if lost(report))
        });
        self.relist();
    }

    /// After a break everything is looked at anew. That takes its time.
    fn relist(&mut self) {
        for ((service, generation), phase) in &self.starts {
            let report = match phase {
                Phase::Ended(exit) => Report::Exited(exit.clone()),
                Phase::Removed => Report::Removed {
                    cause: "removed".into(),
                },
                Phase::Launching | Phase::Failed | Phase::Alive => continue,
            };
            self.news.push(Event::Reported {
                service: service.clone(),
                generation: *generation,
                report,
            });
        }
    }

    /// The engine dies: its drivers and all that was said to it go with it. A
    /// launch or a stop that was on its way may come to its end nevertheless.
    pub(crate) fn engine_dies(&mut self, random: &mut Random) {
        self.news.clear();
        for work in std::mem::take(&mut self.work) {
            match work {
                Work::Launch(start) if random.one_in(2) => {
                    self.starts.insert(start, Phase::Alive);
                }
                Work::Launch(start) => drop(self.starts.insert(start, Phase::Failed)),
                Work::Stop(start)
                    if random.one_in(2) && self.starts.get(&start) == Some(&Phase::Alive) =>
                {
                    self.end(start, Exit::with_code(143));
                }
                _ => {}
            }
        }
        self.news.clear();
    }

    /// A new engine ends what builds an earlier one had begun, before anything
    /// else.
    pub(crate) fn end_leftover_builds(&mut self) {
        self.builds.clear();
    }

    /// What a new engine finds of a start.
    pub(crate) fn found(&self, service: &str, generation: u64) -> Found {
        match self.starts.get(&(service.to_owned(), generation)) {
            Some(Phase::Alive | Phase::Launching) => Found::Running,
            Some(Phase::Ended(exit)) => Found::Ended(exit.clone()),
            Some(Phase::Removed | Phase::Failed) | None => Found::Nothing { cause: None },
        }
    }
}

fn probed(role: ProbeRole, verdict: Verdict) -> Report {
    let result = ProbeResult {
        verdict,
        latency_us: 1,
        text: String::new(),
        details: Default::default(),
    };
    Report::Probed { role, result }
}
