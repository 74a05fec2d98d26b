//! `benchtop data`: where Benchtop keeps what it knows, how much that is, and away with it.

use super::doctor::agreed;
use crate::arguments::Data;
use crate::exit::{Code, Failure};
use crate::{color, connection};
use benchtop_api::client::Client;
use benchtop_api::paths::Paths;
use benchtop_api::schema::{
    EngineStopRequest, EnvironmentListRequest, EnvironmentStatusRequest, ErrorCode,
};
use benchtop_api::server::{self, EngineLock};
use serde_json::json;
use std::io;
use std::path::Path;
use std::time::Duration;
use tokio::time::Instant;

/// How long an engine may take from its last answer until it is gone.
const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) async fn run(command: Data) -> Result<Code, Failure> {
    let paths = Paths::of_user();
    match command {
        Data::Path => {
            println!("{}", paths.data.display());
            Ok(Code::Fine)
        }
        Data::Size { json } => size(&paths, json),
        Data::Clear { yes } => clear(&paths, yes).await,
    }
}

/// One kind of data and how much of it there is.
struct Part {
    name: &'static str,
    what: &'static str,
    bytes: u64,
}

fn size(paths: &Paths, json: bool) -> Result<Code, Failure> {
    let parts = parts(&paths.data)?;
    let total: u64 = parts.iter().map(|part| part.bytes).sum();
    if json {
        let each: serde_json::Map<String, serde_json::Value> = parts
            .iter()
            .map(|part| (part.name.to_owned(), part.bytes.into()))
            .collect();
        let metrics = json!({ "total": total, "parts": each });
        println!("{}", json!({ "status": "ok", "metrics": metrics }));
        return Ok(Code::Fine);
    }
    for part in &parts {
        println!(
            "{:>12}  {:<14} {}",
            amount(part.bytes),
            part.name,
            color::dim(part.what)
        );
    }
    println!("{:>12}  in {}", amount(total), paths.data.display());
    Ok(Code::Fine)
}

/// Sorts what lies in the data folder by what it is for.
fn parts(data: &Path) -> io::Result<Vec<Part>> {
    let mut parts = [
        ("history", "runs, their probes and alerts, settings"),
        ("environments", "records and telemetry of each environment"),
        ("engine-log", "what the engine said of itself"),
        ("other", "locks and what was set aside"),
    ]
    .map(|(name, what)| Part {
        name,
        what,
        bytes: 0,
    });
    for (name, path) in entries(data)? {
        let index = match name.as_str() {
            "environments" => 1,
            "engine.log" => 2,
            name if name.starts_with("history.db") => 0,
            _ => 3,
        };
        parts[index].bytes += bytes_below(&path)?;
    }
    Ok(parts.into())
}

/// Names and paths of what is in a folder; nothing where there is no such folder.
fn entries(folder: &Path) -> io::Result<Vec<(String, std::path::PathBuf)>> {
    let found = match std::fs::read_dir(folder) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    found
        .map(|entry| {
            let entry = entry?;
            Ok((
                entry.file_name().to_string_lossy().into_owned(),
                entry.path(),
            ))
        })
        .collect()
}

/// Size of a file, or of all files in a folder. Links are not followed, and what goes
/// meanwhile counts nothing.
fn bytes_below(path: &Path) -> io::Result<u64> {
    let found = match std::fs::symlink_metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(error),
    };
    if !found.is_dir() {
        return Ok(found.len());
    }
    entries(path)?
        .iter()
        .try_fold(0, |sum, (_, entry)| Ok(sum + bytes_below(entry)?))
}

fn amount(bytes: u64) -> String {
    #[allow(clippy::cast_precision_loss, reason = "one digit is shown")]
    let shown = bytes as f64;
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..1_048_576 => format!("{:.1} KiB", shown / 1024.0),
        1_048_576..1_073_741_824 => format!("{:.1} MiB", shown / 1_048_576.0),
        _ => format!("{:.1} GiB", shown / 1_073_741_824.0),
    }
}

