//! Performs a probe whose answer may not be the service's own.

use super::task::RuntimeState;
use crate::probe::Exchange;
use benchtop_model::probe::ProbeResult;
use std::time::Duration;
use tokio::sync::watch;

/// Between two questions to a runtime of which is not known yet that it is away.
const ASK_AGAIN: Duration = Duration::from_millis(500);

/// Performs a probe. A runtime that is away or silent says nothing about the
/// service: the question waits for the runtime then. Silence counts when the
/// service is silent once more after the runtime was heard: that one may have
/// hung until just now.
pub(super) async fn ask(
    exchange: Exchange,
    timeout: Duration,
    mut runtime: watch::Receiver<RuntimeState>,
) -> ProbeResult {
    let mut runtime_was_heard = false;
    loop {
        let up = runtime.borrow_and_update().up.clone();
        let (result, answered) = exchange.clone().perform_or_miss(timeout, up.clone()).await;
        if answered || !exchange.is_answered_by_runtime() || (runtime_was_heard && up.is_some()) {
            return result;
        }
        runtime_was_heard = false;
        match up {
            Some(up) if up.answers().await => runtime_was_heard = true,
            Some(_) => tokio::time::sleep(ASK_AGAIN).await,
            // An error means that the environment is closed.
            None if runtime.wait_for(|state| state.up.is_some()).await.is_err() => return result,
            None => {}
        }
    }
}
