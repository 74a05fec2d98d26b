//! `benchtop engine`: be the engine, ask for it, end it.

use crate::arguments::Engine;
use crate::exit::{Code, Failure};
use benchtop_api::client::Client;
use benchtop_api::host::Host;
use benchtop_api::paths::Paths;
use benchtop_api::schema::{EngineStopRequest, ErrorCode};
use benchtop_api::server;
use tokio::signal::unix::{SignalKind, signal};

pub(crate) async fn run(command: Engine) -> Result<Code, Failure> {
    match command {
        Engine::Run => be_engine().await,
        Engine::Status => status().await,
        Engine::Stop { leave_running } => stop(leave_running).await,
    }
}

async fn be_engine() -> Result<Code, Failure> {
    tracing_subscriber::fmt()
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_env("BENCHTOP_LOG")
                .unwrap_or_else(|_| "info".into()),
        )
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .init();
    // A session of its own: the terminal it was started from may close.
    _ = nix::unistd::setsid();
    let paths = Paths::of_user();
    let Some(lock) = server::take_lock(&paths)? else {
        tracing::info!("another engine runs already");
        return Ok(Code::Fine);
    };
    let host = Host::start(paths.clone(), std::env::current_exe()?);
    stop_on_signal(&host)?;
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        pid = std::process::id(),
        "the engine runs"
    );
    server::serve(host, &paths, &lock).await?;
    Ok(Code::Fine)
}

/// A session that ends sends SIGTERM: services are left running and recorded.
fn stop_on_signal(host: &Host) -> Result<(), Failure> {
    let stopped = host.stopped();
    let (mut terminate, mut interrupt) = (
        signal(SignalKind::terminate())?,
        signal(SignalKind::interrupt())?,
    );
    // The default would be to end.
    let mut hangup = signal(SignalKind::hangup())?;
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = terminate.recv() => return stopped.cancel(),
                _ = interrupt.recv() => return stopped.cancel(),
                _ = hangup.recv() => {}
            }
        }
    });
    Ok(())
}

async fn status() -> Result<Code, Failure> {
    match Client::new(Paths::of_user())?.info().await {
        Ok(info) => {
            println!(
                "version {}, pid {}, running for {}, data in {}",
                info.version,
                info.pid,
                crate::render::ago(info.started),
                info.data_dir
            );
            Ok(Code::Fine)
        }
        Err(error) if error.code == ErrorCode::Unavailable => {
            println!("not running");
            Ok(Code::Trouble)
        }
        Err(error) => Err(error.into()),
    }
}

async fn stop(leave_running: bool) -> Result<Code, Failure> {
    match Client::new(Paths::of_user())?
        .call(&EngineStopRequest { leave_running })
        .await
    {
        Ok(_) => println!("stopped"),
        Err(error) if error.code == ErrorCode::Unavailable => println!("not running"),
        Err(error) => return Err(error.into()),
    }
    Ok(Code::Fine)
}
