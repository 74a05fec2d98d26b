//! Keeps the connection to the engine: starts it, listens to it, passes on what
//! it says, and begins anew when it is gone.

use crate::messages::Message;
use crate::shell::{Shell, connection_event, lock};
use crate::{notification, tray};
use benchtop_api::client::Client;
use benchtop_api::launch;
use benchtop_api::paths::Paths;
use benchtop_api::schema::{
    ApiError, EnvironmentListRequest, EnvironmentStatusRequest, ErrorCode, Event, Topic,
};
use benchtop_api::view::EnvironmentView;
use futures_util::StreamExt as _;
use std::time::Duration;
use tauri::{AppHandle, Manager as _};

const RETRY_FIRST: Duration = Duration::from_millis(300);
const RETRY_LONGEST: Duration = Duration::from_secs(5);

/// Works for as long as the program runs.
pub(crate) fn spawn(app: AppHandle) {
    notification::listen(app.clone());
    tauri::async_runtime::spawn(async move {
        let mut wait = RETRY_FIRST;
        loop {
            let ended =
                match Client::connect_or_start(Paths::of_user(), &launch::find_program()).await {
                    Ok(client) => {
                        wait = RETRY_FIRST;
                        listen(&app, client).await
                    }
                    Err(error) => error,
                };
            set_client(&app, Err(ended));
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(RETRY_LONGEST);
        }
    });
}

/// Listens until the engine is gone; returns what to say then.
async fn listen(app: &AppHandle, client: Client) -> ApiError {
    let mut events = match client.events().await {
        Ok(events) => events,
        Err(error) => return error,
    };
    set_client(app, Ok(client.clone()));
    refresh(app, &client).await;
    while let Some(event) = events.next().await {
        let concerns_tray = match &event {
            Event::Changed { topics, .. } => topics.contains(&Topic::Status),
            Event::Environments => true,
            Event::Alert(news) => {
                notification::show(app, news);
                false
            }
        };
        app.state::<Shell>().tell(&Message::Engine(event));
        if concerns_tray {
            refresh(app, &client).await;
        }
    }
    ApiError::unavailable("the engine has ended; it is being started again")
}

fn set_client(app: &AppHandle, client: Result<Client, ApiError>) {
    let shell = app.state::<Shell>();
    let message = Message::Shell(connection_event(&client));
    let changed = shell.client.borrow().is_ok() != client.is_ok();
    drop(shell.client.send_replace(client));
    if changed {
        shell.tell(&message);
        tray::update(app);
    }
}

/// Pulls what the tray shows.
async fn refresh(app: &AppHandle, client: &Client) {
    if let Ok(views) = open_environments(client).await {
        *lock(&app.state::<Shell>().environments) = views;
        tray::update(app);
    }
}

/// The present state of each open environment.
pub(crate) async fn open_environments(client: &Client) -> Result<Vec<EnvironmentView>, ApiError> {
    let list = client.call(&EnvironmentListRequest {}).await?;
    let mut views = Vec::new();
    for environment in list.into_iter().filter(|environment| environment.open) {
        let request = EnvironmentStatusRequest {
            environment: environment.id,
        };
        match client.call(&request).await {
            Ok(view) => views.push(view),
            // It was closed meanwhile.
            Err(error) if error.code == ErrorCode::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(views)
}
