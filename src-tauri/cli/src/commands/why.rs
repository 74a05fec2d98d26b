//! `benchtop why`: for every service in trouble the cause, the evidence and the next step.

use crate::arguments::Which;
use crate::color;
use crate::connection::{self, Connection};
use crate::exit::{Code, Failure};
use crate::render;
use benchtop_api::model::diagnosis::{Action, Diagnosis, Proof};
use benchtop_api::schema::{ApiError, EnvironmentDiagnosisRequest};
use benchtop_api::view::DiagnosisReport;

pub(crate) async fn run(which: &Which, services: &[String], json: bool) -> Result<Code, Failure> {
    let connection = connection::open(which).await?;
    let mut report = connection.diagnosis().await?;
    let meant = |d: &Diagnosis| services.is_empty() || services.contains(&d.service);
    report.diagnoses.retain(meant);
    if json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        render::problems(&report.problems);
        print(&report.diagnoses);
    }
    Ok(match report.diagnoses.is_empty() {
        true => Code::Fine,
        false => Code::Trouble,
    })
}

/// What is wrong, the services where it began with all that is known, the others in a
/// line each.
pub(crate) fn print(diagnoses: &[Diagnosis]) {
    if diagnoses.is_empty() {
        println!("nothing is wrong");
    }
    for diagnosis in diagnoses {
        println!(
            "{}  {}: {}",
            color::status(diagnosis.status),
            diagnosis.service,
            diagnosis.sentence
        );
        if diagnosis.root.is_none() {
            details(diagnosis);
        }
    }
}

fn details(diagnosis: &Diagnosis) {
    for proof in &diagnosis.evidence {
        println!("    {}", color::dim(&evidence(proof)));
    }
    if let Some(next) = &diagnosis.next {
        println!("    {} {next}", color::cyan("next:"));
    }
    for action in &diagnosis.actions {
        match action {
            Action::Copy { command } => println!("          {command}"),
            Action::UsePort {
                service,
                port,
                instead,
            } => println!("          benchtop start {service} --use-port {port}={instead}"),
            _ => {}
        }
    }
}

fn evidence(proof: &Proof) -> String {
    match proof {
        Proof::Line { text, .. } => format!("log: {text}"),
        Proof::Exit { text } => text.clone(),
        Proof::Probe { probe, text } => format!("{probe}: {text}"),
        Proof::Reason { text } => text.clone(),
        Proof::Dependency { service, status } => format!("{service} is {}", status.word()),
    }
}

impl Connection {
    /// Why services are not as they should be.
    pub(crate) async fn diagnosis(&self) -> Result<DiagnosisReport, ApiError> {
        self.client
            .call(&EnvironmentDiagnosisRequest {
                environment: self.environment.clone(),
            })
            .await
    }
}
