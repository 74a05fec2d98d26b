//! Whether there is a newer release: asked only where somebody wants to know.

use super::Host;
use super::handlers::Answer;
use crate::schema::{
    ApiError, Empty, UpdatesAutomaticRequest, UpdatesCheckRequest, UpdatesChecked, UpdatesStatus,
    UpdatesStatusRequest,
};
use crate::update::{Channel, LIMIT};
use benchtop_model::update::{self, Offer};
use std::sync::Arc;

/// Key of the setting; an empty value is off.
const AUTOMATIC: &str = "updates.automatic";

impl Host {
    pub(crate) async fn updates_status(
        self: &Arc<Self>,
        _: UpdatesStatusRequest,
    ) -> Answer<UpdatesStatus> {
        Ok(UpdatesStatus {
            address: Channel::of_build().map(|channel| channel.address),
            automatic: self.setting(AUTOMATIC).is_some(),
        })
    }

    pub(crate) async fn updates_automatic(
        self: &Arc<Self>,
        request: UpdatesAutomaticRequest,
    ) -> Answer<Empty> {
        self.keep_setting(AUTOMATIC, if request.on { "on" } else { "" })
            .await;
        Ok(Empty {})
    }

    pub(crate) async fn updates_check(
        self: &Arc<Self>,
        _: UpdatesCheckRequest,
    ) -> Answer<UpdatesChecked> {
        let running = env!("CARGO_PKG_VERSION");
        let channel = Channel::of_build().ok_or_else(|| ApiError {
            hint: Some("the package manager or the page it came from has newer ones".to_owned()),
            ..ApiError::invalid("this build knows no place to ask for releases")
        })?;
        let unknown = |why: String| ApiError {
            hint: Some(format!(
                "nothing was changed; asked was {}",
                channel.address
            )),
            ..ApiError::unavailable(format!("the newest release is not known: {why}"))
        };
        let release = channel.newest(LIMIT).await.map_err(unknown)?;
        let offer = update::offer(running, &release).map_err(unknown)?;
        Ok(UpdatesChecked {
            running: running.to_owned(),
            newer: (offer == Offer::Newer).then_some(release),
        })
    }
}
