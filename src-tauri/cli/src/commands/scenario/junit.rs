//! The report of a scenario as JUnit XML, which every CI system shows: a case for each
//! step, and one for each criterion of the whole.

use crate::exit::Failure;
use anyhow::Context as _;
use benchtop_api::model::scenario::report::{ScenarioReport, StepReport, StepStatus};
use quick_xml::Writer;
use quick_xml::events::{BytesEnd, BytesStart, BytesText, Event};
use std::path::Path;

type Result<T = ()> = std::io::Result<T>;

pub(super) fn write(path: &Path, report: &ScenarioReport) -> std::result::Result<(), Failure> {
    let text = xml(report)?;
    std::fs::write(path, text).with_context(|| format!("{} cannot be written", path.display()))?;
    Ok(())
}

fn xml(report: &ScenarioReport) -> Result<Vec<u8>> {
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    writer.write_event(Event::Decl(quick_xml::events::BytesDecl::new(
        "1.0",
        Some("UTF-8"),
        None,
    )))?;
    let suites = element("testsuites", &[("name", "benchtop")]);
    writer.write_event(Event::Start(suites))?;
    suite(&mut writer, report)?;
    writer.write_event(Event::End(BytesEnd::new("testsuites")))?;
    let mut bytes = writer.into_inner();
    bytes.push(b'\n');
    Ok(bytes)
}

fn suite(writer: &mut Writer<Vec<u8>>, report: &ScenarioReport) -> Result {
    let count = |status| {
        report
            .steps
            .iter()
            .filter(|step| step.status == status)
            .count()
    };
    let broken = report
        .criteria
        .iter()
        .filter(|criterion| !criterion.passed)
        .count();
    let tests = report.steps.len() + report.criteria.len();
    let failures = count(StepStatus::Failed) + broken;
    let skipped =
        count(StepStatus::Skipped) + count(StepStatus::Cancelled) + count(StepStatus::Pending);
    let took = report
        .metrics
        .get("duration_ms")
        .copied()
        .unwrap_or_default();
    let at = jiff::Timestamp::from_millisecond(report.started.0).unwrap_or_default();
    let attributes = [
        ("name", report.scenario.clone()),
        ("tests", tests.to_string()),
        ("failures", failures.to_string()),
        ("errors", "0".to_owned()),
        ("skipped", skipped.to_string()),
        ("time", seconds(took)),
        ("timestamp", at.strftime("%Y-%m-%dT%H:%M:%S").to_string()),
    ];
    let attributes: Vec<(&str, &str)> = attributes.iter().map(|(k, v)| (*k, v.as_str())).collect();
    writer.write_event(Event::Start(element("testsuite", &attributes)))?;
    properties(writer, report)?;
    for step in &report.steps {
        case(writer, &report.scenario, step)?;
    }
    for criterion in &report.criteria {
        let name = format!("criterion {}", criterion.expression);
        let fault = (!criterion.passed).then_some(criterion.text.as_str());
        one(
            writer,
            &report.scenario,
            (&name, 0.0),
            fault.map(|text| ("failure", text)),
            "",
        )?;
    }
    writer.write_event(Event::End(BytesEnd::new("testsuite")))
}

fn properties(writer: &mut Writer<Vec<u8>>, report: &ScenarioReport) -> Result {
    if report.metrics.is_empty() {
        return Ok(());
    }
    writer.write_event(Event::Start(BytesStart::new("properties")))?;
    for (name, value) in &report.metrics {
        let value = value.to_string();
        let property = element("property", &[("name", name), ("value", &value)]);
        writer.write_event(Event::Empty(property))?;
    }
    writer.write_event(Event::End(BytesEnd::new("properties")))
}

fn case(writer: &mut Writer<Vec<u8>>, scenario: &str, step: &StepReport) -> Result {
    let text = step.text.as_deref().unwrap_or_default();
    let kind = match step.status {
        StepStatus::Passed => None,
        StepStatus::Failed => Some(("failure", text)),
        _ => Some(("skipped", step.status.word())),
    };
    let took = step.duration.map_or(0.0, |took| took.0 as f64);
    let details: Vec<String> = step
        .details
        .iter()
        .map(|(k, v)| format!("{k}: {v}"))
        .collect();
    one(
        writer,
        scenario,
        (&step.name, took),
        kind,
        &details.join("\n"),
    )
}

