//! The state of the shell, shared by window, tray and engine link.

use crate::arguments::{All, Arguments};
use crate::engine_link::open_environments;
use crate::link::Link;
use crate::messages::{Message, ShellEvent};
use crate::{failure, tray, window};
use benchtop_api::client::Client;
use benchtop_api::schema::{
    ApiError, EnvironmentListRequest, EnvironmentOpenRequest, EnvironmentUpRequest,
};
use benchtop_api::view::EnvironmentView;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tauri::ipc::Channel;
use tauri::{AppHandle, Manager as _};
use tokio::sync::watch;

/// The shell's state.
pub(crate) struct Shell {
    /// What to open at the start; taken by the first page that asks.
    arguments: Mutex<Option<Arguments>>,
    /// The engine, once it answers; or why it does not.
    pub(crate) client: watch::Sender<Result<Client, ApiError>>,
    /// The page's channels; one that fails is dropped.
    channels: Mutex<Vec<Channel<Message>>>,
    /// Told to the next page that subscribes, because there was none.
    pending: Mutex<Vec<ShellEvent>>,
    /// The latest state of each open environment, for the tray.
    pub(crate) environments: Mutex<Vec<EnvironmentView>>,
}

impl Shell {
    pub(crate) fn new(arguments: Arguments) -> Self {
        Self {
            arguments: Mutex::new(Some(arguments)),
            client: watch::Sender::new(Err(ApiError::unavailable("the engine is being started"))),
            channels: Mutex::default(),
            pending: Mutex::default(),
            environments: Mutex::default(),
        }
    }

    /// The engine, if it answers.
    pub(crate) fn client(&self) -> Result<Client, ApiError> {
        self.client.borrow().clone()
    }

    /// The engine, once it answers.
    pub(crate) async fn wait_for_client(&self) -> Result<Client, ApiError> {
        let mut client = self.client.subscribe();
        let connected = tokio::time::timeout(
            std::time::Duration::from_secs(12),
            client.wait_for(Result::is_ok),
        )
        .await;
        match connected {
            Ok(Ok(client)) => client.clone(),
            _ => self.client(),
        }
    }

    /// A page listens.
    pub(crate) fn subscribe(&self, channel: Channel<Message>) {
        let connection = connection_event(&self.client());
        let pending = std::mem::take(&mut *lock(&self.pending));
        for event in std::iter::once(connection).chain(pending) {
            // A page that is gone already is noticed at the next message.
            _ = channel.send(Message::Shell(event));
        }
        // One page at a time: an older channel belongs to a page that was
        // reloaded.
        *lock(&self.channels) = vec![channel];
    }

    /// The page is gone; what must not be missed waits for the next one.
    pub(crate) fn forget_page(&self) {
        lock(&self.channels).clear();
    }

    /// Tells the page, if there is one.
    pub(crate) fn tell(&self, message: &Message) {
        lock(&self.channels).retain(|channel| channel.send(message.clone()).is_ok());
    }

    /// Tells the page, now or when there is one.
    pub(crate) fn tell_surely(&self, event: ShellEvent) {
        if lock(&self.channels).is_empty() {
            lock(&self.pending).push(event);
        } else {
            self.tell(&Message::Shell(event));
        }
    }

    /// What to show first: what the command line says, else what is open, else
    /// what was open last, else nothing.
    pub(crate) async fn first_environment(
        &self,
        app: &AppHandle,
    ) -> Result<Option<String>, ApiError> {
        let client = self.wait_for_client().await?;
        let arguments = lock(&self.arguments).take().unwrap_or_default();
        let first = match arguments.opens() {
            // The page would take a failure for a lost connection.
            true => open(app, &client, &arguments).await,
            false => Self::last_environment(&client).await?,
        };
        if let Some(all) = arguments.all {
            act_on_all(app, &client, all).await;
        }
        Ok(first)
    }

