//! What the service does when nobody asks it anything: watch its dependencies,
//! and follow its trade.

use crate::{
    dependency::{rabbitmq, within},
    items,
    reason::reason,
    role::Trade,
    routes,
    service::Service,
    trace,
};
use anyhow::Result;
use futures_util::StreamExt;
use lapin::options::BasicAckOptions;
use reqwest::Method;
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

/// Between two looks at the dependencies while all are well, and while one is not.
const CALM: Duration = Duration::from_secs(5);
const WORRIED: Duration = Duration::from_secs(1);
/// Between two pieces of work.
const WORK: Duration = Duration::from_secs(3);
/// How long the broker may take to begin a subscription.
const SUBSCRIBE_DEADLINE: Duration = Duration::from_secs(2);
/// Every so many pieces of work one is worth a warning, and another a debug line.
const WARN_EVERY: u64 = 12;
const DEBUG_EVERY: u64 = 4;

/// Runs until the program ends.
pub(crate) async fn run(service: &Service) {
    tokio::join!(
        watch_dependencies(service),
        follow_trade(service),
        confirm_orders(service)
    );
}

/// Keeps the connections alive, reopens the broken ones, and logs each change once.
async fn watch_dependencies(service: &Service) {
    let mut lost_since: BTreeMap<String, Instant> = BTreeMap::new();
    loop {
        for (name, found) in service.dependencies.check_all().await {
            match (found, lost_since.remove(&name)) {
                (Ok(()), None) => {}
                (Ok(()), Some(since)) => {
                    let fields = [
                        ("dependency", name.into()),
                        ("after_s", since.elapsed().as_secs().into()),
                    ];
                    service.log.info("dependency answers again", &fields);
                }
                (Err(reason), since) => {
                    if since.is_none() {
                        let fields = [
                            ("dependency", name.as_str().into()),
                            ("error", reason.into()),
                        ];
                        service.log.error("dependency does not answer", &fields);
                    }
                    lost_since.insert(name, since.unwrap_or_else(Instant::now));
                }
            }
        }
        tokio::time::sleep(if lost_since.is_empty() { CALM } else { WORRIED }).await;
    }
}

/// A small piece of work every few seconds, with a line in the log.
async fn follow_trade(service: &Service) {
    for count in 1_u64.. {
        tokio::time::sleep(WORK).await;
        let begun = Instant::now();
        let piece = async {
            match service.role.trade() {
                Some(trade) => work_on(service, trade, count).await,
                None => ask_upstreams(service).await,
            }
        };
        let outcome = trace::work("work", Box::pin(piece)).await;
        match outcome {
            Err(error) => {
                let fields = [("error", reason(&error).into())];
                service.log.warn("work failed", &fields);
            }
            Ok(()) if count.is_multiple_of(DEBUG_EVERY) => {
                let took = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
                let fields = [("count", count.into()), ("took_us", took.into())];
                service.log.debug("work done", &fields);
            }
            Ok(()) => {}
        }
    }
}

async fn work_on(service: &Service, trade: Trade, count: u64) -> Result<()> {
    let id = routes::record(
        service,
        trade,
        &format!("made in the background, number {count}"),
    )
    .await?;
    if count.is_multiple_of(WARN_EVERY) {
        service.log.warn(trade.unusual, &[("id", id.into())]);
    } else {
        service.log.info(trade.usual, &[("id", id.into())]);
    }
    Ok(())
}

/// The gateway and the frontend have no trade; they see whether their routes lead somewhere.
async fn ask_upstreams(service: &Service) -> Result<()> {
    for collection in ["users", "tenants", "products"] {
        let target = service
            .role
            .forwards(collection)
            .and_then(|name| service.dependencies.upstream(name));
        let Some(upstream) = target else { continue };
        let begun = Instant::now();
        let (status, _) = upstream
            .forward(Method::GET, &format!("/api/{collection}"), None)
            .await?;
        let took = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        let fields = [
            ("upstream", upstream.name().into()),
            ("path", format!("/api/{collection}").into()),
            ("status", status.into()),
            ("took_ms", took.into()),
        ];
        if status < 400 {
            service.log.info("request routed", &fields);
        } else {
            service.log.warn("request refused upstream", &fields);
        }
    }
    Ok(())
}

/// Receives what was published about orders, and confirms them in the database.
async fn confirm_orders(service: &Service) {
    let Some(trade) = service.role.trade() else {
        return;
    };
    while let Some(broker) = &service.dependencies.rabbitmq {
        if let Err(error) = confirm_until_broken(service, trade).await {
            broker.forget();
            let fields = [("error", reason(&error).into())];
            service.log.debug("not receiving orders", &fields);
        }
        tokio::time::sleep(WORRIED).await;
    }
}

async fn confirm_until_broken(service: &Service, trade: Trade) -> Result<()> {
    let (Some(broker), Some(database)) = (
        &service.dependencies.rabbitmq,
        &service.dependencies.postgres,
    ) else {
        return Ok(());
    };
    let subscribe = async {
        let link = broker.link().await?;
        let deliveries = rabbitmq::consume(&link).await?;
        Ok((link, deliveries))
    };
    // The link is held beside the stream: dropping it would close the connection.
    let (_link, mut deliveries) = within(SUBSCRIBE_DEADLINE, subscribe).await?;
    service.log.info("receiving orders", &[]);
    while let Some(delivery) = deliveries.next().await {
        let delivery = delivery?;
        let id = std::str::from_utf8(&delivery.data)
            .ok()
            .and_then(|text| text.parse::<i64>().ok());
        // A message that cannot be read is taken all the same: it would come back for ever.
        match id {
            Some(id) if items::set_state(database, trade, id, "confirmed").await? => {
                service.log.info("order confirmed", &[("id", id.into())]);
            }
            Some(id) => service.log.warn("order is gone", &[("id", id.into())]),
            None => service.log.warn(
                "message is not about an order",
                &[("bytes", delivery.data.len().into())],
            ),
        }
        delivery.ack(BasicAckOptions::default()).await?;
    }
    anyhow::bail!("the broker ended the subscription")
}