/// A test case: its name and milliseconds, what became of it, and what it printed.
fn one(
    writer: &mut Writer<Vec<u8>>,
    scenario: &str,
    (name, took): (&str, f64),
    outcome: Option<(&str, &str)>,
    output: &str,
) -> Result {
    let (class, time) = (format!("scenario.{scenario}"), seconds(took));
    let start = element(
        "testcase",
        &[("classname", &class), ("name", name), ("time", &time)],
    );
    writer.write_event(Event::Start(start))?;
    if let Some((what, text)) = outcome {
        let message = element(what, &[("message", text)]);
        writer.write_event(Event::Empty(message))?;
    }
    if !output.is_empty() {
        writer.write_event(Event::Start(BytesStart::new("system-out")))?;
        let text = allowed(output);
        writer.write_event(Event::Text(BytesText::new(&text)))?;
        writer.write_event(Event::End(BytesEnd::new("system-out")))?;
    }
    writer.write_event(Event::End(BytesEnd::new("testcase")))
}

fn element<'a>(name: &'a str, attributes: &[(&str, &str)]) -> BytesStart<'a> {
    let mut start = BytesStart::new(name);
    for (key, value) in attributes {
        start.push_attribute((*key, allowed(value).as_str()));
    }
    start
}

fn seconds(millis: f64) -> String {
    format!("{:.3}", millis / 1000.0)
}

/// Without the characters that XML cannot hold in any form.
fn allowed(text: &str) -> String {
    let fits = |c: &char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    text.chars().filter(fits).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use benchtop_api::model::scenario::Kind;
    use benchtop_api::model::scenario::report::{CriterionReport, ScenarioStatus};
    use benchtop_api::model::time::{Millis, Timestamp};
    use quick_xml::Reader;
    use std::collections::BTreeMap;

    fn report() -> ScenarioReport {
        let step = |name: &str, status, text: &str| StepReport {
            id: "x".to_owned(),
            name: name.to_owned(),
            kind: Kind::Run,
            group: None,
            always: false,
            status,
            started: None,
            duration: Some(Millis(1500)),
            attempts: 1,
            text: Some(text.to_owned()),
            metrics: BTreeMap::new(),
            details: [(
                "last lines".to_owned(),
                "]]> & \u{1b}[31m<end>\u{0}".to_owned(),
            )]
            .into(),
            criteria: Vec::new(),
            progress: None,
            curves: Vec::new(),
        };
        ScenarioReport {
            id: "1".to_owned(),
            scenario: "smoke".to_owned(),
            run: None,
            started: Timestamp(0),
            ended: Some(Timestamp(2000)),
            status: ScenarioStatus::Failed,
            text: None,
            metrics: [("x.p99_ms".to_owned(), 12.5)].into(),
            vars: BTreeMap::new(),
            steps: vec![
                step("good", StepStatus::Passed, ""),
                step("bad \"<&>'", StepStatus::Failed, "a < b\n& \u{7}"),
                step("left out", StepStatus::Skipped, ""),
            ],
            criteria: vec![CriterionReport {
                expression: "p99_ms < 10".to_owned(),
                passed: false,
                text: "p99_ms is 12.5".to_owned(),
            }],
        }
    }

    /// The attributes of all elements of a name, as a reader of XML sees them.
    fn read(xml: &[u8], name: &str) -> Vec<BTreeMap<String, String>> {
        let mut reader = Reader::from_reader(xml);
        let (mut found, mut buffer) = (Vec::new(), Vec::new());
        loop {
            match reader.read_event_into(&mut buffer).expect("XML") {
                Event::Eof => return found,
                Event::Start(start) | Event::Empty(start) if start.name().as_ref() == name => {
                    let attributes = start.attributes().map(|attribute| {
                        let attribute = attribute.expect("an attribute");
                        let key = attribute.key.as_ref().to_owned();
                        let raw = attribute.value.into_owned();
                        (
                            key,
                            quick_xml::escape::unescape(&raw)
                                .expect("a text")
                                .into_owned(),
                        )
                    });
                    found.push(attributes.collect());
                }
                _ => {}
            }
        }
    }

    #[test]
    fn a_reader_of_xml_finds_every_step_whatever_it_says() {
        let xml = xml(&report()).expect("written");
        let suite = &read(&xml, "testsuite")[0];
        let count = |key: &str| suite[key].as_str();
        assert_eq!(
            (count("tests"), count("failures"), count("skipped")),
            ("4", "2", "1")
        );
        assert_eq!(suite["timestamp"], "1970-01-01T00:00:00");
        let cases = read(&xml, "testcase");
        assert_eq!(cases.len(), 4);
        assert_eq!(
            (cases[1]["name"].as_str(), cases[1]["time"].as_str()),
            ("bad \"<&>'", "1.500")
        );
        let failures = read(&xml, "failure");
        assert_eq!(failures.len(), 2);
        assert!(failures[0]["message"].starts_with("a < b"), "{failures:?}");
        assert_eq!(read(&xml, "property")[0]["value"], "12.5");
    }
}
