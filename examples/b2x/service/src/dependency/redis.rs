//! Redis: one multiplexed connection.

use super::Backend;
use crate::connection_string::RedisTarget;
use anyhow::{Context, Result};
use opentelemetry::KeyValue;
use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, IntoConnectionInfo, RedisConnectionInfo,
    aio::MultiplexedConnection,
};
use std::time::Duration;

/// A Redis server.
#[derive(Debug)]
pub(crate) struct Redis {
    client: Client,
    host: String,
    port: u16,
}

impl Redis {
    pub(crate) fn new(target: RedisTarget) -> Result<Self> {
        let mut settings = RedisConnectionInfo::default();
        if let Some(password) = &target.password {
            settings = settings.set_password(password);
        }
        let (host, port) = (target.host.clone(), target.port);
        let address = ConnectionAddr::Tcp(target.host, target.port).into_connection_info()?;
        let client =
            Client::open(address.set_redis_settings(settings)).context("address of redis")?;
        Ok(Self { client, host, port })
    }

    /// Where it is, for a span.
    pub(crate) fn address(&self) -> [KeyValue; 2] {
        [
            KeyValue::new("server.address", self.host.clone()),
            KeyValue::new("server.port", i64::from(self.port)),
        ]
    }
}

impl Backend for Redis {
    type Link = MultiplexedConnection;

    async fn connect(&self) -> Result<Self::Link> {
        let config =
            AsyncConnectionConfig::new().set_connection_timeout(Some(Duration::from_secs(1)));
        Ok(self
            .client
            .get_multiplexed_async_connection_with_config(&config)
            .await?)
    }

    async fn ping(&self, link: &Self::Link) -> Result<()> {
        let mut link = link.clone();
        redis::cmd("PING")
            .exec_async(&mut link)
            .await
            .context("PING")
    }
}
