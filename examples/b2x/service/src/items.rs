//! The one table that each role with a trade keeps in its own schema.

use crate::dependency::{Backend, Connector, postgres::Postgres, postgres::with_cause};
use crate::role::Trade;
use crate::trace;
use anyhow::{Context, Result};
use opentelemetry::KeyValue;
use serde::Serialize;
use std::time::Duration;
use tokio_postgres::Row;

/// More rows than these are not kept: the example runs for days on somebody's machine.
const KEPT_ROWS: i64 = 500;
/// Rows in one answer.
const PAGE: i64 = 20;
/// No statement of this program may take longer.
const DEADLINE: Duration = Duration::from_secs(2);

type Database = Connector<Postgres>;
type Link = <Postgres as Backend>::Link;

/// A row, as the API shows it.
#[derive(Debug, Serialize)]
pub(crate) struct Item {
    id: i64,
    name: String,
    state: String,
    created: String,
}

/// What is created before the service says that it has started. Harmless when it is there already.
pub(crate) async fn migrate(database: &Database, trade: Trade) -> Result<()> {
    let name = trade.collection;
    let statements = format!(
        "CREATE SCHEMA IF NOT EXISTS b2x_{name};
         CREATE TABLE IF NOT EXISTS b2x_{name}.items (
             id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
             name    text NOT NULL,
             state   text NOT NULL DEFAULT 'new',
             created timestamptz NOT NULL DEFAULT now()
         );
         INSERT INTO b2x_{name}.items (name)
             SELECT 'first of {name}' WHERE NOT EXISTS (SELECT FROM b2x_{name}.items);"
    );
    run(database, ("CREATE", trade), async |link: Link| {
        link.batch_execute(&statements).await
    })
    .await
}

/// The newest rows.
pub(crate) async fn list(database: &Database, trade: Trade) -> Result<Vec<Item>> {
    let statement = format!(
        "SELECT id, name, state, to_char(created AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')
         FROM b2x_{}.items ORDER BY id DESC LIMIT $1",
        trade.collection
    );
    let rows = run(database, ("SELECT", trade), async |link: Link| {
        link.query(&statement, &[&PAGE]).await
    })
    .await?;
    rows.iter().map(read_item).collect()
}

/// Records one more, forgets the oldest, and returns the new number.
pub(crate) async fn add(database: &Database, trade: Trade, name: &str) -> Result<i64> {
    let table = format!("b2x_{}.items", trade.collection);
    let insert = format!("INSERT INTO {table} (name) VALUES ($1) RETURNING id");
    let row = run(database, ("INSERT", trade), async |link: Link| {
        link.query_one(&insert, &[&name]).await
    })
    .await?;
    let id: i64 = row.try_get(0)?;
    let trim = format!("DELETE FROM {table} WHERE id <= $1");
    run(database, ("DELETE", trade), async |link: Link| {
        link.execute(&trim, &[&(id - KEPT_ROWS)]).await
    })
    .await?;
    Ok(id)
}

/// Moves one on to another state; false when it is gone.
pub(crate) async fn set_state(
    database: &Database,
    trade: Trade,
    id: i64,
    state: &str,
) -> Result<bool> {
    let statement = format!(
        "UPDATE b2x_{}.items SET state = $2 WHERE id = $1",
        trade.collection
    );
    let changed = run(database, ("UPDATE", trade), async |link: Link| {
        link.execute(&statement, &[&id, &state]).await
    })
    .await?;
    Ok(changed > 0)
}

/// Runs one piece of SQL within the deadline. A connection that failed is given
/// up unless the server itself refused the statement. Its span is named by verb and
/// collection.
async fn run<T>(
    database: &Database,
    (verb, trade): (&str, Trade),
    work: impl AsyncFnOnce(Link) -> Result<T, tokio_postgres::Error>,
) -> Result<T> {
    let attempt = async {
        let link = database.link().await?;
        work(link).await.map_err(|error| {
            if error.as_db_error().is_none() {
                database.forget();
            }
            with_cause(error)
        })
    };
    let mut attributes = vec![KeyValue::new("db.system.name", "postgresql")];
    attributes.extend(database.backend().address());
    let attempt = trace::call(format!("{verb} {}", trade.collection), attributes, attempt);
    match tokio::time::timeout(DEADLINE, attempt).await {
        Ok(outcome) => outcome,
        Err(_) => {
            database.forget();
            Err(anyhow::anyhow!("no answer within {} s", DEADLINE.as_secs()))
        }
    }
    .context("postgres")
}

fn read_item(row: &Row) -> Result<Item> {
    Ok(Item {
        id: row.try_get(0)?,
        name: row.try_get(1)?,
        state: row.try_get(2)?,
        created: row.try_get(3)?,
    })
}
