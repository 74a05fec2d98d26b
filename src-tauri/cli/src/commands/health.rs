//! `benchtop health`: how services have fared in this run.

use crate::arguments::Which;
use crate::color;
use crate::connection;
use crate::exit::{Code, Failure};
use benchtop_api::model::probe::Verdict;
use benchtop_api::model::time::{Millis, Timestamp};
use benchtop_api::schema::{
    AnswerSpan, HealthHistory, ProbeHistory, ProbesHistoryRequest, ServiceHistory,
};

/// Columns of a strip.
const WIDTH: i64 = 48;

pub(crate) async fn run(
    which: &Which,
    service: Option<String>,
    run: Option<String>,
    json: bool,
) -> Result<Code, Failure> {
    let connection = connection::open(which).await?;
    let run = super::runs::named(&connection, run.as_deref()).await?;
    let request = ProbesHistoryRequest {
        environment: connection.environment.clone(),
        service,
        run,
    };
    let history = connection.client.call(&request).await?;
    if json {
        println!("{}", serde_json::to_string_pretty(&history)?);
    } else {
        print(&history);
    }
    Ok(Code::Fine)
}

fn print(history: &HealthHistory) {
    let shown = Millis(u64::try_from(history.to.0 - history.from.0).unwrap_or(0));
    println!(
        "{}",
        color::dim(&format!(
            "the last {shown}: # passes  ! warns  x fails  . no answer"
        ))
    );
    for service in &history.services {
        println!("{}", head(service));
        for probe in &service.probes {
            println!(
                "  {:<8}{}  {}",
                probe.role.word(),
                strip(probe, history),
                figures(probe)
            );
        }
    }
}

fn head(service: &ServiceHistory) -> String {
    let mut parts = Vec::new();
    parts.push(match service.availability {
        Some(part) => format!("available {}", percent(part)),
        None => "not ready yet".to_owned(),
    });
    if let Some(ready) = service.ready_after {
        let usual = service.usual.map(|usual| format!(", usually {usual}"));
        parts.push(format!("ready after {ready}{}", usual.unwrap_or_default()));
    }
    let mut line = format!("{}  {}", service.service, parts.join("  "));
    if service.flapping {
        let turns = format!("  flapping: {} turns in 10 minutes", service.flips);
        line += &color::yellow(&turns);
    }
    line
}

/// Never 100 where something was missing.
fn percent(part: f64) -> String {
    let percent = part * 100.0;
    match percent {
        p if p >= 100.0 => "100 %".to_owned(),
        p if p > 99.9 => "> 99.9 %".to_owned(),
        p => format!("{p:.1} %"),
    }
}

/// One sign for each part of the time, the worst that was answered in it.
fn strip(probe: &ProbeHistory, history: &HealthHistory) -> String {
    let length = (history.to.0 - history.from.0).max(WIDTH);
    let edge = |column: i64| Timestamp(history.from.0 + length * column / WIDTH);
    let sign = |column| {
        let (from, to) = (edge(column), edge(column + 1));
        let within = |span: &&AnswerSpan| span.from < to && span.to >= from;
        let spans = probe.spans.iter().filter(within);
        let rank = |verdict| match verdict {
            Verdict::Pass => 1,
            Verdict::Warn => 2,
            Verdict::Fail => 3,
        };
        spans.map(|span| span.verdict).max_by_key(|v| rank(*v))
    };
    let drawn = (0..WIDTH).map(|column| match sign(column) {
        None => ".".to_owned(),
        Some(Verdict::Pass) => "#".to_owned(),
        Some(Verdict::Warn) => color::yellow("!"),
        Some(Verdict::Fail) => color::red("x"),
    });
    drawn.collect()
}

fn figures(probe: &ProbeHistory) -> String {
    let Some(last) = probe.spans.last() else {
        return color::dim("no answer yet");
    };
    let mean = last.mean_us as f64 / 1000.0;
    let text = format!(
        "{} answers, last {:.1} ms: {}",
        probe.answers, mean, last.text
    );
    color::dim(&text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_missing_is_never_rounded_away() {
        assert_eq!(percent(1.0), "100 %");
        assert_eq!(percent(0.99999), "> 99.9 %");
        assert_eq!(percent(0.5), "50.0 %");
    }
}
