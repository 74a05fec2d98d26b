//! How services have fared: from the history's rows to what faces show.

use super::Host;
use super::handlers::Answer;
use crate::schema::*;
use benchtop_engine::clock;
use benchtop_model::plan::Plan;
use benchtop_model::probe::ProbeRole;
use benchtop_model::time::{Millis, Timestamp};
use benchtop_model::vitals::{self, Turn};
use benchtop_store::History;
use benchtop_store::row::{Instance, ProbeSpan, Run, Transition};
use benchtop_telemetry::metrics::book::MetricBook;
use benchtop_telemetry::metrics::query::{MetricQuery, MetricRange, MetricShow};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What is shown where no run is named.
const WINDOW: i64 = 2 * 3600 * 1000;

/// Spans of one list.
const MOST: usize = 300;

/// Points of a latency curve.
const BUCKETS: u32 = 60;

/// Instances of before that say how long a service usually takes, one for each run.
const EARLIER: u32 = 100;

/// An answer counts until the next one, where that comes within so many intervals, and the
/// time of an attempt.
const INTERVALS: u64 = 2;
const ATTEMPT: u64 = 15_000;

/// What an interval is taken for where it is not known any more.
const INTERVAL: Millis = Millis::from_secs(30);

impl Host {
    pub(crate) async fn probes_history(
        self: &Arc<Self>,
        request: ProbesHistoryRequest,
    ) -> Answer<HealthHistory> {
        let open = self.get(&request.environment).await?;
        if let Some(service) = &request.service {
            open.snapshot_with(service)?;
        }
        let plan = Arc::clone(&open.handle.subscribe().borrow().plan);
        let metrics = Arc::clone(&open.metrics);
        self.read(move |history| {
            let run = match &request.run {
                Some(run) => history.run(run)?,
                None => history.runs(Some(&request.environment), 1)?.pop(),
            };
            let only = request.service.as_ref();
            let names: Vec<String> = plan
                .services
                .keys()
                .filter(|name| only.is_none_or(|only| only == *name))
                .cloned()
                .collect();
            let asked = Asked::new(&request, run, &plan);
            asked.answer(history, &metrics, &names)
        })
        .await
    }
}

/// What is asked for.
struct Asked<'a> {
    environment: &'a str,
    /// Of which the figures are.
    run: Option<Run>,
    /// Only this run is shown.
    whole: bool,
    from: Timestamp,
    to: Timestamp,
    plan: &'a Plan,
}

impl<'a> Asked<'a> {
    fn new(request: &'a ProbesHistoryRequest, run: Option<Run>, plan: &'a Plan) -> Self {
        let now = clock::now();
        let whole = request.run.is_some();
        let (from, to) = match (&run, whole) {
            (Some(run), true) => (run.started, run.ended.unwrap_or(now)),
            _ => (Timestamp(now.0 - WINDOW), now),
        };
        Self {
            environment: &request.environment,
            run,
            whole,
            from,
            to,
            plan,
        }
    }

    fn answer(
        &self,
        history: &History,
        metrics: &MetricBook,
        names: &[String],
    ) -> Result<HealthHistory, benchtop_store::StoreError> {
        let run = self.run.as_ref().map(|run| run.id.clone());
        let of_run = match &run {
            Some(run) => history.transitions(run)?,
            None => Vec::new(),
        };
        let curves = self.curves(metrics, names);
        let mut services = Vec::new();
        for name in names {
            services.push(self.service(history, name, &of_run, &curves)?);
        }
        Ok(HealthHistory {
            run,
            from: self.from,
            to: self.to,
            services,
        })
    }