    /// What is open, else what was open last, opened again.
    async fn last_environment(client: &Client) -> Result<Option<String>, ApiError> {
        let list = client.call(&EnvironmentListRequest {}).await?;
        match list.into_iter().next() {
            Some(last) if last.open => Ok(Some(last.id)),
            Some(last) => {
                let path = (!last.sample).then_some(last.file);
                // It may have been moved or broken since; the start page says so.
                let opened = client.call(&open_request(path)).await;
                Ok(opened.ok().map(|environment| environment.id))
            }
            None => Ok(None),
        }
    }
}

/// Opens what a command line asks for, or tells the user why it cannot be.
async fn open(app: &AppHandle, client: &Client, arguments: &Arguments) -> Option<String> {
    let opened = try_open(client, arguments).await;
    opened
        .inspect_err(|error| failure::show(app, &cannot_open(arguments), error))
        .ok()
}

fn cannot_open(arguments: &Arguments) -> String {
    match &arguments.path {
        Some(path) if !arguments.sample => format!("Cannot open {path}"),
        _ => "Cannot open the sample".to_owned(),
    }
}

/// Opens what a command line asks for; the sample is started, too.
async fn try_open(client: &Client, arguments: &Arguments) -> Result<String, ApiError> {
    let path = arguments.path.clone().filter(|_| !arguments.sample);
    let path =
        path.map(|path| std::path::absolute(&path).map_or(path, |p| p.display().to_string()));
    let environment = client.call(&open_request(path)).await?;
    if arguments.sample {
        client
            .call(&EnvironmentUpRequest {
                environment: environment.id.clone(),
                services: Vec::new(),
                watch: None,
            })
            .await?;
    }
    Ok(environment.id)
}

fn open_request(path: Option<String>) -> EnvironmentOpenRequest {
    EnvironmentOpenRequest {
        path,
        profiles: Vec::new(),
        variables: std::env::vars().collect(),
    }
}

/// How the page is told of the connection.
pub(crate) fn connection_event(client: &Result<Client, ApiError>) -> ShellEvent {
    ShellEvent::Connection {
        connected: client.is_ok(),
        message: client.as_ref().err().map(|e| e.message.clone()),
    }
}

/// The program was started again: its window comes forward, and what the second
/// command line names is opened in it. One that wants no window leaves it as it is.
pub(crate) fn on_second_start(app: &AppHandle, arguments: Arguments) {
    if arguments.hidden {
        return;
    }
    window::show(app);
    if let Some(link) = arguments.link.clone() {
        follow(app, link);
    }
    if !arguments.opens() && arguments.all.is_none() {
        return;
    }
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        // The first start may still be waiting for its engine.
        match app.state::<Shell>().wait_for_client().await {
            Ok(client) => open_and_act(&app, &client, &arguments).await,
            Err(error) => failure::show(&app, &cannot_open(&arguments), &error),
        }
    });
}

async fn open_and_act(app: &AppHandle, client: &Client, arguments: &Arguments) {
    if arguments.opens()
        && let Some(id) = open(app, client, arguments).await
    {
        app.state::<Shell>().tell_surely(ShellEvent::Navigate {
            to: format!("#/e/{id}/resources"),
        });
    }
    if let Some(all) = arguments.all {
        act_on_all(app, client, all).await;
    }
}

/// Goes where a link leads, or asks the person for what it wants.
pub(crate) fn follow(app: &AppHandle, link: Link) {
    let event = match link {
        Link::Window => return,
        Link::View(to) => ShellEvent::Navigate { to },
        Link::Wish(wish) => ShellEvent::Wish { wish },
    };
    app.state::<Shell>().tell_surely(event);
}

/// Starts or stops everything of all open environments.
async fn act_on_all(app: &AppHandle, client: &Client, all: All) {
    match open_environments(client).await {
        Ok(environments) => {
            let verb = if all == All::Start { "up" } else { "down" };
            for environment in environments {
                tray::act(app, verb.to_owned(), environment.id, String::new());
            }
        }
        Err(error) => failure::show(app, "Cannot tell what is open", &error),
    }
}

/// A lock whose holder panicked still guards usable data here.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
