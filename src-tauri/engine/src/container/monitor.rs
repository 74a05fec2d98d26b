//! Keeps watch over the container runtime for one environment: is it there, and
//! what happens to our containers. Reconnects for ever; a break is followed by a
//! fresh look at everything.

use super::labels;
use super::runtime::{self, PATIENCE, Runtime, RuntimeProblem, Wish};
use bollard::models::EventMessage;
use bollard::query_parameters::EventsOptions;
use futures_util::StreamExt as _;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// How often a silent runtime is asked whether it is still there. With the
/// patience for the answer, a hung daemon is noticed within 5 s.
const HEARTBEAT: Duration = Duration::from_secs(1);

const RETRY_FIRST: Duration = Duration::from_millis(250);
const RETRY_LONGEST: Duration = Duration::from_secs(3);

/// What the monitor tells.
#[derive(Clone, Debug)]
pub enum RuntimeNews {
    /// It answers. Everything known before may be out of date.
    Up(Arc<Runtime>),
    /// It cannot be used.
    Down(RuntimeProblem),
    /// Something happened to one of our containers.
    Container {
        /// Its id.
        id: String,
        /// The service it was created for.
        service: Option<String>,
        /// What.
        action: Action,
    },
}

/// What happened to a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// It was started.
    Started,
    /// Its main process has ended.
    Died,
    /// It was removed.
    Removed,
    /// Its own health check has a new verdict.
    Health,
}

/// Why a runtime is not followed any more.
enum Break {
    /// It is not there, or silent.
    Lost(RuntimeProblem),
    /// Another one is wished for.
    Elsewhere,
    /// Nobody listens any more.
    Closed,
}

/// Watches until the receiver is gone, `tell` returns false then, or until
/// nobody can wish any more.
pub async fn watch(
    environment: String,
    mut wish: watch::Receiver<Wish>,
    mut tell: impl FnMut(RuntimeNews) -> bool,
) {
    let mut wait = RETRY_FIRST;
    loop {
        let wanted = wish.borrow_and_update().clone();
        let problem = match runtime::connect(&wanted).await {
            Ok(runtime) => {
                wait = RETRY_FIRST;
                let runtime = Arc::new(runtime);
                if !tell(RuntimeNews::Up(Arc::clone(&runtime))) {
                    return;
                }
                match follow(&runtime, &environment, &mut wish, &mut tell).await {
                    Break::Lost(problem) => problem,
                    Break::Elsewhere => continue,
                    Break::Closed => return,
                }
            }
            Err(problem) => problem,
        };
        if !tell(RuntimeNews::Down(problem)) {
            return;
        }
        tokio::select! {
            () = tokio::time::sleep(wait) => wait = (wait * 2).min(RETRY_LONGEST),
            changed = wish.changed() => match changed {
                Ok(()) => wait = RETRY_FIRST,
                Err(_) => return,
            },
        }
    }
}

/// Passes on events until the stream breaks, the runtime falls silent or
/// another one is wished for.
async fn follow(
    runtime: &Runtime,
    environment: &str,
    wish: &mut watch::Receiver<Wish>,
    tell: &mut impl FnMut(RuntimeNews) -> bool,
) -> Break {
    let filters = HashMap::from([
        ("type".to_owned(), vec!["container".to_owned()]),
        (
            "label".to_owned(),
            vec![format!("{}={environment}", labels::ENVIRONMENT)],
        ),
    ]);
    let options = EventsOptions {
        filters: Some(filters),
        // The request goes out while launches begin already: nothing that
        // happens from now on may be missed.
        since: Some((crate::clock::now().0 / 1000).to_string()),
        ..EventsOptions::default()
    };
    let mut events = runtime.docker.events(Some(options));
    let mut heartbeat = tokio::time::interval(HEARTBEAT);
    heartbeat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            event = events.next() => match event {
                Some(Ok(event)) => {
                    if let Some(news) = news_of(event) && !tell(news) {
                        return Break::Closed;
                    }
                }
                _ => return Break::Lost(RuntimeProblem::NotRunning(runtime.address.clone())),
            },
            _ = heartbeat.tick() => match tokio::time::timeout(PATIENCE, runtime.docker.ping()).await {
                Ok(Ok(_)) => {}
                Ok(Err(_)) => return Break::Lost(RuntimeProblem::NotRunning(runtime.address.clone())),
                Err(_) => return Break::Lost(RuntimeProblem::NotResponding(runtime.address.clone())),
            },
            changed = wish.changed() => match changed {
                Err(_) => return Break::Closed,
                Ok(()) if wish.borrow_and_update().address.as_ref() == Some(&runtime.address) => {}
                Ok(()) => return Break::Elsewhere,
            },
        }
    }
}

fn news_of(event: EventMessage) -> Option<RuntimeNews> {
    let action = event.action.as_deref().and_then(action_of)?;
    let actor = event.actor?;
    let service = actor.attributes.and_then(|mut a| a.remove(labels::SERVICE));
    Some(RuntimeNews::Container {
        id: actor.id?,
        service,
        action,
    })
}

/// `health_status` carries its verdict in the name: `health_status: healthy`.
fn action_of(name: &str) -> Option<Action> {
    match name {
        "start" => Some(Action::Started),
        "die" => Some(Action::Died),
        "destroy" => Some(Action::Removed),
        _ if name.starts_with("health_status") => Some(Action::Health),
        _ => None,
    }
}