    fn service(
        &self,
        history: &History,
        name: &str,
        of_run: &[Transition],
        curves: &Curves,
    ) -> Result<ServiceHistory, benchtop_store::StoreError> {
        let in_run: Vec<Turn> = of_run
            .iter()
            .filter(|t| t.service == name)
            .map(turn)
            .collect();
        let mut changes = match self.whole {
            true => Vec::new(),
            false => history.service_transitions(self.environment, name, 1000)?,
        };
        changes.reverse();
        let shown: Vec<Turn> = match self.whole {
            true => in_run.clone(),
            false => changes.iter().map(turn).collect(),
        };
        let mut states = vitals::spans(&shown, self.from, self.to);
        states.drain(..states.len().saturating_sub(MOST));
        let instances = history.service_instances(self.environment, name, EARLIER)?;
        let end = self
            .run
            .as_ref()
            .and_then(|run| run.ended)
            .unwrap_or(clock::now());
        let ready = ready(&instances, self.run.as_ref());
        let mut probes = Vec::new();
        for role in ProbeRole::ALL {
            probes.extend(self.probe(history, name, role, curves)?);
        }
        Ok(ServiceHistory {
            service: name.to_owned(),
            states,
            availability: vitals::availability(&in_run, end),
            ready_after: ready.0,
            usual: vitals::median(&ready.1),
            usual_of: u32::try_from(ready.1.len()).unwrap_or(u32::MAX),
            flips: vitals::flips(&in_run, end),
            flapping: vitals::is_flapping(&in_run, end),
            probes,
        })
    }

    fn probe(
        &self,
        history: &History,
        name: &str,
        role: ProbeRole,
        curves: &Curves,
    ) -> Result<Option<ProbeHistory>, benchtop_store::StoreError> {
        let mut rows = history.probe_history(self.environment, name, role, self.from)?;
        let only = self.run.as_ref().filter(|_| self.whole);
        rows.retain(|row| row.first <= self.to && only.is_none_or(|run| row.run == run.id));
        let defined = self
            .plan
            .services
            .get(name)
            .and_then(|s| s.probes.get(role));
        if rows.is_empty() && defined.is_none() {
            return Ok(None);
        }
        let interval = defined.map_or(INTERVAL, |probe| probe.interval);
        let mut spans = answers(&rows, interval, (self.from, self.to));
        let omitted = spans.len().saturating_sub(MOST);
        spans.drain(..omitted);
        let key = (name.to_owned(), role.word().to_owned());
        Ok(Some(ProbeHistory {
            role,
            answers: rows.iter().map(|row| row.count).sum(),
            spans,
            omitted: u32::try_from(omitted).unwrap_or(u32::MAX),
            latency_ms: curves.get(&key).cloned().unwrap_or_default(),
        }))
    }

    /// Latency by service and role, from the metrics of the run.
    fn curves(&self, metrics: &MetricBook, names: &[String]) -> Curves {
        let query = MetricQuery {
            metric: "benchtop.probe.duration".to_owned(),
            services: names.to_vec(),
            group_by: vec!["probe.role".to_owned()],
            show: MetricShow::Mean,
            ..MetricQuery::default()
        };
        let range = MetricRange {
            since: Some(self.from),
            until: Some(self.to),
            buckets: BUCKETS,
        };
        let run = self.run.as_ref().map(|run| run.id.as_str());
        let frames = match metrics.query(run, &[query], &range) {
            Ok(frames) => frames,
            Err(error) => {
                tracing::debug!(%error, "latency of probes is not known");
                return Curves::new();
            }
        };
        let series = frames.frames.into_iter().flat_map(|frame| frame.series);
        let curve = |series: benchtop_telemetry::metrics::query::Series| {
            let role = series
                .attributes
                .into_iter()
                .find(|(key, _)| key == "probe.role")?
                .1;
            let ms = |point: Option<f64>| point.map(|seconds| (seconds * 1e6).round() / 1e3);
            Some((
                (series.service, role),
                series.points.into_iter().map(ms).collect(),
            ))
        };
        series.filter_map(curve).collect()
    }
}

type Curves = BTreeMap<(String, String), Vec<Option<f64>>>;

fn turn(change: &Transition) -> Turn {
    Turn {
        at: change.at,
        status: change.status,
    }
}

/// How long the service took last in this run, and at its first start in each of those
/// before it. `instances` are newest first.
fn ready(instances: &[Instance], run: Option<&Run>) -> (Option<Millis>, Vec<Millis>) {
    let Some(run) = run else {
        return (None, Vec::new());
    };
    let mut here = instances.iter().filter(|instance| instance.run == run.id);
    let last = here.find_map(|instance| instance.time_to_ready);
    let mut seen = BTreeSet::new();
    let earlier = instances
        .iter()
        .rev()
        .filter(|instance| instance.run != run.id && instance.started < run.started)
        .filter(|instance| instance.time_to_ready.is_some() && seen.insert(&instance.run))
        .filter_map(|instance| instance.time_to_ready);
    (last, earlier.collect())
}

