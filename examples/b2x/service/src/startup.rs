//! What has to happen before the service has started: the migration, and a warm-up.

use crate::{items, reason::reason, service::Service};
use std::time::{Duration, Instant};

/// Between two attempts at a migration.
const PAUSE: Duration = Duration::from_millis(500);

/// Returns when the start is over, however long that takes: a database that is
/// not there yet is waited for.
pub(crate) async fn run(service: &Service) {
    let begun = Instant::now();
    migrate(service).await;
    warm_up(service).await;
    service.start_is_over();
    service
        .log
        .info("started", &[("took_ms", millis(begun).into())]);
}

async fn migrate(service: &Service) {
    let (Some(database), Some(trade)) = (&service.dependencies.postgres, service.role.trade())
    else {
        return;
    };
    service.start_waits_for("migration is running".into());
    service.log.info(
        "migration begins",
        &[("schema", format!("b2x_{}", trade.collection).into())],
    );
    let mut said = String::new();
    while let Err(error) = items::migrate(database, trade).await {
        let reason = reason(&error);
        service.start_waits_for(format!("migration is pending: {reason}"));
        // Once a reason, not twice a second.
        if reason != said {
            let fields = [("error", reason.as_str().into())];
            service.log.warn("migration failed, trying again", &fields);
            said = reason;
        }
        tokio::time::sleep(PAUSE).await;
    }
    service.log.info(
        "migration applied",
        &[("schema", format!("b2x_{}", trade.collection).into())],
    );
}

/// Opens every connection once, so that the first request finds them open. What
/// does not answer is left to readiness.
async fn warm_up(service: &Service) {
    service.start_waits_for("warm-up is running".into());
    service.dependencies.check_all().await;
}

fn millis(begun: Instant) -> u64 {
    u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX)
}
