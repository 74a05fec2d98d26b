//! Connections to what the service depends on: opened when first used, kept, and
//! opened anew after they broke. No check outlasts its deadline.

pub(crate) mod postgres;
pub(crate) mod rabbitmq;
pub(crate) mod redis;
pub(crate) mod upstream;

use crate::{health::Finding, reason::reason, role::Role, settings::Settings};
use anyhow::{Context, Result};
use futures_util::future::{BoxFuture, join_all};
use postgres::Postgres;
use rabbitmq::Rabbitmq;
use redis::Redis;
use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};
use upstream::Upstream;

/// A kind of server: how to reach it, and how to ask whether it is well.
pub(crate) trait Backend {
    /// An open connection; cheap to clone.
    type Link: Clone + Send;

    /// Opens a connection.
    fn connect(&self) -> impl Future<Output = Result<Self::Link>> + Send;

    /// One round trip.
    fn ping(&self, link: &Self::Link) -> impl Future<Output = Result<()>> + Send;
}

/// One backend and the connection to it.
#[derive(Debug)]
pub(crate) struct Connector<B: Backend> {
    backend: B,
    current: Mutex<Option<B::Link>>,
}

impl<B: Backend> Connector<B> {
    pub(crate) fn new(backend: B) -> Self {
        Self {
            backend,
            current: Mutex::new(None),
        }
    }

    /// What it connects to.
    pub(crate) fn backend(&self) -> &B {
        &self.backend
    }

    /// The connection; a new one where there is none.
    pub(crate) async fn link(&self) -> Result<B::Link> {
        if let Some(link) = self.kept() {
            return Ok(link);
        }
        let link = self.backend.connect().await?;
        self.keep(Some(link.clone()));
        Ok(link)
    }

    /// Gives a connection up that failed its user; the next one gets a new one.
    pub(crate) fn forget(&self) {
        self.keep(None);
    }

    /// Asks within `patience`. A kept connection may have died unnoticed while
    /// the server is well again, hence the second try with a new one.
    async fn check(&self, patience: Duration) -> Result<()> {
        let attempt = async {
            if let Some(link) = self.kept() {
                match self.backend.ping(&link).await {
                    Ok(()) => return Ok(()),
                    Err(_) => self.forget(),
                }
            }
            let link = self.link().await?;
            self.backend.ping(&link).await
        };
        let outcome = within(patience, attempt).await;
        if outcome.is_err() {
            self.forget();
        }
        outcome
    }

    fn kept(&self) -> Option<B::Link> {
        self.current
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn keep(&self, link: Option<B::Link>) {
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = link;
    }
}

/// Everything that one service depends on.
#[derive(Debug)]
pub(crate) struct Dependencies {
    pub(crate) postgres: Option<Connector<Postgres>>,
    pub(crate) redis: Option<Connector<Redis>>,
    pub(crate) rabbitmq: Option<Connector<Rabbitmq>>,
    pub(crate) upstreams: Vec<Upstream>,
    patience: Duration,
}

impl Dependencies {
    pub(crate) fn new(role: Role, settings: Settings) -> Result<Self> {
        let http = upstream::client().context("HTTP client")?;
        let upstreams = settings.upstreams.into_iter();
        Ok(Self {
            postgres: settings
                .postgres
                .map(|target| Connector::new(Postgres::new(&target, role.word()))),
            redis: settings
                .redis
                .map(|target| Redis::new(target).map(Connector::new))
                .transpose()?,
            rabbitmq: settings
                .rabbitmq
                .map(|address| Rabbitmq::new(&address, role.word()).map(Connector::new))
                .transpose()?,
            upstreams: upstreams
                .map(|(name, base)| Upstream::new(name, base, http.clone()))
                .collect(),
            patience: role.patience(),
        })
    }

    /// Asks all of them at once.
    pub(crate) async fn check_all(&self) -> Vec<Finding> {
        let mut checks: Vec<BoxFuture<'_, Finding>> = Vec::new();
        if let Some(postgres) = &self.postgres {
            checks.push(Box::pin(finding("postgres", postgres.check(self.patience))));
        }
        if let Some(redis) = &self.redis {
            checks.push(Box::pin(finding("redis", redis.check(self.patience))));
        }
        if let Some(rabbitmq) = &self.rabbitmq {
            checks.push(Box::pin(finding("rabbitmq", rabbitmq.check(self.patience))));
        }
        for upstream in &self.upstreams {
            checks.push(Box::pin(finding(
                upstream.name(),
                within(self.patience, upstream.check_ready()),
            )));
        }
        join_all(checks).await
    }

    /// The referenced service called `name`.
    pub(crate) fn upstream(&self, name: &str) -> Option<&Upstream> {
        self.upstreams
            .iter()
            .find(|upstream| upstream.name() == name)
    }
}

async fn finding(name: &str, check: impl Future<Output = Result<()>>) -> Finding {
    (name.to_owned(), check.await.map_err(|error| reason(&error)))
}

/// The outcome of `work`, or an error once `patience` is over.
pub(crate) async fn within<T>(
    patience: Duration,
    work: impl Future<Output = Result<T>>,
) -> Result<T> {
    tokio::time::timeout(patience, work)
        .await
        .unwrap_or_else(|_| {
            Err(anyhow::anyhow!(
                "no answer within {} ms",
                patience.as_millis()
            ))
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

    /// A server whose connections have numbers; connections below `dead_below` fail.
    #[derive(Default)]
    struct Numbered {
        opened: AtomicU32,
        dead_below: AtomicU32,
        hangs: bool,
    }

    impl Backend for Numbered {
        type Link = u32;

        async fn connect(&self) -> Result<u32> {
            Ok(self.opened.fetch_add(1, Relaxed) + 1)
        }

        async fn ping(&self, link: &u32) -> Result<()> {
            if self.hangs {
                std::future::pending::<()>().await;
            }
            anyhow::ensure!(
                *link >= self.dead_below.load(Relaxed),
                "connection {link} is dead"
            );
            Ok(())
        }
    }

    const PATIENCE: Duration = Duration::from_millis(20);

    #[tokio::test]
    async fn a_connection_is_kept_between_checks() {
        let connector = Connector::new(Numbered::default());
        connector.check(PATIENCE).await.unwrap();
        connector.check(PATIENCE).await.unwrap();
        assert_eq!(connector.link().await.unwrap(), 1);
    }

    #[tokio::test]
    async fn a_dead_connection_is_replaced_within_the_same_check() {
        let connector = Connector::new(Numbered::default());
        connector.check(PATIENCE).await.unwrap();
        connector.backend.dead_below.store(2, Relaxed);
        connector.check(PATIENCE).await.unwrap();
        assert_eq!(connector.link().await.unwrap(), 2);
    }

    #[tokio::test]
    async fn a_server_that_hangs_costs_no_more_than_the_patience() {
        let connector = Connector::new(Numbered {
            hangs: true,
            ..Numbered::default()
        });
        let complaint = connector.check(PATIENCE).await.expect_err("it hangs");
        assert_eq!(complaint.to_string(), "no answer within 20 ms");
        assert_eq!(
            connector.link().await.unwrap(),
            2,
            "the connection that hung was given up"
        );
    }
}