async fn clear(paths: &Paths, yes: bool) -> Result<Code, Failure> {
    if entries(&paths.data)?.is_empty() {
        println!("there is nothing in {}", paths.data.display());
        return Ok(Code::Fine);
    }
    let running = running().await?;
    if !running.is_empty() {
        eprintln!("{} {} is running", color::red("error:"), running.join(", "));
        let stop = "`benchtop engine stop` stops everything; then the data can go";
        eprintln!("{} {stop}", color::cyan("hint:"));
        return Ok(Code::Trouble);
    }
    let total = amount(bytes_below(&paths.data)?);
    let question = format!(
        "Remove all runs, telemetry and settings in {} ({total})?",
        paths.data.display()
    );
    if !yes && !agreed(&question)? {
        println!("nothing was removed");
        return Ok(Code::Trouble);
    }
    let lock = end_engine(paths).await?;
    remove(paths, &lock)?;
    println!("removed {total}");
    Ok(Code::Fine)
}

/// Names of the environments in which something runs. Asks an engine, started if need
/// be: only an engine finds again what a former one has left running.
async fn running() -> Result<Vec<String>, Failure> {
    let client = connection::engine().await?;
    let mut names = Vec::new();
    for environment in client.call(&EnvironmentListRequest {}).await? {
        if !environment.open {
            continue;
        }
        let request = EnvironmentStatusRequest {
            environment: environment.id,
        };
        match client.call(&request).await {
            Ok(view) if view.run.is_some() => names.push(view.name),
            Ok(_) => {}
            Err(error) if error.code == ErrorCode::NotFound => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(names)
}

/// Ends the engine, and keeps another one from starting.
async fn end_engine(paths: &Paths) -> Result<EngineLock, Failure> {
    let request = EngineStopRequest {
        leave_running: false,
    };
    Client::new(paths.clone())?.call(&request).await?;
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(lock) = server::take_lock(paths)? {
            return Ok(lock);
        }
        if Instant::now() > deadline {
            return Err(anyhow::anyhow!(
                "an engine runs again: a window of Benchtop is open; quit it, then ask once more"
            )
            .into());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Empties the data folder. The lock's own file stays: who waits for it must find the
/// same one.
fn remove(paths: &Paths, _lock: &EngineLock) -> io::Result<()> {
    for (_, path) in entries(&paths.data)? {
        if path == paths.lock() {
            continue;
        }
        if std::fs::symlink_metadata(&path)?.is_dir() {
            std::fs::remove_dir_all(&path)?;
        } else {
            std::fs::remove_file(&path)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_belongs_to_one_part() {
        let folder = std::env::temp_dir().join(format!("benchtop-parts-{}", std::process::id()));
        let environment = folder.join("environments/abc");
        std::fs::create_dir_all(&environment).expect("a folder");
        for (file, bytes) in [
            (folder.join("history.db"), 10),
            (folder.join("history.db-wal"), 5),
            (folder.join("engine.log"), 3),
            (folder.join("engine.lock"), 0),
            (environment.join("run.db"), 100),
        ] {
            std::fs::write(file, vec![b'.'; bytes]).expect("a file");
        }
        let sizes: Vec<u64> = parts(&folder)
            .expect("it can be read")
            .iter()
            .map(|part| part.bytes)
            .collect();
        assert_eq!(sizes, [15, 100, 3, 0]);
        assert_eq!(bytes_below(&folder).expect("it can be read"), 118);
        std::fs::remove_dir_all(&folder).expect("the folder goes");
        assert!(
            parts(&folder)
                .expect("nothing is no failure")
                .iter()
                .all(|p| p.bytes == 0)
        );
    }

    #[test]
    fn an_amount_has_a_unit() {
        assert_eq!(amount(0), "0 B");
        assert_eq!(amount(1536), "1.5 KiB");
        assert_eq!(amount(5 * 1_048_576), "5.0 MiB");
    }
}
