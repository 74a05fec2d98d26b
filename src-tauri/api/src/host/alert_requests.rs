//! Answers about alerts.

use super::Host;
use super::handlers::Answer;
use crate::schema::*;
use benchtop_engine::clock;
use benchtop_model::alert::Silence;
use benchtop_model::time::{Millis, Timestamp};
use std::sync::Arc;

/// The longest silence with an end.
const LONGEST: Millis = Millis::from_secs(366 * 24 * 3600);

impl Host {
    pub(crate) async fn alerts_list(
        self: &Arc<Self>,
        request: AlertsListRequest,
    ) -> Answer<AlertList> {
        let open = self.get(&request.environment).await?;
        let silences = open.alerts.silences();
        let environment = request.environment;
        self.read(move |history| {
            // What was told of is in the list.
            history.flush();
            let run = match request.run {
                Some(run) => Some(run),
                None => history.runs(Some(&environment), 1)?.pop().map(|run| run.id),
            };
            let mut alerts = match &run {
                Some(run) => history.alerts(run)?,
                None => Vec::new(),
            };
            alerts.sort_by_key(|alert| !alert.is_open());
            Ok(AlertList {
                run,
                alerts,
                silences,
            })
        })
        .await
    }

    pub(crate) async fn alerts_silence(
        self: &Arc<Self>,
        request: AlertsSilenceRequest,
    ) -> Answer<Empty> {
        let open = self
            .get_with(&request.environment, &request.service)
            .await?;
        let run = open.handle.snapshot().run.clone().map(|(id, _)| id);
        let silence = silence(&request.service, request.length, run)?;
        open.alerts.silence(&request.service, silence);
        Ok(Empty {})
    }
}

fn silence(service: &str, length: SilenceLength, run: Option<String>) -> Answer<Option<Silence>> {
    let silence = |until, run| Silence {
        service: service.to_owned(),
        until,
        run,
    };
    match length {
        SilenceLength::Off => Ok(None),
        SilenceLength::Always => Ok(Some(silence(None, None))),
        SilenceLength::Run if run.is_some() => Ok(Some(silence(None, run))),
        SilenceLength::Run => Err(ApiError {
            hint: Some("start it, or silence the service for a time".to_owned()),
            ..ApiError::invalid("no run is going on in this environment")
        }),
        SilenceLength::Time { length } if length <= LONGEST => {
            let ms = i64::try_from(length.0).unwrap_or(i64::MAX);
            Ok(Some(silence(Some(Timestamp(clock::now().0 + ms)), None)))
        }
        SilenceLength::Time { .. } => Err(ApiError {
            hint: Some("leave the length out, and it holds until it is taken back".to_owned()),
            ..ApiError::invalid("a silence with an end lasts a year at the most")
        }),
    }
}
