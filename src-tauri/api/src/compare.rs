//! Two runs side by side: what got slower, what fails newly, what says new things.
//!
//! Everything here is a pure function of what the history and the log book know of the
//! two. [`RunFacts`] is what goes in, [`RunComparison`] what comes out; its differences are
//! in [`differences`].

pub mod differences;
pub mod measured;

use crate::model::plan::diff::ServiceChange;
use crate::model::scenario::report::ScenarioReport;
use crate::model::status::{Lifecycle, Status};
use crate::model::time::Millis;
use crate::row::{Instance, ProbeSpan, Run, Transition};
use crate::telemetry::query::LogPatterns;
use crate::telemetry::trace::RouteLatency;
use differences::Difference;
use measured::{Peaks, RouteComparison, ScenarioComparison};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use ts_rs::TS;

/// What is known of one run.
#[derive(Clone, Debug)]
pub struct RunFacts {
    /// The run.
    pub run: Run,
    /// Its instances, oldest first.
    pub instances: Vec<Instance>,
    /// Its changes of state, oldest first.
    pub transitions: Vec<Transition>,
    /// What its probes answered.
    pub probes: Vec<ProbeSpan>,
    /// Log records by level, trace to fatal, of each service; empty where they are not
    /// kept any more.
    pub levels: BTreeMap<String, [u64; 6]>,
    /// Answers by service and route; empty where no spans are kept.
    pub routes: Vec<RouteLatency>,
    /// The most that each service took; empty where it is not kept.
    pub peaks: BTreeMap<String, Peaks>,
    /// Executions of scenarios, oldest first.
    pub scenarios: Vec<ScenarioReport>,
    /// The resolved definition, secrets masked.
    pub definition: serde_json::Value,
}

/// Two runs side by side. `a` is the one to compare with, `b` the one in question.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct RunComparison {
    /// The run to compare with.
    pub a: Run,
    /// The run in question.
    pub b: Run,
    /// What differs and matters, the worst first.
    pub differences: Vec<Difference>,
    /// Where the definitions differ, service by service.
    pub definition: Vec<ServiceChange>,
    /// What lies between the commits of the two; absent where one is not known.
    pub git: Option<GitRange>,
    /// Every service of either, by name.
    pub services: Vec<ServiceComparison>,
    /// Every route that was asked for in either, by service and route.
    pub routes: Vec<RouteComparison>,
    /// Every scenario that was executed in either, by name.
    pub scenarios: Vec<ScenarioComparison>,
    /// What only one of them logged; absent where logs of one are not kept any more.
    pub patterns: Option<LogPatterns>,
}

/// Commits between two runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct GitRange {
    /// Commit of the first run.
    pub from: String,
    /// Commit of the second.
    pub to: String,
    /// `hash subject` of each that the second has and the first has not, newest first; at
    /// most fifty. Empty where git does not know one of the two.
    pub commits: Vec<String>,
    /// There are more.
    pub more: bool,
}

/// One service in both runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct ServiceComparison {
    /// Its name.
    pub service: String,
    /// In the first run; absent where it did not take part.
    pub a: Option<ServiceRun>,
    /// In the second.
    pub b: Option<ServiceRun>,
}

/// One service in one run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
pub struct ServiceRun {
    /// Instances.
    pub starts: u32,
    /// Starts that followed an unexpected end.
    pub restarts: u32,
    /// From the begin of the run to the launch of its first instance.
    pub time_to_start: Option<Millis>,
    /// From that launch to the first Healthy.
    pub time_to_ready: Option<Millis>,
    /// The worst it was; absent where no change was kept.
    pub worst: Option<Status>,
    /// Changes for the worse.
    pub alerts: u32,
    /// Why it ended unexpectedly, each cause once, in order of appearance.
    pub failures: Vec<String>,
    /// Log records of level error and above.
    #[ts(type = "number")]
    pub errors: u64,
    /// Log records of level warn.
    #[ts(type = "number")]
    pub warnings: u64,
    /// Passing answers of its probes.
    #[ts(type = "number")]
    pub probes: u64,
    /// Their mean latency, in microseconds.
    #[ts(type = "number | null")]
    pub probe_mean_us: Option<u64>,
    /// The slowest of them, in microseconds.
    #[ts(type = "number | null")]
    pub probe_max_us: Option<u64>,
    /// The most memory that it had in use, in bytes; absent where that is not kept.
    pub peak_memory: Option<f64>,
    /// The most processors that it had in use, in cores.
    pub peak_cpu: Option<f64>,
}

