//! What the service answers: the health routes, its own collection, and what it
//! forwards to others.

use crate::{
    dependency::{rabbitmq, within},
    health::Report,
    items,
    reason::reason,
    role::{Role, Trade},
    service::{Question, Service},
    trace,
};
use anyhow::{Context, Result};
use axum::{
    Json, Router,
    extract::{Path, State},
    http::{Method, StatusCode},
    middleware,
    response::{Html, IntoResponse, Response},
    routing::get,
};
use opentelemetry::KeyValue;
use serde::Deserialize;
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};

/// A name longer than this is refused.
const LONGEST_NAME: usize = 200;
/// How long the broker may take to accept an order.
const PUBLISH_DEADLINE: Duration = Duration::from_secs(2);
/// How long the shop's list of products may be old, and where it is kept.
const CACHE_SECONDS: u64 = 5;
const CACHE_KEY: &str = "b2x:products";

/// All routes of one service.
pub(crate) fn router(service: Arc<Service>) -> Router {
    Router::new()
        .route("/", get(front_page))
        .route("/health", get(|service| health(service, Question::Whole)))
        .route(
            "/health/live",
            get(|service| health(service, Question::Live)),
        )
        .route(
            "/health/ready",
            get(|service| health(service, Question::Ready)),
        )
        .route(
            "/health/startup",
            get(|service| health(service, Question::Startup)),
        )
        .merge(
            // Probes would be most of all traces.
            Router::new()
                .route("/api/{collection}", get(list).post(create))
                .layer(middleware::from_fn_with_state(
                    Arc::clone(&service),
                    trace::serve,
                )),
        )
        .with_state(service)
}

async fn health(State(service): State<Arc<Service>>, question: Question) -> Response {
    let report: Report = service.report(question).await;
    let status =
        StatusCode::from_u16(report.http_status()).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
    (status, Json(report)).into_response()
}

async fn front_page(State(service): State<Arc<Service>>) -> Response {
    if service.role == Role::Frontend {
        return Html(include_str!("frontend.html")).into_response();
    }
    let collection = service
        .role
        .trade()
        .map(|trade| format!("/api/{}", trade.collection));
    Json(json!({ "service": service.role.word(), "health": "/health", "collection": collection }))
        .into_response()
}

async fn list(State(service): State<Arc<Service>>, Path(collection): Path<String>) -> Response {
    match own_trade(&service, &collection) {
        Some(trade) => answer(&service, list_own(&service, trade).await),
        None => forward(&service, Method::GET, &collection, None).await,
    }
}

/// The body of a request that records one more.
#[derive(Deserialize)]
struct NewItem {
    name: String,
}

async fn create(
    State(service): State<Arc<Service>>,
    Path(collection): Path<String>,
    Json(item): Json<NewItem>,
) -> Response {
    if item.name.is_empty() || item.name.len() > LONGEST_NAME {
        return complaint(
            StatusCode::BAD_REQUEST,
            &format!("name must have 1 to {LONGEST_NAME} bytes"),
        );
    }
    let Some(trade) = own_trade(&service, &collection) else {
        return forward(
            &service,
            Method::POST,
            &collection,
            Some(&json!({ "name": item.name })),
        )
        .await;
    };
    let recorded = record(&service, trade, &item.name).await;
    if let Ok(id) = &recorded {
        service.log.info(
            trade.usual,
            &[("id", (*id).into()), ("name", item.name.as_str().into())],
        );
    }
    answer(
        &service,
        recorded.map(|id| json!({ "id": id, "name": item.name })),
    )
}

/// Records one more of what the service keeps; for orders, with a message to
/// whoever confirms them; where the list is cached, it is forgotten.
pub(crate) async fn record(service: &Service, trade: Trade, name: &str) -> Result<i64> {
    let database = service
        .dependencies
        .postgres
        .as_ref()
        .context("this role has no database")?;
    let id = items::add(database, trade, name).await?;
    if let Some(broker) = &service.dependencies.rabbitmq {
        let work =
            async { rabbitmq::publish(&*broker.link().await?, id.to_string().as_bytes()).await };
        let mut attributes = vec![KeyValue::new("messaging.system", "rabbitmq")];
        attributes.extend(broker.backend().address());
        let work = trace::call("publish".to_owned(), attributes, work);
        within(PUBLISH_DEADLINE, work)
            .await
            .inspect_err(|_| broker.forget())
            .context("rabbitmq")?;
    }
    forget_list(service).await;
    Ok(id)
}

