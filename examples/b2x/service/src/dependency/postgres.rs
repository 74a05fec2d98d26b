//! PostgreSQL: one pipelined connection.

use super::Backend;
use crate::connection_string::PostgresTarget;
use anyhow::{Context, Result};
use opentelemetry::KeyValue;
use std::{sync::Arc, time::Duration};
use tokio_postgres::{Client, Config, NoTls};

/// A PostgreSQL database.
#[derive(Debug)]
pub(crate) struct Postgres {
    config: Config,
    host: String,
    port: u16,
}

impl Postgres {
    /// `program` is the name under which the database lists this client.
    pub(crate) fn new(target: &PostgresTarget, program: &str) -> Self {
        let mut config = Config::new();
        config
            .host(&target.host)
            .port(target.port)
            .user(&target.user)
            .password(&target.password)
            .dbname(&target.database)
            .application_name(program)
            .connect_timeout(Duration::from_secs(1));
        Self {
            config,
            host: target.host.clone(),
            port: target.port,
        }
    }

    /// Where it is, for a span.
    pub(crate) fn address(&self) -> [KeyValue; 2] {
        [
            KeyValue::new("server.address", self.host.clone()),
            KeyValue::new("server.port", i64::from(self.port)),
        ]
    }
}

impl Backend for Postgres {
    type Link = Arc<Client>;

    async fn connect(&self) -> Result<Self::Link> {
        let (client, connection) = self.config.connect(NoTls).await.map_err(with_cause)?;
        // Ends by itself when the client is dropped or the server goes away; the
        // client's next use then says why.
        tokio::spawn(connection);
        Ok(Arc::new(client))
    }

    async fn ping(&self, link: &Self::Link) -> Result<()> {
        link.simple_query("SELECT 1")
            .await
            .map_err(with_cause)
            .context("SELECT 1")?;
        Ok(())
    }
}

/// The crate's errors print only their kind ("db error"); what the server said is
/// in the source, and `anyhow` would print both.
pub(crate) fn with_cause(error: tokio_postgres::Error) -> anyhow::Error {
    match error.as_db_error() {
        Some(said) => anyhow::anyhow!("{}: {}", said.severity(), said.message()),
        None => error.into(),
    }
}
