//! `benchtop logs`: the log, merged or of some services.

use crate::arguments::Logs;
use crate::connection::{self, Connection};
use crate::exit::{Code, Failure};
use crate::render;
use benchtop_api::schema::{Event, LogsQueryRequest, Topic};
use benchtop_api::telemetry::query::{LogPage, LogQuery};
use futures_util::StreamExt as _;
use std::io::Write as _;

/// Lines that are asked for at a time.
const PAGE: u32 = 2000;

pub(crate) async fn run(arguments: &Logs) -> Result<Code, Failure> {
    let connection = connection::open(&arguments.environment).await?;
    let query = LogQuery {
        services: arguments.services.clone(),
        min_level: arguments.level,
        text: arguments.grep.clone(),
        limit: arguments.tail.clamp(1, 5000),
        ..LogQuery::default()
    };
    let mut follow = Follow {
        query,
        json: arguments.json,
    };
    let page = follow.pull(&connection).await?;
    if arguments.tail > 0 {
        follow.print(&page)?;
    }
    if arguments.follow {
        follow.query.after = Some(page.newest);
        follow.query.limit = PAGE;
        tokio::select! {
            followed = follow.run(&connection) => followed?,
            _ = tokio::signal::ctrl_c() => {}
        }
    }
    Ok(Code::Fine)
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
                self.query.after = Some(if page.more {
                    page.records.last().map_or(page.newest, |r| r.seq)
                } else {
                    page.newest
                });
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