/// Compares `b` with `a`.
#[must_use]
pub fn compare(
    a: RunFacts,
    b: RunFacts,
    definition: Vec<ServiceChange>,
    git: Option<GitRange>,
    patterns: Option<LogPatterns>,
) -> RunComparison {
    let mut comparison = RunComparison {
        services: services(&a, &b),
        routes: measured::routes(&a, &b),
        scenarios: measured::scenarios(&a, &b),
        a: a.run,
        b: b.run,
        differences: Vec::new(),
        definition,
        git,
        patterns,
    };
    comparison.differences = differences::differences(&comparison);
    comparison
}

fn services(a: &RunFacts, b: &RunFacts) -> Vec<ServiceComparison> {
    let names: BTreeSet<&str> = a.services().chain(b.services()).collect();
    names
        .into_iter()
        .map(|name| ServiceComparison {
            service: name.to_owned(),
            a: a.service(name),
            b: b.service(name),
        })
        .collect()
}

/// A change for the worse that a person should hear of.
#[must_use]
pub fn is_alert(from: Status, to: Status) -> bool {
    matches!(to, Status::Degraded | Status::Unhealthy) && to > from
}

impl RunFacts {
    /// Those that did something: a service that was never asked for takes no part.
    fn services(&self) -> impl Iterator<Item = &str> {
        let started = self.instances.iter().map(|i| i.service.as_str());
        started.chain(self.transitions.iter().map(|t| t.service.as_str()))
    }

    fn service(&self, name: &str) -> Option<ServiceRun> {
        if !self.services().any(|service| service == name) {
            return None;
        }
        let of = |service: &str| service == name;
        let instances: Vec<_> = self.instances.iter().filter(|i| of(&i.service)).collect();
        let transitions = self.transitions.iter().filter(|t| of(&t.service));
        let levels = self.levels.get(name).copied().unwrap_or_default();
        let peaks = self.peaks.get(name).copied().unwrap_or_default();
        let first = instances.iter().min_by_key(|i| i.generation);
        let mut told = ServiceRun {
            starts: u32::try_from(instances.len()).unwrap_or(u32::MAX),
            time_to_start: first.map(|i| span(self.run.started.0, i.started.0)),
            time_to_ready: first.and_then(|i| i.time_to_ready),
            errors: levels[4] + levels[5],
            warnings: levels[3],
            peak_memory: peaks.memory,
            peak_cpu: peaks.cpu,
            ..ServiceRun::default()
        };
        told.follow(transitions);
        told.measure(self.probes.iter().filter(|p| of(&p.service)));
        Some(told)
    }
}

impl ServiceRun {
    fn follow<'a>(&mut self, transitions: impl Iterator<Item = &'a Transition>) {
        let mut before = Status::Stopped;
        for change in transitions {
            self.alerts += u32::from(is_alert(before, change.status));
            self.restarts += u32::from(change.lifecycle == Lifecycle::Backoff);
            self.worst = self.worst.max(Some(change.status));
            let failed = matches!(change.lifecycle, Lifecycle::Backoff | Lifecycle::Failed);
            if failed && !self.failures.contains(&change.cause) {
                self.failures.push(change.cause.clone());
            }
            before = change.status;
        }
    }

    /// Failing answers are left out: a refused connection is quick and says nothing of
    /// how quick the service is.
    fn measure<'a>(&mut self, probes: impl Iterator<Item = &'a ProbeSpan>) {
        let mut sum = 0;
        for probe in probes.filter(|p| p.verdict == crate::model::probe::Verdict::Pass) {
            self.probes += probe.count;
            sum += probe.latency_sum_us;
            self.probe_max_us = self.probe_max_us.max(Some(probe.latency_max_us));
        }
        self.probe_mean_us = sum.checked_div(self.probes);
    }
}

