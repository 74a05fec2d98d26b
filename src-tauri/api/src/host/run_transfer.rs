//! Whole runs as files, and runs of such files.

use super::Host;
use super::export::{self, failed};
use super::handlers::Answer;
use super::open::OpenEnvironment;
use super::secrets;
use super::transfer::{beside, blocking, stores};
use crate::run_file::{self, Piece, Reader};
use crate::schema::*;
use benchtop_engine::clock;
use benchtop_store::history::History;
use benchtop_store::record::WholeRun;
use benchtop_store::row::Run;
use benchtop_telemetry::transfer::{self, Contents, Filler};
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

/// What is said to whoever wants to import something else.
const HINT: &str = "`benchtop runs export` writes such files";

impl Host {
    pub(crate) async fn runs_export(
        self: &Arc<Self>,
        request: RunsExportRequest,
    ) -> Answer<RunExported> {
        let open = self.get(&request.environment).await?;
        let history = self.history.clone();
        blocking(move || export(&open, &history, request)).await
    }

    pub(crate) async fn runs_import(
        self: &Arc<Self>,
        request: RunsImportRequest,
    ) -> Answer<RunImported> {
        let open = self.get(&request.environment).await?;
        let history = self.history.clone();
        let into = Arc::clone(&open);
        let imported = blocking(move || import(&into, &history, Path::new(&request.path))).await?;
        self.keep_pinned();
        open.logs.include(&imported.run.id);
        // Nobody listening is fine.
        _ = self.events.send(Event::Changed {
            environment: request.environment,
            topics: vec![Topic::Runs, Topic::Scenarios],
        });
        Ok(imported)
    }
}

fn export(
    open: &OpenEnvironment,
    history: &History,
    request: RunsExportRequest,
) -> Answer<RunExported> {
    history.flush();
    let found = history.whole_run(&request.run);
    let whole = found
        .map_err(|error| ApiError::internal(error.to_string()))?
        .filter(|whole| whole.run.environment == open.id)
        .ok_or_else(|| ApiError {
            hint: Some("`benchtop runs` lists those of this environment".to_owned()),
            ..ApiError::not_found("there is no such run")
        })?;
    let (masked, redactor) = secrets::redactor(open)?;
    let (from, run) = (stores(open)?, whole.run.clone());
    from.logs.commit();
    let (counts, bytes) = export::to_file(&request.path, request.overwrite, |file, path| {
        let telemetry = |out: &mut dyn std::io::Write| transfer::export_exact(&from, &run.id, out);
        run_file::write(file, whole, clock::now(), &redactor, telemetry)
            .map_err(|error| failed(path, &error))
    })?;
    Ok(RunExported {
        run,
        counts,
        bytes,
        path: request.path,
        masked: masked.into_iter().collect(),
    })
}

/// Reads all of the file before anything of it is taken, and takes the history's part last:
/// only then is there a run.
fn import(open: &OpenEnvironment, history: &History, path: &Path) -> Answer<RunImported> {
    let (whole, contents) = inspect(path)?;
    let id = whole.run.id.clone();
    let known = |history: &History| {
        let found = history.run(&id);
        found.map_err(|error| ApiError::internal(error.to_string()))
    };
    if known(history)?.is_some() {
        return Err(ApiError {
            hint: Some("`benchtop runs --all` lists it".to_owned()),
            ..ApiError::invalid(format!("the run {id} is here already"))
        });
    }
    let counts = contents.counts;
    if counts != SignalCounts::default()
        && let Err(why) = fill(open, &whole.run, path, counts.logs)
    {
        open.logs.discard(&id);
        return Err(refused(path, &why));
    }
    history.import_run(at_home(open, whole));
    if !history.flush() {
        tracing::warn!(run = id, "the history is slow to take an imported run");
    }
    let Some(run) = known(history)? else {
        open.logs.discard(&id);
        return Err(ApiError::internal(
            "the history did not take the run; the engine's log says why",
        ));
    };
    Ok(RunImported { run, counts })
}

/// All that is not telemetry, and what telemetry there is.
fn inspect(path: &Path) -> Answer<(WholeRun, Contents)> {
    if !path.is_absolute() {
        return Err(ApiError {
            hint: Some("name the file with its whole path".to_owned()),
            ..ApiError::invalid(format!("`{}` is no absolute path", path.display()))
        });
    }
    let (mut whole, mut contents) = (None, Contents::default());
    each(path, |piece| {
        match piece {
            Piece::Run(run) => whole = Some(*run),
            Piece::Telemetry(line) => contents.add(*line),
        }
        Ok(())
    })
    .map_err(|why| refused(path, &why))?;
    let whole = whole.ok_or_else(|| refused(path, "it has no run"))?;
    Ok((whole, contents))
}

fn fill(open: &OpenEnvironment, run: &Run, path: &Path, records: u64) -> Result<(), String> {
    let into = beside(open, &run.id, run.started, records).map_err(|error| error.to_string())?;
    let filler = Filler::new(&into);
    each(path, |piece| match piece {
        Piece::Run(_) => Ok(()),
        Piece::Telemetry(line) => filler.take(*line).map_err(|error| error.to_string()),
    })?;
    filler.end();
    Ok(())
}

fn each(path: &Path, mut take: impl FnMut(Piece) -> Result<(), String>) -> Result<(), String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    let mut reader = Reader::new(file)?;
    while let Some(piece) = reader.next()? {
        take(piece)?;
    }
    Ok(())
}

/// The run as one of this environment: where it was, its folder is another.
fn at_home(open: &OpenEnvironment, mut whole: WholeRun) -> WholeRun {
    let plan = &open.handle.snapshot().plan;
    whole.run.environment.clone_from(&open.id);
    whole.run.project_dir = plan.project_dir.display().to_string();
    whole.run.imported = Some(clock::now());
    whole.run.annotation.pinned = true;
    whole
}

fn refused(path: &Path, why: &str) -> ApiError {
    ApiError {
        hint: Some(HINT.to_owned()),
        ..ApiError::invalid(format!("{} cannot be imported: {why}", path.display()))
    }
}
