//! `benchtop logs`: the log, merged or of some services.

use super::runs;
use crate::arguments::Logs;
use crate::connection::{self, Connection};
use crate::exit::{Code, Failure};
use crate::render;
use benchtop_api::schema::{Event, ExportFormat, LogsExportRequest, LogsQueryRequest, Topic};
use benchtop_api::telemetry::level::Level;
use benchtop_api::telemetry::query::{LogPage, LogQuery};
use futures_util::StreamExt as _;
use std::io::Write as _;
use std::path::Path;

/// Lines that are asked for at a time.
const PAGE: u32 = 2000;

pub(crate) async fn run(arguments: &Logs) -> Result<Code, Failure> {
    let connection = connection::open(&arguments.environment).await?;
    let query = LogQuery {
        services: arguments.services.clone(),
        min_level: arguments.level,
        text: arguments.query.clone(),
        since: arguments.since,
        until: arguments.until,
        run: runs::named(&connection, arguments.run.as_deref()).await?,
        ..LogQuery::default()
    };
    if let Some(file) = &arguments.export {
        export(&connection, query.clone(), file, arguments.json).await?;
    } else {
        show(&connection, query.clone(), arguments).await?;
    }
    match arguments.fail_on {
        Some(level) if has_any(&connection, query, level).await? => Ok(Code::Trouble),
        _ => Ok(Code::Fine),
    }
}

/// Prints the last lines, and then what is written.
async fn show(connection: &Connection, query: LogQuery, arguments: &Logs) -> Result<(), Failure> {
    let mut follow = Follow {
        query,
        json: arguments.json,
    };
    let mut newest = None;
    for page in follow.last(connection, arguments.tail).await?.iter().rev() {
        follow.print(page)?;
        newest = Some(page.newest);
    }
    if arguments.follow {
        follow.query.after = newest;
        follow.query.before = None;
        follow.query.limit = PAGE;
        tokio::select! {
            followed = follow.run(connection) => followed?,
            _ = tokio::signal::ctrl_c() => {}
        }
    }
    Ok(())
}

async fn export(
    connection: &Connection,
    query: LogQuery,
    file: &Path,
    json: bool,
) -> Result<(), Failure> {
    let request = LogsExportRequest {
        environment: connection.environment.clone(),
        query,
        format: if json {
            ExportFormat::Ndjson
        } else {
            ExportFormat::Text
        },
        // The engine has another working folder.
        path: std::path::absolute(file)?.display().to_string(),
        overwrite: false,
    };
    let written = connection.client.call(&request).await?;
    eprintln!(
        "{} records, {} bytes, in {}",
        written.records, written.bytes, written.path
    );
    Ok(())
}

/// Whether a line of this level or above fits.
async fn has_any(connection: &Connection, query: LogQuery, level: Level) -> Result<bool, Failure> {
    let mut request = LogsQueryRequest {
        environment: connection.environment.clone(),
        query: LogQuery {
            min_level: query.min_level.max(Some(level)),
            limit: 1,
            before: None,
            after: None,
            ..query
        },
    };
    loop {
        let page = connection.client.call(&request).await?;
        if !page.records.is_empty() || page.complete {
            return Ok(!page.records.is_empty());
        }
        // One search is bounded in time; what lies before it was not looked at yet.
        request.query.before = Some(page.reached);
    }
}

/// Goes on with a log from some place.
pub(crate) struct Follow {
    query: LogQuery,
    json: bool,
}

impl Follow {
    /// Begins with the next line of any service.
    pub(crate) async fn from_now(connection: &Connection) -> Result<Self, Failure> {
        let mut follow = Self {
            query: LogQuery {
                limit: 1,
                ..LogQuery::default()
            },
            json: false,
        };
        follow.query.after = Some(follow.pull(connection).await?.newest);
        follow.query.limit = PAGE;
        Ok(follow)
    }

    /// Prints what is written until the engine ends.
    pub(crate) async fn run(&mut self, connection: &Connection) -> Result<(), Failure> {
        let mut events = connection.client.events().await?;
        loop {
            loop {
                let page = self.pull(connection).await?;
                self.print(&page)?;
                // The last line shown, not the newest: one that did not match
                // need not be asked for again.
                self.query.after = Some(if page.more { page.reached } else { page.newest });
                if !page.more {
                    break;
                }
            }
            loop {
                match events.next().await {
                    Some(Event::Changed {
                        environment,
                        topics,
                    }) if environment == connection.environment
                        && topics.contains(&Topic::Logs) =>
                    {
                        break;
                    }
                    Some(_) => {}
                    None => return Ok(()),
                }
            }
        }
    }

    /// The last so many lines, in pages, newest first.
    async fn last(&mut self, connection: &Connection, lines: u32) -> Result<Vec<LogPage>, Failure> {
        let mut pages = Vec::new();
        let mut left = lines;
        loop {
            self.query.limit = left.min(PAGE);
            let page = self.pull(connection).await?;
            let found = u32::try_from(page.records.len()).unwrap_or(u32::MAX);
            left = left.saturating_sub(found);
            self.query.before = Some(page.reached);
            let done = left == 0 || !page.more;
            pages.push(page);
            if done {
                return Ok(pages);
            }
        }
    }

    async fn pull(&self, connection: &Connection) -> Result<LogPage, Failure> {
        let request = LogsQueryRequest {
            environment: connection.environment.clone(),
            query: self.query.clone(),
        };
        Ok(connection.client.call(&request).await?)
    }

    fn print(&self, page: &LogPage) -> Result<(), Failure> {
        let width = page
            .records
            .iter()
            .map(|r| r.service.len())
            .max()
            .unwrap_or(0)
            .max(12);
        let mut out = std::io::stdout().lock();
        for record in &page.records {
            let line = if self.json {
                serde_json::to_string(record)?
            } else {
                render::log_line(record, width)
            };
            // A reader that has gone, such as `head`, is no failure.
            if writeln!(out, "{line}").is_err() {
                return Ok(());
            }
        }
        Ok(())
    }
}

/// Writes out what is left.
pub(crate) fn flush() {
    // There is nobody left to tell.
    _ = std::io::stdout().flush();
}