fn span(from: i64, to: i64) -> Millis {
    // The clock may have been set back in between.
    Millis(u64::try_from(to.saturating_sub(from)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::status::Health;
    use crate::model::time::Timestamp;
    use crate::row::{Annotation, RunResult};
    use differences::{DifferenceKind, Tone};

    fn run(id: &str) -> Run {
        Run {
            id: id.to_owned(),
            environment: "/shop".to_owned(),
            name: "shop".to_owned(),
            project_dir: "/shop".to_owned(),
            started: Timestamp(1000),
            ended: Some(Timestamp(90_000)),
            result: RunResult::Clean,
            services: 3,
            restarts: 0,
            time_to_ready: Some(Millis(5000)),
            git_commit: None,
            git_dirty: false,
            host: None,
            imported: None,
            annotation: Annotation::default(),
        }
    }

    /// A run whose services took so long to get ready, in milliseconds.
    fn facts(id: &str, services: &[(&str, u64)]) -> RunFacts {
        let instance = |(name, ready): &(&str, u64)| Instance {
            run: id.to_owned(),
            service: (*name).to_owned(),
            generation: 1,
            identity: "1".to_owned(),
            definition: String::new(),
            started: Timestamp(1200),
            time_to_ready: Some(Millis(*ready)),
            ended: None,
            exit: None,
        };
        RunFacts {
            run: run(id),
            instances: services.iter().map(instance).collect(),
            transitions: Vec::new(),
            probes: Vec::new(),
            levels: BTreeMap::new(),
            routes: Vec::new(),
            peaks: BTreeMap::new(),
            scenarios: Vec::new(),
            definition: serde_json::Value::Null,
        }
    }

    fn change(service: &str, lifecycle: Lifecycle, status: Status, cause: &str) -> Transition {
        Transition {
            run: "b".to_owned(),
            service: service.to_owned(),
            generation: 1,
            at: Timestamp(2000),
            lifecycle,
            health: Health::Unknown,
            status,
            cause: cause.to_owned(),
        }
    }

    fn compared(a: RunFacts, b: RunFacts) -> Vec<(DifferenceKind, Tone, Option<String>)> {
        let found = compare(a, b, Vec::new(), None, None).differences;
        found
            .into_iter()
            .map(|f| (f.kind, f.tone, f.service))
            .collect()
    }

    fn about(
        service: &str,
        kind: DifferenceKind,
        tone: Tone,
    ) -> (DifferenceKind, Tone, Option<String>) {
        (kind, tone, Some(service.to_owned()))
    }

    #[test]
    fn a_run_differs_from_itself_in_nothing() {
        let one = facts("a", &[("api", 900), ("db", 4000)]);
        assert_eq!(compared(one.clone(), one), []);
    }

    #[test]
    fn one_that_got_slower_is_named_and_a_slow_machine_is_not() {
        let before = facts("a", &[("api", 900), ("db", 2000), ("web", 1000)]);
        let one = facts("b", &[("api", 900), ("db", 2100), ("web", 8000)]);
        assert_eq!(
            compared(before.clone(), one.clone()),
            [about("web", DifferenceKind::TimeToReady, Tone::Worse)]
        );
        assert_eq!(
            compared(one, before.clone()),
            [about("web", DifferenceKind::TimeToReady, Tone::Better)]
        );
        let all = facts("b", &[("api", 2900), ("db", 6100), ("web", 3300)]);
        assert_eq!(compared(before, all), []);
    }

    #[test]
    fn one_of_two_that_got_slower_is_named() {
        let before = facts("a", &[("api", 900), ("db", 2000)]);
        let after = facts("b", &[("api", 9000), ("db", 2000)]);
        assert_eq!(
            compared(before, after),
            [about("api", DifferenceKind::TimeToReady, Tone::Worse)]
        );
    }

    #[test]
    fn what_fails_newly_comes_first_with_its_cause() {
        let before = facts("a", &[("api", 900)]);
        let mut after = facts("b", &[("api", 900), ("new", 10)]);
        let cause = "exited with code 1";
        after.transitions = vec![
            change("api", Lifecycle::Running, Status::Healthy, ""),
            change("api", Lifecycle::Backoff, Status::Unhealthy, cause),
            change("api", Lifecycle::Running, Status::Healthy, ""),
            change("api", Lifecycle::Backoff, Status::Unhealthy, cause),
        ];
        let comparison = compare(before, after, Vec::new(), None, None);
        let texts: Vec<&str> = comparison
            .differences
            .iter()
            .map(|f| f.text.as_str())
            .collect();
        assert_eq!(
            texts,
            [
                "api was Unhealthy: exited with code 1",
                "api ended unexpectedly 2 times, before never",
                "new takes part newly",
            ]
        );
        let api = comparison.services[0].b.as_ref().expect("took part");
        assert_eq!((api.alerts, api.restarts), (2, 2));
        assert_eq!(api.failures, [cause]);
    }

    #[test]
    fn a_clock_that_was_set_back_makes_no_negative_time() {
        let mut one = facts("a", &[("api", 900)]);
        one.instances[0].started = Timestamp(10);
        let comparison = compare(one.clone(), one, Vec::new(), None, None);
        let api = comparison.services[0].a.as_ref().expect("took part");
        assert_eq!(api.time_to_start, Some(Millis(0)));
    }

    fn route(service: &str, count: u64, ms: u64) -> RouteLatency {
        use crate::telemetry::trace::Percentiles;
        RouteLatency {
            service: service.to_owned(),
            route: "GET /".to_owned(),
            count,
            errors: 0,
            percentiles: Percentiles {
                p50_ns: ms * 1_000_000,
                p99_ns: ms * 3_000_000,
                ..Percentiles::default()
            },
        }
    }

    #[test]
    fn a_route_that_got_slower_is_named_and_a_slow_machine_is_not() {
        let with = |id: &str, all: &[(&str, u64, u64)]| RunFacts {
            routes: all.iter().map(|(s, n, ms)| route(s, *n, *ms)).collect(),
            ..facts(id, &[("api", 900), ("db", 900), ("web", 900)])
        };
        let before = with("a", &[("api", 50, 40), ("db", 50, 40), ("web", 5, 40)]);
        // Five answers of web say nothing.
        let after = with("b", &[("api", 50, 240), ("db", 50, 44), ("web", 5, 400)]);
        assert_eq!(
            compared(before.clone(), after),
            [about("api", DifferenceKind::Route, Tone::Worse)]
        );
        let busy = with("b", &[("api", 50, 120), ("db", 50, 140), ("web", 50, 130)]);
        assert_eq!(compared(before.clone(), busy), []);
        let failing = RunFacts {
            routes: vec![RouteLatency {
                errors: 10,
                ..route("api", 50, 40)
            }],
            ..facts("b", &[("api", 900), ("db", 900), ("web", 900)])
        };
        assert_eq!(
            compared(before, failing),
            [about("api", DifferenceKind::Route, Tone::Worse)]
        );
    }

    #[test]
    fn more_memory_is_told_and_a_little_more_is_not() {
        const MB: f64 = 1_000_000.0;
        let with = |memory: f64| {
            let mut one = facts("a", &[("api", 900)]);
            let peaks = Peaks {
                memory: Some(memory),
                cpu: Some(memory),
            };
            one.peaks.insert("api".to_owned(), peaks);
            one
        };
        let told = |a: f64, b: f64| compared(with(a), with(b));
        let more = about("api", DifferenceKind::Resources, Tone::Worse);
        assert_eq!(told(100.0 * MB, 420.0 * MB), [more]);
        assert_eq!(told(10.0 * MB, 40.0 * MB), []);
        assert_eq!(told(400.0 * MB, 600.0 * MB), []);
        let less = about("api", DifferenceKind::Resources, Tone::Better);
        assert_eq!(told(420.0 * MB, 100.0 * MB), [less]);
    }

    #[test]
    fn a_scenario_that_fails_newly_is_told_and_so_are_its_figures() {
        let execution = |passed: bool, throughput: f64| ScenarioReport {
            id: "1".to_owned(),
            scenario: "load".to_owned(),
            run: None,
            started: Timestamp(1),
            ended: Some(Timestamp(2)),
            status: match passed {
                true => crate::model::scenario::report::ScenarioStatus::Passed,
                false => crate::model::scenario::report::ScenarioStatus::Failed,
            },
            text: (!passed).then(|| "too slow".to_owned()),
            metrics: [
                ("feed.throughput".to_owned(), throughput),
                ("feed.count".to_owned(), throughput),
            ]
            .into(),
            vars: BTreeMap::new(),
            steps: Vec::new(),
            criteria: Vec::new(),
        };
        let with = |reports: Vec<ScenarioReport>| RunFacts {
            scenarios: reports,
            ..facts("a", &[])
        };
        let told = |a, b| {
            let compared = compare(with(a), with(b), Vec::new(), None, None);
            let texts = compared.differences.into_iter();
            texts.map(|one| (one.tone, one.text)).collect::<Vec<_>>()
        };
        assert_eq!(
            told(vec![execution(true, 900.0)], vec![execution(false, 900.0)]),
            [(Tone::Worse, "scenario load failed: too slow".to_owned())]
        );
        assert_eq!(
            told(vec![execution(true, 900.0)], vec![execution(true, 300.0)]),
            [(
                Tone::Worse,
                "scenario load: feed.throughput is 300, before 900".to_owned()
            )]
        );
        assert_eq!(
            told(vec![execution(true, 900.0)], vec![execution(true, 800.0)]),
            []
        );
        assert_eq!(told(Vec::new(), vec![execution(true, 800.0)]), []);
    }
}
