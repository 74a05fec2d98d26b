//! A job of Flink: waits for a state, or cancels it. By its name all that have it are
//! meant: the newest is waited for, and all that run are cancelled.

use super::super::super::context::Attempt;
use super::super::super::outcome::Outcome;
use super::rest::{Rest, root_cause};
use benchtop_model::scenario::report::Progress;
use reqwest::Method;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(250);

/// What Flink can say of a job (`JobStatus`).
const STATES: [&str; 11] = [
    "INITIALIZING",
    "CREATED",
    "RUNNING",
    "FAILING",
    "FAILED",
    "CANCELLING",
    "CANCELED",
    "FINISHED",
    "RESTARTING",
    "SUSPENDED",
    "RECONCILING",
];

#[derive(Deserialize)]
struct Overview {
    jobs: Vec<Job>,
}

#[derive(Clone, Debug, Deserialize)]
struct Job {
    #[serde(rename = "jid")]
    id: String,
    name: String,
    state: String,
    /// Milliseconds since 1970.
    #[serde(rename = "start-time")]
    started: i64,
    #[serde(default)]
    tasks: Tasks,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Tasks {
    running: u64,
    finished: u64,
    total: u64,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Details {
    now: i64,
    timestamps: BTreeMap<String, i64>,
    vertices: Vec<Vertex>,
}

#[derive(Deserialize)]
struct Vertex {
    parallelism: u64,
    #[serde(rename = "slotSharingGroupId", default)]
    sharing: String,
}

#[derive(Deserialize)]
struct Measured {
    value: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Exceptions {
    exception_history: History,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct History {
    /// The newest first.
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(default)]
    stacktrace: String,
}

/// What a look says.
#[derive(Debug, PartialEq, Eq)]
enum Found {
    /// The job with this id is in the state.
    Reached(String),
    /// What it waits for.
    NotYet(String),
    /// The job with this id has ended otherwise.
    Never(String, String),
}

pub(in super::super) async fn perform(attempt: &Attempt<'_>) -> Result<Outcome, String> {
    let wanted = attempt.text("state").unwrap_or("RUNNING");
    let wanted = match wanted.to_ascii_uppercase().as_str() {
        "CANCELLED" => "CANCELED".to_owned(),
        other => other.to_owned(),
    };
    if !STATES.contains(&wanted.as_str()) {
        return Err(format!(
            "`{wanted}` is no state of a job: write one such as `RUNNING`, `FINISHED` or `CANCELED`"
        ));
    }
    let rest = Rest::of(attempt)?;
    let name = attempt.required("job")?;
    match wanted.as_str() {
        "CANCELED" => cancel(attempt, &rest, name).await,
        wanted => wait(attempt, &rest, name, wanted).await,
    }
}

async fn jobs(rest: &Rest) -> Result<Vec<Job>, String> {
    Ok(rest.get::<Overview>("/jobs/overview").await?.jobs)
}

async fn wait(
    attempt: &Attempt<'_>,
    rest: &Rest,
    name: &str,
    wanted: &str,
) -> Result<Outcome, String> {
    let mut all = jobs(rest).await;
    // Who answered once may be away for a moment; who never did, is not there.
    all.as_ref().map_err(Clone::clone)?;
    loop {
        let what = match all.map(|all| look(&all, name, wanted)) {
            Ok(Found::Reached(id)) => return Ok(reached(rest, name, &id, wanted).await),
            Ok(Found::Never(id, text)) => return Err(ended(rest, &id, text).await),
            Ok(Found::NotYet(what)) | Err(what) => what,
        };
        tell(attempt, what);
        tokio::time::sleep(PAUSE).await;
        all = jobs(rest).await;
    }
}

fn tell(attempt: &Attempt<'_>, what: String) {
    attempt.progress(|| Progress {
        done: 0.0,
        total: None,
        rate: None,
        what,
    });
}

impl Job {
    fn is(&self, name: &str) -> bool {
        self.id == name || self.name == name
    }

    /// It will not change any more.
    fn is_over(&self) -> bool {
        ["FINISHED", "CANCELED", "FAILED"].contains(&self.state.as_str())
    }

    fn at_work(&self) -> u64 {
        self.tasks.running + self.tasks.finished
    }
}

fn look(all: &[Job], name: &str, wanted: &str) -> Found {
    let mine = all.iter().filter(|job| job.is(name));
    let Some(job) = mine.max_by_key(|job| job.started) else {
        return Found::NotYet(format!("there is no job `{name}`"));
    };
    if job.state != wanted {
        let text = format!("{name} is {}", job.state);
        return match job.is_over() {
            true => Found::Never(job.id.clone(), text),
            false => Found::NotYet(text),
        };
    }
    // A job is called running before its tasks are.
    if wanted == "RUNNING" && job.at_work() < job.tasks.total {
        let (work, total) = (job.at_work(), job.tasks.total);
        return Found::NotYet(format!("{work} of {total} tasks of {name} run"));
    }
    Found::Reached(job.id.clone())
}

async fn reached(rest: &Rest, name: &str, id: &str, wanted: &str) -> Outcome {
    let details: Details = rest.get(&format!("/jobs/{id}")).await.unwrap_or_default();
    let path = format!("/jobs/{id}/metrics?get=numRestarts");
    let metrics: Vec<Measured> = rest.get(&path).await.unwrap_or_default();
    let history = exceptions(rest, id).await.entries.len();
    let mut outcome = Outcome::passed(format!("{name} is {wanted}"))
        .detail("job", id)
        .metric("restarts", restarts(&metrics, history))
        .metric("slots", slots(&details.vertices) as f64);
    if let Some(uptime) = uptime(&details, wanted) {
        outcome = outcome.metric("uptime_ms", uptime);
    }
    outcome
}

/// How often a job was begun anew, and what failed last.
pub(crate) async fn failures(rest: &Rest, id: &str) -> (u32, Option<String>) {
    let path = format!("/jobs/{id}/metrics?get=numRestarts");
    let metrics: Vec<Measured> = rest.get(&path).await.unwrap_or_default();
    let history = exceptions(rest, id).await.entries;
    let newest = history.first().map(|entry| root_cause(&entry.stacktrace));
    (restarts(&metrics, history.len()) as u32, newest)
}

/// Metrics come to the job manager every ten seconds; what failed is known at once.
fn restarts(metrics: &[Measured], failures: usize) -> f64 {
    let counted = metrics
        .first()
        .and_then(|m| m.value.as_deref()?.parse().ok());
    counted.unwrap_or(0.0_f64).max(failures as f64)
}

/// Milliseconds since it last began to run.
fn uptime(details: &Details, state: &str) -> Option<f64> {
    let since = details.timestamps.get("RUNNING").filter(|at| **at > 0)?;
    (state == "RUNNING").then(|| (details.now - since).max(0) as f64)
}

/// Tasks of a sharing group lie in the same slots, so that the widest decides.
fn slots(vertices: &[Vertex]) -> u64 {
    let mut groups: BTreeMap<&str, u64> = BTreeMap::new();
    for vertex in vertices {
        let widest = groups.entry(&vertex.sharing).or_default();
        *widest = vertex.parallelism.max(*widest);
    }
    groups.values().sum()
}

async fn exceptions(rest: &Rest, id: &str) -> History {
    let path = format!("/jobs/{id}/exceptions");
    let all: Exceptions = rest.get(&path).await.unwrap_or_default();
    all.exception_history
}

/// Why it ended, where Flink knows.
async fn ended(rest: &Rest, id: &str, text: String) -> String {
    let history = exceptions(rest, id).await;
    match history.entries.first() {
        Some(newest) => format!("{text}: {}", root_cause(&newest.stacktrace)),
        None => text,
    }
}

async fn cancel(attempt: &Attempt<'_>, rest: &Rest, name: &str) -> Result<Outcome, String> {
    let all = jobs(rest).await?;
    if !all.iter().any(|job| job.is(name)) {
        // What cleans up has nothing to do where nothing was begun.
        return match attempt.step.always {
            true => Ok(Outcome::passed(format!("there is no job `{name}`"))),
            false => Err(format!("there is no job `{name}`{}", others(&all))),
        };
    }
    let mut asked = BTreeSet::new();
    let mut left: Vec<Job> = living(all, name);
    while !left.is_empty() {
        for job in &left {
            if asked.insert(job.id.clone()) {
                let path = format!("/jobs/{}?mode=cancel", job.id);
                rest.send(Method::PATCH, &path, None).await?;
            }
        }
        tell(attempt, format!("{} jobs are to end", left.len()));
        tokio::time::sleep(PAUSE).await;
        left = living(jobs(rest).await?, name);
    }
    let text = match asked.len() {
        0 => format!("no job `{name}` was running"),
        1 => format!("{name} is CANCELED"),
        count => format!("{count} jobs `{name}` are CANCELED"),
    };
    Ok(Outcome::passed(text).metric("cancelled", asked.len() as f64))
}

fn living(all: Vec<Job>, name: &str) -> Vec<Job> {
    let mine = all.into_iter().filter(|job| job.is(name) && !job.is_over());
    mine.collect()
}

fn others(all: &[Job]) -> String {
    let running = all.iter().filter(|job| !job.is_over());
    let names: BTreeSet<&str> = running.map(|job| job.name.as_str()).take(10).collect();
    match names.is_empty() {
        true => ", and no other runs".to_owned(),
        false => {
            let names: Vec<&str> = names.into_iter().collect();
            format!("; these run: {}", names.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn overview(json: &str) -> Vec<Job> {
        serde_json::from_str::<Overview>(json)
            .expect("an overview")
            .jobs
    }

    fn job(id: &str, state: &str, started: i64, running: u64) -> String {
        format!(
            r#"{{"jid":"{id}","name":"slow","start-time":{started},"end-time":-1,"duration":6263,"state":"{state}","last-modification":1,"tasks":{{"running":{running},"canceled":0,"total":2,"finished":0}},"pending-operators":0}}"#
        )
    }

    fn of(jobs: &[String]) -> Vec<Job> {
        overview(&format!(r#"{{"jobs":[{}]}}"#, jobs.join(",")))
    }

    #[test]
    fn the_newest_of_a_name_is_waited_for_until_its_tasks_run() {
        let ended = job("a", "FAILED", 1, 0);
        let late = of(&[job("b", "RUNNING", 2, 1), ended.clone()]);
        let says = |text: &str| Found::NotYet(text.to_owned());
        assert_eq!(
            look(&late, "slow", "RUNNING"),
            says("1 of 2 tasks of slow run")
        );
        let there = of(&[job("b", "RUNNING", 2, 2), ended.clone()]);
        assert_eq!(
            look(&there, "slow", "RUNNING"),
            Found::Reached("b".to_owned())
        );
        assert_eq!(look(&there, "slow", "FINISHED"), says("slow is RUNNING"));
        assert_eq!(
            look(&there, "a", "RUNNING"),
            Found::Never("a".to_owned(), "a is FAILED".to_owned())
        );
        let again = of(&[job("b", "RESTARTING", 2, 0)]);
        assert_eq!(look(&again, "slow", "RUNNING"), says("slow is RESTARTING"));
        assert_eq!(
            look(&again, "fast", "RUNNING"),
            says("there is no job `fast`")
        );
        assert_eq!(others(&there), "; these run: slow");
        assert_eq!(living(there, "slow").len(), 1);
    }

    #[test]
    fn slots_are_shared_and_uptime_counts_from_the_last_start() {
        let details: Details = serde_json::from_str(
            r#"{"jid":"9","state":"RUNNING","now":5000,"timestamps":{"FINISHED":0,"RUNNING":4000},"vertices":[{"parallelism":1,"slotSharingGroupId":"x"},{"parallelism":3,"slotSharingGroupId":"x"},{"parallelism":2,"slotSharingGroupId":"y"}]}"#,
        )
        .expect("details");
        assert_eq!(slots(&details.vertices), 5);
        assert_eq!(uptime(&details, "RUNNING"), Some(1000.0));
        assert_eq!(uptime(&details, "FINISHED"), None);
        assert_eq!(uptime(&Details::default(), "RUNNING"), None);
        let told: Vec<Measured> =
            serde_json::from_str(r#"[{"id":"numRestarts","value":"2"}]"#).expect("metrics");
        assert_eq!((restarts(&told, 0), restarts(&[], 1)), (2.0, 1.0));
    }
}
