//! An environment of a test with an engine of its own, and the questions that
//! tests ask of it.

use crate::home::Outcome;
use crate::programs::program;
use crate::{Home, Project, eventually};
use benchtop_api::client::Client;
use benchtop_api::paths::Paths;
use benchtop_api::schema::{ApiError, EnvironmentOpenRequest, Method};
use serde_json::Value;

/// A project with these services, and the engine that runs it.
#[derive(Debug)]
pub struct Workbench {
    /// Data and sockets of the engine.
    pub home: Home,
    /// The project folder.
    pub project: Project,
    file: String,
}

impl Workbench {
    /// `services` is what stands below that key, indented by two spaces.
    #[must_use]
    pub fn new(services: &str) -> Self {
        let project = Project::new(&format!("services:\n{services}"));
        let file = project.file().display().to_string();
        Self {
            home: Home::new(),
            project,
            file,
        }
    }

    /// Writes the services anew.
    pub fn redefine(&self, services: &str) {
        self.project
            .write("benchtop.yaml", &format!("services:\n{services}"));
    }

    /// Runs a command for this environment.
    #[must_use]
    pub fn call(&self, command: &str, more: &[&str]) -> Outcome {
        self.home
            .benchtop(&[&[command, "-f", &self.file], more].concat())
    }

    /// Starts everything and waits until it is up.
    #[must_use]
    pub fn up(&self) -> Outcome {
        self.call("up", &["--wait", "--detach", "--timeout", "60s"])
    }

    /// The state of everything.
    #[must_use]
    pub fn status(&self) -> Value {
        self.home.status(&["-f", &self.file])
    }

    /// The state of one service.
    #[must_use]
    pub fn service(&self, name: &str) -> Value {
        self.home.service(&["-f", &self.file], name)
    }

    /// Waits until a service looks as wanted.
    pub fn until(&self, name: &str, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
        eventually(&format!("{name} {what}"), || {
            let service = self.service(name);
            if holds(&service) {
                Ok(service)
            } else {
                Err(service.to_string())
            }
        })
    }

    /// Waits until a key of a service has this value.
    pub fn wait_for(&self, name: &str, key: &str, value: &str) -> Value {
        self.until(name, &format!("has {key} {value}"), |service| {
            service[key] == value
        })
    }

    /// Asks the engine what no command prints. `make` gets the environment's identity.
    ///
    /// # Errors
    /// What the engine says.
    ///
    /// # Panics
    /// Where no engine answers.
    pub fn ask<M: Method>(&self, make: impl FnOnce(String) -> M) -> Result<M::Response, ApiError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let folder = |name| self.home.path().join(name);
        let paths = Paths {
            data: folder("data"),
            runtime: folder("run"),
        };
        let open = EnvironmentOpenRequest {
            path: Some(self.file.clone()),
            profiles: Vec::new(),
            variables: std::env::vars().collect(),
        };
        runtime.expect("a runtime").block_on(async {
            let client = Client::connect(paths).await?;
            let environment = client.call(&open).await?.id;
            client.call(&make(environment)).await
        })
    }

    /// The log of one service.
    #[must_use]
    pub fn log(&self, name: &str) -> String {
        self.call("logs", &["-n", "5000", name]).stdout
    }
}

/// A service that goes on for ever and can be asked for its health.
#[must_use]
pub fn sample(name: &str, more: &str) -> String {
    format!(
        "  {name}:\n    process: {} sample {name}\n    endpoints: {{ http: auto }}\n    probes: {{ ready: {{ http: /health/ready }} }}\n{more}",
        program("benchtop").display()
    )
}

/// Whether a process lives; a zombie does not.
#[must_use]
pub fn is_alive(pid: &Value) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}
