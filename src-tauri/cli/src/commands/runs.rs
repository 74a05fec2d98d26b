//! `benchtop runs`: what was run, and how it went.

pub(crate) mod compare;
pub(crate) mod show;
pub(crate) mod transfer;

use crate::arguments::{RunLabel, RunsList, Which};
use crate::connection::{self, Connection};
use crate::exit::{Code, Failure};
use crate::render;
use benchtop_api::row::Run;
use benchtop_api::schema::{ApiError, RunsAnnotateRequest, RunsListRequest};

/// Runs among which one is looked for by its name.
const LOOKED_AT: u32 = 1000;

pub(crate) async fn list(arguments: &RunsList) -> Result<Code, Failure> {
    let (client, environment) = if arguments.all {
        (connection::engine().await?, None)
    } else {
        let connection = connection::open(&arguments.environment).await?;
        (connection.client, Some(connection.environment))
    };
    let limit = match arguments.search {
        Some(_) => LOOKED_AT,
        None => arguments.limit,
    };
    let mut runs = client.call(&RunsListRequest { environment, limit }).await?;
    if let Some(text) = &arguments.search {
        let text = text.to_lowercase();
        runs.retain(|run| says(run, &text));
        runs.truncate(arguments.limit as usize);
    }
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&runs)?);
    } else if runs.is_empty() && arguments.search.is_some() {
        println!("no run says that");
    } else if runs.is_empty() {
        println!("nothing was run yet; `benchtop up` starts the environment");
    } else {
        runs.iter().for_each(|run| println!("{}", render::run(run)));
    }
    Ok(Code::Fine)
}

/// Whether a run has this text, in lower case, in anything a person gave it.
fn says(run: &Run, text: &str) -> bool {
    let said = &run.annotation;
    let words = [
        Some(&run.id),
        Some(&run.name),
        run.git_commit.as_ref(),
        said.label.as_ref(),
        said.note.as_ref(),
    ];
    words
        .into_iter()
        .flatten()
        .chain(&said.tags)
        .any(|word| word.to_lowercase().contains(text))
}

pub(crate) async fn label(which: &Which, arguments: RunLabel) -> Result<Code, Failure> {
    let connection = connection::open(which).await?;
    let run = find(&connection, &arguments.run).await?;
    let mut said = run.annotation;
    said.label = arguments.label.or(said.label);
    said.note = arguments.note.or(said.note);
    said.tags.retain(|tag| !arguments.untags.contains(tag));
    said.tags.extend(arguments.tags);
    said.pinned = (said.pinned || arguments.pin) && !arguments.unpin;
    let request = RunsAnnotateRequest {
        run: run.id,
        annotation: said,
    };
    let run = connection.client.call(&request).await?;
    println!("{}", render::run(&run));
    Ok(Code::Fine)
}

/// The run that is meant by a number or its begin, a label, `latest` or `latest~N`.
pub(super) async fn find(connection: &Connection, name: &str) -> Result<Run, Failure> {
    let request = RunsListRequest {
        environment: Some(connection.environment.clone()),
        limit: LOOKED_AT,
    };
    let runs = connection.client.call(&request).await?;
    Ok(choose(runs, name)?)
}

/// The identity of the run that is meant, where one is.
pub(super) async fn named(
    connection: &Connection,
    name: Option<&str>,
) -> Result<Option<String>, Failure> {
    match name {
        None => Ok(None),
        Some(name) => Ok(Some(find(connection, name).await?.id)),
    }
}

fn choose(runs: Vec<Run>, name: &str) -> Result<Run, ApiError> {
    let missing = |message: String| ApiError {
        hint: Some("`benchtop runs` lists them".to_owned()),
        ..ApiError::not_found(message)
    };
    if let Some(back) = steps_back(name) {
        let count = runs.len();
        return runs.into_iter().nth(back).ok_or_else(|| {
            missing(format!(
                "there is no run `{name}`: there are {count} of this environment"
            ))
        });
    }
    let labelled = |run: &&Run| run.annotation.label.as_deref() == Some(name);
    if let Some(run) = runs
        .iter()
        .find(|run| run.id == name)
        .or(runs.iter().find(labelled))
    {
        return Ok(run.clone());
    }
    let mut alike = runs.iter().filter(|run| run.id.starts_with(name));
    match (alike.next(), alike.next()) {
        (Some(run), None) => Ok(run.clone()),
        (Some(_), Some(_)) => Err(missing(format!("`{name}` is the begin of several runs"))),
        _ => Err(missing(format!("there is no run `{name}`"))),
    }
}

fn steps_back(name: &str) -> Option<usize> {
    match name.strip_prefix("latest")? {
        "" => Some(0),
        rest => rest.strip_prefix('~')?.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use benchtop_api::model::time::Timestamp;
    use benchtop_api::row::{Annotation, RunResult};

    fn run(id: &str, label: Option<&str>) -> Run {
        Run {
            id: id.to_owned(),
            environment: "/shop".to_owned(),
            name: "shop".to_owned(),
            project_dir: "/shop".to_owned(),
            started: Timestamp(0),
            ended: None,
            result: RunResult::Clean,
            services: 1,
            restarts: 0,
            time_to_ready: None,
            git_commit: None,
            git_dirty: false,
            host: None,
            imported: None,
            annotation: Annotation {
                label: label.map(str::to_owned),
                tags: vec!["Nightly".to_owned()],
                ..Annotation::default()
            },
        }
    }

    #[test]
    fn a_run_is_meant_by_number_begin_label_or_place() {
        let runs = || {
            vec![
                run("20-b", None),
                run("20-a", Some("good")),
                run("19-x", None),
            ]
        };
        for (name, expected) in [
            ("latest", Ok("20-b")),
            ("latest~2", Ok("19-x")),
            ("latest~3", Err("there is no run `latest~3`")),
            ("20-a", Ok("20-a")),
            ("good", Ok("20-a")),
            ("19", Ok("19-x")),
            ("20", Err("begin of several")),
            ("18", Err("there is no run `18`")),
        ] {
            match (choose(runs(), name), expected) {
                (Ok(run), Ok(id)) => assert_eq!(run.id, id, "{name}"),
                (Err(error), Err(text)) => assert!(error.message.contains(text), "{error}"),
                (found, _) => panic!("{name}: {found:?}"),
            }
        }
    }

    #[test]
    fn a_text_is_looked_for_in_all_that_a_person_gave() {
        assert!(says(&run("1", Some("Before the upgrade")), "upgrade"));
        assert!(says(&run("1", None), "nightly"));
        assert!(!says(&run("1", None), "weekly"));
    }
}
