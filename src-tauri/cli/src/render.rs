//! How things look in a terminal.

use crate::color;
use benchtop_api::model::plan::ServiceKind;
use benchtop_api::model::problem::{Problem, Severity};
use benchtop_api::model::time::{Millis, Timestamp};
use benchtop_api::row::{Run, RunResult};
use benchtop_api::telemetry::level::Level;
use benchtop_api::telemetry::log::LogRecord;
use benchtop_api::view::{CheckReport, EnvironmentView, ServiceView};

/// Findings in a definition, to standard error.
pub(crate) fn problems(problems: &[Problem]) {
    for problem in problems {
        let word = match problem.severity {
            Severity::Error => color::red("error:"),
            Severity::Warning => color::yellow("warning:"),
        };
        eprintln!("{}: {word} {}", problem.place, problem.message);
        if let Some(excerpt) = &problem.excerpt {
            let drawn = excerpt.drawn(problem.place.line);
            drawn
                .lines()
                .for_each(|line| eprintln!("  {}", color::dim(line)));
        }
        if let Some(hint) = &problem.hint {
            eprintln!("  {} {hint}", color::cyan("hint:"));
        }
    }
}

/// What would be started: services in their order, with all that is known of
/// each before its start.
pub(crate) fn plan(report: &CheckReport) {
    println!(
        "{}: {} services, started as their conditions hold: {}",
        report.file,
        report.start_order.len(),
        report.start_order.join(", ")
    );
    for service in &report.summary {
        let kind = match service.kind {
            ServiceKind::Container => "container",
            ServiceKind::Process => "process",
            ServiceKind::External => "external",
        };
        println!(
            "\n{}  {}",
            color::by_name(&service.name, &service.name),
            color::dim(&format!("{kind}  {}", service.source))
        );
        for wait in &service.waits_for {
            println!("  waits for  {} {}", wait.service, wait.condition.phrase());
        }
        for endpoint in &service.endpoints {
            println!("  endpoint   {}  {}", endpoint.name, endpoint.url);
        }
        for probe in &service.probes {
            println!("  probe      {probe}");
        }
        for variable in &service.variables {
            let origin = if variable.injected {
                "injected"
            } else {
                "variable"
            };
            println!(
                "  {origin:<9}  {}={}",
                variable.key,
                variable.value.escape_debug()
            );
        }
    }
}

/// The table of services.
pub(crate) fn environment(view: &EnvironmentView) {
    println!(
        "{}  {}  {}",
        view.name,
        color::status(view.status),
        color::dim(&view.project_dir)
    );
    if let Some(runtime) = view.runtime.as_ref().filter(|r| !r.available) {
        println!(
            "{} {}",
            color::yellow("!"),
            runtime
                .problem
                .as_deref()
                .unwrap_or("the container runtime does not answer")
        );
    }
    let width = view
        .services
        .iter()
        .map(|s| s.name.len())
        .max()
        .unwrap_or(0);
    for service in &view.services {
        println!("  {}", service_line(service, width));
    }
}

fn service_line(service: &ServiceView, width: usize) -> String {
    let age = service
        .started
        .map(|at| color::dim(&ago(at)))
        .unwrap_or_default();
    let urls: Vec<&str> = service.endpoints.iter().map(|e| e.url.as_str()).collect();
    let reason = service
        .progress
        .as_ref()
        .or(service.reason.as_ref())
        .map(|r| format!("  {r}"))
        .unwrap_or_default();
    let stale = if service.stale {
        color::yellow("  (stale)")
    } else {
        String::new()
    };
    // Padding by hand, because colour codes have no width.
    let status = color::status(service.status);
    let pad = 12_usize.saturating_sub(service.status.word().len() + 2);
    format!(
        "{:width$}  {status}{:pad$} {age}  {}{stale}{reason}",
        service.name,
        "",
        urls.join(" ")
    )
}

/// How long ago, for people.
pub(crate) fn ago(at: Timestamp) -> String {
    let now = jiff::Timestamp::now().as_millisecond();
    Millis(u64::try_from(now - at.0).unwrap_or(0)).to_string()
}

/// One log line.
pub(crate) fn log_line(record: &LogRecord, width: usize) -> String {
    let time = jiff::Timestamp::from_millisecond(record.time.0).map(|t| {
        t.to_zoned(jiff::tz::TimeZone::system())
            .strftime("%H:%M:%S%.3f")
            .to_string()
    });
    let name = format!("{:width$}", record.service);
    let body = match record.severity {
        Level::Fatal | Level::Error => color::red(&record.body),
        Level::Warn => color::yellow(&record.body),
        Level::Debug | Level::Trace => color::dim(&record.body),
        Level::Info => record.body.clone(),
    };
    format!(
        "{} {} {body}",
        color::dim(&time.unwrap_or_default()),
        color::by_name(&record.service, &name)
    )
}

/// One run.
pub(crate) fn run(run: &Run) -> String {
    let started = jiff::Timestamp::from_millisecond(run.started.0).map(|t| {
        t.to_zoned(jiff::tz::TimeZone::system())
            .strftime("%Y-%m-%d %H:%M:%S")
            .to_string()
    });
    let result = match run.result {
        RunResult::Running => "running",
        RunResult::Clean => "clean",
        RunResult::Troubled => "troubled",
        RunResult::Interrupted => "interrupted",
    };
    let lasted = run
        .ended
        .map(|end| Millis(u64::try_from(end.0 - run.started.0).unwrap_or(0)).to_string());
    let ready = run.time_to_ready.map(|span| span.to_string());
    let said = &run.annotation;
    let mut words: Vec<String> = said
        .label
        .iter()
        .map(|label| format!("“{label}”"))
        .collect();
    words.extend(said.tags.iter().map(|tag| format!("#{tag}")));
    words.extend(run.imported.map(|_| "imported".to_owned()));
    words.extend(said.pinned.then(|| "pinned".to_owned()));
    let line = format!(
        "{:<20} {:<16} {:<20} {result:<12} {:>10}  ready {:>8}  restarts {:>3}  {}{}  {}",
        run.id,
        run.name,
        started.unwrap_or_default(),
        lasted.unwrap_or_else(|| "–".to_owned()),
        ready.unwrap_or_else(|| "–".to_owned()),
        run.restarts,
        run.git_commit.as_deref().unwrap_or(""),
        if run.git_dirty { "+" } else { "" },
        words.join(" "),
    );
    line.trim_end().to_owned()
}