/// The cached list is out of date. A cache that does not answer keeps it for
/// [`CACHE_SECONDS`] at the most.
async fn forget_list(service: &Service) {
    let Some(redis) = &service.dependencies.redis else {
        return;
    };
    if let Ok(mut link) = redis.link().await {
        let mut forget = redis::cmd("DEL");
        forget.arg(CACHE_KEY);
        if let Err(error) = cached(service, "DEL", forget.exec_async(&mut link)).await {
            let fields = [("error", error.to_string().into())];
            service.log.warn("cache did not forget the list", &fields);
        }
    }
}

/// The newest items, through the cache where the role has one. A cache that does
/// not answer costs the request nothing but its speed.
async fn list_own(service: &Service, trade: Trade) -> Result<Value> {
    let database = service
        .dependencies
        .postgres
        .as_ref()
        .context("this role has no database")?;
    let mut cache = match &service.dependencies.redis {
        Some(redis) => redis.link().await.ok(),
        None => None,
    };
    if let Some(cache) = &mut cache {
        let mut look = redis::cmd("GET");
        look.arg(CACHE_KEY);
        let kept = cached(service, "GET", look.query_async::<Option<String>>(cache)).await;
        if let Some(items) = kept
            .ok()
            .flatten()
            .and_then(|text| serde_json::from_str(&text).ok())
        {
            service
                .log
                .debug("list served from the cache", &[("key", CACHE_KEY.into())]);
            return Ok(items);
        }
    }
    let items = serde_json::to_value(items::list(database, trade).await?)?;
    if let Some(cache) = &mut cache {
        let mut keep = redis::cmd("SET");
        keep.arg(CACHE_KEY)
            .arg(items.to_string())
            .arg("EX")
            .arg(CACHE_SECONDS);
        if let Err(error) = cached(service, "SET", keep.exec_async(cache)).await {
            service.log.warn(
                "cache did not take the list",
                &[("error", error.to_string().into())],
            );
        }
    }
    Ok(items)
}

/// A command to the cache, as a span.
async fn cached<T>(
    service: &Service,
    command: &str,
    work: impl Future<Output = redis::RedisResult<T>>,
) -> redis::RedisResult<T> {
    let mut attributes = vec![KeyValue::new("db.system.name", "redis")];
    if let Some(redis) = &service.dependencies.redis {
        attributes.extend(redis.backend().address());
    }
    trace::call(command.to_owned(), attributes, work).await
}

/// Sends the request to the service that keeps `collection`.
async fn forward(
    service: &Service,
    method: Method,
    collection: &str,
    body: Option<&Value>,
) -> Response {
    let target = service
        .role
        .forwards(collection)
        .and_then(|name| service.dependencies.upstream(name));
    let Some(upstream) = target else {
        return complaint(
            StatusCode::NOT_FOUND,
            &format!("{} knows no {collection}", service.role.word()),
        );
    };
    match upstream
        .forward(method, &format!("/api/{collection}"), body)
        .await
    {
        Ok((status, value)) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
            (status, Json(value)).into_response()
        }
        Err(error) => {
            let fields = [
                ("upstream", upstream.name().into()),
                ("error", reason(&error).into()),
            ];
            service.log.error("request could not be forwarded", &fields);
            complaint(
                StatusCode::BAD_GATEWAY,
                &format!("{} did not answer", upstream.name()),
            )
        }
    }
}

fn own_trade(service: &Service, collection: &str) -> Option<Trade> {
    service
        .role
        .trade()
        .filter(|trade| trade.collection == collection)
}

fn answer(service: &Service, outcome: Result<Value>) -> Response {
    match outcome {
        Ok(value) => Json(value).into_response(),
        Err(error) => {
            service
                .log
                .error("request failed", &[("error", reason(&error).into())]);
            complaint(StatusCode::SERVICE_UNAVAILABLE, &reason(&error))
        }
    }
}

fn complaint(status: StatusCode, message: &str) -> Response {
    (status, Json(json!({ "error": message }))).into_response()
}
