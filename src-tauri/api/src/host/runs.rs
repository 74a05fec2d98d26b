//! Questions about runs, and what people say of them.

use super::Host;
use super::git;
use super::handlers::Answer;
use super::run_facts;
use crate::compare::{RunComparison, RunFacts, compare};
use crate::schema::*;
use crate::view::RunDetails;
use benchtop_model::plan::diff;
use benchtop_store::history::History;
use benchtop_store::row::{Annotation, Run};
use benchtop_telemetry::book::{Cancel, LogBook};
use benchtop_telemetry::query::{LogPatterns, LogQuery};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// Bytes of a label, of a tag, and of a note.
const MOST_WORD: usize = 200;
const MOST_NOTE: usize = 20_000;

/// Tags of one run.
const MOST_TAGS: usize = 20;

impl Host {
    pub(crate) async fn runs_list(self: &Arc<Self>, request: RunsListRequest) -> Answer<Vec<Run>> {
        self.read(move |history| {
            history.runs(request.environment.as_deref(), request.limit.clamp(1, 1000))
        })
        .await
    }

    pub(crate) async fn runs_show(
        self: &Arc<Self>,
        request: RunsShowRequest,
    ) -> Answer<RunDetails> {
        let id = request.run;
        let found = self.read(move |history| {
            let Some(run) = history.run(&id)? else {
                return Ok(None);
            };
            Ok(Some(RunDetails {
                run,
                instances: history.instances(&id)?,
                transitions: history.transitions(&id)?,
            }))
        });
        found.await?.ok_or_else(unknown)
    }

    pub(crate) async fn runs_annotate(
        self: &Arc<Self>,
        request: RunsAnnotateRequest,
    ) -> Answer<Run> {
        let annotation = checked(request.annotation)?;
        let id = request.run;
        let history = self.history.clone();
        let run = self
            .read(move |_| {
                if history.run(&id)?.is_none() {
                    return Ok(None);
                }
                history.annotate(&id, annotation);
                history.flush();
                history.run(&id)
            })
            .await?
            .ok_or_else(unknown)?;
        self.keep_pinned();
        // Nobody listening is fine.
        _ = self.events.send(Event::Changed {
            environment: run.environment.clone(),
            topics: vec![Topic::Runs],
        });
        Ok(run)
    }

    pub(crate) async fn runs_compare(
        self: &Arc<Self>,
        request: RunsCompareRequest,
    ) -> Answer<RunComparison> {
        let open = self.all();
        let environment = |run: &Run| {
            let of = open.iter().find(|open| open.id == run.environment)?;
            Some(Arc::clone(of))
        };
        let (mut a, mut b) = self
            .read(move |history| Ok((facts(history, &request.a)?, facts(history, &request.b)?)))
            .await
            .and_then(|(a, b)| Ok((a.ok_or_else(unknown)?, b.ok_or_else(unknown)?)))?;
        let books = environment(&a.run).zip(environment(&b.run));
        let compared = tokio::task::spawn_blocking(move || {
            let mut patterns = None;
            if let Some((first, second)) = books {
                run_facts::measure(&first, &mut a);
                run_facts::measure(&second, &mut b);
                let (first, second) = (&first.logs, &second.logs);
                a.levels = levels(first, &a);
                b.levels = levels(second, &b);
                patterns = new_patterns(first, second, &a.run, &b.run);
            }
            let definition = diff::diff_resolved(&a.definition, &b.definition);
            let commits = range(&a.run, &b.run);
            compare(a, b, definition, commits, patterns)
        });
        compared
            .await
            .map_err(|error| ApiError::internal(error.to_string()))
    }

    /// Log books learn which runs their retention leaves alone.
    pub(super) fn keep_pinned(&self) {
        match self.history.pinned() {
            Ok(pinned) => self.all().iter().for_each(|open| open.logs.pin(&pinned)),
            Err(error) => tracing::warn!(%error, "pinned runs are not known; old logs may go"),
        }
    }
}

fn unknown() -> ApiError {
    ApiError {
        hint: Some("`benchtop runs --all` lists them".to_owned()),
        ..ApiError::not_found("there is no such run")
    }
}

/// What a person typed, without blanks around it; an empty text is none.
fn checked(said: Annotation) -> Answer<Annotation> {
    let tidy = |text: Option<String>| {
        text.map(|t| t.trim().to_owned())
            .filter(|text| !text.is_empty())
    };
    let mut tags: Vec<String> = Vec::new();
    for tag in said.tags.iter().map(|tag| tag.trim().to_owned()) {
        if !tag.is_empty() && !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    let said = Annotation {
        label: tidy(said.label),
        note: tidy(said.note),
        tags,
        pinned: said.pinned,
    };
    let long = |text: &Option<String>, most| text.as_ref().is_some_and(|t| t.len() > most);
    if long(&said.label, MOST_WORD) || said.tags.iter().any(|tag| tag.len() > MOST_WORD) {
        return Err(ApiError::invalid(format!(
            "a label or a tag has more than {MOST_WORD} bytes"
        )));
    }
    if long(&said.note, MOST_NOTE) {
        return Err(ApiError::invalid(format!(
            "the note has more than {MOST_NOTE} bytes"
        )));
    }
    if said.tags.len() > MOST_TAGS {
        return Err(ApiError::invalid(format!("more than {MOST_TAGS} tags")));
    }
    Ok(said)
}

fn facts(
    history: &History,
    id: &str,
) -> Result<Option<RunFacts>, benchtop_store::error::StoreError> {
    let Some(run) = history.run(id)? else {
        return Ok(None);
    };
    let definition = history.definition(id)?.unwrap_or_default();
    Ok(Some(RunFacts {
        instances: history.instances(id)?,
        transitions: history.transitions(id)?,
        probes: history.probe_results(id)?,
        levels: BTreeMap::new(),
        routes: Vec::new(),
        peaks: BTreeMap::new(),
        scenarios: history.scenario_results_of_run(id)?,
        // Only we write it; without it the definitions are not compared.
        definition: serde_json::from_str(&definition).unwrap_or_default(),
        run,
    }))
}

/// How many records of each level every service logged in this run.
fn levels(book: &LogBook, facts: &RunFacts) -> BTreeMap<String, [u64; 6]> {
    let counted = |service: &String| {
        let query = LogQuery {
            services: vec![service.clone()],
            ..of_run(&facts.run)
        };
        let page = book.query(&query).unwrap_or_default();
        (service.clone(), page.levels)
    };
    let mut names: Vec<&String> = facts.instances.iter().map(|i| &i.service).collect();
    names.sort();
    names.dedup();
    names.into_iter().map(counted).collect()
}

fn of_run(run: &Run) -> LogQuery {
    LogQuery {
        run: Some(run.id.clone()),
        ..LogQuery::default()
    }
}

/// `None` where the logs of one of the two are not kept any more: then everything would
/// look new.
fn new_patterns(first: &LogBook, second: &LogBook, a: &Run, b: &Run) -> Option<LogPatterns> {
    let (past, present) = (of_run(a), of_run(b));
    let kept = |book: &LogBook, query| {
        let page = book.query(query).unwrap_or_default();
        page.levels.iter().sum::<u64>() > 0
    };
    if !kept(first, &past) || !kept(second, &present) {
        return None;
    }
    let found = LogBook::patterns_between((first, &past), (second, &present), &Cancel::default());
    found.ok()
}

fn range(a: &Run, b: &Run) -> Option<crate::compare::GitRange> {
    let (from, to) = (a.git_commit.as_deref()?, b.git_commit.as_deref()?);
    Some(git::range(Path::new(&b.project_dir), from, to))
}