/// Rows as spans without gaps where the answers came in time.
fn answers(
    rows: &[ProbeSpan],
    interval: Millis,
    (from, to): (Timestamp, Timestamp),
) -> Vec<AnswerSpan> {
    let patience = i64::try_from(interval.0 * INTERVALS + ATTEMPT).unwrap_or(i64::MAX);
    let span = |(index, row): (usize, &ProbeSpan)| {
        let next = rows.get(index + 1);
        let counts = match next {
            // Another instance was asked: what the one before said ended with it.
            Some(next) if next.generation != row.generation || next.run != row.run => row.last,
            Some(next) if next.first.0 - row.last.0 <= patience => next.first,
            Some(_) => row.last,
            None if to.0 - row.last.0 <= patience => to,
            None => row.last,
        };
        AnswerSpan {
            verdict: row.verdict,
            text: row.text.clone(),
            from: row.first.max(from),
            to: counts.max(row.first).clamp(from, to.max(from)),
            count: row.count,
            mean_us: row.latency_sum_us / row.count.max(1),
            max_us: row.latency_max_us,
        }
    };
    rows.iter().enumerate().map(span).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use benchtop_model::probe::Verdict;

    fn row(run: &str, generation: u64, first: i64, last: i64) -> ProbeSpan {
        ProbeSpan {
            run: run.to_owned(),
            service: "api".to_owned(),
            generation,
            role: ProbeRole::Ready,
            verdict: Verdict::Pass,
            text: "200 OK".to_owned(),
            details: BTreeMap::new(),
            first: Timestamp(first),
            last: Timestamp(last),
            count: 4,
            latency_min_us: 1,
            latency_max_us: 9,
            latency_sum_us: 20,
        }
    }

    #[test]
    fn an_answer_counts_until_the_next_unless_that_is_late_or_of_another_instance() {
        let minute = 60_000;
        let rows = [
            row("a", 1, -minute, minute),
            row("a", 1, minute + 30_000, 2 * minute),
            row("a", 1, 10 * minute, 11 * minute),
            row("a", 2, 11 * minute + 5, 12 * minute),
        ];
        let window = (Timestamp(0), Timestamp(12 * minute + 10));
        let found = answers(&rows, Millis::from_secs(30), window);
        let told: Vec<(i64, i64)> = found.iter().map(|s| (s.from.0, s.to.0)).collect();
        assert_eq!(
            told,
            [
                (0, minute + 30_000),
                (minute + 30_000, 2 * minute),
                (10 * minute, 11 * minute),
                (11 * minute + 5, 12 * minute + 10),
            ]
        );
        assert_eq!((found[0].mean_us, found[0].max_us), (5, 9));
        assert_eq!(answers(&[], Millis(1), window), []);
    }

    #[test]
    fn the_usual_time_is_of_first_starts_in_earlier_runs() {
        let instance = |run: &str, generation, started, ready: Option<u64>| Instance {
            run: run.to_owned(),
            service: "api".to_owned(),
            generation,
            identity: String::new(),
            definition: String::new(),
            started: Timestamp(started),
            time_to_ready: ready.map(Millis),
            ended: None,
            exit: None,
        };
        let run: Run = serde_json::from_value(serde_json::json!({
            "id": "c", "environment": "e", "name": "e", "project_dir": "/e", "started": 300,
            "ended": null, "result": "running", "services": 1, "restarts": 0,
            "time_to_ready": null, "git_commit": null, "git_dirty": false,
            "annotation": { "label": null, "note": null, "tags": [], "pinned": false },
        }))
        .expect("a run");
        // Newest first, as the history has them.
        let all = [
            instance("c", 9, 320, Some(70)),
            instance("c", 8, 301, None),
            instance("b", 7, 250, Some(999)),
            instance("b", 6, 210, Some(30)),
            instance("a", 5, 100, Some(10)),
        ];
        let found = ready(&all, Some(&run));
        assert_eq!(found, (Some(Millis(70)), vec![Millis(10), Millis(30)]));
    }
}
