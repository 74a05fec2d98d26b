//! Jobs of Flink: what runs, what failed; and statements for its SQL gateway.

use super::in_time;
use crate::scenario::flink::{Rest, failures, submit as submit_sql};
use benchtop_model::inject::Address;
use benchtop_model::systems::{FlinkJob, FlinkSubmitted, FlinkView};
use benchtop_model::time::{Millis, Timestamp};
use futures_util::future::join_all;
use reqwest::Method;
use serde::Deserialize;
use std::time::Duration;

/// Jobs of one answer.
const MOST_JOBS: usize = 100;

/// Jobs whose failures are asked for: each takes two requests.
const MOST_ASKED: usize = 20;

/// So long statements may take. What goes on is a job; a query without an end is ended.
const STATEMENTS: Duration = Duration::from_secs(60);

/// The page of the job manager.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Overview {
    taskmanagers: u32,
    slots_total: u32,
    slots_available: u32,
    flink_version: Option<String>,
}

/// The page of the SQL gateway.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Info {
    #[allow(dead_code, reason = "it tells a gateway from any other server")]
    product_name: String,
}

#[derive(Deserialize)]
struct Jobs {
    jobs: Vec<Job>,
}

#[derive(Deserialize)]
struct Job {
    jid: String,
    name: String,
    state: String,
    #[serde(rename = "start-time")]
    started: i64,
    duration: i64,
    #[serde(default)]
    tasks: Tasks,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Tasks {
    running: u32,
    total: u32,
}

/// Finds the job manager and the gateway among these services, and asks for the jobs.
///
/// # Errors
/// One sentence, where none of them answers as Flink does.
pub async fn look(services: &[(String, Address)]) -> Result<FlinkView, String> {
    in_time(async {
        let asked = services.iter().map(|(name, at)| part(name, at));
        let parts: Vec<Part<'_>> = join_all(asked).await;
        let mut view = FlinkView::default();
        for part in &parts {
            if let Part::Gateway(name) = part {
                view.gateway.get_or_insert_with(|| (*name).to_owned());
            }
        }
        let manager = parts.iter().find_map(|part| match part {
            Part::JobManager(name, overview, rest) => Some((name, overview, rest)),
            _ => None,
        });
        match manager {
            Some((name, overview, rest)) => {
                view.job_manager = Some((*name).to_owned());
                view.version.clone_from(&overview.flink_version);
                view.task_managers = overview.taskmanagers;
                (view.slots, view.slots_free) = (overview.slots_total, overview.slots_available);
                jobs(rest, &mut view).await?;
            }
            None if view.gateway.is_none() => {
                let causes = parts.iter().filter_map(|part| match part {
                    Part::None(cause) => Some(cause.as_str()),
                    _ => None,
                });
                let causes: Vec<&str> = causes.collect();
                return Err(match causes.is_empty() {
                    true => "no service of Flink has an address".to_owned(),
                    false => causes.join("; "),
                });
            }
            None => {}
        }
        Ok(view)
    })
    .await
}

/// What a service of Flink is.
enum Part<'a> {
    JobManager(&'a str, Overview, Rest),
    Gateway(&'a str),
    None(String),
}

async fn part<'a>(name: &'a str, at: &Address) -> Part<'a> {
    let rest = match Rest::at(at) {
        Ok(rest) => rest,
        Err(cause) => return Part::None(cause),
    };
    let cause = match rest.get("/overview").await {
        Ok(overview) => return Part::JobManager(name, overview, rest),
        Err(cause) => cause,
    };
    match rest.get::<Info>("/v1/info").await {
        Ok(_) => Part::Gateway(name),
        Err(_) => Part::None(cause),
    }
}

async fn jobs(rest: &Rest, view: &mut FlinkView) -> Result<(), String> {
    let all: Jobs = rest.get("/jobs/overview").await?;
    let mut jobs = all.jobs;
    jobs.sort_by_key(|job| (is_over(&job.state), std::cmp::Reverse(job.started)));
    view.omitted_jobs = u32::try_from(jobs.len().saturating_sub(MOST_JOBS)).unwrap_or(u32::MAX);
    jobs.truncate(MOST_JOBS);
    let told = jobs.into_iter().enumerate().map(|(place, job)| async move {
        // Of those that have ended, only of what failed.
        let asks = place < MOST_ASKED && (!is_over(&job.state) || job.state == "FAILED");
        let (restarts, cause) = match asks {
            true => {
                let (restarts, cause) = failures(rest, &job.jid).await;
                (Some(restarts), cause)
            }
            false => (None, None),
        };
        FlinkJob {
            restarts,
            cause,
            id: job.jid,
            name: job.name,
            state: job.state,
            started: Timestamp(job.started),
            duration: Millis(u64::try_from(job.duration).unwrap_or_default()),
            tasks_running: job.tasks.running,
            tasks: job.tasks.total,
        }
    });
    view.jobs = join_all(told).await;
    Ok(())
}

fn is_over(state: &str) -> bool {
    ["FINISHED", "CANCELED", "FAILED"].contains(&state)
}

/// Asks the job manager to end a job.
///
/// # Errors
/// One sentence, where it does not.
pub async fn cancel(at: &Address, job: &str) -> Result<(), String> {
    if job.is_empty() || !job.chars().all(|c| c.is_ascii_hexdigit()) {
        return Err(format!("`{job}` is not the number of a job"));
    }
    let rest = Rest::at(at)?;
    let path = format!("/jobs/{job}?mode=cancel");
    in_time(async { rest.send(Method::PATCH, &path, None).await.map(|_| ()) }).await
}

/// Gives statements to the SQL gateway.
///
/// # Errors
/// The statement that failed, and why.
pub async fn submit(at: &Address, sql: &str) -> Result<FlinkSubmitted, String> {
    let rest = Rest::at(at)?;
    match tokio::time::timeout(STATEMENTS, submit_sql(rest, sql)).await {
        Ok(ended) => ended,
        Err(_) => Err(format!(
            "the statements had not ended after {} s; a query without an end can only be a job: INSERT INTO",
            STATEMENTS.as_secs()
        )),
    }
}
