//! `benchtop up`: start the environment.

use super::logs::{self, Follow};
use super::runtime;
use super::status;
use crate::arguments::Up;
use crate::color;
use crate::connection::{self, Connection};
use crate::exit::{Code, Failure};
use benchtop_api::model::status::{Lifecycle, Status};
use benchtop_api::schema::{EnvironmentDownRequest, EnvironmentUpRequest, Event};
use benchtop_api::view::{EnvironmentView, ServiceView};
use futures_util::StreamExt as _;
use std::collections::HashMap;
use std::io::IsTerminal as _;
use std::time::Duration;
use tokio::time::Instant;

/// Events say when to look; this is for the case that one is missed.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

pub(crate) async fn run(arguments: Up) -> Result<Code, Failure> {
    let connection = connection::open(&arguments.environment).await?;
    if let Some(address) = &arguments.runtime {
        runtime::choose(
            &connection.client,
            Some(connection.environment.clone()),
            address,
        )
        .await?;
    }
    let up = EnvironmentUpRequest {
        environment: connection.environment.clone(),
        services: arguments.services.clone(),
        watch: arguments.watch.then_some(true),
    };
    let started = connection.client.call(&up).await?;
    super::doctor::warn(&started.obstacles);
    if arguments.wait {
        return wait(&connection, &arguments).await;
    }
    if arguments.detach {
        if arguments.json {
            status::print(&connection.status().await?, true)?;
        }
        return Ok(Code::Fine);
    }
    attached(&connection).await
}

/// Returns once nothing is on its way any more.
async fn wait(connection: &Connection, arguments: &Up) -> Result<Code, Failure> {
    let deadline = Instant::now() + arguments.timeout;
    let mut narrator = Narrator {
        silent: arguments.json,
        told: HashMap::new(),
        pulls_shown: false,
    };
    let mut events = connection.client.events().await?;
    loop {
        let view = connection.status().await?;
        narrator.tell(&view);
        if view.settled
            && view
                .services
                .iter()
                .any(|s| s.generation > 0 || s.lifecycle != Lifecycle::Stopped)
        {
            status::print(&view, arguments.json)?;
            let code = status::code_of(&view);
            if code != Code::Fine && !arguments.json {
                explain(connection).await;
            }
            return Ok(code);
        }
        if Instant::now() >= deadline {
            status::print(&view, arguments.json)?;
            explain_timeout(&view, arguments.timeout);
            return Ok(Code::TimedOut);
        }
        let until = deadline.min(Instant::now() + LOOK_AGAIN);
        wait_for_change(&mut events, &connection.environment, until).await;
    }
}

async fn wait_for_change(
    events: &mut (impl futures_util::Stream<Item = Event> + Unpin),
    environment: &str,
    until: Instant,
) {
    let change = async {
        loop {
            match events.next().await {
                Some(Event::Changed {
                    environment: changed,
                    ..
                }) if changed == environment => return,
                Some(_) => {}
                // The engine is gone; the next look will say so.
                None => std::future::pending().await,
            }
        }
    };
    // Either way it is time to look.
    _ = tokio::time::timeout_at(until, change).await;
}

/// The causes, below the state. That they cannot be had hides nothing of it.
async fn explain(connection: &Connection) {
    if let Ok(report) = connection.diagnosis().await {
        println!();
        super::why::print(&report.diagnoses);
    }
}

fn explain_timeout(view: &EnvironmentView, timeout: Duration) {
    eprintln!(
        "{} not everything was ready within {} s:",
        color::red("timed out:"),
        timeout.as_secs()
    );
    for service in view
        .services
        .iter()
        .filter(|s| s.status != Status::Healthy && s.lifecycle != Lifecycle::Completed)
    {
        eprintln!(
            "  {}: {}",
            service.name,
            service.reason.as_deref().unwrap_or(service.status.word())
        );
    }
}

/// Tells each change of status once.
struct Narrator {
    silent: bool,
    told: HashMap<String, (Status, u64)>,
    /// The line of the pulls stands there.
    pulls_shown: bool,
}

impl Narrator {
    fn tell(&mut self, view: &EnvironmentView) {
        for service in &view.services {
            let now = (service.status, service.generation);
            let before = self.told.insert(service.name.clone(), now);
            if before != Some(now) && !self.silent && service.status != Status::Stopped {
                self.clear_pulls();
                eprintln!("{}", sentence(service));
            }
        }
        self.tell_pulls(view);
    }

    /// One line that is written over, where somebody watches.
    fn tell_pulls(&mut self, view: &EnvironmentView) {
        if self.silent || !std::io::stderr().is_terminal() {
            return;
        }
        let pulls: Vec<String> = view.services.iter().filter_map(pull_of).collect();
        self.clear_pulls();
        if !pulls.is_empty() {
            eprint!("{}", pulls.join("   "));
            self.pulls_shown = true;
        }
    }

    fn clear_pulls(&mut self) {
        if std::mem::take(&mut self.pulls_shown) {
            eprint!("\r\x1b[2K");
        }
    }
}

/// `postgres:16 43 % of 31 MB [100 75 0]`: the share of each layer in brackets.
fn pull_of(service: &ServiceView) -> Option<String> {
    let pull = service.pull.as_ref()?;
    let percent = |done: u64, total: Option<u64>| match total {
        Some(total) if total > 0 => done.min(total) * 100 / total,
        _ => 0,
    };
    let layers = pull.layers.iter().map(|layer| match layer.total {
        None if layer.state.ends_with("complete") || layer.state == "Already exists" => 100,
        total => percent(layer.done, total),
    });
    let layers: Vec<String> = layers.map(|share| share.to_string()).collect();
    let stalled = if pull.stalled { " stalled" } else { "" };
    Some(format!(
        "{} {} % of {} MB [{}]{stalled}",
        pull.image,
        percent(pull.done_bytes, pull.total_bytes),
        pull.total_bytes.unwrap_or(0) / 1_000_000,
        layers.join(" ")
    ))
}

fn sentence(service: &ServiceView) -> String {
    let reason = service
        .reason
        .as_deref()
        .map(|reason| format!("  {}", color::dim(reason)))
        .unwrap_or_default();
    format!(
        "{}  {}{reason}",
        color::status(service.status),
        service.name
    )
}

/// Follows the log until Ctrl-C, then stops everything; a second Ctrl-C leaves
/// at once, with everything going on to stop in the background.
async fn attached(connection: &Connection) -> Result<Code, Failure> {
    let mut follow = Follow::from_now(connection).await?;
    let ended = tokio::select! {
        followed = follow.run(connection) => followed.map(|()| Code::Trouble),
        _ = tokio::signal::ctrl_c() => Ok(Code::Fine),
    };
    let before = connection.status().await;
    eprintln!("\n{}", color::dim("stopping; Ctrl-C again leaves at once"));
    connection
        .client
        .call(&EnvironmentDownRequest {
            environment: connection.environment.clone(),
            remove: Some(true),
        })
        .await?;
    tokio::select! {
        idle = super::down::wait_stopped(connection) => idle?,
        _ = tokio::signal::ctrl_c() => {}
    }
    ended?;
    logs::flush();
    Ok(before.map_or(Code::Fine, |view| status::code_of(&view)))
}
